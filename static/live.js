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
  const put = (id, text) => {
    const element = document.getElementById(id);
    if (element.textContent !== text) element.textContent = text;
  };

  let seen = "";            // the strip with the clock, when last looked at
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

  function strip() {
    if (!live.naturalWidth) return "";
    canvas.width = Math.min(320, live.naturalWidth);
    canvas.height = Math.max(8, Math.round(live.naturalHeight / 12));
    pen.drawImage(live, 0, live.naturalHeight - canvas.height, canvas.width, canvas.height,
                  0, 0, canvas.width, canvas.height);
    const pixels = pen.getImageData(0, 0, canvas.width, canvas.height).data;
    let sum = 0;
    for (let i = 0; i < pixels.length; i += 4) sum = (sum * 31 + pixels[i]) | 0;
    return `${canvas.width} ${sum}`;
  }

  function look(isLive) {
    const now = strip();
    if (now !== seen || isLive !== wasLive) changed = Date.now();
    seen = now;
    wasLive = isLive;
    // a card stands still by right; a camera's picture carries a clock
    if (isLive && Date.now() - changed > FROZEN) show();
  }

  function tell(status) {
    const state = status.cameras[0];
    const since = new Date(state.since * 1000).toLocaleString();
    const lost = state.state === "no signal";
    camera.dataset.state = state.state;
    put("words", lost ? `no signal since ${since}` : state.words);
    put("reason", state.reason);
    put("fps", state.fps.toFixed(0));
    put("viewers", String(state.viewers));
    put("viewers-word", state.viewers === 1 ? "viewer" : "viewers");
    return state.state === "live" || state.state === "learning";
  }

  async function ask() {
    if (document.hidden) return;
    try {
      const answer = await fetch(camera.dataset.statusUrl,
                                 { cache: "no-store", signal: AbortSignal.timeout(5000) });
      const isLive = tell(await answer.json());
      if (!answered) show();
      answered = true;
      look(isLive);
    } catch (error) {
      answered = false;
      camera.dataset.state = "offline";
      put("words", "the server does not answer");
      put("reason", "");
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
