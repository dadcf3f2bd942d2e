// Share the address of an event, or a link that ends and needs no login.

import { gettext, locale } from "./words.js";
import { explain, onClick, post } from "./request.js";

// Offer to share the event of *shown*, its article.
export function sharing(shown) {
  const menu = shown.querySelector("#share");
  const note = (text) => { menu.querySelector("output").textContent = text; };
  const button = (name) => menu.querySelector(`[data-send=${name}]`);
  onClick(button("login"), note, () => send(menu, menu.dataset.url, ""));
  if (!button("link")) return;
  onClick(button("link"), note, async () => {
    const hours = Number(menu.querySelector("select").value);
    const { url, until } = await post(menu.dataset.shareUrl, { hours });
    const moment = new Date(1000 * until).toLocaleString(locale, { dateStyle: "full", timeStyle: "short" });
    await send(menu, url, gettext("It ends on %(moment)s.", { moment }));
  });
}

// Hand *url* to another program of the phone, or to the clipboard; show it in any case.
async function send(menu, url, words) {
  const field = menu.querySelector("input");
  field.value = url;
  field.hidden = false;
  field.select();
  const note = menu.querySelector("output");
  try {
    if (navigator.share && matchMedia("(pointer: coarse)").matches) await navigator.share({ url });
    else {
      await navigator.clipboard.writeText(url);
      words = `${gettext("Copied.")} ${words}`;
    }
  } catch (error) {
    if (error.name !== "AbortError" && navigator.clipboard) words ||= explain(error);
  }
  note.textContent = words || gettext("Copy this address.");
}
