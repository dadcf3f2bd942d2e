// Requests to the server, and errors as a sentence for the page.

const TIMEOUT = 15000;      // ms

// Send a request with *body* as JSON; throw an Error with the sentence of the server.
export async function request(url, { body, ...options } = {}) {
  const answer = await fetch(url, {
    credentials: "same-origin", cache: "no-store", signal: AbortSignal.timeout(TIMEOUT),
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: body && JSON.stringify(body), ...options });
  if (answer.ok) return answer;
  const type = answer.headers.get("Content-Type") || "";
  if (type.includes("json")) throw new Error((await answer.json()).error);
  throw new Error(type.includes("text/plain") ? await answer.text() : answer.statusText);
}

export async function post(url, body) {
  return (await request(url, { method: "POST", body })).json();
}

export function explain(error) {
  const silent = ["TimeoutError", "TypeError"].includes(error.name);
  return silent ? "The server does not respond." : error.message;
}

// Run *work* at each click, with *button* disabled meanwhile, which takes the focus from
// it; pass errors to *notify*.
export function onClick(button, notify, work) {
  button.addEventListener("click", async () => {
    const focused = document.activeElement === button;
    button.disabled = true;
    await work().catch((error) => notify(explain(error)));
    button.disabled = false;
    if (focused && document.activeElement === document.body) button.focus({ preventScroll: true });
  });
}
