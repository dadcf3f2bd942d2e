// Show alerts that come by web push while no page is open, and open their event.

const PICTURE_TIMEOUT = 8000;   // ms

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
  const icon = new URL("static/icon.png", self.registration.scope).href;
  const options = { body: text, tag, icon, data: { path }, timestamp: time * 1000 || Date.now(),
                    silent: Boolean(update), renotify: Boolean(tag && !update) };
  await self.registration.showNotification(title, options);
  if (!picture || !("image" in Notification.prototype)) return;
  // only then its picture: the server may be out of reach
  const image = await fetchImage(new URL(picture, self.registration.scope));
  const [shown] = await self.registration.getNotifications({ tag });
  if (!image || !shown || shown.body !== text) return;    // closed, or replaced
  await self.registration.showNotification(title,
    { ...options, image, silent: true, renotify: false });
}

async function fetchImage(url) {
  try {
    const answer = await fetch(url, { credentials: "same-origin",
                                      signal: AbortSignal.timeout(PICTURE_TIMEOUT) });
    const type = answer.headers.get("Content-Type") || "";
    if (!answer.ok || !type.startsWith("image/")) return null;
    const bytes = new Uint8Array(await answer.arrayBuffer());
    let text = "";
    for (const each of bytes) text += String.fromCharCode(each);
    return `data:${type};base64,${btoa(text)}`;
  } catch { return null; }
}

// Show the event in a window that is open, else in a new one.
async function open(path) {
  const url = new URL(path, self.registration.scope).href;
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
  await fetch(new URL("api/push", self.registration.scope), {
    method: "POST", credentials: "same-origin", headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ...made.toJSON(), replaces: oldSubscription?.endpoint }) });
}
