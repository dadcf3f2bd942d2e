"""Say in plain words why a motion event was stored."""

from collections.abc import Sequence

from pyimagesearch.events.explanation import BEGIN, ExplainedRegion, Explanation
from pyimagesearch.web.words import gettext as _
from pyimagesearch.web.words import ngettext, translated

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
        if not explanation.min_area:
            return _("%(moved)s of the picture moved; anything that moves counts as "
                     "motion.", moved=moved)
        return _("%(moved)s of the picture moved; %(needed)s is enough to count as "
                 "motion.", moved=moved, needed=needed)
    frames = int(explanation.settings.get("min_frames") or 1)
    enough = (_("one picture") if frames == 1
              else _("%(frames)s of %(recent)s consecutive pictures", frames=frames,
                     recent=RECENT_FRAMES))
    what = (_("at least %(needed)s of the picture", needed=needed)
            if explanation.min_area else _("anything"))
    return _("An event begins once %(what)s moves in %(enough)s. This was the picture "
             "that began it; in it, %(moved)s moved.", what=what, enough=enough,
             moved=moved)


def sentence(region: ExplainedRegion, explanation: Explanation) -> str:
    """
    Return what *region* did, and why it counted or not.

    It is put together from clauses, each of which is translated.
    """
    width, height = explanation.size
    parts = {"share": percent(1000 * region.area / (width * height)),
             "verdict": verdict(region), "rule": translated(region.rule),
             "moved": movement(region, explanation)}
    if not parts["moved"]:
        return _("A region of %(share)s of the picture %(verdict)s because it "
                 "%(rule)s.", **parts)
    if has_moved(region, explanation) and not region.reported:
        return _("A region of %(share)s of the picture %(moved)s but %(verdict)s "
                 "because it %(rule)s.", **parts)
    return _("A region of %(share)s of the picture %(moved)s and %(verdict)s because "
             "it %(rule)s.", **parts)


def verdict(region: ExplainedRegion) -> str:
    """Return whether *region* counted, and in which zones."""
    if not region.reported:
        return _("was ignored")
    if not region.zones:
        return _("counted")
    return ngettext("counted in the zone %(zones)s", "counted in the zones %(zones)s",
                    len(region.zones), zones=listed(region.zones))


def movement(region: ExplainedRegion, explanation: Explanation) -> str:
    """Return where *region* went and in which time; empty if that is not known."""
    if len(region.path) < 2:
        return ""
    share, is_wide = distance(region, explanation)
    strayed, strayed_wide = extent(region, explanation)
    time = seconds(region.seconds)
    if strayed >= MIN_MOVED and share < STRAIGHT * strayed:
        far = percent(1000 * strayed)
        return (_("went to and fro over %(far)s of the picture's width within %(time)s",
                  far=far, time=time) if strayed_wide else
                _("went to and fro over %(far)s of the picture's height within "
                  "%(time)s", far=far, time=time))
    if share < MIN_MOVED:
        if region.seconds < MIN_STAY_SECONDS:
            return ""
        return _("stayed where it was for %(time)s", time=time)
    values = {"direction": direction(*displacement(region)),
              "far": percent(1000 * share), "time": time}
    return (_("moved %(direction)s by %(far)s of the picture's width within %(time)s",
              **values) if is_wide else
            _("moved %(direction)s by %(far)s of the picture's height within %(time)s",
              **values))


def has_moved(region: ExplainedRegion, explanation: Explanation) -> bool:
    """Return whether *region* went from one place to another."""
    if len(region.path) < 2:
        return False
    share, _wide = distance(region, explanation)
    strayed, _wide = extent(region, explanation)
    return share >= MIN_MOVED and not (
        strayed >= MIN_MOVED and share < STRAIGHT * strayed)


def displacement(region: ExplainedRegion) -> tuple[int, int]:
    """Return how far it is from the first to the last place of *region* [pixels]."""
    (left, top), (right, bottom) = region.path[0], region.path[-1]
    return right - left, bottom - top


def distance(region: ExplainedRegion, explanation: Explanation) -> tuple[float, bool]:
    """Return that as a share of the picture's side, and whether of its width."""
    (width, height), (across, down) = explanation.size, displacement(region)
    wide, high = abs(across) / width, abs(down) / height
    return max(wide, high), wide >= high


def extent(region: ExplainedRegion, explanation: Explanation) -> tuple[float, bool]:
    """Return how far apart the places of *region* are, and whether of the width."""
    (width, height), (across, down) = explanation.size, zip(*region.path, strict=True)
    wide, high = (max(across) - min(across)) / width, (max(down) - min(down)) / height
    return max(wide, high), wide >= high


def listed(zones: Sequence[str]) -> str:
    """Return the names of *zones*, in words."""
    *most, last = (f'"{name}"' for name in zones)
    return _("%(most)s and %(last)s", most=", ".join(most), last=last) if most else last


def direction(across: int, down: int) -> str:
    """Return the direction of a movement [pixels], as seen in the picture."""
    sideways = _("to the left") if across < 0 else _("to the right")
    upright = _("up") if down < 0 else _("down")
    if abs(down) < DIAGONAL * abs(across):
        return sideways
    if abs(across) < DIAGONAL * abs(down):
        return upright
    return _("%(upright)s and %(sideways)s", upright=upright, sideways=sideways)


def seconds(duration: float) -> str:
    """Return *duration* [s] in words."""
    if duration < SHORTEST_SECONDS:
        return _("less than %(seconds)s seconds", seconds=SHORTEST_SECONDS)
    text = f"{duration:.{1 if duration < 10 else 0}f}"
    if float(text) == 1:
        return _("1 second")
    return _("%(seconds)s seconds", seconds=text)
