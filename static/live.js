// The pages with a live picture: its state in words, and when it is fetched.

import { notify } from "./controls.js";
import { followKeys } from "./live_keys.js";
import { MjpegView } from "./live_mjpeg.js";
import { LivePicture } from "./live_picture.js";
import { Screen } from "./live_screen.js";
import { Zoom } from "./live_zoom.js";
import { followRecent } from "./recent.js";
import { onClick } from "./request.js";
import { gettext, locale } from "./words.js";

const POLL = 1000;        // ms between status requests
const NEW = 1;            // s; a camera's newest picture is no older while it sends some

const camera = document.getElementById("camera");
const live = document.getElementById("live");
const put = (element, text) => {
  if (element && element.textContent !== text) element.textContent = text;
};
const setText = (id, text) => put(document.getElementById(id), text);
const isLive = (one) => one.state === "live" || one.state === "learning";

const urls = {
  feed: live.dataset.feed, small: live.dataset.small, overlay: camera.dataset.overlay,
  video: camera.dataset.videoUrl, snapshot: camera.dataset.snapshotUrl,
  streams: new URL("streams/", new URL(camera.dataset.statusUrl, location)).href,
};
document.documentElement.classList.add("js");
const picture = document.getElementById("picture") ? new LivePicture(urls)
  : new MjpegView(live, { urls, onPicture: () => {} });
let answered = Date.now();      // when a status request succeeded last
let lost = false;               // whether the newest one failed

// Return *milliseconds* since the epoch as a time, with its date unless that is today.
function moment(milliseconds) {
  const when = new Date(milliseconds);
  const isToday = when.toDateString() === new Date().toDateString();
  return when.toLocaleString(locale, isToday ? { timeStyle: "medium" } : { dateStyle: "medium", timeStyle: "short" });
}

// Return the state of camera *one* as a clause, and since when it holds if it matters.
function words(one) {
  const gone = { "no signal": gettext("no signal"), off: gettext("switched off") }[one.state];
  const since = one.unsteady_since ?? (gone ? one.since : null);
  return [gone ?? gettext(one.words), since && gettext("since %(time)s", { time: moment(1000 * since) })];
}

// Dim the picture and say across it what is wrong, *since* when and why; nothing if it is live.
function showGone(title, since, reason) {
  const gone = document.getElementById("gone");
  if (!gone) return;
  put(gone.querySelector("b"), title);
  put(gone.querySelector("span"), [since, reason].filter(Boolean).join(" · "));
}

function showCamera(one) {
  camera.dataset.state = one.state;
  const [what, since] = words(one);
  setText("words", since ? `${what} ${since}` : what);
  setText("reason", one.reason);
  showGone(what, since, one.reason);
  setText("fps", one.fps.toFixed(one.fps > 0 && one.fps < 1 ? 2 : 0));
  const count = one.viewers + one.video_viewers;
  setText("viewers", String(count));
  setText("viewers-word", count === 1 ? gettext("viewer") : gettext("viewers"));
}

async function poll() {
  if (document.hidden) return;
  try {
    const answer = await fetch(camera.dataset.statusUrl,
                               { cache: "no-store", signal: AbortSignal.timeout(5000) });
    if (answer.status === 401) return location.reload();      // logged out: show the login page
    const status = await answer.json();
    document.dispatchEvent(new CustomEvent("status", { detail: status }));
    setText("objects", status.objects?.words ?? "");      // shown to owners only
    const one = status.cameras.find(({ name }) => name === camera.dataset.name);
    if (!one) return location.assign(document.querySelector(".bar a").href);    // renamed or removed
    showCamera(one);
    if (lost) picture.reconnect();
    [answered, lost] = [Date.now(), false];
    picture.watch({
      isLive: isLive(one), moves: one.motion, patience: isLive(one) ? one.patience : Infinity,
      // a camera that sends nothing says nothing about the connection to the server
      fps: one.age < NEW ? one.fps : 0 });
  } catch (error) {
    lost = true;
    camera.dataset.state = "offline";
    const [what, since] = [gettext("the server does not respond"),
                           gettext("since %(time)s", { time: moment(answered) })];
    setText("words", `${what} ${since}`);
    setText("reason", "");
    showGone(what, since, "");
  }
}

async function run() {
  await poll();
  setTimeout(run, POLL);
}

// a hidden page fetches nothing
document.addEventListener("visibilitychange", () => {
  if (document.hidden) picture.stop();
  else {
    picture.start();
    poll();
  }
});
window.addEventListener("pagehide", () => picture.stop());
window.addEventListener("pageshow", (event) => { if (event.persisted) picture.start(); });
if (!document.hidden) picture.start();
run();
followRecent();

const hide = document.getElementById("hide");
if (hide) onClick(hide, notify, async () => (await import("./mask.js")).toggle());
const full = document.getElementById("full");
if (full) {
  const [area, content] = [".picture", "#zoomed"].map((each) => document.querySelector(each));
  const zoom = new Zoom(area, content, () => screen.isFull);
  const screen = new Screen(camera, area, full, () => zoom.reset(), () => picture.resize());
  followKeys(screen, zoom);
}
// only where alerts are sent to this browser
if (navigator.serviceWorker?.controller) {
  import("./push_subscription.js").then(({ renew }) => renew()).catch(() => {});
}
