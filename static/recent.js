// The strip of the last events: new ones arrive by themselves.

import { followEvents } from "./event_source.js";

const PACE = 300;           // ms in which several changes are one
const LIMIT = 10000;        // ms that the server may take to answer

export function followRecent() {
  const strip = document.getElementById("recent");
  if (!strip) return;
  const list = strip.querySelector("ol"), { url, streamUrl, camera } = strip.dataset;
  let waiting;

  function refresh() {
    clearTimeout(waiting);
    waiting = setTimeout(show, PACE);
  }
  async function show() {
    const answer = await fetch(url, { cache: "no-store", signal: AbortSignal.timeout(LIMIT) }).catch(() => null);
    if (!answer?.ok) return;
    const read = new DOMParser().parseFromString(`<ol>${await answer.text()}</ol>`, "text/html");
    replace(list, [...read.querySelectorAll("li")]);
  }
  followEvents(streamUrl, {
    event: (event) => { if (!camera || event.camera === camera) refresh(); },
  }, refresh);
}

// Show *items*; those that have not changed stay as they are, with their pictures.
function replace(list, items) {
  const before = new Map([...list.children].map((item) => [item.dataset.id, item]));
  const shown = items.map((item) => {
    const old = before.get(item.dataset.id);
    if (!old) item.classList.add("new");
    return old?.innerHTML === item.innerHTML ? old : item;
  });
  if (shown.every((item, number) => item === list.children[number]) && shown.length === list.children.length) return;
  const focused = document.activeElement?.closest?.("#recent li")?.dataset.id;
  list.replaceChildren(...shown);
  if (focused) list.querySelector(`[data-id="${focused}"] a`)?.focus({ preventScroll: true });
}
