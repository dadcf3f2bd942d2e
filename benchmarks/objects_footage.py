"""
Play footage to the product, and judge the names that it gives.

``events_of`` runs the camera loop, which decides when to look, and reads the events
from the database; the looks are taken between two frames, in no time. ``looks_at``
looks twice a second instead, whether there is an event or not, and ``looks_in_light``
at scenes in which only the light is switched.
"""

import itertools
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pyimagesearch.events.event import MOTION, Event
from pyimagesearch.folders import open_folders
from pyimagesearch.frames import ArrayPicture, Frame, Image
from pyimagesearch.jpeg import LazyJpeg
from pyimagesearch.motion_detection import Detection, MotionDetection
from pyimagesearch.motion_detection.motionevents import MotionEvents
from pyimagesearch.object_detection.crops import cut
from pyimagesearch.object_detection.look import Look
from pyimagesearch.object_detection.moved_objects import Model, find_moved
from pyimagesearch.object_detection.object_groups import group_of
from pyimagesearch.program import make_program
from pyimagesearch.settings.settings import Settings
from pyimagesearch.surveillance.before_pictures import BeforePictures
from pyimagesearch.system.watchdog import ServiceManager

from .footage import Recording
from .judging import MIN_AREA, Labels, first_judged, labels_of, state_of

BEGIN = 1_800_000_000.0     # when all footage was taken [s since the epoch]
LOOK_SECONDS = 0.5          # between two looks at what moves
QUIET_LOOK_SECONDS = 0.2    # between two at what is reported in quiet
LEAST_SCORE = 0.5           # of a single look
LIGHT_FRAMES, SWITCHED_AT = 150, 75     # of a scene; the frame in which the light is
LIGHT_STEP = 4              # frames between two looks at it

RECORDINGS = {
    "vehicle": "highway traffic_jitter fall car-detection video atv atv2 n_headlights "
               "d_HighwayII h_highway2 h_HighwayI h_atv3",
    "person or vehicle": "bicycle2 h_bicycle t_camera_moved",
    "animal": "n_deer_ir n_possum_thermal n_hedgehog_thermal",
    "": "n_lamp_on issue53_brightness_change"}
SHOWN = {recording: frozenset(names.split(" or ")) - {""}
         for names, recordings in RECORDINGS.items()
         for recording in recordings.split()}
"""What moves in the recordings that show anything else than persons."""


class NamedEvent(NamedTuple):
    """An event, what it should be called, and what it was."""

    recording: str
    is_true: bool           # something moves in it; else it is known to be quiet
    shown: frozenset[str]
    names: frozenset[str]
    delay: float | None     # from its begin to the best sighting of the first name [s]

    @property
    def is_right(self) -> bool:
        """Whether it has a name of what it shows."""
        return bool(self.shown & self.names)

    @property
    def is_wrong(self) -> bool:
        """Whether it has a name of what it does not show."""
        return bool(self.names - self.shown)


class SingleLook(NamedTuple):
    """What one look found."""

    recording: str
    is_quiet: bool          # nothing moves there
    shown: frozenset[str]
    names: frozenset[str]


@dataclass(frozen=True)
class LightScene:
    """A scene in which nothing moves, until light changes its brightness."""

    recording: str
    gain: float
    still: int | None = None    # the number of the only frame that is shown


LIGHT_SCENES = (
    LightScene("fall", 1.0), LightScene("fall", 1.25), LightScene("fall", 0.7),
    LightScene("issue53_brightness_change", 1.0),
    LightScene("issue53_brightness_change", 1.3),
    LightScene("office", 1.3, still=700), LightScene("office", 0.7, still=700),
    LightScene("h_PeopleAndFoliage", 1.3, still=5))


def shown_in(recording: Recording) -> frozenset[str]:
    """Return what moves in *recording*."""
    return SHOWN.get(recording.name, frozenset({"person"}))


# --- events

def events_of(recording: Recording, detector: str, model: Path) -> list[NamedEvent]:
    """Play *recording* to a camera loop that names by the fetched *model*."""
    with tempfile.TemporaryDirectory() as folder:
        shared = Path(folder) / "models" / model.parent.name
        shared.parent.mkdir()
        shared.symlink_to(model.parent)
        events = list(played(recording, detector, folder))
    labels = labels_for(recording)
    return [named for event in events
            if (named := judged(event, recording, labels)) is not None]


def played(recording: Recording, detector: str, folder: str) -> list[Event]:
    """Return the motion events of a camera that shows *recording*."""
    settings = Settings(source=("demo",), detector=detector, record=False,
                        objects="on", data=folder, config_dir=folder)
    data, config = open_folders(folder, folder)
    program = make_program(settings, data, config, ServiceManager())
    camera, recognizer, store = (program.cameras[0], program.objects,
                                 program.archive.store)
    assert recognizer
    store.open()

    def frames() -> Iterator[Frame]:
        for number, image in enumerate(recording.play()):
            at = number / recording.fps
            yield Frame(number + 1, ArrayPicture(image), BEGIN + at, at)
            recognizer.run_once()       # its thread is not started

    camera.loop.detect_motion(frames(), settings.frame_count)
    recognizer.run_once()
    camera.evidence.end_all()
    store.stop()
    store.join(10.0)
    with store.reading() as reader:
        found, _ = reader.page(1000)
    return [event for event in reversed(found) if event.kind == MOTION]


