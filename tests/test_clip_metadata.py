"""The metadata in a clip."""

from pyimagesearch.recording.clip_metadata import read_metadata


def test_comment_of_another_program_is_no_metadata():
    for comment in ("", "hello", "[]", "{}", '{"webstreaming clip": 1}',
                    '{"webstreaming clip": 1, "event": 1, "camera": 3, "kind": "", "begin": 0}'):
        assert read_metadata(comment) is None
