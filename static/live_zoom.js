// Look closer at a part of the picture: by wheel, by two fingers, and by keys.

const LARGEST = 8;
const WHEEL = 0.002;            // of the logarithm of the scale, for each px of the wheel
const PINCH = 5;                // times that, where a trackpad's pinch is sent as a wheel
const STEP = 1.5;               // of the keys + and -
const PAN = 0.2;                // of the width or height, of the arrow keys
const ARROWS = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

// Scales *content*, which fills *area*, while *isOn* returns true.
export class Zoom {
  constructor(area, content, isOn) {
    Object.assign(this, { area, content, isOn });
    this.fingers = new Map();       // what touches the area: [x, y] by its number
    this.reset();
    area.addEventListener("wheel", (event) => this.roll(event), { passive: false });
    area.addEventListener("pointerdown", (event) => this.touch(event));
    area.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel", "pointerleave"]) {
      area.addEventListener(name, ({ pointerId }) => this.fingers.delete(pointerId));
    }
  }

  reset() {
    this.show(1, 0, 0);
  }

  // Show the content *scale* times as large, its upper left corner at *x*, *y* [px].
  show(scale, x, y) {
    this.scale = Math.min(LARGEST, Math.max(1, scale));
    const { clientWidth: wide, clientHeight: tall } = this.area;
    this.x = Math.min(0, Math.max(wide * (1 - this.scale), x));
    this.y = Math.min(0, Math.max(tall * (1 - this.scale), y));
    this.content.style.transform = this.scale === 1 ? ""
      : `translate(${this.x}px, ${this.y}px) scale(${this.scale})`;
  }

  // Scale by *factor*, with what is at *point* of the area staying there.
  scaleAt([x, y], factor) {
    const scale = Math.min(LARGEST, Math.max(1, this.scale * factor));
    const ratio = scale / this.scale;
    this.show(scale, x - (x - this.x) * ratio, y - (y - this.y) * ratio);
  }

  at({ clientX, clientY }) {
    const { left, top } = this.area.getBoundingClientRect();
    return [clientX - left, clientY - top];
  }

  roll(event) {
    if (!this.isOn()) return;
    event.preventDefault();
    const speed = WHEEL * (event.ctrlKey ? PINCH : 1) * (event.deltaMode ? 16 : 1);
    this.scaleAt(this.at(event), Math.exp(-event.deltaY * speed));
  }

  touch(event) {
    if (this.isOn()) this.fingers.set(event.pointerId, this.at(event));
  }

  // One finger moves the picture, two scale it, too.
  move(event) {
    const before = this.fingers.get(event.pointerId);
    if (!before || !this.isOn()) return;
    const now = this.at(event), others = [...this.fingers].filter(([id]) => id !== event.pointerId);
    this.fingers.set(event.pointerId, now);
    if (!others.length) {
      this.show(this.scale, this.x + now[0] - before[0], this.y + now[1] - before[1]);
      return;
    }
    const [, other] = others[0];
    const apart = (point) => Math.max(1, Math.hypot(point[0] - other[0], point[1] - other[1]));
    const half = [0, 1].map((axis) => (now[axis] - before[axis]) / 2);      // of the middle
    this.show(this.scale, this.x + half[0], this.y + half[1]);
    this.scaleAt([0, 1].map((axis) => (now[axis] + other[axis]) / 2), apart(now) / apart(before));
  }

  // Follow *key*; return whether it means something here.
  type(key) {
    if (!this.isOn()) return false;
    const { clientWidth: wide, clientHeight: tall } = this.area;
    const factor = { "+": STEP, "=": STEP, "-": 1 / STEP, 0: 1 / LARGEST }[key];
    if (factor) this.scaleAt([wide / 2, tall / 2], factor);
    const arrow = this.scale > 1 && ARROWS[key];
    if (arrow) this.show(this.scale, this.x + arrow[0] * PAN * wide, this.y + arrow[1] * PAN * tall);
    return Boolean(factor || arrow);
  }
}
