// Event list and event page: play in place, star, delete and undo, load more. Both
// pages can be read without JavaScript; only changes need it. Pages of viewers have
// nothing to select or delete with.

import { explain, post, request } from "./request.js";

const SWIPE = 60;         // px, shortest
const FOLLOW = 3000;      // ms, between two looks at an event that is being recorded
const list = document.getElementById("list");
const viewer = document.getElementById("viewer");
const ask = document.getElementById("ask");
const toast = document.getElementById("toast");
const undo = document.getElementById("undo");
const root = list || document.getElementById("player");
const selection = document.getElementById("chosen");
const find = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const player = () => document.getElementById("player");
const card = (id) => document.getElementById(`e${id}`);
const counted = (count) => (count === 1 ? "1 event" : `${count} events`);
let toastTimer;

// --- messages and requests

function notify(text, seconds = 5, restore = null) {
  document.getElementById("toast-text").textContent = text;
  undo.hidden = !restore;
  undo.onclick = restore;
  showToast();
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => toast.hidePopover(), 1000 * seconds);
}

// An open dialog makes the rest of the page inert, so the toast moves into it.
function showToast() {
  if (toast.matches(":popover-open")) toast.hidePopover();
  (viewer && viewer.open ? viewer : document.body).append(toast);
  toast.showPopover();
}

const attempt = (work) => work().catch((error) => notify(explain(error)));

function confirmed(question) {
  document.getElementById("question").textContent = question;
  ask.returnValue = "no";
  ask.showModal();
  return new Promise((resolve) => ask.addEventListener(
    "close", () => resolve(ask.returnValue === "yes"), { once: true }));
}

// --- starring and deleting

const starred = (id) => [card(id), player()].some(
  (each) => each && each.dataset.id === String(id) && "starred" in each.dataset);

function showStar(id, on) {
  for (const each of [card(id), player()]) {
    if (!each || each.dataset.id !== String(id)) continue;
    each.toggleAttribute("data-starred", on);
    find(".star", each).setAttribute("aria-pressed", String(on));
  }
}

const star = (ids, on) => attempt(async () => {
  await post(root.dataset.starUrl, { ids: ids.map(Number), starred: on });
  ids.forEach((id) => showStar(id, on));
});

// --- false alarms

const isNotEvent = (id) => [card(id), player()].some(
  (each) => each && each.dataset.id === String(id) && "notEvent" in each.dataset);

function showNotEvent(id, on) {
  for (const each of [card(id), player()]) {
    const button = each && each.dataset.id === String(id) && find(".not-event", each);
    if (!button) continue;
    each.toggleAttribute("data-not-event", on);
    button.setAttribute("aria-pressed", String(on));
  }
}

async function setNotEvent(ids, on) {
  await post(root.dataset.notEventUrl, { ids: ids.map(Number), not_event: on });
  ids.forEach((id) => showNotEvent(id, on));
  if (list) choose();
}

const markNotEvent = (wanted, on) => attempt(async () => {
  const ids = wanted.filter((id) => isNotEvent(id) !== on);
  await setNotEvent(ids, on);
  if (on) {
    notify(`${counted(ids.length)} marked as not an event.`, 10,
      () => attempt(async () => { await setNotEvent(ids, false); notify("Mark removed."); }));
  }
});

function hide(ids, hidden) {
  for (const id of ids) {
    const one = card(id);
    if (!one) continue;
    one.hidden = hidden;
    find("input", one).checked = false;
  }
  if (list) {
    for (const day of all("section", list)) day.hidden = !find("li:not([hidden])", day);
    choose();
  }
}

