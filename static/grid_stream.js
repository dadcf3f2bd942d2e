// The pictures of all cameras over one connection, as wide as they are shown and as often
// as the connection allows.

import { BYTES, PartReader } from "./parts.js";

const WIDTHS = [160, 320, 480, 640, 960];       // that the server offers [pixels]
const SILENT = 4000;            // ms without a part; the server repeats one each second
const RETRY = 1000;             // ms
const SAMPLE = 3000;            // ms between looks at what was skipped
const BAD = 0.4;                // share of pictures that are skipped on a slow connection
const CALM = 30000;             // ms without that, after which pictures get wider again
const LONGEST_CALM = 600000;    // ms; it doubles each time that this was in vain

export class GridStream {
  // *onPicture* gets the name of a camera and an ImageBitmap, which it must close.
  constructor({ feed, streams, onPicture }) {
    Object.assign(this, { feed, streams, onPicture });
    this.cameras = [];          // that are seen
    this.width = WIDTHS[2];     // at which they are shown [pixels of the screen]
    this.saves = false;         // whether data is to be saved
    this.limit = WIDTHS.length - 1;     // index of the largest width for this connection
    this.calm = CALM;
  }

  start() {
    this.stop();
    this.arrived = Date.now();
    this.newest = new Map();            // pictures by camera that are not decoded yet
    this.decoding = new Set();          // cameras
    this.fetching = new AbortController();
    this.name = [...crypto.getRandomValues(new Uint8Array(16))]
      .map((byte) => byte.toString(16).padStart(2, "0")).join("");
    this.before = { sent: 0, skipped: 0 };
    this.strikes = 0;
    this.calmSince = this.sampled = Date.now();
    this.read(this.fetching.signal);
  }

  stop() {
    this.fetching?.abort();
    this.fetching = null;
  }

  // Show these *cameras*, each *width* pixels wide.
  select(cameras, width) {
    const changed = `${cameras}` !== `${this.cameras}` || width !== this.width;
    Object.assign(this, { cameras, width });
    if (changed) this.change();
  }

  save(saves) {
    this.saves = saves;
    this.change();
  }

  get wanted() {
    const enough = WIDTHS.findIndex((width) => width >= 0.9 * this.width);
    const index = Math.min(enough < 0 ? WIDTHS.length - 1 : enough, this.limit, this.saves ? 1 : Infinity);
    return { cameras: this.cameras, width: WIDTHS[index], fps: this.saves ? 1 : 15 };
  }

  // Let the open stream follow; one that was not open when it was asked for is begun again.
  async change() {
    if (!this.fetching) return;
    const { name } = this;
    const answer = await fetch(this.streams + name, {
      method: "PATCH", body: JSON.stringify(this.wanted), cache: "no-store",
      headers: { "Content-Type": "application/json" }, signal: this.fetching.signal }).catch(() => null);
    if (answer && !answer.ok && name === this.name && this.fetching) this.retry(this.fetching.signal);
  }

  async read(signal) {
    const { cameras, width, fps } = this.wanted;
    const query = new URLSearchParams({ viewer: this.name, width, fps });
    for (const camera of cameras) query.append("camera", camera);
    try {
      const answer = await fetch(`${this.feed}?${query}`, { cache: "no-store", signal, headers: { Accept: BYTES } });
      if (!answer.ok) throw new Error(answer.statusText);
      if (`${cameras}` !== `${this.cameras}` || width !== this.wanted.width) this.change();
      const reader = answer.body.getReader(), parts = new PartReader();
      for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
        for (const part of parts.read(piece.value)) this.take(part, signal);
      }
    } catch {
      // aborted, or the connection broke
    }
    this.retry(signal);
  }

  retry(signal) {
    if (!signal.aborted) setTimeout(() => signal.aborted || this.start(), RETRY);
  }

  // Decode the newest picture of each camera, one at a time.
  async take({ camera, jpeg }, signal) {
    this.arrived = Date.now();
    this.newest.set(camera, jpeg);
    if (this.decoding.has(camera)) return;
    const { newest, decoding } = this;
    decoding.add(camera);
    while (newest.has(camera) && !signal.aborted) {
      const blob = new Blob([newest.get(camera)], { type: "image/jpeg" });
      newest.delete(camera);
      const picture = await createImageBitmap(blob).catch(() => null);     // if it is broken
      if (picture && signal.aborted) picture.close();
      else if (picture) this.onPicture(camera, picture);
    }
    decoding.delete(camera);
  }

  // To be called each second: begin again if nothing comes, and judge the connection.
  watch() {
    if (!this.fetching) return;
    if (this.cameras.length && Date.now() - this.arrived > SILENT) this.start();
    else if (Date.now() - this.sampled >= SAMPLE) this.judge(this.name);
  }

  async judge(name) {
    this.sampled = Date.now();
    const answer = await fetch(this.streams + name, {
      cache: "no-store", signal: AbortSignal.timeout(SAMPLE) }).catch(() => null);
    if (!answer?.ok || name !== this.name) return;
    const { sent, skipped } = await answer.json(), { before } = this;
    this.before = { sent, skipped };
    const [got, missed] = [sent - before.sent, skipped - before.skipped];
    this.strikes = missed > BAD * (got + missed) ? this.strikes + 1 : 0;
    if (this.strikes) this.calmSince = Date.now();
    if (this.strikes >= 2) this.shrink();
    else if (Date.now() - this.calmSince >= this.calm && this.limit < WIDTHS.length - 1) this.grow();
  }

  shrink() {
    this.strikes = 0;
    if (this.grewAt && Date.now() - this.grewAt < CALM) this.calm = Math.min(LONGEST_CALM, 2 * this.calm);
    this.limit = Math.max(0, WIDTHS.indexOf(this.wanted.width) - 1);
    this.change();
  }

  grow() {
    this.calmSince = this.grewAt = Date.now();
    this.limit += 1;
    this.change();
  }
}
