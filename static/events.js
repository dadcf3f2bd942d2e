// Event list and event page: open an event in place, at its own address, and load more.
// Both pages can be read without JavaScript; only changes need it.

import { gettext } from "./words.js";
import { request } from "./request.js";
import { attempt, isAsking, keepToast, onUndo } from "./event_notes.js";
import { isNotEvent, isStarred, markNotEvent, player, remove, star } from "./event_changes.js";
import { begin, follow, play } from "./event_player.js";
import { selecting } from "./event_selection.js";
import { scrubbing } from "./timeline.js";

const SWIPE = 60;         // px, shortest
const list = document.getElementById("list");
const viewer = document.getElementById("viewer");
const stage = document.getElementById("stage");
const find = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const ofList = { url: location.href, title: document.title };

async function parsed(url) {
  const answer = await request(url, { headers: { Accept: "text/html" } });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return { page, url: answer.url };
}

// --- the list

const more = (link) => attempt(async () => {
  if (link.ariaBusy === "true") return;
  link.ariaBusy = "true";
  try {
    const { page } = await parsed(link.href);
    for (const day of all("#list section", page)) {
      const last = all("section", list).at(-1);     // a day comes twice if a clock was set
      if (last?.dataset.day === day.dataset.day) find("ol", last).append(...find("ol", day).children);
      else link.parentElement.before(document.adoptNode(day));
    }
    const next = find("#more", page);
    if (next) link.href = next.href; else link.remove();
    document.dispatchEvent(new Event("eventschanged"));
  } finally {
    link.ariaBusy = "false";
  }
});

// Show another month in place.
const turnMonth = (link) => attempt(async () => {
  const { page } = await parsed(link.href);
  find("#calendar").replaceChildren(...find("#calendar", page).childNodes);
  find(`#calendar [rel=${link.rel}]`).focus();
});

const isPlain = (event) => !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.button);

function live() {
  list.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    const one = event.target.closest("li");
    if (event.target.closest("button.star")) {
      star([one.dataset.id], !isStarred(one.dataset.id));
    } else if (event.target.closest("button.not-event")) {
      markNotEvent([one.dataset.id], !isNotEvent(one.dataset.id));
    } else if (isPlain(event) && link?.matches("#more, li a, .day a")) {
      event.preventDefault();
      if (link.id === "more") more(link); else show(link.href);
    }
  });
  find("#calendar").addEventListener("click", (event) => {
    const link = event.target.closest("[rel]");
    if (!link || !isPlain(event)) return;
    event.preventDefault();
    turnMonth(link);
  });
  const filters = find("#filters");
  filters.addEventListener("change", () => {
    if (!filters.matches(":popover-open")) filters.requestSubmit();
  });
  filters.addEventListener("submit", () => {
    for (const field of filters.elements) field.disabled = !field.value;
  });
  addEventListener("pageshow", () => {
    for (const field of filters.elements) field.disabled = false;
    document.dispatchEvent(new Event("eventschanged"));
  });
  find(".close", viewer).addEventListener("click", () => viewer.close());
  viewer.addEventListener("click", (event) => { if (event.target === viewer) viewer.close(); });
  viewer.addEventListener("close", left);
  addEventListener("popstate", (event) => {
    if (event.state?.event) show(location.href, false); else if (viewer.open) viewer.close();
  });
  selecting();
  scrubbing(show);
}

// The dialog is closed: go back to the address of the list, unless the user just did.
function left() {
  stage.replaceChildren();
  document.title = ofList.title;
  keepToast();
  if (history.state?.event) history.back();
}

// --- one event

// Show the event at *url*: on its own page, or in the dialog of the list, which gets its
// address. The way back leads to the list, however many events were shown.
const show = (url, isNew = true) => attempt(async () => {
  if (!list) { location.assign(url); return; }
  const shown = player();
  if (viewer.open) shown?.classList.add("leaving");
  const { page, url: final } = await parsed(url);
  const next = find("#player", page);
  if (!next) throw new Error(gettext("There is nothing to play on this day."));
  if (isNew && viewer.open) history.replaceState({ event: true }, "", final);
  else if (isNew) history.pushState({ event: true }, "", final);
  document.title = page.title;
  stage.replaceChildren(document.adoptNode(next));
  if (!viewer.open) viewer.showModal();
  viewer.focus();
  begin(ended);
  follow(() => show(final));
  play();
});

const ended = () => { if ("playsAll" in player().dataset) go("prev"); };

function go(rel) {
  const link = player() && find(`a[rel=${rel}]`, player());
  if (link) show(link.href);
}

async function removeShown() {
  const shown = player();
  if (!find("[data-delete]", shown)) return;
  const next = find("a[rel=next]", shown) || find("a[rel=prev]", shown);
  if (!await remove([shown.dataset.id])) return;
  if (!list) {
    shown.classList.add("leaving");
    const leave = setTimeout(() => location.assign(shown.dataset.back),
                             1000 * Number(shown.dataset.undo));
    onUndo(() => {
      clearTimeout(leave);
      shown.classList.remove("leaving");
    });
  } else if (next) show(next.href); else viewer.close();
}

document.addEventListener("click", (event) => {
  const shown = player();
  if (!shown || !shown.contains(event.target)) return;
  const link = event.target.closest("a[rel]");
  const { id } = shown.dataset;
  if (event.target.closest("button.star")) star([id], !isStarred(id));
  else if (event.target.closest("button.not-event")) markNotEvent([id], !isNotEvent(id));
  else if (event.target.closest("[data-delete]")) removeShown();
  else if (link && list && isPlain(event)) {
    event.preventDefault();
    show(link.href);
  }
});

document.addEventListener("keydown", (event) => {
  const busy = event.target.closest("input, select, textarea, video, [popover]");
  if (!player() || isAsking() || busy || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "ArrowLeft") go("prev");
  else if (event.key === "ArrowRight") go("next");
  else if (event.key === "s") find("button.star", player())?.click();
  else if (event.key === "n") find("button.not-event", player())?.click();
  else if (event.key === "Delete") removeShown();
  else return;
  event.preventDefault();
});

let from = null;          // where the touch started
document.addEventListener("touchstart", (event) => {
  const [touch] = event.touches;
  const film = event.target.closest("video");
  const onBar = film && touch.clientY > film.getBoundingClientRect().bottom - 70;
  from = event.touches.length === 1 && !onBar && event.target.closest("#player")
    ? [touch.clientX, touch.clientY] : null;
}, { passive: true });
document.addEventListener("touchend", (event) => {
  if (!from) return;
  const [touch] = event.changedTouches;
  const [right, down] = [touch.clientX - from[0], touch.clientY - from[1]];
  from = null;
  if (Math.abs(right) > SWIPE && Math.abs(right) > 2 * Math.abs(down)) go(right < 0 ? "next" : "prev");
}, { passive: true });

document.documentElement.classList.add("js");
if (list) live();
else {
  begin(ended);
  follow(() => location.reload());
  if ("playsAll" in player().dataset) play();
}
