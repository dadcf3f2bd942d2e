// Polygons over the live picture: draw them corner by corner, and move their corners.
// Corners are [x, y] in per mille of the picture.

const NEAR = 25;          // per mille; a tap this near the first corner closes
const [DOT, REACH] = [7, 22];   // px of the page: the radius of a corner, and of its grip
const LABEL = 14;         // px of the page
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export const asText = (corners) => corners.map((corner) => corner.join(",")).join(" ");
export const asCorners = (text) =>
  text.split(" ").map((corner) => corner.split(",").map(Number));

const within = (value) => Math.min(1000, Math.max(0, Math.round(value)));
const moved = ([x, y], [right, down], step) =>
  [within(x + step * right), within(y + step * down)];

// *shapes* are drawn on *svg*, which lies over *live*: {corners, kind, label}, where kind
// is a CSS class. Those with *fixed* cannot be changed. *make* returns the shape of new
// corners, *changed* runs after each change, *escaped* at Escape, and *notify* shows text.
export class PolygonEditor {
  constructor(svg, live, { make, notify, changed = () => {}, escaped = () => {} }) {
    Object.assign(this, { svg, live, make, notify, changed, escaped });
    this.load([]);
    svg.addEventListener("click", (event) => this.tap(event));
    svg.addEventListener("keydown", (event) => this.type(event));
    svg.addEventListener("pointerdown", (event) => this.grip(event));
    svg.addEventListener("pointermove", (event) => this.drag(event));
    for (const name of ["pointerup", "pointercancel"]) {
      svg.addEventListener(name, () => { this.gripped = null; });
    }
    svg.addEventListener("touchstart", (event) => {     // a corner moves, not the page
      if (event.target.dataset.corner !== undefined) event.preventDefault();
    }, { passive: false });
    live.addEventListener("load", () => {
      if (live.naturalWidth && live.naturalWidth !== this.size[0]) this.show();
    });
    window.addEventListener("resize", () => this.show());
  }

  // --- what there is

  load(shapes) {
    this.shapes = shapes;
    this.corners = null;    // of the polygon being drawn
    this.cross = null;      // position of the keyboard cross
    this.selected = null;   // number of the shape whose corners can be moved
    this.gripped = null;    // number of the corner being moved
    this.before = [];       // states for undo()
    this.show();
  }

  get isDrawing() { return this.corners !== null; }

  change(shapes, corners = this.corners) {
    this.before.push([this.shapes, this.corners, this.selected]);
    [this.shapes, this.corners] = [shapes, corners];
    this.update();
  }

  update() {
    this.show();
    this.changed();
  }

  begin() {
    [this.corners, this.selected] = [[], null];
    this.update();
  }

  cancel() {
    this.corners = null;
    this.before = this.before.filter(([, corners]) => !corners);
    this.update();
  }

  close() {
    if (this.corners.length < 3) return this.notify("At least three corners are needed.");
    this.change([...this.shapes, this.make(this.corners)], null);
  }

  undo() {
    if (this.before.length) [this.shapes, this.corners, this.selected] = this.before.pop();
    this.update();
  }

  select(number) {
    if (this.selected === number) return;
    this.selected = number;
    this.update();
  }

  remove(number) {
    this.selected = null;
    this.change(this.shapes.filter((_, other) => other !== number));
  }

  put(corner) {
    const [first] = this.corners;
    if (this.corners.length > 2
        && Math.hypot(first[0] - corner[0], first[1] - corner[1]) < NEAR) return this.close();
    this.change(this.shapes, [...this.corners, corner]);
  }

  // Replace the corners of the selected shape; *same* continues the last change.
  bend(corners, same = false) {
    const shapes = this.shapes.map((shape, number) =>
      (number === this.selected ? { ...shape, corners } : shape));
    if (!same) return this.change(shapes);
    this.shapes = shapes;
    this.update();
  }

  moveCorner(number, to, same) {
    this.bend(this.shapes[this.selected].corners.map(
      (corner, other) => (other === number ? to : corner)), same);
  }

  // --- mouse, finger and keyboard

  at(event) {
    const point = new DOMPoint(event.clientX, event.clientY)
      .matrixTransform(this.svg.getScreenCTM().inverse());
    const [wide, tall] = this.size;
    return [within(1000 * point.x / wide), within(1000 * point.y / tall)];
  }

  tap(event) {
    if (this.wasDragged) return;
    this.show();            // the picture may have changed its size
    this.cross = null;
    if (this.isDrawing) return this.put(this.at(event));
    if (event.target.dataset.corner !== undefined) return;
    const there = document.elementsFromPoint(event.clientX, event.clientY)
      .map((element) => Number(element.dataset.shape ?? NaN))
      .filter((number) => !Number.isNaN(number) && !this.shapes[number].fixed);
    // another tap selects the next one of those that overlap
    this.select(there[(there.indexOf(this.selected) + 1) % there.length] ?? null);
  }

