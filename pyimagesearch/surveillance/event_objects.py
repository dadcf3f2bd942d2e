"""Name what moves in the motion events of one camera."""

import contextlib
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from functools import partial

from pyimagesearch.errors import BadPicture
from pyimagesearch.events.event import Sighting
from pyimagesearch.events.store import EventStore
from pyimagesearch.frames import (
    Frame,
    Grey,
    Size,
    for_stream,
    scaled,
    scaled_size,
    size_of,
)
from pyimagesearch.jpeg import LazyJpeg, encode
from pyimagesearch.motion_detection.detection import Detection
from pyimagesearch.object_detection.crops import cut
from pyimagesearch.object_detection.look import FoundObject, Look
from pyimagesearch.object_detection.naming import EventNames, bests_of, sightings_of
from pyimagesearch.object_detection.recognizer import ObjectRecognizer
from pyimagesearch.overlay import Annotation, Tag
from pyimagesearch.rates import Stopwatch
from pyimagesearch.settings.camera_settings import CameraSettings
from pyimagesearch.streaming.publisher import Shown

from .before_pictures import BeforePictures
from .event_thumbnail import EventThumbnail
from .name_tags import NameTags

LOOK_SECONDS = 1.0          # between two looks while anything moves that is not known
KNOWN_LOOK_SECONDS = 5.0    # while all that moves has a name, and a whole picture


class EventObjects:
    """
    Name the motion events of one camera: by its detector's labels, and *recognizer*.

    The camera loop offers it looks; what it finds is stored in the thread ``objects``.
    :meth:`forget` may be called from any thread but ``objects``, though not during
    :meth:`look` and :meth:`remember`. All else belongs to the camera loop, which calls
    :meth:`follow` with each frame, before :meth:`look`.
    """

    def __init__(self, settings: CameraSettings, store: EventStore,
                 thumbnail: EventThumbnail, recognizer: ObjectRecognizer | None,
                 ) -> None:
        self.stopwatch = Stopwatch()    # spent on pictures for the recognizer
        self._settings = settings
        self._store = store
        self._thumbnail = thumbnail
        self._recognizer = recognizer
        self._before = BeforePictures()
        self._tags = NameTags()
        self._event: NamedEvent | None = None   # that lasts
        self._lock = threading.Lock()   # of the following, and of what was recognised
        self._forgotten = 0             # times; looks from before are not reported

    def apply(self, settings: CameraSettings) -> None:
        """Take new values of adjustable settings."""
        self._settings = settings

    def remember(self, frame: Frame, shown: Shown) -> None:
        """Keep *frame*, in which nothing moves, to compare an event with."""
        if self._recognizer and self._before.wants(frame.arrived):
            with self.stopwatch, contextlib.suppress(BadPicture):
                self._before.keep(frame, shown.jpeg)

    def begin(self, event: int, at: float) -> None:
        """Name *event* from now on, which began *at* [s, monotonic]."""
        self._event = NamedEvent(event, self._store, self._thumbnail,
                                 self._before.newest_before(at))

    def end(self) -> None:
        """End the event; what is found in a look at it now is stored nevertheless."""
        self._event = None

    def follow(self, frame: Frame, seen: Detection) -> tuple[Tag, ...]:
        """Return where the names of the event that lasts are in *frame*."""
        size, event = self._streamed_size(frame), self._event
        return self._tags.place(event.names if event else (),
                                event.take_sighted() if event else (),
                                [scaled(box, seen.size, size) for box in seen.boxes],
                                size, frame.captured)

    def take_labels(self, frame: Frame, seen: Detection) -> None:
        """Store what the detector itself says that moved in *frame*."""
        if (event := self._event) and (labelled := seen.labelled):
            size = self._streamed_size(frame)
            found = [Sighting(label, label, region.score, frame.captured,
                              scaled(region.box, seen.size, size))
                     for label, region in labelled.items()]
            with self._lock:
                event.add(found, {}, size)

    def look(self, frame: Frame, seen: Detection) -> None:
        """Offer *frame*, in which that was *seen* to move, if it is time for a look."""
        event, recognizer = self._event, self._recognizer
        if (event and recognizer and seen.mask is not None
                and event.is_due(frame.arrived, self._tags)
                and recognizer.wants(self._settings.name)):
            with self.stopwatch, contextlib.suppress(BadPicture):
                look = self._look_at(frame, seen, seen.mask, event)
                event.looked_at = frame.arrived
                recognizer.offer(look, partial(self._on_found, event,
                                               self._forgotten))

    def forget(self) -> None:
        """Keep no picture from before now; looks at them are dropped."""
        if self._recognizer:
            self._recognizer.forget(self._settings.name)
        self._before.forget()
        with self._lock:
            self._forgotten += 1
            if event := self._event:
                event.forget()

    def _on_found(self, event: "NamedEvent", forgotten: int, look: Look,
                  found: Sequence[FoundObject]) -> None:
        """Store what was *found* with *look* at *event*; called in thread objects."""
        sightings, size = sightings_of(found, look), size_of(look.small)
        pictures = {each: picture_of(each, look, self._settings)
                    for each in bests_of(sightings, size)}
        with self._lock:
            if forgotten == self._forgotten:
                event.add(sightings, pictures, size)

    def _streamed_size(self, frame: Frame) -> Size:
        given = frame.picture.size
        return scaled_size(given, min(self._settings.width, given[0]))

    def _look_at(self, frame: Frame, seen: Detection, mask: Grey, event: "NamedEvent",
                 ) -> Look:
        picture = frame.picture.colour()    # crops of the streamed one show too little
        return Look(
            camera=self._settings.name, event=event.id,
            crops=cut(picture, seen.boxes, seen.size),
            mask=mask.copy(),       # a detector of the owner's may use its own again
            size=frame.picture.size, captured=frame.captured,
            least_score=self._settings.object_score, before=event.before,
            small=for_stream(picture, self._settings.width))


