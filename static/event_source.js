// What happens, as the server sends it, while the page is seen.

const RETRY = 10000;        // ms, where the server had no room

// Call *handlers* by the kind of each message, with its data; and *onReturn* when messages
// may have been missed.
export function followEvents(url, handlers, onReturn) {
  let source = null, wasOpen = false;

  function open() {
    source = new EventSource(url);
    source.addEventListener("open", () => {
      if (wasOpen) onReturn();
      wasOpen = true;
    });
    source.addEventListener("error", () => {
      if (source.readyState === EventSource.CLOSED) setTimeout(() => document.hidden || reopen(), RETRY);
    });
    source.addEventListener("reset", onReturn);
    for (const [kind, handle] of Object.entries(handlers)) {
      source.addEventListener(kind, ({ data }) => handle(JSON.parse(data)));
    }
  }
  function close() {
    source?.close();
    source = null;
  }
  function reopen() {
    close();
    open();
  }
  document.addEventListener("visibilitychange", () => document.hidden ? close() : reopen());
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", (event) => { if (event.persisted) reopen(); });
  if (!document.hidden) open();
}
