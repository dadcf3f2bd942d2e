// The live picture as MJPEG whose time, boxes and names the page draws: the server sends
// them in a header of each part.

import { MjpegStream } from "./live_mjpeg.js";

const FROZEN = 4000;            // ms without a part; the server repeats the last each second
const RETRY = 1000;             // ms
const RED = "#f00", DARK = "#202226", WHITE = "#fff";
const TIME_SCALE = 0.026;       // of the width: the size of the time, as on clips
const NAME_SCALE = 0.032, CORNER_SCALE = 0.022;     // of names at a box, and at none
const BLANK_LINE = [13, 10, 13, 10];
const MOST_BYTES = 32 * 1024 * 1024;        // of a part

export class OverlayView extends MjpegStream {
  constructor(canvas, { onPicture, ...urls }) {
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
      const answer = await fetch(url, { cache: "no-store", signal });
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

// Cut a multipart stream into parts {jpeg, overlay}; *overlay* is null without one.
export class PartReader {
  constructor() {
    this.bytes = new Uint8Array(0);     // begins with the end of a part
    this.size = 0;                      // how many of them are used
  }

  // Return the parts that *chunk* completes. Throws an Error if this is no such stream.
  read(chunk) {
    this.append(chunk);
    const parts = [];
    let at = 0;
    for (let part = this.partAt(at); part; part = this.partAt(at)) {
      parts.push(part);
      at = part.end;
    }
    this.bytes.copyWithin(0, at, this.size);
    this.size -= at;
    return parts;
  }

  append(chunk) {
    const needed = this.size + chunk.length;
    if (needed > MOST_BYTES) throw new Error("the server sent no MJPEG");
    if (needed > this.bytes.length) {
      const larger = new Uint8Array(2 * needed);
      larger.set(this.bytes.subarray(0, this.size));
      this.bytes = larger;
    }
    this.bytes.set(chunk, this.size);
    this.size = needed;
  }

  // Return the part at *at*, with its *end*; null if it is not complete.
  partAt(at) {
    const blank = this.findBlankLine(at);
    if (blank < 0) return null;
    const head = new TextDecoder().decode(this.bytes.subarray(at, blank));
    const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? NaN);
    if (Number.isNaN(length)) throw new Error("the server sent a part without its length");
    const begin = blank + 4, end = begin + length;
    if (end > this.size) return null;
    const overlay = JSON.parse(/^x-overlay: *(.*)/im.exec(head)?.[1] ?? "null");
    return { end, jpeg: this.bytes.slice(begin, end), overlay };
  }

  findBlankLine(at) {
    for (let end = at; end + 4 <= this.size; end++) {
      if (BLANK_LINE.every((byte, number) => this.bytes[end + number] === byte)) return end;
    }
    return -1;
  }
}

// Draw *overlay* onto a picture of *width* and *height*, as the server draws it onto clips.
export function drawOverlay(pen, { time, boxes, tags }, width, height) {
  pen.textBaseline = "alphabetic";
  pen.fillStyle = pen.strokeStyle = RED;
  pen.lineWidth = Math.max(2, width / 400);
  pen.font = `${TIME_SCALE * width}px sans-serif`;
  pen.fillText(time, 10, height - 10);
  for (const [left, top, right, bottom] of boxes) {
    pen.strokeRect(left, top, right - left, bottom - top);
  }
  for (const [name, box] of tags) {
    if (box) drawLabel(pen, name, box, RED, NAME_SCALE * width);
    else drawLabel(pen, `event: ${name}`, [width, 0, width, 0], DARK, CORNER_SCALE * width);
  }
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
