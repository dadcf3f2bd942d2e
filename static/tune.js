// Tune the detection: sliders put settings on trial, and their effect is seen at once.

import { explain, onClick, request } from "./request.js";

const POLL = 500;         // ms between requests for levels, which keep a trial alive
const PAUSE = 120;        // ms after which a moved slider counts
const SPAN = 300;         // s that the chart shows
const LOWEST = 0.05;      // per mille; what is less lies on the ground of the chart
const DECADES = Math.log10(1000 / LOWEST);

const find = (id) => document.getElementById(id);
const [tune, pictures, live, view, outline] =
  ["tune", "pictures", "live", "view", "outline"].map(find);
const wide = matchMedia("(min-width: 700px)");
const put = (element, text) => {
  if (element.textContent !== text) element.textContent = text;
};

// --- settings: in force, and as the sliders say

const percent = (perMille) => `${Number((perMille / 10).toPrecision(2))} % of the picture`;
const rounded = (value) => Number(value.toFixed(value < 10 ? 1 : 0));
const seconds = (value) => (value < 60 ? `${rounded(value)} s` : `${rounded(value / 60)} min`);
const DEGREES = ["very low", "low", "rather low", "normal", "rather high", "high", "very high"];
const GREY_LEVELS = [100, 60, 40, 25, 18, 12, 8];
const SLIDERS = {
  sensitivity: { values: ["low", "normal", "high"], words: (value) => value },
  threshold: { values: GREY_LEVELS, falling: true, words: degree },
  min_area: {
    values: [0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100],
    words: percent },
  min_frames: { values: [1, 2, 3, 4, 5], words: pictureCount },
  post_roll: { values: [1, 2, 3, 5, 7, 10, 15, 20, 30, 45, 60, 120, 300], words: seconds },
};

let force = {};           // settings in force
let wanted = {};          // those that the sliders show
let chosen = {};          // what the owner has set
let fixed = {};
let fps = 0;
let changes = 0;          // counts what this page changed, to ignore older answers
let sending = 0;          // changes that are on their way
let trial = null;         // what the server says of it

function degree(grey) {
  const at = GREY_LEVELS.indexOf(grey);
  return at < 0 ? `own (${grey})` : DEGREES[at];
}

function pictureCount(count) {
  const time = fps > 0 && count / fps >= 0.05 ? `, ${seconds(count / fps)}` : "";
  return `${count} of 5 pictures${time}`;
}

const sliders = [...document.querySelectorAll(".slider")].map((box) => {
  const [name, input] = [box.dataset.option, box.querySelector("input")];
  return { name, box, input, output: box.querySelector("output"), kind: SLIDERS[name],
           values: SLIDERS[name].values };
});

// Give the slider a position for *value*, which may lie between the usual ones.
function place(slider) {
  const { kind, name, input } = slider;
  const value = wanted[name];
  slider.values = [...kind.values];
  for (const own of [force[name], value]) {
    if (!slider.values.includes(own)) slider.values.push(own);
  }
  if (typeof value === "number") slider.values.sort((a, b) => (kind.falling ? b - a : a - b));
  input.max = slider.values.length - 1;
  input.value = slider.values.indexOf(value);
  input.disabled = "fixed" in input.dataset;
}

function showSlider({ name, box, input, output, kind }) {
  const words = kind.words(wanted[name]);
  put(output, words);
  input.setAttribute("aria-valuetext", words);
  box.classList.toggle("changed", wanted[name] !== force[name]);
}

const isChanged = () => sliders.some(({ name }) => wanted[name] !== force[name]);
const differ = (one, other) => Object.keys(one).some((name) => one[name] !== other[name]);

function show() {
  sliders.forEach(showSlider);
  find("apply").disabled = find("discard").disabled = !(isChanged() || trial);
  tune.classList.toggle("on-trial", isChanged());
  showOutline();
  drawLines();
}

function adopt(settings) {
  wanted = { ...settings };
  sliders.forEach(place);
  show();
}

function notify(text) { put(find("tune-message"), text); }

function take(answer, next = answer.settings) {
  force = answer.settings;
  [chosen, fixed] = [answer.set, answer.fixed];
  find("reset").hidden = !Object.keys(chosen).length;
  adopt(next);
}

async function send(url, method, body) {
  sending += 1;
  try {
    return await (await request(url, { method, body })).json();
  } finally {
    sending -= 1;
    changes += 1;
  }
}

let timer = null;

