// Zones: where in the picture motion counts, drawn on the live picture.

import { PolygonEditor, asCorners, asText } from "./polygons.js";
import { onClick, request } from "./request.js";

const find = (id) => document.getElementById(id);
const [panel, svg, message, list] = ["zones", "drawn", "zones-message", "zone-list"].map(find);
const HINTS = {
  drawing: "Tap the corners; tap the first corner again to close the zone. With a keyboard, move "
    + "the cross with the arrow keys, set a corner with Enter and remove it with Backspace.",
  selected: "Drag the corners, or move to one with Tab and shift it with the arrow keys; Delete "
    + "removes it.",
  other: "Draw the ground where people stand, or all of what is to be ignored. Tap a zone to "
    + "change its corners.",
};
const RETRY = 1000;         // ms
let saved = {};             // what the server has
const given = JSON.parse(panel.dataset.given).map(zone);    // in the settings file
const GIVEN = JSON.stringify(given.map(asZone));
let messageTimer;

function notify(text) {
  message.textContent = text;
  clearTimeout(messageTimer);
  messageTimer = setTimeout(() => { message.textContent = ""; }, 8000);
}

const editor = new PolygonEditor(svg, find("live"), {
  make: (corners) => zone({ name: freeName(), polygon: asText(corners), counts: true }),
  notify, changed: show,
  escaped: () => (editor.isDrawing ? editor.cancel() : editor.select(null)) });

function counts(shape) { return shape.kind === "counting"; }

// A shape of the editor for a zone as the server has it.
function zone({ name, polygon, counts, min_area: area = null, sensitivity = null,
                alerts = true }) {
  return { corners: asCorners(polygon), kind: counts ? "counting" : "ignored", label: name,
           area, sensitivity, alerts };
}

// The zone of a shape, as the server takes it.
function asZone(shape) {
  return { name: shape.label, polygon: asText(shape.corners), counts: counts(shape),
           min_area: shape.area, sensitivity: shape.sensitivity, alerts: shape.alerts };
}

function blinker({ polygon, counts }, index) {
  return { corners: asCorners(polygon), kind: counts ? "automatic allowed" : "automatic",
           label: String(index + 1), fixed: true };
}

const isZone = (shape) => !shape.fixed;
const isAllowed = (shape) => shape.kind.endsWith("allowed");

function freeName() {
  const names = new Set(editor.shapes.map((shape) => shape.label));
  for (let number = 1; ; number += 1) {
    if (!names.has(`zone ${number}`)) return `zone ${number}`;
  }
}

// --- what is shown

function show() {
  const { isDrawing, selected } = editor;
  const focused = panel.contains(document.activeElement) && document.activeElement;
  svg.classList.toggle("drawing", isDrawing);
  find("draw").hidden = isDrawing;
  find("reset").hidden = isDrawing || content().zones === null;
  for (const id of ["save", "discard"]) find(id).hidden = isDrawing || !isChanged();
  for (const id of ["close-zone", "cancel"]) find(id).hidden = !isDrawing;
  find("close-zone").disabled = (editor.corners || []).length < 3;
  find("undo").disabled = !editor.before.length;
  find("hint").textContent = HINTS[isDrawing ? "drawing" : selected === null ? "other" : "selected"];
  find("meaning").textContent = meaning();
  showRows(list, isZone, "zone-row", fillZone);
  showRows(find("automatic-list"), (shape) => !isZone(shape), "automatic-row", fillBlinker);
  find("automatic").hidden = editor.shapes.every(isZone);
  if (focused && !focused.getClientRects().length) {      // it is gone: the keyboard goes on here
    (isDrawing ? svg : find("draw")).focus({ preventScroll: true });
  }
}

function meaning() {
  const zones = editor.shapes.filter(isZone);
  const counted = zones.filter(counts);
  const isSilent = counted.length && !counted.some((each) => each.alerts)
    && find("zone-row").content.querySelector("[name=alerts]");
  const [counting, ignored] = [counted, zones.filter((each) => !counts(each))]
    .map((some) => some.map((each) => each.label).join(" and "));
  const isBlinking = editor.shapes.some((shape) => !isZone(shape) && !isAllowed(shape));
  const outside = [ignored && `in ${ignored}`, isBlinking && "where something blinks"]
    .filter(Boolean).join(" or ");
  return `Motion counts ${counting ? `in ${counting} only` : "everywhere"}`
    + `${outside ? `, but not ${outside}` : ""}.`
    + `${isSilent ? " No zone raises alerts, so motion raises none: draw another zone where it should." : ""}`;
}

// Fill a row for each shape that is *wanted*; rows stay, so that the focus does.
function showRows(rows, wanted, template, fill) {
  const numbers = editor.shapes.map((_, number) => number)
    .filter((number) => wanted(editor.shapes[number]));
  while (rows.children.length > numbers.length) rows.lastElementChild.remove();
  while (rows.children.length < numbers.length) {
    rows.append(find(template).content.firstElementChild.cloneNode(true));
  }
  numbers.forEach((number, index) => {
    rows.children[index].dataset.number = number;
    fill(rows.children[index], editor.shapes[number], number);
  });
}

