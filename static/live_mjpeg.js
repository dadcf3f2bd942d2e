// The live picture as MJPEG.

const FROZEN = 4000;      // ms without a change; the clock in a fast camera's picture ticks
const RETRY = 1000;       // ms
const ANSWER = 5000;      // ms that the server may take to answer
const LOOK = 50;          // ms between looks for the first picture

// One stream after the other. Its URL is new, so that no browser goes on with an old one,
// and its name lets the page ask the server how many pictures were skipped.
export class MjpegStream {
  constructor(urls) {
    this.urls = urls;       // {feed, streams}; the next stream is that of the feed by then
  }

  // Return the URL of a new stream.
  begin() {
    this.before = { sent: 0, skipped: 0, bytes: 0, at: performance.now() };
    this.name = [...crypto.getRandomValues(new Uint8Array(16))]
      .map((byte) => byte.toString(16).padStart(2, "0")).join("");
    const { feed } = this.urls;
    return `${feed}${feed.includes("?") ? "&" : "?"}viewer=${this.name}`;
  }

  // Return what the server sent in the *seconds* since the last call, and what it skipped;
  // null if unknown.
  async sample() {
    const { before } = this;
    const answer = await fetch(this.urls.streams + this.name, {
      cache: "no-store", signal: AbortSignal.timeout(ANSWER) });
    if (!answer.ok || before !== this.before) return null;
    const { sent, skipped, bytes } = await answer.json(), at = performance.now();
    this.before = { sent, skipped, bytes, at };
    return { received: sent - before.sent, missed: skipped - before.skipped,
             bytes: bytes - before.bytes, late: 0, seconds: (at - before.at) / 1000 };
  }
}

// In an <img>. One whose stream ended or froze keeps its last frame and fires no event, so
// the picture itself is watched.
export class MjpegView extends MjpegStream {
  constructor(image, { urls, onPicture }) {
    super(urls);
    Object.assign(this, { element: image, onPicture });
    this.canvas = document.createElement("canvas");
    this.pen = this.canvas.getContext("2d", { willReadFrequently: true });
    this.changed = Date.now();      // when the picture last changed
    this.seen = "";                 // last fingerprint of the picture
    this.wasLive = true;
    image.addEventListener("error", () => {
      if (image.getAttribute("src")) setTimeout(() => this.running && this.start(), RETRY);
    });
  }

  start() {
    this.running = true;
    this.changed = Date.now();
    this.element.src = this.begin();
    clearInterval(this.looking);
    this.looking = setInterval(() => this.look(), LOOK);
  }

  reconnect() { this.start(); }

  stop() {
    this.running = false;
    clearInterval(this.looking);
    this.element.removeAttribute("src");        // the only way to end the stream
  }

  look() {
    if (!this.element.naturalWidth) return;
    clearInterval(this.looking);
    this.onPicture();
  }

  // Begin again if the picture of a live camera does not change any more.
  watch({ isLive, patience }) {
    const now = this.fingerprint();
    if (now !== this.seen || isLive !== this.wasLive) this.changed = Date.now();
    [this.seen, this.wasLive] = [now, isLive];
    // cards stand still; a camera's picture has a clock, and changes with each frame
    if (isLive && Date.now() - this.changed > Math.max(FROZEN, 1000 * patience)) this.start();
  }

  // Hash of the picture: the strip with the clock, and a small copy of the whole.
  fingerprint() {
    const { element: image, canvas, pen } = this;
    if (!image.naturalWidth) return "";
    const [wide, tall] = [image.naturalWidth, image.naturalHeight];
    const strip = Math.max(8, Math.round(tall / 12));
    canvas.width = 320;
    canvas.height = strip + 90;
    pen.drawImage(image, 0, tall - strip, 320, strip, 0, 0, 320, strip);
    pen.drawImage(image, 0, 0, wide, tall, 0, strip, 320, 90);
    const pixels = pen.getImageData(0, 0, canvas.width, canvas.height).data;
    let sum = 0;
    for (let i = 0; i < pixels.length; i += 4) sum = (sum * 31 + pixels[i]) | 0;
    return `${wide} ${sum}`;
  }
}
