"""Deleting files so that none comes back, whenever the program or the power fails."""

import pytest

from pyimagesearch.archive import deletion
from pyimagesearch.archive.deletion import delete_files
from test_archive import events_of, keep_event, opened


class PowerCut(BaseException):
    """The end of the program at any moment."""


def cut(*arguments):
    raise PowerCut


def paths_of(kept):
    with kept.store.reading() as reader:
        return [row.file.path for row in reader.files()]


@pytest.mark.parametrize("moment", ["unlink", "sync_folder"])
def test_deletion_that_was_cut_off_is_continued(archive, clock, moment):
    kept = opened(archive())
    path = keep_event(kept, 0)
    content = path.read_bytes()
    kept.store.delete([1], clock.time())
    clock.now += 11
    with pytest.MonkeyPatch.context() as patch, pytest.raises(PowerCut):
        patch.setattr(deletion, moment, cut)
        kept.enforce()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)       # its removal was not on the disk
    kept = opened(archive())
    assert events_of(kept) == []
    assert not path.exists()
    with kept.store.reading() as reader:
        assert reader.deletions() == []


def test_file_removed_for_room_does_not_come_back(archive, monkeypatch):
    kept = opened(archive(keep="600kB", reserve="0B"))
    paths = [keep_event(kept, number) for number in range(5)]
    kept.store.flush(60)
    with pytest.MonkeyPatch.context() as patch, pytest.raises(PowerCut):
        patch.setattr(deletion, "unlink", cut)
        kept.enforce()
    before = sum(path.exists() for path in paths)
    kept = opened(archive(keep="600kB", reserve="0B"))
    assert sum(path.exists() for path in paths) < before
    states = {file.path: file.state for event in events_of(kept) for file in event.files}
    assert all((states[path.relative_to(kept.clips).as_posix()] == "gone") != path.exists()
               for path in paths)


def test_file_that_cannot_be_deleted_now_is_deleted_later(archive, clock):
    kept = opened(archive())
    path = keep_event(kept, 0)
    kept.store.delete([1], clock.time())
    clock.now += 11
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(deletion, "unlink", lambda path: False)
        kept.enforce()
        kept = opened(archive())    # recovery does not adopt it either
    assert (path.exists(), events_of(kept)) == (True, [])
    kept.enforce()
    assert not path.exists()


def test_new_file_of_the_same_name_is_not_deleted(archive, clock):
    kept = opened(archive())
    path = keep_event(kept, 0)
    kept.store.delete([1], clock.time())
    clock.now += 11
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept.store, "forget_deletions", lambda paths: None)
        kept.enforce()
    assert keep_event(kept, 0) == path
    kept.store.flush(60)
    kept = opened(archive())
    assert path.exists()
    assert delete_files(kept.clips, kept.store, ["front/no/such.mp4"], kept.stopping) == [
        "front/no/such.mp4"]


def test_program_ends_in_the_middle_of_deletions(archive, clock):
    kept = opened(archive())
    for number in range(3):
        keep_event(kept, number)
    kept.store.delete([1, 2, 3], clock.time())
    clock.now += 11
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(deletion, "delete", lambda path: unlink_and_stop(kept, path))
        kept.enforce()
    assert len([*kept.clips.rglob("00-*")]) == 5
    kept = opened(archive())
    assert not [*kept.clips.rglob("00-*")]


def test_search_for_missing_files_ends_with_the_program(archive):
    kept = opened(archive())
    path = keep_event(kept, 0)
    kept.store.flush(60)
    path.unlink()
    kept.stop()
    kept.enforce()
    assert [file.state for file in events_of(kept)[0].files] == ["complete", "complete"]


def unlink_and_stop(kept, path):
    path.unlink()
    kept.stop()
    return True
