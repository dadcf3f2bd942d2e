// Cut a multipart stream into its parts {jpeg, overlay, camera}.

export const BYTES = "application/octet-stream";   // as which WebKit lets scripts read a stream
const BLANK_LINE = [13, 10, 13, 10];
const MOST_BYTES = 32 * 1024 * 1024;        // of a part

// *camera* is empty and *overlay* null where the server sends none.
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
    const camera = /^x-camera: *(.*)/im.exec(head)?.[1].trim() ?? "";
    return { end, jpeg: this.bytes.slice(begin, end), overlay, camera };
  }

  findBlankLine(at) {
    for (let end = at; end + 4 <= this.size; end++) {
      if (BLANK_LINE.every((byte, number) => this.bytes[end + number] === byte)) return end;
    }
    return -1;
  }
}
