// The timeline of a day: finger, mouse or keys move over it, and the event there is shown.

import { gettext, locale } from "./words.js";
import { request } from "./request.js";

const EDGE = 6;           // px, between the picture and the edges of the page
const HOUR = 3600;        // s
const clock = new Intl.DateTimeFormat(locale, { timeStyle: "medium", timeZone: "UTC" });

// Let #timeline be scrubbed; *open* shows the event at an address.
export async function scrubbing(open) {
  const strip = document.getElementById("timeline");
  if (!strip) return;
  const answer = await request(strip.dataset.url).catch(() => null);
  const day = answer && await answer.json();
  if (day?.ids.length) new Timeline(strip, day, open);
}

class Timeline {
  constructor(strip, day, open) {
    this.strip = strip;
    this.day = day;
    this.open = open;
    this.at = -1;             // which event is shown
    this.picture = new NewestPicture();
    this.card = element("a", { id: "scrub", hidden: true, tabIndex: -1 });
    this.words = element("span");
    this.card.append(this.picture.image, this.words);
    this.line = element("i", { className: "now", hidden: true });
    this.slider = this.makeSlider();
    strip.querySelector(".plot").setAttribute("aria-hidden", "true");
    for (const link of strip.querySelectorAll("a")) link.setAttribute("tabindex", "-1");
    strip.append(this.line, this.slider, this.card);
    this.listen();
  }

  makeSlider() {
    const slider = element("div", { className: "slider", tabIndex: 0, role: "slider" });
    slider.ariaLabel = this.strip.dataset.label;
    slider.ariaValueMin = "1";
    slider.ariaValueMax = String(this.day.ids.length);
    slider.ariaValueNow = String(this.day.ids.length);
    slider.ariaValueText = this.text(this.day.ids.length - 1);
    return slider;
  }

  listen() {
    const { slider, card } = this;
    slider.addEventListener("pointermove", (event) => this.point(event));
    slider.addEventListener("pointerdown", (event) => {
      if (event.pointerType !== "mouse") slider.setPointerCapture(event.pointerId);
      this.point(event);
    });
    slider.addEventListener("pointerleave", (event) => {
      if (event.pointerType === "mouse") this.hide();
    });
    slider.addEventListener("click", (event) => {
      if (event.pointerType === "mouse" || !event.pointerType) this.openShown();
    });
    slider.addEventListener("keydown", (event) => this.press(event));
    slider.addEventListener("blur", () => setTimeout(() => {
      if (document.activeElement !== card) this.hide();
    }));
    card.addEventListener("click", (event) => { event.preventDefault(); this.openShown(); });
    document.addEventListener("pointerdown", (event) => {
      if (!slider.contains(event.target) && !card.contains(event.target)) this.hide();
    });
    addEventListener("scroll", () => { if (this.by !== "keys") this.hide(); }, { passive: true });
  }

  // Show the event that is nearest to the pointer.
  point(event) {
    const box = this.slider.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    const { begin, end } = this.day;
    this.show(this.nearest(begin + share * (end - begin)), event.pointerType);
  }

  // Return the index of the event that began nearest to *time*.
  nearest(time) {
    const { begins } = this.day;
    let [low, high] = [0, begins.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (begins[middle] < time) low = middle + 1; else high = middle;
    }
    return low > 0 && time - begins[low - 1] < begins[low] - time ? low - 1 : low;
  }

  press(event) {
    const last = this.day.ids.length - 1;
    const from = this.at < 0 ? last : this.at;
    const hour = (hours) => this.after(from, hours);
    const steps = { ArrowLeft: from - 1, ArrowDown: from - 1, ArrowRight: from + 1, ArrowUp: from + 1,
                    Home: 0, End: last, PageUp: hour(1), PageDown: hour(-1) };
    if (event.key === "Enter" || event.key === " ") {
      if (this.card.hidden) this.show(from, "keys"); else this.openShown();
    } else if (event.key === "Escape" && !this.card.hidden) this.hide();
    else if (event.key in steps) {
      const to = this.at < 0 && event.key.startsWith("Arrow") ? last : steps[event.key];
      this.show(Math.min(last, Math.max(0, to)), "keys");
    }
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // Return the event nearest to some *hours* after that *from* which to go, but another one.
  after(from, hours) {
    const to = this.nearest(this.day.begins[from] + hours * HOUR);
    return to === from ? from + Math.sign(hours) : to;
  }

  text(at) {
    return `${clock.format(1000 * this.day.clocks[at])} ${this.day.cameras[at]}`.trim();
  }

  show(at, by) {
    this.by = by;
    const { day, card, slider } = this;
    const moved = at !== this.at;
    this.at = at;
    card.hidden = this.line.hidden = false;
    if (moved) {
      this.words.textContent = day.versions[at] ? this.text(at) : gettext("%(event)s: no picture", { event: this.text(at) });
      card.href = this.strip.dataset.eventUrl.replace("/events/0", `/events/${day.ids[at]}`);
      slider.ariaValueNow = String(at + 1);
      slider.ariaValueText = this.text(at);
      this.picture.show(day.versions[at] && day.preview.replace("/events/0/", `/events/${day.ids[at]}/`).replace("VERSION", day.versions[at]));
    }
    this.place();
  }

  // Put the picture over a finger, or else below the strip.
  place() {
    const box = this.slider.getBoundingClientRect();
    const { begin, end, begins } = this.day;
    const x = box.left + (begins[this.at] - begin) / (end - begin) * box.width;
    this.line.style.left = `${x - box.left}px`;
    const { offsetWidth: width, offsetHeight: height } = this.card;
    const right = document.documentElement.clientWidth - width - EDGE;
    this.card.style.left = `${Math.max(EDGE, Math.min(x - width / 2, right))}px`;
    const top = this.by === "touch" ? box.top - height - EDGE : box.bottom + EDGE;
    this.card.style.top = `${Math.max(EDGE, top)}px`;
  }

  hide() {
    this.card.hidden = this.line.hidden = true;
  }

  openShown() {
    if (this.at < 0 || this.card.hidden) return;
    this.hide();
    this.open(this.card.href);
  }
}

// An image that loads one picture at a time, always the newest that was asked for.
class NewestPicture {
  constructor() {
    this.image = element("img", { alt: "", hidden: true });
    this.wanted = "";
    this.loads = false;
  }

  show(url) {
    this.wanted = url;
    if (!this.loads) this.load();
  }

  async load() {
    this.loads = true;
    for (let url; url !== this.wanted;) {
      url = this.wanted;
      if (!url) { this.image.hidden = true; continue; }
      const next = new Image();
      next.src = url;
      const whole = await next.decode().then(() => true, () => false);
      if (whole) this.image.src = next.src;
      this.image.hidden = !whole;
    }
    this.loads = false;
  }
}

function element(name, properties = {}) {
  const { role, ...more } = properties;
  const made = Object.assign(document.createElement(name), more);
  if (role) made.setAttribute("role", role);
  return made;
}
