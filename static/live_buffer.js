// What a <video> plays: a SourceBuffer that is filled piece by piece.

import { joined } from "./live_fragments.js";

const KEPT_SECONDS = 10;        // of what was played, before the buffer is trimmed
const MAX_QUEUED_BYTES = 8 * 1024 * 1024;

// iPhones have only the managed one
const Source = window.ManagedMediaSource ?? window.MediaSource;

export const playsVideo = Boolean(Source?.isTypeSupported('video/mp4; codecs="avc1.42e01e"'));

// Calls *appended* after each piece that came into the buffer, and *failed* with an Error
// when the browser cannot play on; then it is of no use any more.
export class MediaBuffer {
  constructor(video, appended, failed) {
    Object.assign(this, { video, appended, failed });
    this.queue = [];
    this.buffer = null;
    this.source = new Source();
    video.disableRemotePlayback = true;     // or a managed source stays closed
    for (const event of ["sourceopen", "startstreaming"]) {
      this.source.addEventListener(event, () => this.flush());
    }
    this.url = URL.createObjectURL(this.source);
    video.src = this.url;
  }

  // Add a part of a FragmentReader.
  add(part) {
    this.queue.push(part);
    const bytes = this.queue.reduce((sum, { data }) => sum + data.length, 0);
    if (bytes > MAX_QUEUED_BYTES) this.failed(new Error("the browser takes no more video"));
    else this.flush();
  }

  close() {
    this.failed = this.appended = () => {};
    this.source = null;
    URL.revokeObjectURL(this.url);
  }

  // Hand over what waits, unless the browser is busy, or wants nothing now.
  flush() {
    const { source, buffer } = this;
    if (!source || source.readyState !== "open" || source.streaming === false) return;
    if (buffer?.updating || !this.queue.length) return;
    try {
      if (!this.trim()) this.append();
    } catch (error) {
      this.failed(error);
    }
  }

  append() {
    if (this.queue[0].codec !== undefined) this.take(this.queue[0].codec);
    if (!this.buffer) throw new Error("the video began without a header");
    const next = this.queue.findIndex(({ codec }, index) => index && codec !== undefined);
    const parts = this.queue.splice(0, next < 0 ? this.queue.length : next);
    this.buffer.appendBuffer(joined(parts.map(({ data }) => data)));
  }

  // Prepare for a video in *codec*, also in the middle of another one.
  take(codec) {
    const type = `video/mp4; codecs="${codec}"`;
    if (!codec || !Source.isTypeSupported(type)) throw new Error(`it does not support ${codec || "this codec"}`);
    if (this.buffer) {
      this.buffer.changeType(type);
      return;
    }
    this.buffer = this.source.addSourceBuffer(type);
    this.buffer.addEventListener("updateend", () => {
      this.appended();
      this.flush();
    });
  }

  // Remove what was played long ago; return whether there was any.
  trim() {
    const { buffered, currentTime } = this.video;
    if (!this.buffer || !buffered.length || currentTime - buffered.start(0) < KEPT_SECONDS) return false;
    this.buffer.remove(0, currentTime - KEPT_SECONDS / 2);
    return true;
  }
}
