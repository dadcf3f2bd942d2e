// The live picture as MJPEG whose time, boxes and names the page draws: the server sends
// them in a header of each part.

import { MjpegStream } from "./live_mjpeg.js";
import { BYTES, PartReader } from "./parts.js";

const FROZEN = 4000;            // ms without a part; the server repeats the last each second
const RETRY = 1000;             // ms
const RED = "#f00", DARK = "#202226", WHITE = "#fff";
const TIME_SCALE = 0.026;       // of the width: the size of the time, as on clips
const NAME_SCALE = 0.032, CORNER_SCALE = 0.022;     // of names at a box, and at none

export class OverlayView extends MjpegStream {
  constructor(canvas, { urls, onPicture }) {
    super(urls);
    Object.assign(this, { element: canvas, onPicture });
    this.pen = canvas.getContext("2d");
  }

  start() {
    this.stop();
    this.arrived = Date.now();      // the newest part
    this.newest = null;             // the newest part that is not drawn yet
    this.drawing = false;
    this.fetching = new AbortController();
    this.read(this.begin(), this.fetching.signal);
  }

  reconnect() { this.start(); }

  stop() { this.fetching?.abort(); }

  watch({ isLive, patience }) {
    if (isLive && Date.now() - this.arrived > Math.max(FROZEN, 1000 * patience)) this.start();
  }

  // Take the parts of the stream at *url* until *signal* ends it; begin again after an end.
  async read(url, signal) {
    try {
      const answer = await fetch(url, { cache: "no-store", signal, headers: { Accept: BYTES } });
      if (!answer.ok) throw new Error(answer.statusText);
      const reader = answer.body.getReader(), parts = new PartReader();
      for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
        for (const part of parts.read(piece.value)) this.take(part, signal);
      }
    } catch {
      // aborted, or the connection broke
    }
    if (!signal.aborted) setTimeout(() => signal.aborted || this.start(), RETRY);
  }

  // Draw *part* when those before it are drawn, unless there is a newer one by then.
  async take(part, signal) {
    this.arrived = Date.now();
    this.newest = part;
    if (this.drawing) return;
    this.drawing = true;
    while (this.newest && !signal.aborted) {
      const { jpeg, overlay } = this.newest;
      this.newest = null;
      const blob = new Blob([jpeg], { type: "image/jpeg" });
      const picture = await createImageBitmap(blob).catch(() => null);     // if it is broken
      if (picture && !signal.aborted) this.draw(picture, overlay);
      picture?.close();
    }
    if (!signal.aborted) this.drawing = false;
  }

  draw(picture, overlay) {
    const { element: canvas, pen } = this;
    if (canvas.width !== picture.width || canvas.height !== picture.height) {
      [canvas.width, canvas.height] = [picture.width, picture.height];
      canvas.dispatchEvent(new Event("resize"));
    }
    pen.drawImage(picture, 0, 0);
    if (overlay) drawOverlay(pen, overlay, canvas.width, canvas.height);
    this.onPicture();
  }
}

// Draw *overlay* onto a picture of *width* and *height*, as the server draws it onto clips.
export function drawOverlay(pen, { time, place, boxes, tags }, width, height) {
  if (time) drawClock(pen, time, place, width, height);
  pen.textBaseline = "alphabetic";
  pen.fillStyle = pen.strokeStyle = RED;
  pen.lineWidth = Math.max(2, width / 400);
  for (const [left, top, right, bottom] of boxes) {
    pen.strokeRect(left, top, right - left, bottom - top);
  }
  for (const [name, box] of tags) {
    if (box) drawLabel(pen, name, box, RED, NAME_SCALE * width);
    else drawLabel(pen, `event: ${name}`, [width, 0, width, 0], DARK, CORNER_SCALE * width);
  }
}

// Write the *time* at its *place*, in white with an outline, or in red as the tutorial does.
function drawClock(pen, time, place, width, height) {
  const isTutorial = place === "tutorial", margin = isTutorial ? 10 : width / 64;
  pen.textBaseline = place.startsWith("top") ? "top" : "alphabetic";
  pen.textAlign = place.endsWith("right") ? "right" : "left";
  pen.font = `${isTutorial ? "" : "bold "}${TIME_SCALE * width}px sans-serif`;
  const at = [pen.textAlign === "right" ? width - margin : margin,
              pen.textBaseline === "top" ? margin : height - margin];
  pen.lineJoin = "round";
  pen.lineWidth = TIME_SCALE * width / 6;
  pen.strokeStyle = "#000";
  if (!isTutorial) pen.strokeText(time, ...at);
  pen.fillStyle = isTutorial ? RED : WHITE;
  pen.fillText(time, ...at);
  pen.textAlign = "left";
}

// Write *text* on *ground* above *box*, below it, or in it, where there is room.
function drawLabel(pen, text, box, ground, size) {
  const { width, height } = pen.canvas;
  pen.font = `${size}px sans-serif`;
  const margin = size / 4, wide = pen.measureText(text).width + 2 * margin, tall = 1.3 * size;
  const left = Math.max(0, Math.min(box[0] - 1, width - wide));
  const fits = (y) => y >= 0 && y <= height - 2 * tall;
  const top = [box[1] - tall, box[3]].find(fits) ?? Math.max(0, box[1]);
  pen.fillStyle = ground;
  pen.fillRect(left, top, wide, tall);
  pen.fillStyle = WHITE;
  pen.fillText(text, left + margin, top + size);
}
