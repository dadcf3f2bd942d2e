// Which quality a connection carries: the ladder that "auto" goes down when pictures are
// missed or late, and up again when all has been well for a while.

export const LADDER = ["stills", "low", "high", "sharp"];

const FIRST_WAIT = 20000;       // ms without a trouble before a climb
const LONGEST_WAIT = 600000;    // ms; the wait doubles with each climb that fails
const TRIAL = 30000;            // ms for which a climb must hold
const STRIKES = 2;              // bad samples in a row that lead down; a very bad one is two
const MISSED = { sharp: 0.5, high: 0.15, low: 0.15 };    // share of pictures that is bad
const VERY_BAD = 0.75;
const LONGEST_SAMPLE = 5;       // s
const LATE = 0.5;               // s
const HIGH_RATE = 250000;       // bytes/s that "high" needs, with some to spare
const STILLS_RATE = 50000;      // bytes/s below which stills are better than "low"

export class Ladder {
  // *rungs* are those that may be used, lowest first; times are in ms.
  constructor(rungs, first, now) {
    this.rungs = rungs;
    this.waits = Object.fromEntries(rungs.map((rung) => [rung, FIRST_WAIT]));
    this.onTrial = false;       // whether this rung was climbed to, not long ago
    this.rung = rungs.includes(first) ? first : rungs.at(-1);
    this.start(now);
  }

  // Begin on this rung, also after a pause.
  start(now) {
    this.since = this.calmSince = now;
    this.strikes = 0;
  }

  // Take a sample of some *seconds*, which may change the rung. A long one is of a time in
  // which the server was gone, and says nothing about the connection.
  judge({ received, missed, bytes, late, seconds }, now) {
    if (seconds > LONGEST_SAMPLE) return;
    if (received + missed) this.rate(missed / (received + missed), late, now);
    if (this.onTrial && now - this.since > TRIAL) {
      this.onTrial = false;
      this.waits[this.rung] = FIRST_WAIT;
    }
    if (this.strikes >= STRIKES) this.descend(bytes / seconds, now);
    else if (now - this.calmSince >= this.waits[this.above]) this.climb(now);
  }

  rate(share, late, now) {
    const isBad = share > MISSED[this.rung] || late > LATE;
    if (isBad) this.calmSince = now;
    this.strikes = isBad ? this.strikes + (share > VERY_BAD ? STRIKES : 1) : 0;
  }

  get above() { return this.rungs[this.rungs.indexOf(this.rung) + 1]; }

  climb(now) {
    this.rung = this.above;
    this.onTrial = true;
    this.start(now);
  }

  // Go to the next lower rung of use where *came* [bytes/s] is what came through.
  descend(came, now) {
    if (this.onTrial) this.waits[this.rung] = Math.min(LONGEST_WAIT, 2 * this.waits[this.rung]);
    const below = this.rungs.slice(0, this.rungs.indexOf(this.rung)).reverse();
    const next = below.find((rung) => ({
      high: came >= HIGH_RATE, low: true, stills: came < STILLS_RATE })[rung]);
    if (next) {
      this.rung = next;
      this.onTrial = false;
    }
    this.start(now);
  }
}
