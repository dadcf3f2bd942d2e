// The pages with a live picture: its state in words, and when it is fetched.

import { MjpegView } from "./live_mjpeg.js";
import { LivePicture } from "./live_picture.js";

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
  : new MjpegView(live, { ...urls, onPicture: () => {} });
let answered = true;      // whether the last status request succeeded

function words(one) {
  const date = (seconds) => new Date(seconds * 1000).toLocaleString();
  if (one.unsteady_since) return `${one.words} since ${date(one.unsteady_since)}`;
  const gone = { "no signal": "no signal", off: "switched off" }[one.state];
  return gone ? `${gone} since ${date(one.since)}` : one.words;
}

function showViewers(count) {
  setText("viewers", String(count));
  setText("viewers-word", count === 1 ? "viewer" : "viewers");
}

function showCamera(one) {
  camera.dataset.state = one.state;
  setText("words", words(one));
  setText("reason", one.reason);
  setText("fps", one.fps.toFixed(one.fps > 0 && one.fps < 1 ? 2 : 0));
  showViewers(one.viewers + one.video_viewers);
  return isLive(one);
}

function showMosaic(status) {
  const count = status.cameras.filter(isLive).length;
  camera.dataset.state = status.off_since !== null ? "off"
    : count === status.cameras.length ? "live" : "no signal";
  setText("words", `${count} of ${status.cameras.length} cameras live`);
  showViewers(status.mosaic_viewers + status.mosaic_video_viewers);
  for (const one of status.cameras) {
    const line = document.querySelector(`[data-camera="${one.name}"]`);
    if (!line) continue;
    line.dataset.state = one.state;
    put(line.querySelector(".words"), words(one) + (one.reason ? `: ${one.reason}` : ""));
  }
  return count > 0;
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
    const name = camera.dataset.name;
    const shown = status.cameras.filter((one) => !name || one.name === name);
    const liveNow = name ? showCamera(shown[0]) : showMosaic(status);
    if (!answered) picture.reconnect();
    answered = true;
    picture.watch({
      isLive: liveNow, moves: shown.some((one) => one.motion),
      patience: Math.min(...shown.filter(isLive).map((one) => one.patience)),
      // a camera that sends nothing says nothing about the connection to the server
      fps: Math.max(0, ...shown.filter((one) => one.age < NEW).map((one) => one.fps)) });
  } catch (error) {
    answered = false;
    camera.dataset.state = "offline";
    setText("words", "the server does not respond");
    setText("reason", "");
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
// only where alerts are sent to this browser
if (navigator.serviceWorker?.controller) {
  import("./push_subscription.js").then(({ renew }) => renew()).catch(() => {});
}
