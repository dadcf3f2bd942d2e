"""The states of server and cameras, as retained messages by topic."""

import datetime
import json
from collections.abc import Collection, Mapping

from pyimagesearch.status import CameraStatus

from .controlled import ControlledServer
from .home_assistant import (
    OBJECT_ICONS,
    OFF,
    ON,
    Offer,
    camera_config,
    server_config,
)
from .topics import Topics

States = dict[str, bytes]   # payloads by topic
BYTES_IN_MB = 10**6


def configs(topics: Topics, offer: Offer, server: ControlledServer) -> States:
    """Return the discovery payloads; none if discovery is off."""
    if not topics.has_discovery:
        return {}
    return {topics.config(): as_bytes(server_config(topics, offer)), **{
        topics.config(each.name): as_bytes(camera_config(topics, offer, each.name))
        for each in server.cameras}}


def server_states(topics: Topics, server: ControlledServer) -> States:
    """Return the states of the server."""
    archive = server.archive()
    return {
        topics.server("armed"): on_or_off(server.is_armed()),
        topics.server("mode"): server.mode().encode(),
        topics.server("cameras"): on_or_off(server.are_cameras_on()),
        topics.server("kept"): str(round(archive.used / BYTES_IN_MB)).encode(),
        topics.server("problem"): on_or_off(bool(archive.trouble)),
        topics.server("problem/attributes"): as_bytes({"reason": archive.trouble})}


def camera_states(topics: Topics, server: ControlledServer, moving: Collection[str],
                  seen: Mapping[str, Collection[str]] | None) -> States:
    """
    Return the states of all cameras; those *moving* have a motion event.

    *seen* are the names of what was recognised in it, by camera; ``None`` if nothing
    ever is.
    """
    found: States = {}
    for camera in server.cameras:
        status = camera.status()
        recording = status.recording_since is not None
        for subject, value in (
                ("motion", on_or_off(camera.name in moving)),
                ("connected", on_or_off(status.is_live)),
                ("connected/attributes", as_bytes(attributes(status))),
                ("armed", on_or_off(server.is_camera_armed(camera.name))),
                ("recording", on_or_off(recording))):
            found[topics.camera(camera.name, subject)] = value
        if seen is not None:
            found |= {topics.camera(camera.name, name): on_or_off(
                name in seen.get(camera.name, ())) for name in OBJECT_ICONS}
    return found


def attributes(status: CameraStatus) -> Mapping[str, object]:
    """Return what else there is to say about a camera; it changes seldom."""
    since = datetime.datetime.fromtimestamp(status.since).astimezone()
    return {"state": status.state, "since": since.isoformat(timespec="seconds"),
            "reason": status.reason, "fps": round(status.fps)}


def on_or_off(value: bool) -> bytes:
    """Return *value* as Home Assistant's switches and sensors expect it."""
    return (ON if value else OFF).encode()


def as_bytes(value: Mapping[str, object]) -> bytes:
    """Return *value* as JSON."""
    return json.dumps(value, ensure_ascii=False).encode()
