// What nobody is to see: all cameras off, and regions drawn over the live picture.
"use strict";

(() => {
  const panel = document.getElementById("privacy");
  const find = (id) => document.getElementById(id);
  const [cameras, wish] = [find("cameras"), find("wish")];
  let quiet;                // the timer that takes an answer away again

  function tell(text) {
    wish.textContent = text;
    clearTimeout(quiet);
    quiet = setTimeout(() => { wish.textContent = ""; }, 8000);
  }

  async function ask(method, url, body) {
    const answer = await fetch(url, {
      method, credentials: "same-origin", cache: "no-store",
      signal: AbortSignal.timeout(10000),
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: body && JSON.stringify(body) });
    const told = await answer.json();
    if (!answer.ok) throw new Error(told.error);
    return told;
  }

  async function attempt(button, work) {
    button.disabled = true;
    try {
      await work();
    } catch (error) {
      tell(error.name === "TimeoutError" ? "the server does not answer" : error.message);
    }
    button.disabled = false;
  }

  function showSwitch(on) {
    cameras.setAttribute("aria-checked", String(on));
    const words = cameras.querySelector("span"), text = on ? "Cameras on" : "Cameras off";
    if (words.textContent !== text) words.textContent = text;
  }

  document.addEventListener("status", ({ detail: status }) => {
    if (!cameras.disabled) showSwitch(status.off_since === null);
  });
  cameras.addEventListener("click", () => attempt(cameras, async () => {
    const on = cameras.getAttribute("aria-checked") !== "true";
    await ask("POST", panel.dataset.camerasUrl, { on });
    showSwitch(on);
  }));
  document.documentElement.classList.add("js");
  if (panel.dataset.maskUrl) draw();

  // --- regions, as lists of corners [x, y] in per mille of the picture

  function draw() {
    const NEAR = 25;        // per mille from the first corner that mean it
    const [svg, live, hide, drawing] = ["mask", "live", "hide", "drawing"].map(find);
    let fixed = [];         // regions that the settings hide, which stay
    let regions = [];       // that were drawn
    let corners = [];       // of the region that is being drawn
    let cross = null;       // where the keyboard is
    let before = [];        // what Undo goes back to

    const text = (region) => region.map((corner) => corner.join(",")).join(" ");
    const parse = (written) =>
      written.split(" ").map((corner) => corner.split(",").map(Number));
    let size = [live.getAttribute("width"), live.getAttribute("height")];

    function scale() {      // while the stream is taken up again, the picture has no size
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
      if (corners.length < 3) return tell("A region has at least three corners.");
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
      show();               // the picture may have another size by now
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
      const mask = await ask("GET", panel.dataset.maskUrl);
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
      const mask = await ask("PUT", panel.dataset.maskUrl, { drawn: regions.map(text) });
      const count = mask.set.length + mask.drawn.length;
      tell(count ? `${count} ${count === 1 ? "region is" : "regions are"} black now`
                 : "nothing is hidden now");
      end();
    }

    svg.addEventListener("click", tapped);
    svg.addEventListener("keydown", typed);
    hide.addEventListener("click", () => attempt(hide, async () => {
      if (drawing.hidden) await begin(); else end();
    }));
    find("close-region").addEventListener("click", endRegion);
    find("undo").addEventListener("click", undo);
    find("cancel").addEventListener("click", end);
    find("save").addEventListener("click", () => attempt(find("save"), save));
  }
})();
