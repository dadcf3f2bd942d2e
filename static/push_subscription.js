// The subscription of this browser to web push, if it has one.

import { post } from "./request.js";

// Bind it to the session that this browser has now; return whether the server sends alerts.
export async function renew() {
  const registration = await navigator.serviceWorker.getRegistration();
  const made = await registration?.pushManager.getSubscription();
  if (!made) return false;
  const { subscribed } = await post(new URL("api/push", registration.scope),
                                    { ...made.toJSON(), renew: true });
  if (!subscribed) await made.unsubscribe();      // it was logged out meanwhile
  return subscribed;
}
