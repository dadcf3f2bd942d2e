"""Write the results of a replay as one HTML file that needs no network."""

import base64
import datetime
import math
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import jinja2
import numpy as np

from pyimagesearch import __version__
from pyimagesearch.errors import SettingsError
from pyimagesearch.folders import replace_file
from pyimagesearch.frames import Image, scaled, size_of
from pyimagesearch.jpeg import encode
from pyimagesearch.overlay import RED

from .event_log import Level, ReplayedEvent
from .player import Replay
from .results import (
    HEADINGS,
    area_text,
    change_line,
    clock_text,
    count,
    describe,
    event_line,
    flags_of,
    percent,
    rows_of,
    summary,
    totals,
)
from .trial import Outcome

CHART_WIDTH, CHART_HEIGHT = 1000, 100   # SVG units; stretched to the page
MAX_BARS = 500          # of a chart; each shows the most motion of its time
MIN_TOP = 5.0           # per mille; keeps the bars low in a video without much motion
AXIS_LABELS = 5
MAX_PICTURES = 40       # of events, for each contender and video
PICTURE_QUALITY = 75    # of JPEGs
HEAT_WEIGHTS = 0.25, 0.75   # of the heat map over the scene: where motion was, and most


class Band(NamedTuple):
    """An event in a chart, in SVG units."""

    x: float
    width: float
    title: str


class StripChart(NamedTuple):
    """What the template draws: motion over time, in SVG units, y downwards."""

    path: str           # outline of the bars
    least: float        # y of the smallest motion that counts
    learning: float     # width of the time of learning
    events: list[Band]
    top: str            # the area of the highest bar, in words
    threshold: str      # the smallest motion that counts, in words


def check_writable(path: str) -> None:
    """Raise :exc:`SettingsError` if no report can be written at *path*."""
    target = Path(path).resolve()
    try:
        if target.exists():
            with open(target, "a", encoding="utf-8"):
                pass
        with tempfile.TemporaryFile(dir=target.parent):
            pass
    except OSError as error:
        raise SettingsError(f"--report is {path!r}, which cannot be written: "
                            f"{error.strerror}") from None


def write_report(path: str, replays: Sequence[Replay], wrong: Sequence[str],
                 took: float) -> None:
    """Write a report on *replays* to *path* at once; raises :exc:`SettingsError`."""
    page = render(replays, wrong, took)
    try:
        replace_file(Path(path).resolve(), page.encode(), share)
    except OSError as error:
        raise SettingsError(f"--report is {path!r}, which cannot be written: "
                            f"{error.strerror}") from None


def share(number: int) -> None:
    """Let all read an open file who could read any new file of this user."""
    mask = os.umask(0)
    os.umask(mask)
    os.fchmod(number, 0o666 & ~mask)


def render(replays: Sequence[Replay], wrong: Sequence[str], took: float) -> str:
    """Return the report as HTML."""
    source = Path(__file__).with_name("report.html").read_text(encoding="utf-8")
    template = jinja2.Environment(autoescape=True).from_string(source)
    shown = [each for each in replays if each.seconds or not each.trouble]
    several = len(shown) > 1 and len(shown[0].outcomes) > 1
    return template.render(
        made=f"{datetime.datetime.now():%d %B %Y, %H:%M}", version=__version__,
        summary=[list(summary(shown, took))[-1]] if shown else [],
        totals=rows_of(totals(shown)) if several else [],
        headings=HEADINGS, wrong=wrong, sections=[section(each) for each in shown],
        chart_width=CHART_WIDTH, chart_height=CHART_HEIGHT)


def section(replay: Replay) -> dict[str, Any]:
    """Return what the template shows of one recording."""
    steps = [replay.seconds * step / (AXIS_LABELS - 1) for step in range(AXIS_LABELS)]
    return {
        "name": replay.recording.name, "description": describe(replay),
        "notes": replay.notes, "axis": [clock_text(step) for step in steps],
        "rows": rows_of(replay.outcomes) if len(replay.outcomes) > 1 else [],
        "trials": [trial_section(each) for each in replay.outcomes]}


