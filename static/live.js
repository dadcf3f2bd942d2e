// Keep the live picture running: an <img> whose stream ended or froze keeps its last
// frame and fires no event, so this script watches the picture itself.

const POLL = 1000;        // ms between status requests
const FROZEN = 4000;      // ms without a change; the clock in a fast camera's picture ticks

const camera = document.getElementById("camera");
const live = document.getElementById("live");
const feed = live.getAttribute("src");
const canvas = document.createElement("canvas");
const pen = canvas.getContext("2d", { willReadFrequently: true });
const put = (element, text) => {
  if (element && element.textContent !== text) element.textContent = text;
};
const setText = (id, text) => put(document.getElementById(id), text);
const isLive = (one) => one.state === "live" || one.state === "learning";

let seen = "";            // last fingerprint of the picture
let changed = Date.now(); // when it last changed
let answered = true;      // whether the last status request succeeded
let wasLive = true;

function show() {
  changed = Date.now();
  live.src = `${feed}${feed.includes("?") ? "&" : "?"}t=${changed}`;      // a new URL, so that the old stream is not reused
}

function hide() {
  live.removeAttribute("src");            // the only way to end the stream
}

// Hash of the picture: the strip with the clock, and a small copy of the whole.
function fingerprint() {
  if (!live.naturalWidth) return "";
  const [wide, tall] = [live.naturalWidth, live.naturalHeight];
  const strip = Math.max(8, Math.round(tall / 12));
  canvas.width = 320;
  canvas.height = strip + 90;
  pen.drawImage(live, 0, tall - strip, 320, strip, 0, 0, 320, strip);
  pen.drawImage(live, 0, 0, wide, tall, 0, strip, 320, 90);
  const pixels = pen.getImageData(0, 0, canvas.width, canvas.height).data;
  let sum = 0;
  for (let i = 0; i < pixels.length; i += 4) sum = (sum * 31 + pixels[i]) | 0;
  return `${wide} ${sum}`;
}

function watchPicture(liveNow, patience) {
  const now = fingerprint();
  if (now !== seen || liveNow !== wasLive) changed = Date.now();
  seen = now;
  wasLive = liveNow;
  // cards stand still; a camera's picture has a clock, and changes with each frame
  if (liveNow && Date.now() - changed > Math.max(FROZEN, 1000 * patience)) show();
}

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
  showViewers(one.viewers);
  return isLive(one);
}

function showMosaic(status) {
  const count = status.cameras.filter(isLive).length;
  camera.dataset.state = status.off_since !== null ? "off"
    : count === status.cameras.length ? "live" : "no signal";
  setText("words", `${count} of ${status.cameras.length} cameras live`);
  showViewers(status.mosaic_viewers);
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
    if (!answered) show();
    answered = true;
    watchPicture(liveNow, Math.min(...shown.filter(isLive).map((one) => one.patience)));
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

live.addEventListener("error", () => {
  if (live.getAttribute("src")) setTimeout(() => document.hidden || show(), POLL);
});
document.addEventListener("visibilitychange", () => {
  if (document.hidden) hide(); else { show(); poll(); }
});
window.addEventListener("pagehide", hide);
window.addEventListener("pageshow", (event) => { if (event.persisted) show(); });
run();
// only where alerts are sent to this browser
if (navigator.serviceWorker?.controller) {
  import("./push_subscription.js").then(({ renew }) => renew()).catch(() => {});
}
