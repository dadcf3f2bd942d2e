"""Which files retention deletes first."""

from collections.abc import Collection, Iterable, Sequence

from pyimagesearch.events.event import THUMBNAIL
from pyimagesearch.events.queries import FileRow


def with_their_clips(files: list[FileRow]) -> list[FileRow]:
    """Return *files* in the order of recording, thumbnails with their last clip."""
    last: dict[int, FileRow] = {}
    for row in files:
        if row.event_id not in last or row.sequence >= last[row.event_id].sequence:
            last[row.event_id] = row
    for index, (id, starred, file) in enumerate(files):
        if file.media == THUMBNAIL:     # in place: there may be 100,000
            files[index] = FileRow(id, starred, file._replace(
                end=last[id].file.end, sequence=last[id].sequence))
    return sorted(files, key=lambda row: (row.sequence, row.file.begin))


def unnamed_first(files: Sequence[FileRow], unnamed: Collection[int],
                  are_old: Sequence[bool]) -> list[FileRow]:
    """
    Return *files* with those of *unnamed* events first, if they are old.

    *are_old* says that of each file. The order is otherwise the same.
    """
    def is_later(file: tuple[FileRow, bool]) -> bool:
        row, is_old = file
        return not (is_old and row.event_id in unnamed)

    return [row for row, _ in sorted(zip(files, are_old, strict=True), key=is_later)]


def too_old(ages: Sequence[float | None], limit: float) -> list[bool]:
    """
    Return which of *ages* [s], in the order of recording, are more than *limit* [s].

    Where the age is not known, it is at least that of the next one.
    """
    found, age = list[bool](), 0.0
    for each in reversed(ages):
        age = age if each is None else each
        found.append(age > limit)
    return found[::-1]


def plan(files: Iterable[FileRow], *, excess: int, expired: Collection[str],
         ) -> list[FileRow]:
    """
    Return which of *files*, in the order of recording, to delete; protected ones stay.

    All that are *expired*, and then enough to make up *excess* [bytes]. If all the
    others together would not, none of them goes.
    """
    free = [row for row in files if row.file.bytes and not row.is_protected]
    planned = [row for row in free if row.file.path in expired]
    rest = [row for row in free if row.file.path not in expired]
    excess -= sum(row.file.bytes for row in planned)
    if excess > sum(row.file.bytes for row in rest):
        return planned
    for row in rest:
        if excess <= 0:
            break
        planned.append(row)
        excess -= row.file.bytes
    return planned
