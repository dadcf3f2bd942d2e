"""What is armed, as pages and API say it: in words of the server's time zone."""

from collections.abc import Mapping
from typing import Any

from pyimagesearch.clock import short_time
from pyimagesearch.status import MODE_OFF, CameraArmed, ModeStatus

from .services import Services

MAX_NAMED = 3           # cameras; of more, the number is shown
MAX_SENTENCES = 4       # about cameras that are not as the others


def mode_json(services: Services, now: float) -> dict[str, Any] | None:
    """Return the mode in force as of *now*, with its words; ``None`` without arming."""
    if services.arming is None:
        return None
    mode = services.arming.mode
    return {**mode._asdict(), "words": (
        off_words(mode, now) if is_switched_off(services) else
        system_words(services, now))}


def camera_json(services: Services, name: str, now: float) -> dict[str, Any] | None:
    """Return whether camera *name* is armed, with its words; the same."""
    if services.arming is None:
        return None
    mode, camera = services.arming.mode, services.arming.camera(name)
    return {**camera._asdict(), "words": (
        off_words(mode, now) if is_switched_off(services) else
        camera_words(mode, camera, now))}


def is_switched_off(services: Services) -> bool:
    """Return whether all cameras are switched off, so that no mode matters."""
    return services.privacy is not None and services.privacy.off_since is not None


def off_words(mode: ModeStatus, now: float) -> str:
    """Return that the cameras are switched off, whatever the *mode* is."""
    return f"{mode_title(mode, now)}, but all cameras are switched off."


def mode_title(mode: ModeStatus, now: float) -> str:
    """Return the *mode* in words, at the beginning of a sentence."""
    words = mode.words(now)
    return f"{words[:1].upper()}{words[1:]}"


def camera_words(mode: ModeStatus, camera: CameraArmed, now: float) -> str:
    """Return what is in force for one camera, as a sentence."""
    return f"{mode_title(mode, now)}: {state_words(mode, camera, now)}."


def state_words(mode: ModeStatus, camera: CameraArmed, now: float) -> str:
    """Return whether *camera* is armed, and why not or until when."""
    words = "armed" if camera.armed else "not armed"
    if camera.until and camera.until != mode.until:
        words += f" until {short_time(camera.until, now)}"
    return words if camera.armed or mode.mode == MODE_OFF else (
        f"{words}, {camera.reason}")


def system_words(services: Services, now: float) -> str:
    """Return what is in force for all cameras, in a few sentences."""
    assert services.arming
    mode = services.arming.mode
    cameras = {name: services.arming.camera(name) for name in services.feeds}
    if len(cameras) == 1:
        return camera_words(mode, next(iter(cameras.values())), now)
    return " ".join([f"{mode_title(mode, now)}: {armed_count(cameras)}.",
                     *exceptions(mode, cameras, now)])


def armed_count(cameras: Mapping[str, CameraArmed]) -> str:
    """Return how many of *cameras* are armed."""
    armed = sum(camera.armed for camera in cameras.values())
    if armed == len(cameras):
        return "all cameras are armed"
    are = "is" if armed == 1 else "are"
    return f"{armed} of {len(cameras)} cameras {are} armed" if armed else (
        "no camera is armed")


def exceptions(mode: ModeStatus, cameras: Mapping[str, CameraArmed], now: float
               ) -> list[str]:
    """Return a sentence for all *cameras* that are not armed for a like reason."""
    alike: dict[str, list[str]] = {}
    usual = "not armed" if mode.mode == MODE_OFF else "armed"
    for name, camera in cameras.items():
        if (words := state_words(mode, camera, now)) != usual:
            alike.setdefault(words, []).append(name)
    groups = list(alike.items())
    shown, left = groups[:MAX_SENTENCES], groups[MAX_SENTENCES:]
    sentences = [f"{few_names(names)}: {words}." for words, names in shown]
    if count := sum(len(names) for _, names in left):
        sentences.append(f"The schedule shows {count} more.")
    return sentences


def few_names(names: list[str]) -> str:
    """Return the *names*, or the first ones and how many more there are."""
    if len(names) <= MAX_NAMED + 1:
        return ", ".join(names)
    return f"{', '.join(names[:MAX_NAMED])} and {len(names) - MAX_NAMED} more"
