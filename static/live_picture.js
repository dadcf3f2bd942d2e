// The live picture: which of its views is shown, as the user chose and the connection
// allows.

import { playsVideo } from "./live_buffer.js";
import { Ladder } from "./live_ladder.js";
import { LaterView } from "./live_later.js";
import { MjpegView } from "./live_mjpeg.js";
import { StillsView } from "./live_stills.js";
import { gettext } from "./words.js";

const SAMPLE = 2000;            // ms between samples of the connection
const STEADY = 2;               // frames a second, from which some must come in each sample
const RUNGS = {                 // of the ladder, by choice; lowest first
  auto: ["stills", "low", "high", "sharp"],
  sharp: ["sharp"],
  saving: ["stills", "low"],
};
const WORDS = {
  stills: gettext("Very slow connection: a still every 10 seconds, and more during motion."),
  low: gettext("Slow connection: strongly compressed."),
  high: gettext("Slow connection: compressed."),
  sharp: "",
};
const MJPEG = {
  low: gettext("small pictures are shown instead"), sharp: gettext("the picture stays sharp") };
const NO_VIDEO = playsVideo ? "" : gettext("this browser has no Media Source Extensions");

const PHONE = 600;              // px
const [FINEST, FINEST_ON_PHONES] = [2, 1.5];    // pixels of the picture in a px, at most
const SMOOTH = 1280;            // pixels; wider pictures come less often

const find = (id) => document.getElementById(id);

// Return what *work* returns; null where the browser lets pages keep nothing.
function optional(work) {
  try {
    return work();
  } catch {
    return null;
  }
}

// Return width and height of the picture in *element* [pixels]; zeros without one.
function sizeOf(element) {
  if (element instanceof HTMLImageElement) return [element.naturalWidth, element.naturalHeight];
  if (element instanceof HTMLVideoElement) return [element.videoWidth, element.videoHeight];
  return [element.width, element.height];
}

// Return the address of pictures of *feed* as wide as the screen needs for *image*, where the
// server and the camera have them wider than usual.
function feedFor(image, feed) {
  const { base, widths } = image.dataset;
  if (!widths) return feed;
  const room = image.closest(".picture").getBoundingClientRect();
  const shape = image.getAttribute("width") / image.getAttribute("height");
  const shown = Math.min(room.width, room.height * shape);
  const isPhone = Math.min(window.innerWidth, window.innerHeight) <= PHONE;
  const needed = shown * Math.min(window.devicePixelRatio, isPhone ? FINEST_ON_PHONES : FINEST);
  if (needed <= Number(base)) return feed;
  const all = widths.split(" ").map(Number);
  const width = all.find((each) => each >= needed) ?? all.at(-1);
  return `${feed}${feed.includes("?") ? "&" : "?"}width=${width}${width > SMOOTH ? "&fps=15" : ""}`;
}

// The choice is kept by the browser, and the rung by its tab, so that the next page on a
// slow connection does not begin with the heaviest view.
export class LivePicture {
  constructor({ feed, small, streams, video, snapshot, overlay }) {
    [this.image, this.drawn, this.video, this.held] = ["live", "drawn", "video", "held"].map(find);
    [this.choice, this.note, this.play] = ["picture", "picture-note", "play"].map(find);
    this.urls = { feed: feedFor(this.image, feed), streams };
    this.feed = feed;
    const onPicture = () => this.reveal();
    const player = new LaterView(this.video, async () => {
      const { VideoView } = await import("./live_video.js");
      return new VideoView(this.video, { low: `${video}?rate=low`, high: `${video}?rate=high` }, {
        onPicture, onBreak: () => this.hold(), onFail: (why) => this.doWithoutVideo(why),
        onRefused: () => { this.play.hidden = false; } });
    });
    const drawn = new LaterView(this.drawn, async () => {
      const { OverlayView } = await import("./live_overlay.js");
      return new OverlayView(this.drawn, { urls: this.urls, onPicture });
    });
    this.views = {
      stills: new StillsView(this.held, { url: snapshot, onPicture }),
      low: player, high: player,
      sharp: overlay === "browser" ? drawn : new MjpegView(this.image, { urls: this.urls, onPicture }),
    };
    this.small = small && new MjpegView(this.image, { urls: { feed: small, streams }, onPicture });
    const kept = optional(() => localStorage.getItem("picture"));
    this.choice.value = kept in RUNGS ? kept : "auto";
    this.choice.addEventListener("change", () => this.choose());
    this.play.addEventListener("click", () => this.video.play());
    for (const element of [this.video, this.drawn]) {   // for what is drawn over the picture
      element.addEventListener("resize", () => {
        [this.image.width, this.image.height] = sizeOf(element);
      });
    }
    this.video.addEventListener("playing", () => { this.play.hidden = true; });
    this.trouble = NO_VIDEO;        // why no video is played; empty if it is
    this.makeLadder();
  }