class NamedEvent:
    """
    What was recognised in one event, and the pictures of that.

    One thread at a time may use it; but the camera loop may call :meth:`take_sighted`
    and read :attr:`names` at any time.
    """

    def __init__(self, id: int, store: EventStore, thumbnail: EventThumbnail,
                 before: LazyJpeg | None) -> None:
        self.id = id
        self.before = before    # the picture of shortly before it
        self.looked_at: float | None = None     # last [s, monotonic]
        self._store = store
        self._thumbnail = thumbnail
        self._found = EventNames()
        self._pictures: dict[Sighting, LazyJpeg] = {}   # of the best of each name
        self._sighted: deque[Sighting] = deque()        # not taken yet

    @property
    def names(self) -> tuple[str, ...]:
        """Its names, the best first."""
        return self._found.names

    def take_sighted(self) -> list[Sighting]:
        """Return all that was recognised since the last call."""
        return [self._sighted.popleft() for _ in range(len(self._sighted))]

    def is_due(self, now: float, tags: NameTags) -> bool:
        """Return whether it is time for a look, *now* [s, monotonic]."""
        is_known = tags.cover(self._found.settled)
        pause = KNOWN_LOOK_SECONDS if is_known else LOOK_SECONDS
        return self.looked_at is None or now - self.looked_at >= pause

    def add(self, sightings: Sequence[Sighting],
            pictures: Mapping[Sighting, LazyJpeg], of: Size) -> None:
        """
        Store the best of *sightings*, if they name the event, and their *pictures*.

        They are those in one picture of size *of*.
        """
        self._sighted.extend(sightings)
        before = self._found.best
        for improved in self._found.add(sightings, of):
            self._store.sight(self.id, improved)
        pictures = {**self._pictures, **pictures}
        self._pictures = {each: picture for each in self._found.candidates
                          if (picture := pictures.get(each))}
        best = self._found.best
        if best and best != before and (picture := self._pictures.get(best)):
            self._thumbnail.show_object(self.id, best.at, picture)

    def forget(self) -> None:
        """Drop all pictures."""
        self.before = None
        self._pictures.clear()


def picture_of(sighting: Sighting, look: Look, settings: CameraSettings) -> LazyJpeg:
    """Return the picture of *sighting*, with its box and name."""
    image = look.small.copy()
    height, width = image.shape[:2]
    tag = Tag(sighting.name, sighting.box)
    Annotation((sighting.box,), sighting.at, (tag,), settings.clock_style).draw(image)
    return LazyJpeg(encode(image, settings.quality), (width, height))
