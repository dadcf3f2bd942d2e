// Cut a fragmented MP4, as it comes from the network, into parts that can be played.

const NTP_SECONDS = 2208988800;         // from 1900, where NTP begins, to 1970
const MAX_BOX_BYTES = 16 * 1024 * 1024;

// A part is a header, {data, codec}, or one picture, {data, sequence, captured}: its
// number in the server's count, and its capture time [s since the epoch].
export class FragmentReader {
  constructor() {
    this.rest = new Uint8Array(0);      // the beginning of a box
    this.boxes = [];                    // of the part that is not complete
    this.part = {};
  }

  // Return the parts that *chunk* completes. Throws an Error if this is no MP4.
  read(chunk) {
    const bytes = joined([this.rest, chunk]);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const parts = [];
    let at = 0;
    while (at + 8 <= bytes.length) {
      const size = view.getUint32(at);
      if (size < 8 || size > MAX_BOX_BYTES) throw new Error("the server sent no MP4");
      if (at + size > bytes.length) break;
      const part = this.add(bytes.subarray(at, at + size), new DataView(bytes.buffer, bytes.byteOffset + at, size));
      if (part) parts.push(part);
      at += size;
    }
    this.rest = bytes.slice(at);
    return parts;
  }

  // Add a box; return the part that it completes, if any.
  add(box, view) {
    const type = String.fromCharCode(...box.subarray(4, 8));
    if (!["ftyp", "moov", "prft", "moof", "mdat"].includes(type)) return null;
    this.boxes.push(box);
    if (type === "prft") this.part.captured = view.getUint32(16) + view.getUint32(20) / 2 ** 32 - NTP_SECONDS;
    if (type === "moof") this.part.sequence = view.getUint32(20);      // of mfhd, its first box
    if (type === "moov") this.part.codec = codecOf(box);
    if (type !== "moov" && type !== "mdat") return null;
    const part = { ...this.part, data: joined(this.boxes) };
    [this.boxes, this.part] = [[], {}];
    return part;
  }
}

export function joined(arrays) {
  if (arrays.length === 1) return arrays[0];
  const all = new Uint8Array(arrays.reduce((sum, one) => sum + one.length, 0));
  let at = 0;
  for (const one of arrays) {
    all.set(one, at);
    at += one.length;
  }
  return all;
}

// Return the codec of *moov* as RFC 6381 names it, such as avc1.64001f; empty if it is not H.264.
function codecOf(moov) {
  for (let at = 4; at + 8 < moov.length; at += 1) {
    if (String.fromCharCode(...moov.subarray(at, at + 4)) !== "avcC") continue;
    const [profile, constraints, level] = moov.subarray(at + 5, at + 8);
    return `avc1.${[profile, constraints, level].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  }
  return "";
}
