// A view of the live picture whose module is fetched when it is shown first.

export class LaterView {
  // *make* returns a promise of the view, which shows pictures in *element*.
  constructor(element, make) {
    Object.assign(this, { element, make });
  }

  async start(rung) {
    this.wanted = rung;
    this.made ??= this.make();
    try {
      this.view = await this.made;
    } catch {
      this.made = null;       // the server is gone; see watch()
    }
    if (this.view && this.wanted === rung) this.view.start(rung);
  }

  stop() {
    this.wanted = null;
    this.view?.stop();
  }

  reconnect() { this.view?.reconnect(); }

  watch(camera) {
    if (this.view) this.view.watch(camera);
    else if (!this.made) this.start(this.wanted);
  }

  async sample() { return this.view ? this.view.sample() : null; }
}
