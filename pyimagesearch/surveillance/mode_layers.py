"""Modes that hold for a time, on top of one that holds for good."""

import json
import logging
from typing import Any, NamedTuple

from pyimagesearch.errors import SettingsError
from pyimagesearch.settings.option import shortened
from pyimagesearch.status import (
    ARMING_MODES,
    MAX_MODE_SECONDS,
    MODE_AWAY,
    MODE_OFF,
    ModeStatus,
)

log = logging.getLogger(__name__)

OLD_MODES = {"yes": MODE_AWAY, "no": MODE_OFF}      # of versions without modes


class Layer(NamedTuple):
    """A mode that holds until then [s since the epoch]; ``None``: for good."""

    mode: str
    until: float | None


Layers = tuple[Layer, ...]      # the first one for good, the last one in force
AWAY_FOR_GOOD: Layers = (Layer(MODE_AWAY, None),)


def stacked(layers: Layers, new: Layer) -> Layers:
    """Return *layers* with a *new* one in force, without those that it replaces."""
    if new.until is None:
        return (new,)
    kept = [each for each in layers if each.until is None
            or (each.until > new.until and each.mode != new.mode)]
    return (*kept, new)


def status_of(layers: Layers) -> ModeStatus:
    """Return the mode in force."""
    mode, until = layers[-1]
    if until is not None and layers[-2].mode == mode:   # "off until 18:00, then off"
        return status_of(layers[:-1])
    return ModeStatus(mode, until, "" if until is None else layers[-2].mode)


def parse_layers(text: str | None) -> Layers:
    """Return the layers in *text* as stored; the mode away if they are damaged."""
    if text is None or text in OLD_MODES:
        return (Layer(OLD_MODES[text or "yes"], None),)
    try:
        first, *others = (Layer(*each) for each in json.loads(text))
        if not is_valid(first, None) or not all(is_valid(each, 0.0) for each in others):
            raise ValueError
    except (ValueError, TypeError, RecursionError):
        log.warning("the stored mode is damaged; the mode is away")
        return AWAY_FOR_GOOD
    layers: Layers = (first,)
    for each in others:
        layers = stacked(layers, each)
    return layers


def is_valid(layer: Layer, until: Any) -> bool:
    """Return whether a stored *layer* is one, with an end of the kind of *until*."""
    return layer.mode in ARMING_MODES and isinstance(
        layer.until, type(until)) and layer.until != float("inf")


def check_mode(mode: str, until: float | None, now: float) -> None:
    """Raise :exc:`SettingsError` unless *mode* may hold *until* then."""
    if mode not in ARMING_MODES:
        raise SettingsError(f"mode is {shortened(mode)}, but must be one of "
                            f"{', '.join(ARMING_MODES)}")
    if until is not None and not now < until <= now + MAX_MODE_SECONDS:
        raise SettingsError(f"until is {until!r}, but must be a time within a year "
                            "from now, in seconds since the epoch")
