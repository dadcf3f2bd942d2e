"""Stills instead of clips, for machines without PyAV."""

from pathlib import Path

from pyimagesearch.errors import BadPicture, RecordingError, reason

from .clip import PART
from .clip_metadata import ClipMetadata
from .paths import STILL, save_still
from .preroll import EncodedFrame

EVERY = 1.0     # seconds from one still to the next


class StillSeries:
    """
    One JPEG a second, ``14-03-22_at_0007.jpg``; used as a :class:`~.mp4.Clip` is.

    *path* is the one that the clip would have.
    """

    def __init__(self, path: Path, metadata: ClipMetadata) -> None:
        self.path = path
        self.metadata = metadata
        self.frames = self.size = 0
        self.first_at = self.last_at = 0.0
        self.files: list[tuple[Path, float, int]] = []  # path, captured, bytes
        self._due = 0.0

    def fits(self, piece: EncodedFrame) -> bool:
        """Return whether *piece* is a JPEG."""
        return not piece.header

    def add(self, piece: EncodedFrame) -> None:
        """Keep *piece* if a second has passed; raises :exc:`RecordingError`."""
        if not self.frames:
            self.first_at = self._due = piece.at
            self.metadata = self.metadata.extended(first=piece.captured)
        self.frames += 1
        self.last_at = piece.at
        self.metadata = self.metadata.extended(last=piece.captured)
        if piece.at < self._due:
            return
        try:
            jpeg = (piece.undrawn.developed(piece.data) if piece.undrawn
                    else piece.data)
        except BadPicture:
            return      # the next one will do
        self._due += EVERY
        name = f"{self.path.name.removesuffix(PART)}_at_{len(self.files):04d}{STILL}"
        try:
            save_still(self.path.with_name(name), jpeg)
        except OSError as error:
            raise RecordingError(reason(error)) from None
        self.files.append((self.path.with_name(name), piece.captured, len(jpeg)))
        self.size += len(jpeg)

    def close(self) -> None:
        """Nothing is left open."""
