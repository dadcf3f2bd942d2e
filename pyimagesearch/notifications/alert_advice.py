"""Warnings about settings that are allowed, but make alerts useless."""

from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from pyimagesearch.addresses import is_loopback
from pyimagesearch.events.event import MOTION
from pyimagesearch.settings.camera_settings import CameraSettings


def advice(cameras: Iterable[CameraSettings], url: str, objects_off: str
           ) -> Iterator[str]:
    """
    Yield sentences on alerts of *cameras*, with links that begin with *url*.

    *objects_off* says why no objects are recognised; it is empty if they are.
    """
    if is_loopback(urlsplit(url).hostname or ""):
        yield (f"links in alerts lead to {url}, which opens on this machine only; set "
               'ip = "0.0.0.0" or public_url in the settings file')
    cameras = list(cameras)
    if silent := [each.name for each in cameras if no_zone_alerts(each)]:
        yield (f"motion of {', '.join(silent)} raises no alert: it counts in zones "
               "only, of which none raises alerts")
    if silent := [each.name for each in cameras
                  if is_motion_silenced(each, objects_off)]:
        yield (f"motion of {', '.join(silent)} raises no alert: alert_only is set, but "
               f"no objects are recognised ({objects_off})")
    if alone := [each.name for each in cameras if needs_own_labels(each, objects_off)]:
        yield (f"motion of {', '.join(alone)} raises an alert only if the camera's own "
               "detector labels it so: alert_only is set, but no model recognises "
               f"objects ({objects_off})")


def is_motion_silenced(camera: CameraSettings, objects_off: str) -> bool:
    """
    Return whether motion raises no alert, as no object is ever recognised.

    *objects_off* says why; a detector of the owner may still name some.
    """
    return awaits_objects(camera, objects_off) and not camera.has_own_detector


def needs_own_labels(camera: CameraSettings, objects_off: str) -> bool:
    """Return whether motion raises an alert only if the owner's detector labels it."""
    return awaits_objects(camera, objects_off) and camera.has_own_detector


def awaits_objects(camera: CameraSettings, objects_off: str) -> bool:
    """Return whether alerts of motion wait for objects, which no model recognises."""
    return (bool(objects_off) and bool(camera.alert_objects)
            and camera.raises_alerts(MOTION))


def no_zone_alerts(camera: CameraSettings) -> bool:
    """Return whether motion counts in zones only, of which none raises alerts."""
    counting = [zone for zone in camera.zones if zone.counts]
    return (bool(counting) and not any(zone.alerts for zone in counting)
            and camera.raises_alerts(MOTION))
