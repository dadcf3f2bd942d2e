// Alerts: how the channels are doing, a test, and what raises alerts of each camera.
// All words about states are the server's: the page fetches itself, and takes over the
// parts that have changed there.

import { explain, onClick, request } from "./request.js";

const POLL = 5000;          // ms between looks at the channels
const TEST_TIMEOUT = 60000;     // ms; a receiver may take 35 seconds
const panel = document.getElementById("alerts");
const find = (id) => document.getElementById(id);
const parts = () => [...document.querySelectorAll("[data-fresh]")];
const served = new Map(parts().map((part) => [part.id, part.outerHTML]));
const unsaved = new Set();  // forms whose entries the server does not have
let outcomes = new Map();   // of the last test, by channel
let changes = 0;            // counts what the page sent; an older answer may lack it
let pending = 0;            // changes that are on their way
let saving = Promise.resolve();     // changes reach the server in their order

// --- what is shown

async function refresh() {
  const begun = changes;
  const answer = await request(location.href, { headers: { Accept: "text/html" } });
  if (answer.redirected) return location.reload();      // logged out
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (begun !== changes || pending) return undefined;
  for (const part of parts()) {
    const next = fresh.getElementById(part.id);
    if (next) take(part, document.adoptNode(next));
  }
  return showOutcomes();
}

// What the visible controls of a form show.
const shown = (form) => [...form.querySelectorAll("[name]")]
  .filter((each) => !each.closest("[hidden]"))
  .map((each) => [each.name, each.value, each.checked, each.ariaChecked, each.disabled])
  .join();

// Replace *part* by *next* if the server changed it and nothing is being entered in it.
function take(part, next) {
  const focused = part.contains(document.activeElement) ? document.activeElement : null;
  if (served.get(part.id) === next.outerHTML || unsaved.has(part.id)) return;
  if (focused?.matches("select, input:not([type=checkbox])")) return;
  served.set(part.id, next.outerHTML);
  // one that shows the same stays, as a finger may be on it
  if (part.matches("form") && shown(part) === shown(next)) return;
  part.replaceWith(next);
  if (focused) {
    const value = focused.type === "checkbox" ? `[value="${focused.value}"]` : "";
    const again = next.querySelector(`[name="${focused.name}"]${value}`)
      || next.closest("details")?.querySelector("summary");     // reset is gone
    again?.focus({ preventScroll: true });
  }
}

function showOutcomes() {
  for (const item of document.querySelectorAll("[data-channel]")) {
    const outcome = outcomes.get(item.dataset.channel);
    item.querySelector(".outcome")?.remove();
    if (!outcome) continue;
    const { trouble, hint } = outcome;
    const words = document.createElement("p");
    words.className = `outcome ${trouble ? "bad" : "good"}`;
    words.textContent = trouble ? `The test failed: ${trouble}.` : "The test alert was delivered.";
    if (hint) words.textContent += ` ${hint[0].toUpperCase()}${hint.slice(1)}.`;
    item.append(words);
  }
}

async function watch() {
  if (!document.hidden) await refresh().catch(() => {});
  setTimeout(watch, POLL);
}

// --- the test

function notifyTest(text) { find("test-message").textContent = text; }

async function test() {
  outcomes = new Map();
  showOutcomes();
  notifyTest("Sending …");
  const answer = await request(panel.dataset.testUrl, {
    method: "POST", signal: AbortSignal.timeout(TEST_TIMEOUT) });
  const { channels } = await answer.json();
  outcomes = new Map(channels.map((each) => [each.name, each]));
  const failed = channels.filter((each) => each.trouble).length;
  notifyTest(failed ? `${failed} of ${channels.length} failed.` : "Sent.");
  await refresh();
}

if (find("test")) onClick(find("test"), notifyTest, test);

// --- the cameras

const checked = (form, name) => [...form.querySelectorAll(`[name=${name}]:checked`)]
  .map((box) => box.value).join();

function hours(form) {
  const { when, from, to, hours: own } = form.elements;
  if (when.value === "daily") return `${from.value}-${to.value}`;
  return when.value === "own" ? own.value.trim() || null : null;
}

// Return what a change of *target* means for the server; null if that is not complete.
function changeOf(target, form) {
  if (target.name === "alert_kinds") {
    if (!checked(form, target.name)) throw new Error("Choose at least one, or send no alerts at all.");
    return { alert_kinds: checked(form, target.name) };
  }
  if (target.name === "alert_only") return { alert_only: checked(form, target.name) || "any" };
  if (target.name === "when") {
    for (const name of ["daily", "own"]) {
      for (const part of form.querySelectorAll(`.of-${name}`)) part.hidden = target.value !== name;
    }
    if (target.value === "own" && !form.elements.hours.value) return null;
  }
  const { when, from, to } = form.elements;
  if (when.value === "daily" && !(from.value && to.value)) throw new Error("Both times are needed.");
  return { alert_hours: hours(form) };
}

function save(camera, change) {
  const message = camera.querySelector(".message"), { id } = camera.querySelector("form");
  changes += 1;
  pending += 1;
  unsaved.add(id);
  saving = saving.then(() => request(camera.dataset.url, { method: "PATCH", body: change }))
    .then(() => {
      message.textContent = "Saved.";
      unsaved.delete(id);
    }, (error) => {
      message.textContent = explain(error);
      if ("alert_hours" in change) return;      // it can be corrected
      served.delete(id);        // shows what is in force
      unsaved.delete(id);
    }).then(() => {
      pending -= 1;
      return refresh();
    }).catch(() => {});
}

function press({ name }, camera) {
  const form = camera.querySelector("form"), button = form.elements.alerts;
  if (name === "alerts") {
    const on = button.getAttribute("aria-checked") !== "true";
    button.setAttribute("aria-checked", String(on));
    form.querySelector(".rules").hidden = !on;
    save(camera, { alerts: on });
  } else if (name === "reset") {
    save(camera, { alerts: null, alert_kinds: null, alert_only: null, alert_hours: null });
  }
}

for (const camera of document.querySelectorAll(".camera")) {
  camera.addEventListener("submit", (event) => event.preventDefault());
  camera.addEventListener("change", ({ target }) => {
    try {
      const change = changeOf(target, target.form);
      if (change) save(camera, change); else unsaved.add(target.form.id);
    } catch (error) {
      if (target.type === "checkbox") target.checked = true;
      else unsaved.add(target.form.id);
      camera.querySelector(".message").textContent = error.message;
    }
  });
  camera.addEventListener("click", ({ target }) => {
    const button = target.closest("button");
    if (button) press(button, camera);
  });
}

document.addEventListener("channels", () => refresh().catch(() => {}));
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) refresh().catch(() => {});
});
document.documentElement.classList.add("js");
setTimeout(watch, POLL);
