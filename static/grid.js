// The page of several cameras: tiles with their newest pictures, and what is wrong with them.

import "./controls.js";
import { GridStream } from "./grid_stream.js";
import { arrange } from "./grid_order.js";
import { followRecent } from "./recent.js";
import { gettext, locale } from "./words.js";

const POLL = 1000;          // ms between status requests
const ANSWER = 5000;        // ms that the server may take to answer
const SETTLE = 150;         // ms after which a tile that is scrolled to is fetched
const SHARPEST = 2;         // pixels of the screen per pixel of CSS that make a difference

const grid = document.getElementById("camera");
const choice = document.getElementById("picture");
const state = document.getElementById("words");
const put = (element, text) => {
  if (element && element.textContent !== text) element.textContent = text;
};
const isLive = (one) => one.state === "live" || one.state === "learning";
const tiles = new Map([...grid.querySelectorAll(".tile")].map((tile) => [tile.dataset.camera, tile]));
const pens = new Map([...tiles].map(([name, tile]) => [
  name, tile.querySelector("canvas").getContext("bitmaprenderer")]));
const seen = new Set();     // names of the cameras whose tiles are in sight
let answeredAt = Date.now(), settling;

const stream = new GridStream({
  feed: grid.dataset.feedUrl, streams: new URL("streams/", new URL(grid.dataset.statusUrl, location)).href,
  onPicture: (name, picture) => {
    const pen = pens.get(name);
    if (!pen) return picture.close();
    tiles.get(name).dataset.width = picture.width;
    pen.transferFromImageBitmap(picture);
  } });

// --- which tiles are fetched, and how wide

function select() {
  const [tile] = tiles.values();
  const width = Math.round(tile.clientWidth * Math.min(SHARPEST, devicePixelRatio));
  stream.select([...tiles.keys()].filter((name) => seen.has(name)), width);
}
function settle() {
  clearTimeout(settling);
  settling = setTimeout(select, SETTLE);
}
const sight = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) seen[isIntersecting ? "add" : "delete"](target.dataset.camera);
  if (stream.fetching) return settle();
  select();
  if (!document.hidden) stream.start();
}, { rootMargin: "10%" });
for (const tile of tiles.values()) sight.observe(tile);
new ResizeObserver(settle).observe(grid);

// --- states

const time = (seconds) => new Intl.DateTimeFormat(locale, {
  dateStyle: Date.now() / 1000 - seconds > 43200 ? "medium" : undefined, timeStyle: "short" })
  .format(new Date(seconds * 1000));

function words(one) {
  const since = { time: one.since && time(one.since) };
  if (one.state === "no signal") return gettext("No picture since %(time)s", since);
  if (one.state === "off") return gettext("Switched off since %(time)s", since);
  if (one.unsteady_since) return gettext("Unsteady since %(time)s", { time: time(one.unsteady_since) });
  return gettext(one.words);
}

function show(status) {
  for (const one of status.cameras) {
    const tile = tiles.get(one.name);
    if (!tile) continue;
    tile.dataset.state = one.state;
    tile.dataset.moves = one.motion;
    tile.querySelector(".recording").hidden = !one.recording;
    put(tile.querySelector(".words"), words(one));
    put(tile.querySelector(".reason"), isLive(one) ? "" : one.reason);
  }
  const names = status.cameras.map((one) => one.name);
  if (names.length !== tiles.size || names.some((name) => !tiles.has(name))) location.reload();
  const live = status.cameras.filter(isLive).length;
  mark(live === names.length ? "live" : status.off_since !== null ? "off" : "no signal");
  put(state, gettext("%(live)s of %(all)s live", { live, all: names.length }));
}

function mark(word) { grid.dataset.state = state.parentElement.dataset.state = word; }

function showOffline() {
  const text = gettext("No connection since %(time)s", { time: time(answeredAt / 1000) });
  mark("offline");
  put(state, text);
  for (const tile of tiles.values()) {
    put(tile.querySelector(".words"), text);
    put(tile.querySelector(".reason"), "");
  }
}

async function poll() {
  if (document.hidden) return;
  try {
    const answer = await fetch(grid.dataset.statusUrl, {
      cache: "no-store", signal: AbortSignal.timeout(ANSWER) });
    if (answer.status === 401) return location.reload();      // logged out: show the login page
    const status = await answer.json();
    document.dispatchEvent(new CustomEvent("status", { detail: status }));
    put(document.getElementById("objects"), status.objects?.words ?? "");     // shown to owners only
    if (grid.dataset.state === "offline") stream.start();
    answeredAt = Date.now();
    show(status);
    stream.watch();
  } catch {
    showOffline();
  }
}

async function run() {
  await poll();
  setTimeout(run, POLL);
}

// --- the page

function choose() {
  const saves = choice.value === "saving" || (choice.value === "auto" && navigator.connection?.saveData);
  stream.save(Boolean(saves));
}
function optional(work) {       // where the browser lets pages keep nothing
  try { return work(); } catch { return null; }
}
const kept = optional(() => localStorage.getItem("picture"));
if (["auto", "sharp", "saving"].includes(kept)) choice.value = kept;
choice.addEventListener("change", () => {
  optional(() => localStorage.setItem("picture", choice.value));
  choose();
});
choose();

// a hidden page fetches nothing, and shows nothing that grows old
function stop() {
  stream.stop();
  for (const pen of pens.values()) pen.transferFromImageBitmap(null);
}
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return stop();
  stream.start();
  poll();
});
window.addEventListener("pagehide", stop);
window.addEventListener("pageshow", (event) => { if (event.persisted) stream.start(); });
arrange(grid, document.getElementById("arrange"), document.getElementById("arranging"));
document.documentElement.classList.add("js");
run();
followRecent();
// only where alerts are sent to this browser
if (navigator.serviceWorker?.controller) {
  import("./push_subscription.js").then(({ renew }) => renew()).catch(() => {});
}