  start() {
    this.ladder.start(performance.now());
    this.show();
  }

  // Fetch nothing, and show nothing that grows old.
  stop() {
    this.view?.stop();
    this.view = null;
    for (const canvas of [this.held, this.drawn]) canvas.width = canvas.width;   // clears it
  }

  reconnect() { this.view?.reconnect(); }

  // Follow the room that the page gives to the picture.
  resize() {
    const feed = feedFor(this.image, this.feed);
    if (feed === this.urls.feed) return;
    this.urls.feed = feed;
    if (this.view === this.views.sharp) this.show();
  }

  // Follow the camera: whether it *isLive*, its *patience* between frames [s], whether
  // something *moves*, and its frame rate, *fps*. To be called each second.
  watch(camera) {
    if (!this.view) return;
    this.view.watch(camera);
    const isDue = performance.now() - this.sampled >= SAMPLE;
    if (isDue && camera.isLive && this.ladder.rungs.length > 1) this.judge(camera.fps);
  }

  async judge(fps) {
    const { view, ladder } = this, { rung } = ladder;
    this.sampled = performance.now();
    const sample = await view.sample().catch(() => null);
    if (!sample || view !== this.view || ladder !== this.ladder || rung !== ladder.rung) return;
    if (!sample.received && fps > STEADY) sample.missed ||= 1;
    ladder.judge(sample, performance.now());
    if (ladder.rung !== rung) this.show();
  }

  // Show the view of the rung, and until its first picture the last one.
  show() {
    const { rung } = this.ladder;
    this.hold();
    this.view?.stop();
    this.view = this.views[rung];
    const base = this.view.element === this.held ? this.video : this.view.element;
    for (const element of [this.image, this.drawn, this.video]) element.hidden = element !== base;
    this.view.start(rung);
    this.sampled = performance.now();
    optional(() => sessionStorage.setItem("rung", rung));
    this.note.textContent = this.words(rung);
  }

  words(rung) {
    if (this.choice.value === "sharp") return "";
    if (this.trouble && rung !== "stills") return `Live video does not play here (${this.trouble}): ${MJPEG[rung]}.`;
    return this.choice.value === "saving" && rung === "low" ? "" : WORDS[rung];
  }

  // Lay the picture that is shown now over the next view, which has none yet.
  hold() {
    const { held } = this;
    const shown = [this.image, this.drawn, this.video].find((element) => !element.hidden);
    const [wide, tall] = sizeOf(shown);
    if (held.hidden && wide) {
      [held.width, held.height] = [wide, tall];
      held.getContext("2d").drawImage(shown, 0, 0);
    }
    held.hidden = false;
  }

  reveal() { this.held.hidden = this.view.element !== this.held; }

  choose() {
    optional(() => localStorage.setItem("picture", this.choice.value));
    optional(() => sessionStorage.removeItem("rung"));
    this.trouble = NO_VIDEO;
    this.makeLadder();
    this.start();
  }

  doWithoutVideo(why) {
    this.trouble = why;
    this.makeLadder();
    this.start();
  }

  // Allow the rungs of the choice, or those that are left without video.
  makeLadder() {
    const saves = this.choice.value === "auto" && navigator.connection?.saveData;
    let rungs = RUNGS[saves ? "saving" : this.choice.value];
    if (this.trouble) rungs = this.withoutVideo(rungs);
    this.views.low = (this.trouble && this.small) || this.views.high;
    const first = optional(() => sessionStorage.getItem("rung"));
    this.ladder = new Ladder(rungs, first, performance.now());
  }

  // Return *rungs* with small MJPEG as the low one, or without that.
  withoutVideo(rungs) {
    const left = rungs.filter((rung) => rung !== "high" && (rung !== "low" || this.small));
    return left.at(-1) === "stills" ? [...left, "sharp"] : left;
  }
}
