"""An event and its files."""

import pytest

from pyimagesearch.events.event import Event, KeptFile

BEGIN = 1_800_000_000.0


def clip(begin, end, media="clip"):
    return KeptFile(f"front/{begin}.mp4", media, begin, end, 1, "complete")


@pytest.mark.parametrize("jump", [1e9, -1e9, 3 * 86_400, -3600])
@pytest.mark.parametrize(("times", "lasted"), [
    ([(-5, 300), (300, 420)], 420),     # without a jump, both are as they are
    ([(-5, 20), (3000, 3010)], 3010)])
def test_event_ends_with_its_last_clip_though_the_clock_was_set(times, lasted, jump):
    (first, second) = times
    event = Event(id=1, camera="front", kind="motion", begin=BEGIN, end=None, files=tuple(
        clip(BEGIN + begin, BEGIN + end) for begin, end in times))
    assert event.recorded_until == BEGIN + lasted
    event = Event(id=1, camera="front", kind="motion", begin=BEGIN, end=None, files=(
        clip(BEGIN + first[0], BEGIN + first[1]),
        clip(BEGIN + jump + second[0], BEGIN + jump + second[1]),
        clip(BEGIN + jump + 5, BEGIN + jump + 5, "thumbnail")))
    assert event.recorded_until == pytest.approx(BEGIN + first[1] + second[1] - second[0])


def test_event_without_clips_ends_with_its_pictures():
    event = Event(id=1, camera="front", kind="light", begin=BEGIN, end=None)
    assert event.recorded_until == BEGIN
    stills = (clip(BEGIN - 2, BEGIN - 2, "still"), clip(BEGIN + 3, BEGIN + 3, "still"))
    assert Event(id=1, camera="front", kind="light", begin=BEGIN, end=None,
                 files=stills).recorded_until == BEGIN + 3