const remove = (wanted) => attempt(async () => {
  const ids = wanted.filter((id) => !starred(id));
  const kept = wanted.length - ids.length;
  const stays = kept === 0 ? ""
    : ` ${kept === 1 ? "1 starred event stays" : `${kept} starred events stay`}.`;
  if (!ids.length) { notify("Starred events are not deleted; remove the star first."); return false; }
  if (!await confirmed(`Delete ${counted(ids.length)} with all recordings?${stays}`)) return false;
  const result = await post(root.dataset.deleteUrl, { ids: ids.map(Number) });
  hide(ids, true);
  notify(`${counted(result.deleted)} deleted.`, result.undo, () => attempt(async () => {
    const back = await post(root.dataset.restoreUrl, { ids: ids.map(Number) });
    hide(ids, false);
    notify(`${counted(back.restored)} restored.`);
  }));
  return true;
});

// --- the list

const chosen = () => all("input[name=ids]:checked", list).map((box) => box.value);

const chosenMotions = () => chosen().filter((id) => find(".not-event", card(id)));

function choose() {
  if (!selection) return;
  const count = chosen().length;
  selection.classList.toggle("some", count > 0);
  find("#count").textContent = `${count} selected`;
  const stars = chosen().filter(starred).length;
  find("#star-chosen").textContent = stars && stars === count ? "Unstar" : "Star";
  const motions = count ? chosenMotions() : [];
  find("#not-event-chosen").hidden = !motions.length;
  find("#not-event-chosen").ariaPressed = String(motions.length > 0 && motions.every(isNotEvent));
}

async function parsed(url) {
  const answer = await request(url, { headers: { Accept: "text/html" } });
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

const more = (link) => attempt(async () => {
  if (link.ariaBusy === "true") return;
  link.ariaBusy = "true";
  try {
    const page = await parsed(link.href);
    for (const day of all("section", page)) {
      const last = all("section", list).at(-1);     // a day comes twice if a clock was set
      if (last?.dataset.day === day.dataset.day) find("ol", last).append(...find("ol", day).children);
      else link.parentElement.before(document.adoptNode(day));
    }
    const next = find("#more", page);
    if (next) link.href = next.href; else link.remove();
  } finally {
    link.ariaBusy = "false";
  }
});

function live() {
  list.addEventListener("change", choose);
  list.addEventListener("reset", () => setTimeout(choose));
  list.addEventListener("click", (event) => {
    const plain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.button);
    const link = event.target.closest("a");
    const one = event.target.closest("li");
    if (event.target.closest("button.star")) {
      star([one.dataset.id], !("starred" in one.dataset));
    } else if (event.target.closest("button.not-event")) {
      markNotEvent([one.dataset.id], !("notEvent" in one.dataset));
    } else if (plain && link && link.id === "more") {
      event.preventDefault();
      more(link);
    } else if (plain && link && link.closest("li")) {
      event.preventDefault();
      show(link.href);
    }
  });
  if (selection) {
    find("#star-chosen").addEventListener("click", () => {
      const ids = chosen();
      star(ids, !ids.every(starred)).then(choose);
    });
    find("#not-event-chosen").addEventListener("click", () => {
      const ids = chosenMotions();
      markNotEvent(ids, !ids.every(isNotEvent));
    });
    find("#delete-chosen").addEventListener("click", () => remove(chosen()));
  }
  find("#filters").addEventListener("change", (event) => {
    if (event.target.type !== "date" || !event.target.value || event.target.validity.valid) {
      find("#filters").requestSubmit();
    }
  });
  find("#filters").addEventListener("submit", () => {
    for (const field of find("#filters").elements) field.disabled = !field.value;
  });
  window.addEventListener("pageshow", () => {
    for (const field of find("#filters").elements) field.disabled = false;
    choose();
  });
  find(".close", viewer).addEventListener("click", () => viewer.close());
  viewer.addEventListener("click", (event) => { if (event.target === viewer) viewer.close(); });
  viewer.addEventListener("close", () => {
    find("#stage").replaceChildren();
    if (toast.matches(":popover-open")) showToast();
  });
  choose();
}

// --- one event

