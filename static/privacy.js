// Privacy: switch all cameras off, and draw regions to hide on the live picture.

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

// --- regions, as lists of corners [x, y] in per mille of the picture

function draw() {
  const NEAR = 25;        // per mille; a tap this near the first corner closes
  const [svg, live, hide, drawing] = ["mask", "live", "hide", "drawing"].map(find);
  let fixed = [];         // regions from the settings, which cannot be changed here
  let regions = [];       // drawn regions
  let corners = [];       // of the region being drawn
  let cross = null;       // position of the keyboard cross
  let before = [];        // states for Undo

  const text = (region) => region.map((corner) => corner.join(",")).join(" ");
  const parse = (written) =>
    written.split(" ").map((corner) => corner.split(",").map(Number));
  let size = [live.getAttribute("width"), live.getAttribute("height")];

  function scale() {      // a stream that reconnects has no size
    if (live.naturalWidth) size = [live.naturalWidth, live.naturalHeight];
    return size;
  }

  function add(name, region, kind) {
    const [wide, tall] = scale();
    const shape = document.createElementNS(svg.namespaceURI, name);
    shape.setAttribute("class", kind);
    shape.setAttribute("points", region.map(
      ([x, y]) => `${(x * wide / 1000).toFixed(1)},${(y * tall / 1000).toFixed(1)}`).join(" "));
    svg.append(shape);
  }

  function dot([x, y], kind) {
    const [dx, dy] = kind === "cross" ? [14, 18] : [5, 7];
    add("polygon", [[x - dx, y], [x, y - dy], [x + dx, y], [x, y + dy]], kind);
  }

  function show() {
    svg.setAttribute("viewBox", `0 0 ${scale().join(" ")}`);
    svg.replaceChildren();
    for (const region of fixed) add("polygon", region, "fixed");
    for (const region of regions) add("polygon", region, "region");
    if (corners.length) add("polyline", corners, "begun");
    for (const corner of corners) dot(corner, "corner");
    if (cross) dot(cross, "cross");
    find("regions").replaceChildren(...regions.map((_, index) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "plain";
      button.textContent = `Remove region ${index + 1}`;
      button.addEventListener("click", () => {
        remember();
        regions = regions.filter((_, other) => other !== index);
        show();
      });
      return button;
    }));
    find("undo").disabled = !before.length;
    find("close-region").disabled = corners.length < 3;
  }

  function remember() {
    before.push([regions, corners]);
  }

  function endRegion() {
    if (corners.length < 3) return notify("A region needs at least three corners.");
    remember();
    [regions, corners] = [[...regions, corners], []];
    show();
  }

  function put(corner) {
    const [first] = corners;
    if (corners.length > 2 && Math.hypot(first[0] - corner[0], first[1] - corner[1]) < NEAR) {
      return endRegion();
    }
    remember();
    corners = [...corners, corner];
    show();
  }

  function undo() {
    if (before.length) [regions, corners] = before.pop();
    show();
  }

  const within = (value) => Math.min(1000, Math.max(0, Math.round(value)));

  function tapped(event) {
    show();               // the picture may have changed its size
    const at = new DOMPoint(event.clientX, event.clientY)
      .matrixTransform(svg.getScreenCTM().inverse());
    const [wide, tall] = scale();
    cross = null;
    put([within(1000 * at.x / wide), within(1000 * at.y / tall)]);
  }

  function typed(event) {
    const step = event.shiftKey ? 100 : 10;
    const move = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step],
                   ArrowDown: [0, step] }[event.key];
    cross = cross || [500, 500];
    if (move) cross = [within(cross[0] + move[0]), within(cross[1] + move[1])];
    else if (event.key === "Enter" || event.key === " ") put([...cross]);
    else if (event.key === "Backspace") undo();
    else if (event.key === "Escape") return end();
    else return;
    event.preventDefault();
    show();
  }

  function end() {
    drawing.hidden = true;
    svg.setAttribute("hidden", "");
    hide.setAttribute("aria-expanded", "false");
    hide.focus();
  }

  async function begin() {
    const mask = await (await request(panel.dataset.maskUrl)).json();
    [fixed, regions] = [mask.set.map(parse), mask.drawn.map(parse)];
    [corners, before, cross] = [[], [], null];
    drawing.hidden = false;
    svg.removeAttribute("hidden");
    hide.setAttribute("aria-expanded", "true");
    show();
    svg.scrollIntoView({ block: "nearest" });
  }

  async function save() {
    if (corners.length) endRegion();
    if (corners.length) return;
    const body = { drawn: regions.map(text) };
    const mask = await (await request(panel.dataset.maskUrl, { method: "PUT", body })).json();
    const count = mask.set.length + mask.drawn.length;
    notify(count ? `Saved: ${count} ${count === 1 ? "region is" : "regions are"} hidden.`
                 : "Saved: no region is hidden.");
    end();
  }

  svg.addEventListener("click", tapped);
  svg.addEventListener("keydown", typed);
  onClick(hide, notify, async () => {
    if (drawing.hidden) await begin(); else end();
  });
  find("close-region").addEventListener("click", endRegion);
  find("undo").addEventListener("click", undo);
  find("cancel").addEventListener("click", end);
  onClick(find("save"), notify, save);
}