async function tryOut() {
  timer = null;
  const values = Object.fromEntries(sliders
    .filter(({ name }) => !(name in fixed)).map(({ name }) => [name, wanted[name]]));
  try {
    if (isChanged()) {
      await send(tune.dataset.trialUrl, "PUT", values);
      notify("On trial: only you see the effect, until you apply it.");
    } else {
      await send(tune.dataset.trialUrl, "DELETE");
      notify("");
    }
  } catch (error) { notify(explain(error)); }
}

for (const slider of sliders) {
  slider.input.addEventListener("input", () => {
    wanted[slider.name] = slider.values[slider.input.value];
    show();
    clearTimeout(timer);
    timer = setTimeout(tryOut, PAUSE);
  });
}

function endTrial() {
  clearTimeout(timer);
  [timer, trial] = [null, null];
}

async function change(values, words) {
  endTrial();
  take(await send(tune.dataset.settingsUrl, "PATCH", values));
  showLevels();
  notify(words);
}

onClick(find("apply"), notify, async () => change(Object.fromEntries(sliders
  .filter(({ name }) => wanted[name] !== force[name])
  .map(({ name }) => [name, wanted[name]])), "Applied: this counts from now on."));
onClick(find("reset"), notify, async () => change(
  Object.fromEntries(Object.keys(chosen).map((name) => [name, null])), "Your changes are undone."));
onClick(find("discard"), notify, async () => {
  endTrial();
  await send(tune.dataset.trialUrl, "DELETE");
  adopt(force);
  showLevels();
  notify("Discarded.");
});

// --- pictures

let centre = [0.5, 0.5];  // centre of the outline, in parts of the picture

function showOutline() {
  if (!("min_area" in wanted)) return;
  const [width, height] = live.naturalWidth ? [live.naturalWidth, live.naturalHeight]
    : [live.width, live.height];
  const side = Math.sqrt(wanted.min_area / 1000 * width * height);
  const rect = outline.firstElementChild;
  outline.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const corner = (at, size) => Math.min(Math.max(at * size - side / 2, 0), Math.max(0, size - side));
  const sides = { x: corner(centre[0], width), y: corner(centre[1], height),
                  width: Math.min(side, width), height: Math.min(side, height) };
  for (const [name, value] of Object.entries(sides)) rect.setAttribute(name, value.toFixed(1));
}

outline.addEventListener("click", (event) => {
  const box = outline.getBoundingClientRect();
  centre = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  showOutline();
});
live.addEventListener("load", showOutline);

let shownView = "";

function showView() {
  const chosen = document.querySelector("#views input:checked").value;
  const name = wide.matches && chosen === "boxes" ? "mask" : chosen;
  if (wide.matches) document.querySelector(`#views input[value="${name}"]`).checked = true;
  pictures.dataset.view = name;
  const wants = document.hidden || name === "boxes" ? "" : name;
  if (wants === shownView) return;
  shownView = wants;
  restartView();
}

function restartView() {
  if (shownView) view.src = `${tune.dataset.feedUrl}?view=${shownView}&t=${Date.now()}`;
  else view.removeAttribute("src");
}

find("views").addEventListener("change", showView);
wide.addEventListener("change", showView);
document.addEventListener("visibilitychange", showView);
window.addEventListener("pagehide", () => view.removeAttribute("src"));
view.addEventListener("error", () => {
  if (view.getAttribute("src")) setTimeout(restartView, 1000);
});
// live.js has found the stream frozen or cut: the other one is, too
new MutationObserver(restartView).observe(live, { attributeFilter: ["src"] });
document.addEventListener("status", ({ detail: status }) => {
  const own = status.cameras.find((each) => each.name === find("camera").dataset.name);
  fps = own ? own.fps : 0;
  sliders.filter(({ name }) => name === "min_frames" && name in wanted).forEach(showSlider);
});

// --- chart

let samples = [];         // [time, area, area on trial or null]
let levels = { now: 0, events: [], tried_events: [] };

const height = (perMille) =>
  100 - 100 * Math.log10(Math.max(perMille, LOWEST) / LOWEST) / DECADES;
const across = (at) => SPAN - (levels.now - at);

