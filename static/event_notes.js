// What the pages of events say: a note at the bottom, with an undo, and a question.

import { explain } from "./request.js";

const ask = document.getElementById("ask");
const toast = document.getElementById("toast");
const undo = document.getElementById("undo");
const viewer = document.getElementById("viewer");
let timer;

export const isAsking = () => ask.open;

// Show *text* for some seconds; *restore* undoes what it says.
export function notify(text, seconds = 5, restore = null) {
  document.getElementById("toast-text").textContent = text;
  undo.hidden = !restore;
  undo.onclick = restore;
  showToast();
  clearTimeout(timer);
  timer = setTimeout(() => toast.hidePopover(), 1000 * seconds);
}

// An open dialog makes the rest of the page inert, so the toast moves into it.
function showToast() {
  if (toast.matches(":popover-open")) toast.hidePopover();
  (viewer && viewer.open ? viewer : document.body).append(toast);
  toast.showPopover();
}

export function keepToast() {
  if (toast.matches(":popover-open")) showToast();
}

export const onUndo = (work) => undo.addEventListener("click", work, { once: true });

export const attempt = (work) => work().catch((error) => notify(explain(error)));

export function confirmed(question) {
  document.getElementById("question").textContent = question;
  ask.returnValue = "no";
  ask.showModal();
  return new Promise((resolve) => ask.addEventListener(
    "close", () => resolve(ask.returnValue === "yes"), { once: true }));
}