  grip(event) {
    this.wasDragged = false;
    const { corner } = event.target.dataset;
    if (corner === undefined || this.isDrawing) return;
    this.gripped = Number(corner);
    this.svg.setPointerCapture(event.pointerId);
  }

  drag(event) {
    if (this.gripped === null) return;
    this.moveCorner(this.gripped, this.at(event), this.wasDragged);
    this.wasDragged = true;
  }

  type(event) {
    const { corner } = event.target.dataset;
    const done = corner === undefined ? this.typeOnPicture(event)
      : this.typeOnCorner(event, Number(corner));
    if (done) event.preventDefault();
  }

  typeOnPicture(event) {
    if (event.key === "Escape") return this.escaped();
    if (!this.isDrawing) return false;
    this.cross = this.cross || [500, 500];
    if (ARROWS[event.key]) {
      this.cross = moved(this.cross, ARROWS[event.key], event.shiftKey ? 100 : 10);
      this.show();
    } else if (event.key === "Enter" || event.key === " ") this.put([...this.cross]);
    else if (event.key === "Backspace") this.undo();
    else return false;
    return true;
  }

  typeOnCorner(event, number) {
    const { corners } = this.shapes[this.selected];
    if (ARROWS[event.key]) {
      this.moveCorner(number, moved(corners[number], ARROWS[event.key], event.shiftKey ? 50 : 5));
    } else if (event.key === "Delete" || event.key === "Backspace") {
      if (corners.length > 3) this.bend(corners.filter((_, other) => other !== number));
      else this.notify("At least three corners are needed.");
    } else if (event.key === "Escape") this.select(null);
    else return false;
    return true;
  }

  // --- drawing

  show() {
    const { live } = this;      // a stream that reconnects has no size
    this.size = live.naturalWidth ? [live.naturalWidth, live.naturalHeight]
      : ["width", "height"].map((side) => Number(live.getAttribute(side)));
    const focused = document.activeElement?.dataset?.corner;
    this.svg.setAttribute("viewBox", `0 0 ${this.size.join(" ")}`);
    this.pixel = 1 / (this.svg.getScreenCTM()?.a || 1);     // of the page, as in viewBox
    this.svg.replaceChildren();
    this.shapes.forEach((shape, number) => this.showShape(shape, number));
    if (this.isDrawing) this.showBegun();
    else if (this.selected !== null) this.showGrips(this.shapes[this.selected].corners);
    if (focused !== undefined) {
      this.svg.querySelector(`[data-corner="${focused}"]`)?.focus({ preventScroll: true });
    }
  }

  showShape({ corners, kind, label, fixed }, number) {
    const shape = this.add("polygon", { points: this.points(corners),
      class: `${kind}${number === this.selected ? " selected" : ""}` });
    if (!fixed) shape.dataset.shape = number;
    if (!label) return;
    const [x, y] = this.place(corners.reduce(
      (sum, corner) => [sum[0] + corner[0] / corners.length, sum[1] + corner[1] / corners.length],
      [0, 0]));
    const words = this.add("text", { x, y, "font-size": LABEL * this.pixel });
    words.textContent = label;
    const half = words.getComputedTextLength() / 2 + LABEL * this.pixel / 3;    // keep it inside
    words.setAttribute("x", Math.max(half, Math.min(x, this.size[0] - half)));
  }

  showBegun() {
    if (this.corners.length) this.add("polyline", { class: "begun", points: this.points(this.corners) });
    for (const corner of this.corners) this.dot(corner, DOT, { class: "corner" });
    if (!this.cross) return;
    const [x, y] = this.place(this.cross), arm = 12 * this.pixel;
    this.add("path", { class: "cross",
      d: `M${x - arm} ${y}H${x + arm}M${x} ${y - arm}V${y + arm}` });
  }

  showGrips(corners) {
    corners.forEach((corner, number) => {
      this.dot(corner, DOT, { class: "corner" });
      const grip = this.dot(corner, REACH, {
        class: "grip", tabindex: 0, role: "button",
        "aria-label": `Corner ${number + 1} at ${corner.map((side) => `${Math.round(side / 10)} %`).join(", ")}` });
      grip.dataset.corner = number;
    });
  }

  dot(corner, radius, more) {
    const [cx, cy] = this.place(corner);
    return this.add("circle", { cx, cy, r: radius * this.pixel, ...more });
  }

  place([x, y]) {
    const [wide, tall] = this.size;
    return [x * wide / 1000, y * tall / 1000];
  }

  points(corners) {
    return corners.map((corner) => this.place(corner).map((side) => side.toFixed(1)).join(",")).join(" ");
  }

  add(name, attributes) {
    const shape = document.createElementNS(this.svg.namespaceURI, name);
    for (const [key, value] of Object.entries(attributes)) shape.setAttribute(key, value);
    this.svg.append(shape);
    return shape;
  }
}
