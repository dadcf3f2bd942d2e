// Privacy: switch all cameras off, and draw regions to hide on the live picture.

import { PolygonEditor, asCorners, asText } from "./polygons.js";
import { onClick, post, request } from "./request.js";

const panel = document.getElementById("privacy");
const find = (id) => document.getElementById(id);
const [cameras, message] = [find("cameras"), find("privacy-message")];
let messageTimer;

function notify(text) {
  message.textContent = text;
  clearTimeout(messageTimer);
  messageTimer = setTimeout(() => { message.textContent = ""; }, 8000);
}

function showSwitch(on) {
  cameras.setAttribute("aria-checked", String(on));
  const words = cameras.querySelector("span"), text = on ? "Cameras on" : "Cameras off";
  if (words.textContent !== text) words.textContent = text;
}

document.addEventListener("status", ({ detail: status }) => {
  if (!cameras.disabled) showSwitch(status.off_since === null);
});
onClick(cameras, notify, async () => {
  const on = cameras.getAttribute("aria-checked") !== "true";
  await post(panel.dataset.camerasUrl, { on });
  showSwitch(on);
});
document.documentElement.classList.add("js");
if (panel.dataset.maskUrl) draw();

function draw() {
  const [svg, live, hide, drawing] = ["mask", "live", "hide", "drawing"].map(find);
  const editor = new PolygonEditor(svg, live, {
    make: (corners) => ({ corners, kind: "region" }), notify, changed, escaped: end });

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
      button.textContent = `Remove region ${index + 1}`;
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
    const mask = await (await request(panel.dataset.maskUrl)).json();
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
    const mask = await (await request(panel.dataset.maskUrl, { method: "PUT", body })).json();
    const count = mask.set.length + mask.drawn.length;
    notify(count ? `Saved: ${count} ${count === 1 ? "region is" : "regions are"} hidden.`
                 : "Saved: no region is hidden.");
    end();
  }

  onClick(hide, notify, async () => {
    if (drawing.hidden) await begin(); else end();
  });
  find("close-region").addEventListener("click", () => editor.close());
  find("undo").addEventListener("click", () => editor.undo());
  find("cancel").addEventListener("click", end);
  onClick(find("save"), notify, save);
}
