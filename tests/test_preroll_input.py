"""What fills the pre-roll: the camera's own packets, or its pictures."""

import pytest

from pyimagesearch.frames import VideoHeader
from pyimagesearch.jpeg import LazyJpeg
from pyimagesearch.recording.preroll import Packet, Preroll
from pyimagesearch.recording.preroll_input import PrerollInput

HEADER = VideoHeader(b"an MP4", b"extra")


class Scene:
    """A camera at ten frames a second, of whose frames there are packets and pictures."""

    def __init__(self, **limits):
        self.preroll, self.at = Preroll(5.0, **limits), 0.0
        self.input = PrerollInput("front", self.preroll)

    def send(self, count, group=5, size=100):
        for number in range(count):
            self.at += 0.1
            self.input.put(b"x" * size, self.at, self.at, key=number % group == 0, pts=0, dts=0)
            self.input.put_picture(LazyJpeg(b"picture", (1, 1)), self.at, self.at)

    @property
    def kinds(self):
        """The kinds of what is in the pre-roll, each change of them once."""
        kinds = [type(frame.content) for frame in self.preroll.after(0, 1000)]
        return [kind for number, kind in enumerate(kinds) if kind not in kinds[number - 1:number]]


@pytest.fixture
def scene(caplog):
    caplog.set_level("INFO")
    return Scene()


def test_packets_take_the_place_of_pictures(scene, caplog):
    scene.send(5)
    scene.input.begin(HEADER)
    scene.send(5)
    assert scene.kinds == [LazyJpeg, Packet]
    assert caplog.text == ""


def test_video_that_changes_again_and_again_is_not_copied(scene, caplog):
    for number in range(4):
        scene.input.begin(HEADER._replace(extradata=b"%d" % (number % 2)))
        scene.send(20)
        assert scene.input.takes_pictures is (number > 1)
    scene.send(570)
    assert scene.kinds == [LazyJpeg]
    scene.send(20)
    assert scene.kinds == [LazyJpeg, Packet]
    scene.input.begin(HEADER)       # after a minute: it may
    scene.send(100)
    assert scene.kinds == [Packet]
    assert [record.message.partition(": ")[2] for record in caplog.records] == [
        "its video changes again and again, so clips are made of the stream and not of the "
        "camera's own video", "clips are made of the camera's own video"]


def test_change_of_the_codec_works_both_ways(scene, caplog):
    scene.input.begin(HEADER)
    scene.send(5)
    for _ in range(3):      # connections
        scene.input.end("the camera sends mjpeg")
        scene.send(5)
    scene.input.begin(HEADER)
    scene.send(5)
    assert scene.kinds == [Packet, LazyJpeg, Packet]
    assert [record.message for record in caplog.records] == [
        "front: the camera sends mjpeg, so clips are made of the stream and not of the camera's "
        "own video", "front: clips are made of the camera's own video"]


def test_pictures_are_kept_until_the_next_key_packet(scene):
    scene.input.mask()
    scene.input.begin(HEADER)
    scene.send(7)
    scene.input.unmask()
    scene.input.put(b"not key", 1.0, 1.0, key=False, pts=0, dts=0)
    scene.send(0)
    assert scene.input.takes_pictures
    scene.send(1)
    assert scene.kinds == [LazyJpeg, Packet]


def test_key_frame_too_far_back_for_the_pre_roll(caplog):
    # one in 60 s at 4 Mbit/s: no clip could begin in most of that time
    caplog.set_level("INFO")
    scene = Scene(max_bytes=10_000)
    scene.input.begin(HEADER)
    scene.send(90, group=90)
    assert scene.kinds == [Packet]
    scene.send(200, group=1000)
    assert scene.kinds[-1] == LazyJpeg
    assert scene.preroll.has_key
    assert caplog.text.count("front: its key frames are too far apart for a pre-roll, so") == 1


def test_short_groups_stay_packets_however_full_the_pre_roll():
    scene = Scene(max_bytes=10_000)
    scene.input.begin(HEADER)
    scene.send(1000, group=50)
    assert scene.kinds == [Packet]
