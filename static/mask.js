// Draw regions to hide on the live picture.

import { PolygonEditor, asCorners, asText } from "./polygons.js";
import { onClick, request } from "./request.js";
import { gettext, ngettext } from "./words.js";

const find = (id) => document.getElementById(id);
const [svg, live, hide, drawing, message] = ["mask", "live", "hide", "drawing", "privacy-message"].map(find);
let messageTimer;
const editor = new PolygonEditor(svg, live, {
  make: (corners) => ({ corners, kind: "region" }), notify, changed, escaped: end });

function notify(text) {
  message.textContent = text;
  clearTimeout(messageTimer);
  messageTimer = setTimeout(() => { message.textContent = ""; }, 8000);
}

const isDrawn = (shape) => shape.kind === "region";

function changed() {
  if (!drawing.hidden && !editor.isDrawing) editor.begin();   // one region after the other
  else showButtons();
}

function showButtons() {
  const numbers = editor.shapes.map((_, number) => number)
    .filter((number) => isDrawn(editor.shapes[number]));
  find("regions").replaceChildren(...numbers.map((number, index) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "plain";
    button.textContent = gettext("Remove region %(number)s", { number: index + 1 });
    button.addEventListener("click", () => editor.remove(number));
    return button;
  }));
  find("undo").disabled = !editor.before.length;
  find("close-region").disabled = (editor.corners || []).length < 3;
}

function end() {
  drawing.hidden = true;
  svg.setAttribute("hidden", "");
  hide.setAttribute("aria-expanded", "false");
  hide.focus();
}

async function begin() {
  const mask = await (await request(hide.dataset.url)).json();
  drawing.hidden = false;
  svg.removeAttribute("hidden");
  hide.setAttribute("aria-expanded", "true");
  editor.load([
    ...mask.set.map((text) => ({ corners: asCorners(text), kind: "fixed", fixed: true })),
    ...mask.drawn.map((text) => ({ corners: asCorners(text), kind: "region" }))]);
  editor.begin();
  svg.scrollIntoView({ block: "nearest" });
}

async function save() {
  if (editor.corners.length) editor.close();
  if (editor.corners.length) return;
  const body = { drawn: editor.shapes.filter(isDrawn).map((shape) => asText(shape.corners)) };
  const mask = await (await request(hide.dataset.url, { method: "PUT", body })).json();
  const count = mask.set.length + mask.drawn.length;
  notify(count ? ngettext("Saved: %(num)s region is hidden.", "Saved: %(num)s regions are hidden.", count)
               : gettext("Saved: no region is hidden."));
  end();
}

// Begin to draw, or end it.
export async function toggle() {
  if (drawing.hidden) await begin(); else end();
}

find("close-region").addEventListener("click", () => editor.close());
find("undo").addEventListener("click", () => editor.undo());
find("cancel").addEventListener("click", end);
onClick(find("save"), notify, save);
