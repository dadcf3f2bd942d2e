// Buttons of the live pages: record, save a still, arm, switch the cameras off. They show
// the state of the server, so that all viewers see the same.

import { onClick, post } from "./request.js";
import { gettext, locale, ngettext } from "./words.js";

const MESSAGE = 5000;     // ms for which one is shown
const find = (id) => document.getElementById(id);
const one = document.getElementById("camera")?.dataset.name;
const [record, still, done, power, cameras] = ["record", "still", "done", "power", "cameras"].map(find);
const modes = document.querySelectorAll("#armed button, #pause");
const put = (element, text) => {
  if (element && element.textContent !== text) element.textContent = text;
};

let names = [];           // cameras on this page
let since = null;         // start of the manual recording [s, server clock]
let ahead = 0;            // server clock minus local clock [s]
let messageTimer;

export function notify(text) {
  put(done, text);
  clearTimeout(messageTimer);
  messageTimer = setTimeout(() => put(done, ""), MESSAGE);
}

function size(bytes) {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
  let unit = 0;
  while (bytes >= 1000 && unit < 4) { bytes /= 1000; unit += 1; }
  return new Intl.NumberFormat(locale, {
    style: "unit", unit: units[unit], maximumSignificantDigits: 3 }).format(bytes);
}

function capacity(days) {
  if (days > 365) return gettext("room for more than a year");
  if (days < 2) return ngettext("room for about %(num)s hour", "room for about %(num)s hours", Math.round(24 * days));
  return ngettext("room for about %(num)s day", "room for about %(num)s days", Math.round(days));
}

function storage({ used, cap, days }) {
  const values = { used: size(used), cap: cap && size(cap) };
  const words = cap ? gettext("%(used)s of %(cap)s used", values) : gettext("%(used)s used", values);
  return days === null ? words : `${words} · ${capacity(days)}`;
}

function tick() {
  if (!record) return;
  record.setAttribute("aria-pressed", String(since !== null));
  const words = record.querySelector("span");
  if (since === null) { put(words, gettext("Record")); return; }
  const seconds = Math.max(0, Math.floor(Date.now() / 1000 + ahead - since));
  const two = (number) => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const time = `${hours ? `${hours}:${two(minutes)}` : minutes}:${two(seconds % 60)}`;
  put(words, gettext("Stop %(time)s", { time }));
}

// The words are the server's, as its hours are in its time zone.
function showMode({ mode, until, words: ofAll }, ofOne) {
  for (const button of modes) {
    if (!button.dataset.minutes) button.setAttribute("aria-pressed", String(button.dataset.mode === mode));
    else button.disabled = mode === "off" && until === null;    // nothing to return to
  }
  put(find("armed-words"), one ? ofOne?.words ?? "" : ofAll);
}

function showPower(on) {
  if (!power) return;
  power.toggleAttribute("data-off", !on);
  put(find("power-words"), on ? gettext("All cameras are on.") : gettext("All cameras are switched off."));
  put(cameras.querySelector("span"), on ? gettext("Switch cameras off") : gettext("Switch cameras on"));
}

function showRecording(status) {
  const shown = status.cameras.filter((each) => !one || each.name === one);
  const begins = shown.map((each) => each.recording_since).filter((each) => each !== null);
  names = shown.map((each) => each.name);
  since = begins.length ? Math.min(...begins) : null;
  ahead = status.time - Date.now() / 1000;
  tick();
  if (status.arming) showMode(status.arming, shown[0]?.arming);
  if (!status.archive) return;
  put(find("archive"), storage(status.archive));
  const troubles = shown.filter((each) => each.recording_trouble)
    .map((each) => `${each.name}: ${each.recording_trouble}`);
  put(find("recording-trouble"),
      [...new Set([status.archive.trouble, ...troubles])].filter(Boolean).join(" · "));
}

document.addEventListener("status", ({ detail: status }) => {
  showRecording(status);
  if (!cameras?.disabled) showPower(status.off_since === null);
});

if (record) {
  onClick(record, notify, async () => {
    const start = since === null;
    const { pending } = await post(record.dataset.url,
                                   one ? { status: start, camera: one } : { status: start });
    notify(pending || "");
    since = start ? Date.now() / 1000 + ahead : null;
    tick();
  });
  onClick(still, notify, async () => {
    let why;
    for (const name of names) {
      const { pending } = await post(still.dataset.url, { camera: name });
      why ||= pending;
    }
    notify(why ? gettext("Not saved yet. %(reason)s", { reason: why }) : gettext("Saved."));
  });
  setInterval(tick, 500);
}
for (const button of modes) {
  onClick(button, notify, async () => {
    const { mode, minutes } = button.dataset;
    const { pending, cameras: each, ...now } = await post(
      find("armed").dataset.url, minutes ? { mode, minutes: Number(minutes) } : { mode });
    notify(pending || "");
    showMode(now, each[one]);
  });
}
if (power) {
  onClick(cameras, notify, async () => {
    const on = power.hasAttribute("data-off");
    if (!on && !await agrees(find("ask-off"))) return;
    await post(power.dataset.url, { on });
    showPower(on);
  });
}

// Ask by *dialog*; return whether the answer is yes.
function agrees(dialog) {
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((done) => {
    dialog.addEventListener("close", () => done(dialog.returnValue === "yes"), { once: true });
  });
}
