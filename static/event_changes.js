// Star events, mark them as false alarms, delete them; each on its card and where it is open.

import { gettext, ngettext } from "./words.js";
import { post } from "./request.js";
import { attempt, confirmed, notify } from "./event_notes.js";

const MOST_IDS = 1000;    // that one request takes
const list = document.getElementById("list");
const root = () => list || player();

export const player = () => document.getElementById("player");
export const card = (id) => document.getElementById(`e${id}`);

const shown = (id) => [card(id), player()].filter((each) => each?.dataset.id === String(id));
const has = (id, mark) => shown(id).some((each) => mark in each.dataset);
export const isStarred = (id) => has(id, "starred");
export const isNotEvent = (id) => has(id, "notEvent");
const changed = () => document.dispatchEvent(new Event("eventschanged"));

// Send *fields* with all *ids*, as many as a request takes at a time; return the answers.
async function send(url, ids, fields = {}) {
  const answers = [];
  for (let at = 0; at < ids.length; at += MOST_IDS) {
    answers.push(await post(url, { ids: ids.slice(at, at + MOST_IDS).map(Number), ...fields }));
  }
  return answers;
}

function show(id, attribute, selector, on) {
  for (const each of shown(id)) {
    const button = each.querySelector(selector);
    if (!button) continue;
    each.toggleAttribute(attribute, on);
    button.setAttribute("aria-pressed", String(on));
  }
}

export const star = (ids, on) => attempt(async () => {
  await send(root().dataset.starUrl, ids, { starred: on });
  ids.forEach((id) => show(id, "data-starred", ".star", on));
  changed();
});

async function setNotEvent(ids, on) {
  await send(root().dataset.notEventUrl, ids, { not_event: on });
  ids.forEach((id) => show(id, "data-not-event", ".not-event", on));
  changed();
}

export const markNotEvent = (wanted, on) => attempt(async () => {
  const ids = wanted.filter((id) => isNotEvent(id) !== on);
  await setNotEvent(ids, on);
  if (on) {
    notify(ngettext("%(num)s event marked as not an event.", "%(num)s events marked as not an event.", ids.length), 10,
      () => attempt(async () => { await setNotEvent(ids, false); notify(gettext("Mark removed.")); }));
  }
});

function hide(ids, hidden) {
  for (const id of ids) {
    const one = card(id);
    if (!one) continue;
    one.hidden = hidden;
    one.querySelector("input").checked = false;
  }
  for (const day of list ? list.querySelectorAll("section") : []) {
    day.hidden = !day.querySelector("li:not([hidden])");
  }
  changed();
}

// Ask, then delete *wanted* except for starred ones; return whether that was done.
export const remove = (wanted) => attempt(async () => {
  const ids = wanted.filter((id) => !isStarred(id));
  const kept = wanted.length - ids.length;
  if (!ids.length) {
    notify(gettext("Starred events are not deleted; remove the star first."));
    return false;
  }
  const stays = kept ? ` ${ngettext("%(num)s starred event stays.", "%(num)s starred events stay.", kept)}` : "";
  const question = ngettext("Delete %(num)s event with all recordings?",
                            "Delete %(num)s events with all recordings?", ids.length);
  if (!await confirmed(question + stays)) return false;
  const { deleteUrl, restoreUrl } = root().dataset;
  const answers = await send(deleteUrl, ids);
  hide(ids, true);
  const deleted = answers.reduce((sum, answer) => sum + answer.deleted, 0);
  notify(ngettext("%(num)s event deleted.", "%(num)s events deleted.", deleted), answers.at(-1).undo,
    () => attempt(async () => {
      const back = await send(restoreUrl, ids);
      hide(ids, false);
      const restored = back.reduce((sum, answer) => sum + answer.restored, 0);
      notify(ngettext("%(num)s event restored.", "%(num)s events restored.", restored));
    }));
  return true;
});
