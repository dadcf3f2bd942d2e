// The live picture as stills, for connections that carry no video: one every ten
// seconds, and more during motion.

const INTERVAL = 10000;         // ms between stills while nothing moves
const MOTION_INTERVAL = 2000;   // ms of rest between them during motion

export class StillsView {
  constructor(canvas, { url, onPicture }) {
    Object.assign(this, { element: canvas, url, onPicture });
    this.wasLive = true;
  }

  start() {
    this.stop();
    this.fetch();
  }

  stop() {
    if (this.image) this.image.removeAttribute("src");
    this.image = null;
  }

  reconnect() { this.fetch(); }

  // The next one begins when this one is here, however long that takes.
  fetch() {
    const image = this.image = new Image();
    this.ended = null;
    image.addEventListener("load", () => {
      if (image === this.image) this.draw(image);
    });
    for (const event of ["load", "error"]) {
      image.addEventListener(event, () => { this.ended = Date.now(); });
    }
    image.src = `${this.url}?t=${Date.now()}`;
  }

  draw(image) {
    this.element.width = image.naturalWidth;
    this.element.height = image.naturalHeight;
    this.element.getContext("2d").drawImage(image, 0, 0);
    this.onPicture();
  }

  watch({ isLive, moves }) {
    const rest = isLive !== this.wasLive ? 0 : moves ? MOTION_INTERVAL : INTERVAL;
    this.wasLive = isLive;
    if (this.image && this.ended !== null && Date.now() - this.ended >= rest) this.fetch();
  }

  async sample() {
    return { received: 1, missed: 0, bytes: 0, late: 0, seconds: 0 };
  }
}