def trial_section(outcome: Outcome) -> dict[str, Any]:
    """Return what the template shows of one contender's outcome."""
    hottest = 0.0 if outcome.heat is None else (
        float(outcome.heat.max()) / max(1, len(outcome.looked_at)))
    return {
        "label": outcome.contender.label, "count": count(len(outcome.events), "event"),
        "flags": flags_of(outcome.contender.settings),
        "chart": draw_chart(outcome), "heat": heat_map(outcome),
        "hottest": percent(hottest),
        "changes": [change_line(each) for each in outcome.changes],
        "events": [event_section(event, number < MAX_PICTURES)
                   for number, event in enumerate(outcome.events)]}


def event_section(event: ReplayedEvent, pictured: bool) -> dict[str, str]:
    """Return what the template shows of one event, with its peak if *pictured*."""
    peak = event.peak
    return {
        "time": f"{clock_text(event.begin)} to {clock_text(event.end)}",
        "peak": f"{area_text(peak.area)} at {clock_text(peak.at)}", "rule": peak.rule,
        "picture": thumbnail(event) if pictured else ""}


def draw_chart(outcome: Outcome) -> StripChart:
    """Return the strip chart of the motion in *outcome*."""
    seconds = outcome.seconds or 1.0
    least = outcome.contender.settings.min_area
    top = max([MIN_TOP, 2 * least, *(level.area for level in outcome.levels)])
    across = CHART_WIDTH / seconds
    learnt_at = seconds if outcome.learnt_at is None else outcome.learnt_at
    return StripChart(
        outline(outcome.levels, seconds, top), height_of(least, top),
        round(learnt_at * across, 1),
        [Band(round(each.begin * across, 1), round(max(1.0, each.seconds * across), 1),
              event_line(each)) for each in outcome.events],
        area_text(max((level.area for level in outcome.levels), default=0.0)),
        area_text(least))


def outline(levels: Sequence[Level], seconds: float, top: float) -> str:
    """Return the SVG path of bars for *levels*, the highest possible one at *top*."""
    count = min(MAX_BARS, len(levels))
    bars = [0.0] * count
    for level in levels:
        bar = min(count - 1, int(count * level.at / seconds))
        bars[bar] = max(bars[bar], level.area)
    width = round(CHART_WIDTH / max(1, count), 2)
    return "".join(
        f"M{number * width:g} {CHART_HEIGHT}V{height_of(area, top)}h{width:g}"
        f"V{CHART_HEIGHT}z" for number, area in enumerate(bars) if area)


def height_of(area: float, top: float) -> float:
    """Return the y of an *area*; its root is shown, so that small motion is seen."""
    return round(CHART_HEIGHT * (1 - 0.9 * math.sqrt(area / top)), 1)


def thumbnail(event: ReplayedEvent) -> str:
    """Return the peak of *event* with its boxes as a data URI; empty without one."""
    if event.peak.image is None:
        return ""
    image = event.peak.image.copy()
    for box in event.peak.boxes:
        left, top, right, bottom = scaled(box, event.peak.size, size_of(image))
        cv2.rectangle(image, (left, top), (right, bottom), RED, 2)
    return data_uri(image)


def heat_map(outcome: Outcome) -> str:
    """Return the scene, coloured by how often each pixel moved, as a data URI."""
    if outcome.scene is None or outcome.heat is None or not outcome.heat.any():
        return ""
    share = np.sqrt(outcome.heat / outcome.heat.max()).astype(np.float32)
    share = cv2.resize(share, size_of(outcome.scene), interpolation=cv2.INTER_LINEAR)
    colours = cv2.applyColorMap((255 * share).astype(np.uint8), cv2.COLORMAP_TURBO)
    least, most = HEAT_WEIGHTS
    weight = np.where(share > 0, least + (most - least) * share, 0.0)[:, :, None]
    mixed = outcome.scene * (1 - weight) + colours * weight
    return data_uri(mixed.astype(np.uint8))


def data_uri(image: Image) -> str:
    """Return *image* as a JPEG in a data URI."""
    return "data:image/jpeg;base64," + base64.b64encode(
        encode(image, PICTURE_QUALITY)).decode()
