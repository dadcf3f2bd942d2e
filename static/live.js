// Keeps the live picture alive: an <img> whose stream ended or froze stays on its
// last picture for ever and says nothing, so this looks at the picture itself.
"use strict";

(() => {
  const POLL = 1000;        // ms between two questions for the status
  const FROZEN = 4000;      // ms without any change: the clock in the picture ticks

  const camera = document.getElementById("camera");
  const live = document.getElementById("live");
  const feed = live.getAttribute("src");
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const put = (element, text) => {
    if (element && element.textContent !== text) element.textContent = text;
  };
  const tell = (id, text) => put(document.getElementById(id), text);
  const isLive = (one) => one.state === "live" || one.state === "learning";

  let seen = "";            // the picture when last looked at
  let changed = Date.now(); // when it was last seen to change
  let answered = true;      // whether the server answered the last question
  let wasLive = true;

  function show() {
    changed = Date.now();
    live.src = `${feed}?t=${changed}`;      // a new address: never the old stream
  }

  function hide() {
    live.removeAttribute("src");            // only this ends the stream
  }

  // A number for what is seen: the strip with the clock, and a small overview.
  function fingerprint() {
    if (!live.naturalWidth) return "";
    const [wide, tall] = [live.naturalWidth, live.naturalHeight];
    const strip = Math.max(8, Math.round(tall / 12));
    canvas.width = 320;
    canvas.height = strip + 90;
    pen.drawImage(live, 0, tall - strip, 320, strip, 0, 0, 320, strip);
    pen.drawImage(live, 0, 0, wide, tall, 0, strip, 320, 90);
    const pixels = pen.getImageData(0, 0, canvas.width, canvas.height).data;
    let sum = 0;
    for (let i = 0; i < pixels.length; i += 4) sum = (sum * 31 + pixels[i]) | 0;
    return `${wide} ${sum}`;
  }

  function look(liveNow) {
    const now = fingerprint();
    if (now !== seen || liveNow !== wasLive) changed = Date.now();
    seen = now;
    wasLive = liveNow;
    // a card stands still by right; a camera's picture carries a clock
    if (liveNow && Date.now() - changed > FROZEN) show();
  }

  function words(one) {
    const since = new Date(one.since * 1000).toLocaleString();
    const gone = { "no signal": "no signal", off: "switched off" }[one.state];
    return gone ? `${gone} since ${since}` : one.words;
  }

  function tellViewers(count) {
    tell("viewers", String(count));
    tell("viewers-word", count === 1 ? "viewer" : "viewers");
  }

  function tellOne(one) {
    camera.dataset.state = one.state;
    tell("words", words(one));
    tell("reason", one.reason);
    tell("fps", one.fps.toFixed(0));
    tellViewers(one.viewers);
    return isLive(one);
  }

  function tellAll(status) {
    const count = status.cameras.filter(isLive).length;
    camera.dataset.state = status.off_since !== null ? "off"
      : count === status.cameras.length ? "live" : "no signal";
    tell("words", `${count} of ${status.cameras.length} cameras live`);
    tellViewers(status.mosaic_viewers);
    for (const one of status.cameras) {
      const line = document.querySelector(`[data-camera="${one.name}"]`);
      if (!line) continue;
      line.dataset.state = one.state;
      put(line.querySelector(".words"), words(one) + (one.reason ? `: ${one.reason}` : ""));
    }
    return count > 0;
  }

  async function ask() {
    if (document.hidden) return;
    try {
      const answer = await fetch(camera.dataset.statusUrl,
                                 { cache: "no-store", signal: AbortSignal.timeout(5000) });
      if (answer.status === 401) return location.reload();      // shut out: to the login
      const status = await answer.json();
      document.dispatchEvent(new CustomEvent("status", { detail: status }));
      const name = camera.dataset.name;
      const liveNow = name ? tellOne(status.cameras.find((one) => one.name === name))
                           : tellAll(status);
      if (!answered) show();
      answered = true;
      look(liveNow);
    } catch (error) {
      answered = false;
      camera.dataset.state = "offline";
      tell("words", "the server does not answer");
      tell("reason", "");
    }
  }

  async function watch() {
    await ask();
    setTimeout(watch, POLL);
  }

  live.addEventListener("error", () => {
    if (live.getAttribute("src")) setTimeout(() => document.hidden || show(), POLL);
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) hide(); else { show(); ask(); }
  });
  window.addEventListener("pagehide", hide);
  window.addEventListener("pageshow", (event) => { if (event.persisted) show(); });
  watch();
})();
