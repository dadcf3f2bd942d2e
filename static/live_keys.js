// Keys of the page of one camera: f for the full screen, space for a still, arrows for the
// camera before and the one after it.

const TURNS = { ArrowLeft: "prev", ArrowRight: "next" };
const ACTS = "a, button, summary, dialog *";        // what the space key belongs to, with the focus on it
const TAKES = "input, select, textarea, [role=application], [role=slider]";

export function followKeys(screen, zoom) {
  document.addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
    if (target.closest?.(TAKES) || (key === " " && target.closest?.(ACTS))) return;
    if (act(key, event.repeat)) event.preventDefault();
  });

  // Do what *key* means; return whether it means something.
  function act(key, repeats) {
    if (zoom.type(key)) return true;
    const other = TURNS[key] && document.querySelector(`[rel=${TURNS[key]}]`);
    const still = key === " " && document.getElementById("still");
    if (!repeats && key.toLowerCase() === "f") screen.toggle();
    else if (!repeats && other) location.assign(other.href);
    else if (!repeats && still) still.click();
    else return Boolean(other || still);
    return true;
  }
}
