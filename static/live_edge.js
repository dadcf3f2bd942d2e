// Play a live video close to its newest picture.

const GOAL = 0.08;              // s behind the newest picture, on an even connection
const LARGEST_GOAL = 1;         // s
const CALM = 5000;              // ms without a stall, after which the goal shrinks
const SEEK = 0.6;               // s behind, from which a jump is better than a hurry
const PAUSE = 500;              // ms without a picture, which is no stall: none is made

// The goal grows with each stall and shrinks again. What is behind it is caught up by
// playing a little faster, which is not seen, and after an interruption by a jump.
export class LiveEdge {
  constructor(video, refused) {
    Object.assign(this, { video, refused });
    video.addEventListener("waiting", () => { this.waitingSince = performance.now(); });
    this.reset();
  }

  reset() {
    this.goal = GOAL;
    this.waitingSince = null;
    this.calmSince = performance.now();
  }

  // Count a stall once pictures go on, and the calm between stalls.
  judge(now) {
    if (this.waitingSince !== null) {
      if (now - this.waitingSince < PAUSE) this.goal = Math.min(LARGEST_GOAL, this.goal * 1.2);
      this.waitingSince = null;
      this.calmSince = now;
    } else if (now - this.calmSince > CALM) {
      this.goal = Math.max(GOAL, this.goal * 0.9);
      this.calmSince = now;
    }
  }

  // Adapt position and speed; to be called when pictures were added.
  follow() {
    const { video } = this, { buffered } = video;
    if (!buffered.length) return;
    this.judge(performance.now());
    const last = buffered.length - 1;
    const [begin, end] = [buffered.start(last), buffered.end(last)];
    const behind = end - video.currentTime;
    if (video.currentTime < begin || behind > Math.max(SEEK, 2 * this.goal)) {
      video.currentTime = Math.max(begin, end - this.goal);
    } else {
      video.playbackRate = behind > this.goal + 0.15 ? 1.25 : behind > this.goal ? 1.07 : 1;
    }
    if (video.paused) video.play().catch((error) => error.name === "NotAllowedError" && this.refused());
  }
}
