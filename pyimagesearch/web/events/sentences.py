"""Say in plain words why a motion event was stored."""

from collections.abc import Sequence

from pyimagesearch.events.explanation import BEGIN, ExplainedRegion, Explanation

from .filters import percent

RECENT_FRAMES = 5       # of which --min-frames must show motion
MIN_MOVED = 0.01        # share of the picture's side; less counts as standing still
MIN_STAY_SECONDS = 0.3      # less is too short to speak of standing still
SHORTEST_SECONDS = 0.1      # that is told as a number
STRAIGHT = 0.6         # of how far it strayed, from end to end; less is to and fro
DIAGONAL = 0.4          # the shorter side of a diagonal, as a share of the longer


def summary(explanation: Explanation) -> str:
    """Return how much moved, and how much it took."""
    moved, needed = percent(explanation.area), percent(explanation.min_area)
    if explanation.moment != BEGIN:
        enough = (f"{needed} is enough to count" if explanation.min_area
                  else "anything that moves counts")
        return f"{moved} of the picture moved; {enough} as motion."
    frames = explanation.settings.get("min_frames", 1)
    enough = ("one picture" if frames == 1
              else f"{frames} of {RECENT_FRAMES} consecutive pictures")
    what = f"at least {needed} of the picture" if explanation.min_area else "anything"
    return (f"An event begins once {what} moves in {enough}. This was the picture that "
            f"began it; in it, {moved} moved.")


def sentence(region: ExplainedRegion, explanation: Explanation) -> str:
    """Return what *region* did, and why it counted or not."""
    width, height = explanation.size
    share = percent(1000 * region.area / (width * height))
    verdict = "counted" if region.reported else "was ignored"
    if region.reported and region.zones:
        verdict += f" in {listed(region.zones)}"
    moved = movement(region, explanation)
    is_contrast = moved.startswith("moved") and not region.reported
    joined = f"{moved} {'but' if is_contrast else 'and'} " if moved else ""
    return (f"A region of {share} of the picture {joined}{verdict} because it "
            f"{region.rule}.")


def movement(region: ExplainedRegion, explanation: Explanation) -> str:
    """Return where *region* went and in which time; empty if that is not known."""
    if len(region.path) < 2:
        return ""
    (left, top), (right, bottom) = region.path[0], region.path[-1]
    across, down = right - left, bottom - top
    width, height = explanation.size
    share = max(abs(across) / width, abs(down) / height)
    strayed, side = extent(region, explanation)
    if strayed >= MIN_MOVED and share < STRAIGHT * strayed:
        return (f"went to and fro over {percent(1000 * strayed)} of the picture's "
                f"{side} within {seconds(region.seconds)}")
    if share < MIN_MOVED and region.seconds < MIN_STAY_SECONDS:
        return ""
    if share < MIN_MOVED:
        return f"stayed where it was for {seconds(region.seconds)}"
    side = "width" if abs(across) / width >= abs(down) / height else "height"
    return (f"moved {direction(across, down)} by {percent(1000 * share)} of the "
            f"picture's {side} within {seconds(region.seconds)}")


def extent(region: ExplainedRegion, explanation: Explanation) -> tuple[float, str]:
    """Return how far apart the places of *region* are, as a share of which side."""
    (width, height), (across, down) = explanation.size, zip(*region.path, strict=True)
    wide, high = (max(across) - min(across)) / width, (max(down) - min(down)) / height
    return (wide, "width") if wide >= high else (high, "height")


def listed(zones: Sequence[str]) -> str:
    """Return the names of *zones*, in words."""
    *most, last = (f'"{name}"' for name in zones)
    names = f"{', '.join(most)} and {last}" if most else last
    return f"the zone{'s' if most else ''} {names}"


def direction(across: int, down: int) -> str:
    """Return the direction of a movement [pixels], as seen in the picture."""
    sideways = "to the left" if across < 0 else "to the right"
    upright = "up" if down < 0 else "down"
    if abs(down) < DIAGONAL * abs(across):
        return sideways
    if abs(across) < DIAGONAL * abs(down):
        return upright
    return f"{upright} and {sideways}"


def seconds(duration: float) -> str:
    """Return *duration* [s] in words."""
    if duration < SHORTEST_SECONDS:
        return f"less than {SHORTEST_SECONDS} seconds"
    digits = 1 if duration < 10 else 0
    text = f"{duration:.{digits}f}"
    return "1 second" if float(text) == 1 else f"{text} seconds"