const show = (url) => attempt(async () => {
  if (!list) { location.assign(url); return; }
  const found = player() && viewer.open ? player() : null;
  if (found) found.classList.add("leaving");
  const next = find("#player", await parsed(url));
  if (!next) throw new Error("This event no longer exists.");
  find("#stage").replaceChildren(document.adoptNode(next));
  if (!viewer.open) viewer.showModal();
  viewer.focus();
  ready();
  follow(url);
  const video = find("video:not([hidden])", next);
  if (video) video.play().catch(() => video.setAttribute("data-waits", ""));
});

// Show the parts of an event one at a time, and play them one after the other.
function ready() {
  find(".why", player())?.addEventListener("toggle", loadScenes);
  const parts = all(".part[data-part]", player());
  const links = all(".parts a", player());
  const turn = (number, play) => {
    for (const part of parts) {
      part.hidden = part.dataset.part !== number;
      if (part.hidden && part.pause) part.pause();
      if (!part.hidden && play && part.play) part.play().catch(() => part.focus());
    }
    for (const link of links) link.ariaCurrent = String(link.dataset.part === number);
  };
  if (parts.length > 1) turn("1", false);
  for (const link of [...links, ...all(".sightings [data-part]", player())]) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      const film = parts.find((part) => part.dataset.part === link.dataset.part);
      if (link.dataset.at) film.currentTime = Number(link.dataset.at);
      turn(link.dataset.part, true);
    });
  }
  for (const part of parts) {
    part.addEventListener("ended", () => {
      if (part.hidden) return;        // the user has just switched to another part
      const next = String(Number(part.dataset.part) + 1);
      if (parts.some((each) => each.dataset.part === next)) turn(next, true);
    });
    part.addEventListener("error", () => part.networkState === 3 && attempt(async () => {
      await request(part.src, { headers: { Range: "bytes=0-0", Accept: "application/json" } });
      throw new Error("This browser cannot play the clip; download it instead.");
    }));
  }
}

// Show the event at *url* again once its clips are complete; never interrupt one that plays.
async function follow(url) {
  const shown = player();
  while ("recording" in shown.dataset) {
    await new Promise((resolve) => setTimeout(resolve, FOLLOW));
    if (player() !== shown) return;
    if (document.hidden || ask.open || all("video", shown).some((film) => !film.paused)) continue;
    const answer = await request(shown.dataset.url).catch(() => null);
    const event = answer && await answer.json();
    if (!event || event.end === null || event.clips.some((clip) => clip.state === "open")) continue;
    if (player() !== shown) return;
    if (list) show(url); else location.reload();
    return;
  }
}

// The clip that shows a moment of the explanation is loaded when that is opened.
function loadScenes() {
  for (const scene of all("video[data-src]", player())) scene.src ||= scene.dataset.src;
}

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
    undo.addEventListener("click", () => {
      clearTimeout(leave);
      shown.classList.remove("leaving");
    }, { once: true });
  } else if (next) show(next.href); else viewer.close();
}

document.addEventListener("click", (event) => {
  const shown = player();
  if (!shown || !shown.contains(event.target)) return;
  const link = event.target.closest("a[rel]");
  if (event.target.closest(".star")) star([shown.dataset.id], !("starred" in shown.dataset));
  else if (event.target.closest(".not-event")) {
    markNotEvent([shown.dataset.id], !("notEvent" in shown.dataset));
  } else if (event.target.closest("[data-delete]")) removeShown();
  else if (link && list) {
    event.preventDefault();
    show(link.href);
  }
});

document.addEventListener("keydown", (event) => {
  const busy = event.target.closest("input, select, textarea, video");
  if (!player() || ask.open || busy || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "ArrowLeft") go("prev");
  else if (event.key === "ArrowRight") go("next");
  else if (event.key === "s") find(".star", player()).click();
  else if (event.key === "n") find(".not-event", player())?.click();
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
  ready();
  follow();
}
