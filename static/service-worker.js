// Show alerts that come by web push while no page is open, and open their event.

const PICTURE_TIMEOUT = 2000;   // ms; the server may be out of reach

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("push", (event) => event.waitUntil(show(event.data)));
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data.path));
});
self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(renew(event)));

function parse(data) {
  try { return data.json(); } catch { return {}; }
}

async function show(data) {
  const { title = "Alert", text = "", tag, time, path = "events", picture, update } = parse(data);
  const hasImages = "image" in Notification.prototype;      // not of Safari and Firefox
  const image = picture && hasImages ? await fetchImage(fromRoot(picture)) : undefined;
  await self.registration.showNotification(title, {
    body: text, tag, image, icon: fromRoot("static/icon-192.png"), data: { path },
    timestamp: time * 1000 || Date.now(), silent: Boolean(update),
    renotify: Boolean(tag && !update) });
}

function fromRoot(path) { return new URL(path, self.registration.scope).href; }

// Return the picture, not as a URL: the browser would wait for that up to 90 seconds.
async function fetchImage(url) {
  try {
    const answer = await fetch(url, { credentials: "same-origin",
                                      signal: AbortSignal.timeout(PICTURE_TIMEOUT) });
    const type = answer.headers.get("Content-Type") || "";
    if (!answer.ok || !type.startsWith("image/")) return undefined;
    const bytes = new Uint8Array(await answer.arrayBuffer());
    let text = "";
    for (const each of bytes) text += String.fromCharCode(each);
    return `data:${type};base64,${btoa(text)}`;
  } catch { return undefined; }
}

// Show the event in a window that is open, else in a new one.
async function open(path) {
  const url = fromRoot(path);
  const windows = await self.clients.matchAll({ type: "window" });
  for (const one of windows) {
    const shown = one.url === url ? one : await one.navigate(url).catch(() => null);
    if (shown) return shown.focus().catch(() => {});
  }
  return self.clients.openWindow(url);
}

// The browser replaced its subscription by itself: send the new one to the server.
async function renew({ oldSubscription, newSubscription }) {
  const made = newSubscription
    || (oldSubscription && await self.registration.pushManager.subscribe(oldSubscription.options));
  if (!made) return;
  await fetch(fromRoot("api/push"), {
    method: "POST", credentials: "same-origin", headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ...made.toJSON(), replaces: oldSubscription?.endpoint }) });
}
