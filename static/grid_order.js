// The order of the cameras, as the owner or each browser arranges it.

import { explain, request } from "./request.js";
import { gettext } from "./words.js";

const STEPS = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };

// Let *button* begin and end the arranging of the tiles in *grid*; *message* is a sentence.
export function arrange(grid, button, message) {
  const tiles = () => [...grid.querySelectorAll(".tile")];
  const names = () => tiles().map((tile) => tile.dataset.camera);
  let moving = null, before = names();

  restore(grid);
  button.hidden = tiles().length < 2;
  button.addEventListener("click", () => {
    const begins = !grid.classList.contains("arranging");
    grid.classList.toggle("arranging", begins);
    button.setAttribute("aria-pressed", String(begins));
    button.textContent = begins ? gettext("Done") : gettext("Arrange");
    for (const tile of tiles()) begins ? (tile.tabIndex = 0) : tile.removeAttribute("tabindex");
    message.textContent = begins
      ? gettext("Drag a picture to its place, or move it by the arrow keys.") : "";
    if (begins) before = names();
    else if (`${before}` !== `${names()}`) keep(grid, names(), message);
  });

  grid.addEventListener("pointerdown", (event) => {
    const tile = event.target.closest(".tile");
    if (!tile || !grid.classList.contains("arranging")) return;
    moving = tile;
    tile.classList.add("moving");
    grid.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  grid.addEventListener("pointermove", (event) => {
    if (!moving) return;
    const under = document.elementsFromPoint(event.clientX, event.clientY)
      .map((element) => element.closest?.(".tile")).find((tile) => tile && grid.contains(tile));
    if (!under || under === moving) return;
    const all = tiles();
    grid.insertBefore(moving, all.indexOf(under) > all.indexOf(moving) ? under.nextSibling : under);
  });
  for (const type of ["pointerup", "pointercancel"]) {
    grid.addEventListener(type, () => {
      moving?.classList.remove("moving");
      moving = null;
    });
  }

  grid.addEventListener("keydown", (event) => {
    const step = STEPS[event.key], tile = event.target.closest(".tile");
    if (!step || !tile || !grid.classList.contains("arranging")) return;
    event.preventDefault();
    const all = tiles(), at = all.indexOf(tile), other = all[at + step];
    if (!other) return;
    grid.insertBefore(tile, step > 0 ? other.nextSibling : other);
    tile.focus();
    message.textContent = gettext("%(name)s is number %(number)s of %(all)s.", {
      name: tile.dataset.camera, number: at + step + 1, all: all.length });
  });
}

// Keep the order on the server if that is allowed, or else in this browser.
async function keep(grid, names, message) {
  try {
    if (grid.dataset.orderUrl) {
      await request(grid.dataset.orderUrl, { method: "PATCH", body: { order: names } });
      localStorage.removeItem("cameras");
    } else localStorage.setItem("cameras", JSON.stringify(names));
  } catch (error) {
    message.textContent = explain(error);
  }
}

function restore(grid) {
  let names;
  try { names = JSON.parse(localStorage.getItem("cameras")); } catch { return; }
  for (const name of Array.isArray(names) ? names : []) {
    const tile = grid.querySelector(`.tile[data-camera="${CSS.escape(name)}"]`);
    if (tile) grid.append(tile);
  }
  // those that are new stand at the end
  for (const tile of [...grid.querySelectorAll(".tile")]) {
    if (Array.isArray(names) && !names.includes(tile.dataset.camera)) grid.append(tile);
  }
}
