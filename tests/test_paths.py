"""The paths of clips and stills."""

from filming import BEGAN
from pyimagesearch.recording.paths import new_stem


def test_paths_are_by_camera_day_and_time_and_unique(tmp_path):
    first = new_stem(tmp_path, "front", BEGAN)
    assert first.relative_to(tmp_path).parts[0] == "front"
    first.with_name(first.name + ".part.mp4").touch()
    second = new_stem(tmp_path, "front", BEGAN)
    assert second.name == first.name + "_2"
    assert new_stem(tmp_path, "front", BEGAN, {second}).name == first.name + "_3"
