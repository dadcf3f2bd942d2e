// The live picture on the full screen: by the browser, or, as on iPhones, by the page's style.

import { gettext } from "./words.js";

const IDLE = 3000;              // ms without a touch, after which the controls fade
const DOUBLE = 350;             // ms between the taps of a double tap
const NEAR = 40;                // px between them
const page = document.documentElement;

// Full screen of *figure*, switched by *button*, by a double tap on *picture*, and left by
// Escape and "back". *changed* runs after each change, *resized* once the browser has made it.
export class Screen {
  constructor(figure, picture, button, changed, resized) {
    Object.assign(this, { figure, button, changed, resized });
    button.addEventListener("click", () => this.toggle());
    picture.addEventListener("pointerup", (event) => this.tap(event));
    for (const name of ["pointermove", "pointerdown", "keydown", "focusin"]) {
      figure.addEventListener(name, () => this.wake());
    }
    window.addEventListener("popstate", () => this.isFull && this.leave());
    document.addEventListener("fullscreenchange", () => {
      if (!document.fullscreenElement && this.isFull) this.leave();
      else this.resized();
    });
    document.addEventListener("keydown", ({ key }) => key === "Escape" && this.isFull && this.leave());
  }

  get isFull() { return page.classList.contains("full"); }

  toggle() {
    if (this.isFull) this.leave();
    else this.enter();
  }

  enter() {
    history.pushState({ full: true }, "");      // so that "back" leads to the page
    this.show(true);
    this.figure.requestFullscreen?.({ navigationUI: "hide" }).catch(() => {});
    this.wake();
  }

  leave() {
    this.show(false);
    if (document.fullscreenElement) document.exitFullscreen().catch(() => {});
    if (history.state?.full) history.back();
  }

  show(full) {
    page.classList.toggle("full", full);
    this.button.querySelector("span").textContent = full ? gettext("Leave full screen") : gettext("Full screen");
    this.changed();
    this.resized();
  }

  // Show the controls, and let them fade after a while on the full screen.
  wake() {
    page.classList.remove("idle");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => page.classList.toggle("idle", this.isFull), IDLE);
  }

  tap({ target, button, isPrimary, timeStamp, clientX, clientY }) {
    if (button || !isPrimary || target.closest("a, button, .polygons")) return;
    const { last } = this;
    const isDouble = last && timeStamp - last.time < DOUBLE
      && Math.hypot(clientX - last.x, clientY - last.y) < NEAR;
    this.last = isDouble ? null : { time: timeStamp, x: clientX, y: clientY };
    if (isDouble) this.toggle();
  }
}
