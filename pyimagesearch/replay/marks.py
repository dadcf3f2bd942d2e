"""What a recording should show, by the marks in the list of events."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from pyimagesearch.errors import SettingsError
from pyimagesearch.events.event import COMPLETE, MOTION, Event
from pyimagesearch.events.queries import read_only
from pyimagesearch.folders import DataFolder

from .recordings import Recording, group


class Span(NamedTuple):
    """The time in which something real moves [s since the first frame]."""

    begin: float
    end: float


class MarkedRecording(NamedTuple):
    """The clips of an event, and when something real moves in them."""

    recording: Recording
    real: Span | None       # None: a false alarm


def by_archive(recordings: Sequence[Recording], data: DataFolder
               ) -> list[MarkedRecording]:
    """
    Return *recordings* of clips: a false alarm if its event is marked as none.

    Raises :exc:`SettingsError` for a video that is no clip of a motion event.
    """
    for each in recordings:
        if not each.clips or each.clips[0].kind != MOTION:
            raise SettingsError(
                f"--suggest takes clips of motion events, and {each.name} is none")
    ids = [each.clips[0].event for each in recordings]
    known = events_of(ids, data)
    return [marked(each, known.get(each.clips[0].event)) for each in recordings]


def events_of(ids: Sequence[int], data: DataFolder) -> Mapping[int, Event]:
    """Return those of the events *ids* that are in the list of events."""
    if not data.database.exists():
        return {}
    with read_only(data.database) as reader:
        return {event.id: event for event in reader.events(ids)}


def marked(recording: Recording, event: Event | None) -> MarkedRecording:
    """Return the clips of a motion event with the mark that the *event* has."""
    clip = recording.clips[0]
    if event is not None and event.not_event:
        return MarkedRecording(recording, None)
    begin = clip.begin - clip.first
    end = (clip.last if clip.end is None else clip.end) - clip.first
    return MarkedRecording(recording, Span(begin, max(begin, end)))


def whole_archive(data: DataFolder, camera: str | None
                  ) -> tuple[list[MarkedRecording], int]:
    """
    Return all marked events of *camera*, and how many lack a clip that can be played.

    Starred events are real ones. Raises :exc:`SettingsError` if there are none, or if
    they are of several cameras and *camera* is None.
    """
    events = marked_events(data)
    cameras = sorted({event.camera for event in events})
    if camera is None and len(cameras) > 1:
        raise SettingsError(f"there are marked events of {', '.join(cameras)}; choose "
                            "one of these with --camera")
    events = [event for event in events if camera in (None, event.camera)]
    found = [marked(recording, event) for event in events
             for recording in group(paths_of(event, data.clips)) if recording.clips]
    if not found:
        of = f"of camera {camera} " if camera else ""
        raise SettingsError(
            f"no event {of}is marked; mark false alarms with the button 'Not an event' "
            "and events to keep with a star, on the pages of events, or name clips")
    return found, len(events) - len({each.recording.clips[0].event for each in found})


def archived_cameras(data: DataFolder) -> list[str]:
    """Return the cameras that have events."""
    if not data.database.exists():
        return []
    with read_only(data.database) as reader:
        return reader.cameras()


def marked_events(data: DataFolder) -> list[Event]:
    """Return all motion events that an owner marked, the oldest first."""
    if not data.database.exists():
        raise SettingsError(f"there is no list of events {str(data.database)!r}; give "
                            "its folder with --data, or name clips")
    with read_only(data.database) as reader:
        return [event for event in reader.marked() if event.kind == MOTION]


def paths_of(event: Event, folder: Path) -> list[Path]:
    """Return the files of the clips of *event* that can be played."""
    return [folder / file.path for file in event.clips if file.state == COMPLETE]