function fillZone(row, shape, number) {
  row.classList.toggle("ignored", !counts(shape));
  row.classList.toggle("selected", number === editor.selected);
  put(row, "name", shape.label);
  put(row, "counts", String(counts(shape)));
  put(row, "percent", shape.area === null ? "" : String(shape.area / 10));
  put(row, "sensitivity", shape.sensitivity || "");
  if (row.querySelector("[name=alerts]")) row.querySelector("[name=alerts]").checked = shape.alerts;
  row.querySelector("[name=percent]").placeholder = panel.dataset.percent;
  row.querySelector("[name=delete]").setAttribute("aria-label", `Delete ${shape.label}`);
  for (const field of row.querySelectorAll(".of-counting")) field.hidden = !counts(shape);
}

function put(row, name, value) {
  const field = row.querySelector(`[name=${name}]`);
  if (field && field !== document.activeElement) field.value = value;
}

function fillBlinker(row, shape) {
  row.querySelector("span").textContent = `Blinking region ${shape.label}`;
  row.querySelector("button").setAttribute("aria-checked", String(isAllowed(shape)));
}

// --- changes by the rows

const numberOf = (element) => Number(element.closest("li").dataset.number);

function replace(number, change) {
  editor.change(editor.shapes.map((shape, other) =>
    (other === number ? { ...shape, ...change } : shape)));
}

function readField({ target }) {
  const number = numberOf(target);
  replace(number, {
    name: () => ({ label: target.value.trim() }),
    counts: () => (target.value === "true" ? { kind: "counting" }
      : { kind: "ignored", area: null, sensitivity: null }),
    percent: () => ({ area: target.value === "" ? null
      : Math.round(target.valueAsNumber * 1e4) / 1e3 }),
    sensitivity: () => ({ sensitivity: target.value || null }),
    alerts: () => ({ alerts: target.checked }),
  }[target.name]());
}

list.addEventListener("change", readField);
list.addEventListener("input", () => notify(""));       // it was about the last value
list.addEventListener("focusin", ({ target }) => {
  if (!editor.isDrawing && target.name !== "delete") editor.select(numberOf(target));
});
list.addEventListener("click", ({ target }) => {
  if (target.name === "delete") editor.remove(numberOf(target));
  else if (target.tagName === "LI" && !editor.isDrawing) editor.select(numberOf(target));
});
find("automatic-list").addEventListener("click", ({ target }) => {
  const button = target.closest("button");
  if (!button) return;
  const number = numberOf(button);
  replace(number, { kind: isAllowed(editor.shapes[number]) ? "automatic" : "automatic allowed" });
});

// --- the server

// What the page shows; zones are null if they are those of the settings file.
function content() {
  const shown = editor.shapes.filter(isZone).map(asZone);
  const zones = JSON.stringify(shown) === GIVEN ? null : shown;
  const allowed = editor.shapes.filter((shape) => !isZone(shape) && isAllowed(shape));
  return { zones, counted: allowed.map((shape) => asText(shape.corners)) };
}

// Return what differs from what the server has.
function changes() {
  return Object.fromEntries(Object.entries(content()).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(saved[name])));
}

const isChanged = () => Object.keys(changes()).length > 0;

function load(answer) {
  editor.load([...answer.automatic.map(blinker), ...answer.zones.map(zone)]);
  saved = content();
  show();
}

async function fetchZones() {
  load(await (await request(panel.dataset.url)).json());
}

async function send(body) {
  const answer = await (await request(panel.dataset.url, { method: "PUT", body })).json();
  // the detector ignores a region again only from its next picture on
  const known = new Set(answer.automatic.map((each) => each.polygon));
  const late = editor.shapes.filter((shape) => !isZone(shape)).map((shape) => asText(shape.corners))
    .filter((polygon) => !known.has(polygon)).map((polygon) => ({ polygon, counts: false }));
  answer.automatic = [...answer.automatic, ...late].sort((one, other) => (
    one.polygon < other.polygon ? -1 : 1));
  load(answer);
}

function begin() {
  editor.begin();
  svg.focus({ preventScroll: true });
  svg.scrollIntoView({ block: "nearest" });
}

find("draw").addEventListener("click", begin);
find("close-zone").addEventListener("click", () => editor.close());
find("undo").addEventListener("click", () => editor.undo());
find("cancel").addEventListener("click", () => editor.cancel());
onClick(find("save"), notify, async () => {
  const wrong = list.querySelector(":invalid");
  if (wrong) {
    wrong.focus();
    throw new Error(`${wrong.labels[0].firstChild.data.trim()}: ${wrong.validationMessage}`);
  }
  await send(changes());
  find("draw").focus();     // Save is hidden now
  notify("Saved.");
});
onClick(find("discard"), notify, fetchZones);
find("reset").addEventListener("click", () => {
  editor.selected = null;
  editor.change([...editor.shapes.filter((shape) => !isZone(shape)), ...given]);
  notify("Save it, or undo it.");
});

// Another page may have changed the zones while this one was not in sight.
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && !panel.hidden && !editor.isDrawing && !isChanged()) {
    fetchZones().catch(() => {});       // live.js says that the server does not respond
  }
});

async function open() {
  try {
    await fetchZones();
    panel.hidden = false;
  } catch { setTimeout(open, RETRY); }
}
open();