def judged(event: Event, recording: Recording, labels: Labels) -> NamedEvent | None:
    """Return *event* of *recording* with what it shows; None if that is not known."""
    first = round((event.begin - BEGIN) * recording.fps)
    end = round(((event.end or event.begin) - BEGIN) * recording.fps) + 1
    is_true = bool(labels.positive[first:end].any())
    if not is_true and not labels.quiet[first:end].any():
        return None
    delays = [each.at - event.begin for each in event.sightings]
    return NamedEvent(recording.name, is_true, shown_in(recording),
                      frozenset(event.objects), min(delays, default=None))


def labels_for(recording: Recording) -> Labels:
    """Return what is known of each frame of *recording*."""
    begin, states = first_judged(recording), list[int]()
    for number, _ in enumerate(recording.play()):
        truth = recording.mask(number) if number >= begin else None
        states.append(-1 if truth is None else state_of(truth))
    return labels_of(recording, np.array(states), begin)


# --- single looks

class Scene:
    """What a detector sees in one recording, and the pictures from before that."""

    def __init__(self, detector: str, fps: float) -> None:
        (settings,) = Settings(source=("demo",), detector=detector).cameras()
        self._detection = MotionDetection(settings)
        self._events = MotionEvents()
        self._before = BeforePictures()
        self._event_before: LazyJpeg | None = None
        self._fps = fps

    def see(self, number: int, image: Image) -> tuple[Detection, Look | None]:
        """Return what moves in the frame *number*, and a look at it."""
        at = number / self._fps
        frame = Frame(number, ArrayPicture(image), BEGIN + at, at)
        seen = self._detection.look(frame.picture, at)
        for change in self._events.on_frame(at, seen.is_motion(MIN_AREA)):
            if change.started:
                self._event_before = self._before.newest_before(change.at)
        if self._events.candidate_since is None and not self._events.ongoing and (
                self._before.wants(at)):
            self._before.keep(frame, None)
        if seen.mask is None or not seen.boxes:
            return seen, None
        before = (self._event_before if self._events.ongoing
                  else self._before.newest_before(at))
        return seen, Look(
            camera="footage", event=1, crops=cut(image, seen.boxes, seen.size),
            mask=seen.mask, size=frame.picture.size, captured=frame.captured,
            least_score=LEAST_SCORE, before=before, small=image)


def looks_at(recording: Recording, detector: str, model: Model) -> list[SingleLook]:
    """Return what regular looks at *recording* find."""
    labels, scene = labels_for(recording), Scene(detector, recording.fps)
    shown, looks, last = shown_in(recording), list[SingleLook](), -np.inf
    for number, image in enumerate(recording.play()):
        seen, look = scene.see(number, image)
        is_quiet = bool(labels.quiet[number])
        pause = QUIET_LOOK_SECONDS if is_quiet else LOOK_SECONDS
        is_due = number - last >= pause * recording.fps - 1e-6
        if look and is_due and (is_quiet or (
                labels.positive[number] and seen.is_motion(MIN_AREA))):
            last = number
            looks.append(SingleLook(recording.name, is_quiet, shown,
                                    names_in(look, model)))
    return looks


def looks_in_light(scene: LightScene, recording: Recording, detector: str,
                   model: Model) -> list[SingleLook]:
    """Return what looks at *scene*, of *recording*, find once its light changed."""
    eyes, looks = Scene(detector, recording.fps), list[SingleLook]()
    for number, image in enumerate(lit(scene, recording)):
        seen, look = eyes.see(number, image)
        if look and number >= SWITCHED_AT and number % LIGHT_STEP == 0 and (
                seen.is_motion(MIN_AREA)):
            looks.append(SingleLook(recording.name, True, frozenset(),
                                    names_in(look, model)))
    return looks


def lit(scene: LightScene, recording: Recording) -> Iterator[Image]:
    """Yield the frames of *scene*: short recordings are played to and fro."""
    frames = list(itertools.islice(recording.play(), scene.still and scene.still + 1))
    if scene.still is not None:
        frames = frames[-1:]
    turns = itertools.cycle([frames, frames[::-1]])
    shown = itertools.islice(itertools.chain.from_iterable(turns), LIGHT_FRAMES)
    for number, image in enumerate(shown):
        yield image if number < SWITCHED_AT else brighter(image, scene.gain)


def brighter(image: Image, gain: float) -> Image:
    """Return *image* in other light."""
    other: Image = np.clip(image.astype(np.float32) * gain, 0, 255).astype(np.uint8)
    return other


def names_in(look: Look, model: Model) -> frozenset[str]:
    """Return the groups of what moves and is found by *look*."""
    return frozenset(group_of(each.label) for each in find_moved(model, look))
