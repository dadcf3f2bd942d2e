// The live picture as H.264 in a <video>, which needs a small part of what MJPEG needs.

import { LiveEdge } from "./live_edge.js";
import { FragmentReader } from "./live_fragments.js";
import { MediaBuffer } from "./live_buffer.js";

const FIRST_PICTURE = 3000;     // ms that the first picture of a live camera may take
const FROZEN = 4000;            // ms without data, or without a new picture
const PAUSE = 3000;             // ms without a call of watch(): the server was gone
const ANSWER = 5000;            // ms that the server may take to answer
const RETRY = 500;              // ms
const MAX_FAILURES = 2;
const HEALED = 60000;           // ms of playing, after which failures are forgotten

const pause = (delay) => new Promise((done) => { setTimeout(done, delay); });

// Calls *onBreak* before the picture disappears, *onPicture* when there is a new one, and
// *onFail* with a clause when it is of no use to try again. The server that is gone, and
// a stream that ended, are no failures.
export class VideoView {
  constructor(video, urls, { onBreak, onPicture, onFail, onRefused }) {
    Object.assign(this, { element: video, urls, onBreak, onPicture, onFail });
    this.edge = new LiveEdge(video, onRefused);
    video.addEventListener("loadeddata", () => this.look());     // maybe long before more is added
    video.addEventListener("error", () => this.broken(new Error(video.error?.message || "the video is damaged")));
  }

  start(rung) {
    this.stop();
    this.running = new AbortController();
    this.failures = 0;
    this.edge.reset();
    this.blank = this.watched = performance.now();
    this.run(this.urls[rung], this.running.signal);
  }

  stop() {
    this.running?.abort();
    this.running = null;
    this.close();
  }

  reconnect() {}        // by itself, see run()

  // Play until stop(), or until it fails for good.
  async run(url, stopped) {
    while (!stopped.aborted) {
      const why = await this.play(url, stopped);
      if (stopped.aborted) return;
      if (why && performance.now() - this.begun > HEALED) this.failures = 0;
      if (why) this.failures += 1;
      this.onBreak();
      this.close();
      if (this.failures >= MAX_FAILURES) {
        this.running = null;
        this.onFail(why);
        return;
      }
      if (performance.now() - this.begun < 2 * RETRY) await pause(RETRY);
    }
  }

  // Play one stream to its end; return a clause if this was a failure.
  play(url, stopped) {
    const over = this.over = new AbortController();
    this.begun = this.arrived = this.changed = performance.now();
    this.position = null;       // of the newest picture that was seen, in this stream
    this.counts = nothing();
    this.fastest = Infinity;    // least time from capture to arrival; the clocks may differ [s]
    this.sequence = null;
    stopped.addEventListener("abort", () => over.abort(), { signal: over.signal });
    return new Promise((done) => {
      over.signal.addEventListener("abort", () => done(over.signal.reason?.clause ?? ""));
      this.fetch(url, over).catch((error) => over.abort({ clause: clauseOf(error) }));
    });
  }

  async fetch(url, over) {
    const late = setTimeout(() => over.abort(), ANSWER);
    const answer = await fetch(url, { cache: "no-store", signal: over.signal });
    clearTimeout(late);
    if (over.signal.aborted) return;
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    const parts = new FragmentReader(), reader = answer.body.getReader();
    const buffer = this.buffer = new MediaBuffer(
      this.element, () => this.appended(), (error) => this.broken(error));
    for (;;) {
      const { done, value } = await reader.read();
      if (done || over.signal.aborted) break;
      this.counts.bytes += value.length;
      for (const part of parts.read(value)) {
        this.count(part);
        buffer.add(part);
      }
    }
    over.abort({ clause: this.position === null ? "the video ended at once" : "" });
  }

  broken(error) {
    if (this.buffer) this.over.abort({ clause: error.message });
  }

  close() {
    if (!this.buffer) return;
    this.over.abort();
    this.buffer.close();
    this.buffer = null;
    this.element.removeAttribute("src");
    this.element.load();
  }

  appended() {
    this.edge.follow();
    this.look();
  }

  look() {
    if (!this.buffer || this.element.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return;
    if (this.position === null) this.onPicture();
    if (this.position !== this.element.currentTime) this.changed = performance.now();
    this.position = this.element.currentTime;
  }

  count({ sequence, captured }) {
    if (sequence === undefined) return;
    const { counts } = this;
    this.arrived = performance.now();
    if (this.sequence !== null) counts.missed += Math.max(0, sequence - this.sequence - 1);
    this.sequence = sequence;
    const took = Date.now() / 1000 - captured;
    this.fastest = Math.min(this.fastest, took);
    counts.received += 1;
    counts.late += took - this.fastest;
  }

  // Begin again if nothing comes any more, or nothing is seen of what comes.
  watch({ isLive, patience }) {
    const now = performance.now(), allowed = 1000 * patience;
    const pauses = !isLive || now - this.watched > PAUSE;   // of the camera, or of the server
    if (pauses) this.arrived = this.changed = now;
    if (pauses || this.position !== null) this.blank = now;
    this.watched = now;
    if (now - this.blank > Math.max(FIRST_PICTURE, allowed)) {
      this.blank = now;
      this.over.abort({ clause: "there was no picture in time" });
    } else if (now - this.arrived > Math.max(FROZEN, allowed)) {
      this.over.abort();
    } else if (now - this.changed > Math.max(FROZEN, allowed) && !this.element.paused) {
      this.over.abort({ clause: "the picture stood still" });
    }
  }

  // Return what came in the *seconds* since the last call: pictures, missing ones, bytes,
  // and how late they were on average [s], compared with the fastest; null before the
  // first picture.
  async sample() {
    if (this.position === null) return null;
    const { begun, received, missed, bytes, late } = this.counts;
    this.counts = nothing();
    return { received, missed, bytes, late: received ? late / received : 0,
             seconds: (performance.now() - begun) / 1000 };
  }
}

const nothing = () => ({ received: 0, missed: 0, bytes: 0, late: 0, begun: performance.now() });

// The connection that is lost is no failure.
const clauseOf = ({ name, message }) => (["AbortError", "TypeError"].includes(name) ? "" : message);
