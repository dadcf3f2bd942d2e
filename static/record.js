// Buttons below the live picture: record, save a still, arm. They show the state of
// the server, so that all viewers see the same.

import { onClick, post } from "./request.js";

const controls = document.getElementById("controls");
const one = document.getElementById("camera").dataset.name;
const [record, still, done] = ["record", "still", "done"].map((id) => document.getElementById(id));
const put = (element, text) => {
  if (element.textContent !== text) element.textContent = text;
};
const words = (button, text) => put(button.querySelector("span"), text);
const modes = document.querySelectorAll("#armed button");
const isOwner = !record.disabled;

let names = [];           // cameras on this page
let since = null;         // start of the manual recording [s, server clock]
let ahead = 0;            // server clock minus local clock [s]
let messageTimer;

function notify(text) {
  put(done, text);
  clearTimeout(messageTimer);
  messageTimer = setTimeout(() => put(done, ""), 5000);
}

function size(bytes) {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let unit = 0;
  while (bytes >= 1000 && unit < 4) { bytes /= 1000; unit += 1; }
  return `${Number(bytes.toPrecision(3))} ${units[unit]}`;
}

function capacity(days) {
  if (days === null) return "";
  if (days > 365) return " · room for more than a year";
  return days < 2 ? ` · room for about ${Math.round(24 * days)} hours`
                  : ` · room for about ${Math.round(days)} days`;
}

function tick() {
  record.setAttribute("aria-pressed", String(since !== null));
  if (since === null) { words(record, "Record"); return; }
  const seconds = Math.max(0, Math.floor(Date.now() / 1000 + ahead - since));
  const two = (number) => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  words(record, `Stop ${hours ? `${hours}:${two(minutes)}` : minutes}:${two(seconds % 60)}`);
}

// The words are the server's, as its hours are in its time zone.
function showMode({ mode, until, words: ofAll }, ofOne) {
  for (const button of modes) {
    if (!button.dataset.minutes) button.setAttribute("aria-pressed", String(button.dataset.mode === mode));
    else if (isOwner) button.disabled = mode === "off" && until === null;    // nothing to return to
  }
  put(document.getElementById("armed-words"), one ? ofOne?.words ?? "" : ofAll);
}

document.addEventListener("status", ({ detail: status }) => {
  const cameras = status.cameras.filter((each) => !one || each.name === one);
  const begins = cameras.map((each) => each.recording_since).filter((each) => each !== null);
  names = cameras.map((each) => each.name);
  since = begins.length ? Math.min(...begins) : null;
  ahead = status.time - Date.now() / 1000;
  controls.dataset.recording = cameras.some((each) => each.recording);
  tick();
  const kept = status.archive;
  if (!kept) return;
  if (status.arming) showMode(status.arming, cameras[0]?.arming);
  put(document.getElementById("archive"),
      `${size(kept.used)}${kept.cap ? ` of ${size(kept.cap)}` : ""} used${capacity(kept.days)}`);
  const troubles = cameras.filter((each) => each.recording_trouble)
    .map((each) => `${each.name}: ${each.recording_trouble}`);
  put(document.getElementById("recording-trouble"),
      [...new Set([kept.trouble, ...troubles])].filter(Boolean).join(" · "));
});

onClick(record, notify, async () => {
  const start = since === null;
  const { pending } = await post(controls.dataset.recordUrl,
                                 one ? { status: start, camera: one } : { status: start });
  notify(pending || "");
  since = start ? Date.now() / 1000 + ahead : null;
  tick();
});
onClick(still, notify, async () => {
  let why;
  for (const name of names) {
    const { pending } = await post(controls.dataset.stillUrl, { camera: name });
    why ||= pending;
  }
  notify(why ? `Not saved yet. ${why}` : "Saved.");
});
for (const button of modes) {
  onClick(button, notify, async () => {
    const { mode, minutes } = button.dataset;
    const { pending, cameras, ...now } = await post(
      controls.dataset.armedUrl, minutes ? { mode, minutes: Number(minutes) } : { mode });
    notify(pending || "");
    showMode(now, cameras[one]);
  });
}
setInterval(tick, 500);
document.documentElement.classList.add("js");
