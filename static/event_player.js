// One event that is shown: its parts one after the other, and what is being recorded.

import { gettext } from "./words.js";
import { request } from "./request.js";
import { attempt, isAsking } from "./event_notes.js";
import { player } from "./event_changes.js";
import { sharing } from "./event_share.js";

const FOLLOW = 3000;      // ms, between two looks at an event that is being recorded
const PICTURE = 3000;     // ms, for which an event without a clip is shown while all are played
const all = (selector) => [...player().querySelectorAll(selector)];

// Show the event that is on the page now; call *onEnd* when all of it was played.
export function begin(onEnd) {
  const shown = player();
  shown.querySelector(".why")?.addEventListener("toggle", loadScenes);
  const parts = all(".part[data-part]");
  const turn = showParts(parts, all(".parts a"), onEnd);
  for (const link of [...all(".parts a"), ...all(".sightings [data-part]")]) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      const film = parts.find((part) => part.dataset.part === link.dataset.part);
      if (link.dataset.at) film.currentTime = Number(link.dataset.at);
      turn(link.dataset.part, true);
    });
  }
  sharing(shown);
  if ("playsAll" in shown.dataset && !shown.querySelector("video")) {
    setTimeout(() => { if (player() === shown) onEnd(); }, PICTURE);
  }
}

// Show the *parts* of an event one at a time; return what turns to one of them.
function showParts(parts, links, onEnd) {
  const turn = (number, play) => {
    for (const part of parts) {
      part.hidden = part.dataset.part !== number;
      if (part.hidden && part.pause) part.pause();
      if (!part.hidden && play && part.play) part.play().catch(() => part.focus());
    }
    for (const link of links) link.ariaCurrent = String(link.dataset.part === number);
  };
  if (parts.length > 1) turn("1", false);
  for (const part of parts) {
    part.addEventListener("ended", () => {
      if (part.hidden) return;        // the user has just switched to another part
      const next = String(Number(part.dataset.part) + 1);
      if (parts.some((each) => each.dataset.part === next)) turn(next, true);
      else onEnd();
    });
    part.addEventListener("error", () => part.networkState === 3 && attempt(async () => {
      await request(part.src, { headers: { Range: "bytes=0-0", Accept: "application/json" } });
      throw new Error(gettext("This browser cannot play the clip; download it instead."));
    }));
  }
  return turn;
}

// Play the first clip; the browser may want a click for that.
export function play() {
  const film = player().querySelector("video:not([hidden])");
  if (film) film.play().catch(() => film.setAttribute("data-waits", ""));
}

// Call *again* once the clips of the event are complete; never interrupt one that plays.
export async function follow(again) {
  const shown = player();
  while ("recording" in shown.dataset) {
    await new Promise((resolve) => setTimeout(resolve, FOLLOW));
    if (player() !== shown) return;
    if (document.hidden || isAsking() || all("video").some((film) => !film.paused)) continue;
    const answer = await request(shown.dataset.url).catch(() => null);
    const event = answer && await answer.json();
    if (!event || event.end === null || event.clips.some((clip) => clip.state === "open")) continue;
    if (player() === shown) again();
    return;
  }
}

// The clip that shows a moment of the explanation is loaded when that is opened.
function loadScenes() {
  for (const scene of all("video[data-src]")) scene.src ||= scene.dataset.src;
}