function line(points) {
  return points.map(([x, y], index) => `${index ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
}

function drawCurves() {
  const points = samples.map(([at, area]) => [across(at), height(area)]);
  const path = points.length
    ? `${line(points)}L${points.at(-1)[0].toFixed(1)} 101L${points[0][0].toFixed(1)} 101Z` : "";
  find("area").setAttribute("d", path);
  find("fired").setAttribute("d", path);
  const tried = samples.filter((each) => each[2] !== null)
    .map(([at, , area]) => [across(at), height(area)]);
  find("tried").setAttribute("d", line(tried));
  find("begun").replaceChildren(...mark(levels.events, "event"),
                                ...mark(levels.tried_events, "tried"));
}

function mark(times, kind) {
  return times.filter((at) => across(at) >= 0).map((at) => {
    const stroke = document.createElementNS(outline.namespaceURI, "line");
    const [x, y] = [across(at).toFixed(1), kind === "event" ? -9 : 5];
    for (const [name, value] of Object.entries({ class: kind, x1: x, x2: x, y1: y, y2: y + 12 })) {
      stroke.setAttribute(name, value);
    }
    return stroke;
  });
}

function drawLines() {
  if (!("min_area" in force)) return;
  const [now, next] = [height(force.min_area), height(wanted.min_area)];
  for (const [id, y] of [["line-now", now], ["line-trial", next]]) {
    find(id).setAttribute("y1", y);
    find(id).setAttribute("y2", y);
  }
  find("line-trial").setAttribute(
    "visibility", wanted.min_area === force.min_area ? "hidden" : "visible");
  find("above").firstElementChild.setAttribute("height", Math.max(0, next + 10));
}

function drawScale() {
  const grid = [], scale = [];
  for (const [perMille, words] of [[1, "0.1 %"], [10, "1 %"], [100, "10 %"], [1000, "100 %"]]) {
    const rule = document.createElementNS(outline.namespaceURI, "line");
    const y = height(perMille);
    for (const [name, value] of Object.entries({ x1: 0, x2: SPAN, y1: y, y2: y })) {
      rule.setAttribute(name, value);
    }
    const item = document.createElement("li");
    item.textContent = words;
    item.style.top = `${y}%`;
    grid.push(rule);
    scale.push(item);
  }
  find("grid").replaceChildren(...grid);
  find("scale").replaceChildren(...scale);
}

const count = (number) => `${number || "no"} ${number === 1 ? "event" : "events"}`;

function summarize() {
  const text = count(levels.events.length)
    + (trial ? ` · on trial ${count(levels.tried_events.length)}` : "");
  put(find("summary"), text);
  document.querySelector(".plot svg").setAttribute(
    "aria-label", `Motion of the last 5 minutes: ${text}`);
}

// Draw the chart; what a trial found is gone with it.
function showLevels() {
  if (!trial) {
    samples = samples.map(([at, area]) => [at, area, null]);
    levels.tried_events = [];
  }
  drawCurves();
  summarize();
}

function showTrial(before) {
  if (trial && differ(trial.settings, wanted)) {    // another page's
    if (isChanged()) notify("Another page has changed what is on trial.");
    adopt(trial.settings);
  } else if (!trial && before) {
    adopt(force);
    notify(levels.trouble ? `The trial ended: ${levels.trouble}.` : "The trial has ended.");
  }
  put(find("cost"), !trial || !trial.second_detector ? ""
    : trial.learning ? "The trial is learning the background …"
      : `A second detector runs during the trial: ${trial.milliseconds} ms a picture.`);
}

// Show what other pages have applied or put on trial, unless this one changes something.
async function follow(begun) {
  const isStale = () => begun !== changes || sending || timer !== null;
  if (isStale()) return;
  if (differ(levels.settings, force)) {
    const answer = await (await request(tune.dataset.settingsUrl)).json();
    if (isStale()) return;
    take(answer, isChanged() ? wanted : answer.settings);
  }
  const before = trial;
  trial = levels.trial;
  showTrial(before);
  find("apply").disabled = find("discard").disabled = !(isChanged() || trial);
}

async function poll() {
  const begun = changes, last = samples.at(-1);
  levels = await (await request(`${tune.dataset.levelsUrl}?after=${last ? last[0] : ""}`)).json();
  const fresh = levels.at.map((at, index) => [at, levels.area[index], levels.tried[index]]);
  const first = fresh.length ? fresh[0][0] : Infinity;
  samples = [...samples.filter(([at]) => at < first && at > levels.now - SPAN && at <= levels.now),
             ...fresh];
  await follow(begun);
  showLevels();
  const why = levels.ignored.slice(0, 2);
  put(find("why"), why.length ? `: it ${why.join("; it ")}` : "");
}

let lost = false;         // whether the last request failed

async function run() {
  try {
    if (!document.hidden) await poll();
    if (lost) notify("");
    lost = false;
  } catch (error) {
    notify(explain(error));
    lost = true;
  }
  setTimeout(run, POLL);
}

async function begin() {
  try {
    take(await (await request(tune.dataset.settingsUrl)).json());
  } catch (error) {
    notify(explain(error));
    setTimeout(begin, POLL);
    return;
  }
  notify("");
  showView();
  drawScale();
  run();
}
begin();
