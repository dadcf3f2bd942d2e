// Select events of the list, also a whole day with those that are not on the page yet.

import { gettext, ngettext } from "./words.js";
import { request } from "./request.js";
import { attempt, notify } from "./event_notes.js";
import { card, isNotEvent, isStarred, markNotEvent, remove, star } from "./event_changes.js";

const MOST_EXPORTED = 1000;
const list = document.getElementById("list");
const bar = document.getElementById("chosen");
const find = (selector) => document.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const beyond = new Map();       // the ids of selected days that are not on the page, by day
const words = (selector, text) => { find(`${selector} span`).textContent = text; };

const boxes = (within) => all("li:not([hidden]) input[name=ids]", within);
const checked = () => all("input[name=ids]:checked", list).map((box) => box.value);

function chosen() {
  const hidden = [...beyond.values()].flat();
  return [...new Set([...checked(), ...hidden])];
}

const motions = () => checked().filter((id) => card(id).querySelector(".not-event"));

export function choose() {
  if (!bar) return;
  const ids = chosen();
  bar.classList.toggle("some", ids.length > 0);
  find("#count").textContent = ngettext("%(num)s selected", "%(num)s selected", ids.length);
  const stars = ids.filter(isStarred).length;
  words("#star-chosen", stars && stars === ids.length ? gettext("Unstar") : gettext("Star"));
  const marked = ids.length ? motions() : [];
  find("#not-event-chosen").hidden = !marked.length;
  find("#not-event-chosen").ariaPressed = String(marked.length > 0 && marked.every(isNotEvent));
  for (const day of all("section", list)) {
    find(`section[data-day="${day.dataset.day}"] .choose-day`).ariaPressed = String(isWhole(day));
  }
}

const isWhole = (day) => beyond.has(day.dataset.day) && boxes(day).every((box) => box.checked);

// Select all events of *day*, or none of them if all are selected.
const chooseDay = (day) => attempt(async () => {
  const on = !isWhole(day);
  beyond.delete(day.dataset.day);
  if (on) {
    const { ids } = await (await request(day.dataset.timeline)).json();
    beyond.set(day.dataset.day, ids.map(String).filter((id) => !card(id)));
  }
  for (const box of boxes(day)) box.checked = on;
  choose();
});

// Send the ids of events that are not on the page along with the others.
function addBeyond(event) {
  const onPage = new Set(checked());
  for (const id of chosen()) if (!onPage.has(id)) event.formData.append("ids", id);
}

function limit(event) {
  const { length } = chosen();
  if (length <= MOST_EXPORTED) return;
  event.preventDefault();
  notify(gettext("%(most)s events at most can be downloaded at a time; %(num)s are selected.",
                 { most: MOST_EXPORTED, num: length }));
}

export function selecting() {
  list.addEventListener("change", choose);
  list.addEventListener("reset", () => { beyond.clear(); setTimeout(choose); });
  document.addEventListener("eventschanged", choose);
  if (!bar) return;
  list.addEventListener("submit", limit);
  list.addEventListener("formdata", addBeyond);
  list.addEventListener("click", (event) => {
    const button = event.target.closest(".choose-day");
    if (button) chooseDay(button.closest("section"));
  });
  find("#star-chosen").addEventListener("click", () => {
    const ids = chosen();
    star(ids, !ids.every(isStarred));
  });
  find("#not-event-chosen").addEventListener("click", () => {
    const ids = motions();
    markNotEvent(ids, !ids.every(isNotEvent));
  });
  find("#delete-chosen").addEventListener("click", async () => {
    if (await remove(chosen())) beyond.clear();
    choose();
  });
  choose();
}
