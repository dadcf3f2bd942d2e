// Runs in a page before its own scripts: reads the marks of benchmarks/marks.py from the
// live picture, and notes when it changed, what was fetched and what went wrong.
(() => {
  const TIME_BITS = 24, SUM_BITS = 4, ACROSS = 40, BITS = TIME_BITS + SUM_BITS, SQUARE = 16;
  const found = { pictures: [], fetched: [], errors: [], illegible: 0 };
  window.recorded = found;
  for (const name of ["error", "unhandledrejection", "securitypolicyviolation"]) {
    window.addEventListener(name, (event) => found.errors.push(
      `${name}: ${event.message ?? event.reason ?? event.violatedDirective}`));
  }
  const ask = window.fetch;
  window.fetch = (wanted, ...more) => {
    found.fetched.push([performance.now(), String(wanted.url ?? wanted)]);
    return ask(wanted, ...more);
  };
  const canvas = new OffscreenCanvas(BITS * SQUARE, SQUARE);
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  let last = -1;

  function made(picture, wide) {
    const square = wide / ACROSS;
    pen.drawImage(picture, 0, 0, BITS * square, square, 0, 0, BITS * SQUARE, SQUARE);
    const pixels = pen.getImageData(0, SQUARE / 2, BITS * SQUARE, 1).data;
    const bits = Array.from({ length: BITS }, (_, bit) =>
      Number(pixels[4 * (bit * SQUARE + SQUARE / 2) + 1] > 128));
    const value = (some) => some.reduce((sum, bit) => 2 * sum + bit, 0);
    const set = bits.slice(0, TIME_BITS).reduce((sum, bit) => sum + bit, 0);
    return set % 2 ** SUM_BITS === value(bits.slice(TIME_BITS))
      ? value(bits.slice(0, TIME_BITS)) : null;
  }

  function note(picture) {
    const wide = picture.videoWidth || picture.naturalWidth;
    if (!wide) return;
    const at = made(picture, wide);
    if (at === null) found.illegible += 1;
    if (at === null || at === last) return;
    last = at;
    const age = (Date.now() - at) % 2 ** TIME_BITS;
    found.pictures.push([performance.now(), age < 0 ? age + 2 ** TIME_BITS : age,
                         picture.tagName === "VIDEO" ? 1 : 0]);
  }

  const followed = new WeakSet();
  function follow(video) {
    if (followed.has(video)) return;
    followed.add(video);
    const each = () => { if (video.offsetParent) note(video); video.requestVideoFrameCallback(each); };
    video.requestVideoFrameCallback(each);
  }

  function look() {
    for (const video of document.querySelectorAll("video")) follow(video);
    const image = document.getElementById("live");
    if (image?.tagName === "IMG" && image.offsetParent && image.src) note(image);
    requestAnimationFrame(look);
  }
  requestAnimationFrame(look);
})();
