// Alerts on this device: subscribe to web push, or explain why that is not possible.

import { renew } from "./push_subscription.js";
import { explain, onClick, post, request } from "./request.js";

const PUSH_TIMEOUT = 30000;     // ms, for the browser to reach its push service
const section = document.getElementById("push");
const HOW_TO_GET_ONE = ': "A trusted certificate at home" in docs/alerts.md says how to get one.';
const put = (id, text) => { document.getElementById(id).textContent = text; };

const isIos = /iPhone|iPad|iPod/.test(navigator.userAgent)
  || (navigator.userAgent.includes("Macintosh") && navigator.maxTouchPoints > 1);
const isFramed = window.top !== window;

// Return why alerts cannot come to this device; nothing if they can.
function obstacle() {
  if (!window.isSecureContext) {
    return "This page was not loaded by https. Browsers accept alerts only from a server "
      + `whose certificate they trust${HOW_TO_GET_ONE}`;
  }
  if (isFramed) return "Open this page in a tab of its own: here it is in a frame of another site.";
  if (isIos && !("PushManager" in window)) {
    return "An iPhone or iPad accepts alerts only from an app: choose Share, then "
      + "Add to Home Screen, and open this page from there (iOS 16.4 or later).";
  }
  if (!("serviceWorker" in navigator && "PushManager" in window && "Notification" in window)) {
    return "This browser has no web push, or not in a private window.";
  }
  if (Notification.permission === "denied") {
    return "This browser blocks notifications of this site: allow them in its settings, "
      + "then load this page again.";
  }
  return "";
}

function explainPush(error) {
  if (error.name === "SecurityError") {
    return "This browser does not trust the certificate of this server, so it accepts no "
      + `alerts from it${HOW_TO_GET_ONE}`;
  }
  if (error.name === "NotAllowedError") return "Notifications of this site are not allowed.";
  if (error.name === "AbortError") {
    return "The browser cannot reach its push service: is this device on the internet, and "
      + "is push messaging on in the browser's settings?";
  }
  return explain(error);
}

// Wait for *promise* of the browser, which may try forever to reach its push service.
function inTime(promise) {
  const signal = AbortSignal.timeout(PUSH_TIMEOUT);
  return Promise.race([promise, new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
  })]);
}

async function register() {
  await navigator.serviceWorker.register(section.dataset.worker);
  return navigator.serviceWorker.ready;
}

function bytes(base64) {
  const text = atob(base64.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(text, (each) => each.charCodeAt(0));
}

async function subscribe() {
  if (await Notification.requestPermission() !== "granted") {
    throw new DOMException("", "NotAllowedError");
  }
  const { pushManager } = await inTime(register());
  const { key } = await (await request(section.dataset.url)).json();
  await (await pushManager.getSubscription())?.unsubscribe();     // made with an older key
  const made = await inTime(pushManager.subscribe(
    { userVisibleOnly: true, applicationServerKey: bytes(key) }));
  await post(section.dataset.url, made.toJSON());
}

async function unsubscribe() {
  const { pushManager } = await navigator.serviceWorker.ready;
  const made = await pushManager.getSubscription();
  if (!made) return;
  await request(section.dataset.url, { method: "DELETE", body: { endpoint: made.endpoint } });
  await made.unsubscribe();
}

function show(subscribed) {
  section.dataset.subscribed = subscribed;
  put("push-words", subscribed ? "This device gets alerts." : "This device gets no alerts.");
  put("push-button", subscribed ? "Stop" : "Send alerts to this device");
  document.getElementById("push-button").hidden = false;
}

async function begin() {
  const reason = obstacle();
  if (reason) { put("push-words", reason); return; }
  show(await renew());
  onClick(document.getElementById("push-button"), () => {}, async () => {
    put("push-trouble", "");
    const stop = section.dataset.subscribed === "true";
    if (!stop) put("push-words", "Waiting for this browser …");
    try {
      await (stop ? unsubscribe() : subscribe());
      show(!stop);
      document.dispatchEvent(new Event("channels"));
    } catch (error) {
      show(stop);
      put("push-trouble", explainPush(error));
    }
  });
}

begin().catch((error) => put("push-trouble", explainPush(error)));
