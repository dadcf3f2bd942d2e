"""The camera loop, with drawn frames in place of a camera."""

import threading
import time
from dataclasses import replace

import cv2
import numpy as np
import pytest

from conftest import keeping
from harness import eventually
from pyimagesearch.capture.cameras import Camera
from pyimagesearch.capture.jpegpicture import JpegPicture
from pyimagesearch.clock import SystemClock
from pyimagesearch.errors import BadPicture, CameraLost, LoginRefused, SourceEnded
from pyimagesearch.frames import ArrayPicture, Frame, UnreadablePicture
from pyimagesearch.jpeg import JpegDecoder
from pyimagesearch.motion_detection import SingleMotionDetector
from pyimagesearch.motion_detection.detection import MotionDetection
from pyimagesearch.object_detection import ObjectRecognizer
from pyimagesearch.object_detection.look import FoundObject
from pyimagesearch.privacy.mask import PrivacyMask
from pyimagesearch.recording.clip import read_clip
from pyimagesearch.settings.settings import Settings
from pyimagesearch.streaming.live_videos import live_videos
from pyimagesearch.streaming.publisher import Publisher
from pyimagesearch.surveillance.camera_loop import Surveillance
from video_viewers import VideoViewer, decoded

EMPTY = np.full((600, 800, 3), 90, np.uint8)


def square_at(x):
    """Return a grey frame with a white 80x80 square, *x* from the left."""
    frame = EMPTY.copy()
    frame[200:280, x:x + 80] = 255
    return frame


def frames_of(images, fps=30):
    return [Frame(number, ArrayPicture(image), 1_800_000_000 + number / fps, number / fps)
            for number, image in enumerate(images, 1)]


def red_box(jpeg):
    """Return the box of the red pixels above the clock, or None."""
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    above_the_clock = image[:-40].astype(int)
    blue, green, red = np.moveaxis(above_the_clock, 2, 0)
    x, y, w, h = cv2.boundingRect(
        ((red > 150) & (green < 100) & (blue < 100)).astype(np.uint8))
    return (x, y, x + w, y + h) if w else None


@pytest.fixture
def make(broadcaster, tmp_path):
    made = []

    def make(open_source=None, clock=None, detector=SingleMotionDetector,
             heartbeat=lambda: None, camera=None, recognizer=None, **options):
        (wanted,) = Settings(source=("test=demo",), **{
            "record": False, "detector": "single", **options}).cameras()
        clock = clock or SystemClock()
        make.videos = live_videos(1500)
        make.kept = keeping(wanted, clock, tmp_path, recognizer=recognizer)
        made.append(Surveillance(
            camera or Camera("a test", open_source), MotionDetection(wanted, detector),
            Publisher("test", broadcaster, None, width=wanted.width, quality=75,
                      videos=make.videos),
            make.kept.evidence, wanted, clock, heartbeat=heartbeat))
        return made[-1]
    yield make
    for surveillance in made:
        surveillance.stop()
        assert surveillance.join(60)


class Playing:
    """A source that gives *images*, then raises *end*, or waits without one."""

    read_timeout = 5.0
    granted = "a test"

    def __init__(self, images, end=None, closing=None):
        self._images, self._end, self._closing = iter(images), end, closing

    def read(self):
        for image in self._images:
            return ArrayPicture(image)
        if self._end is None:
            self._closing.wait()
            raise CameraLost("closing")
        raise self._end

    def close(self):
        pass


# --- detection

@pytest.mark.parametrize(("last", "boxed"), [
    pytest.param(EMPTY, False, id="still"),
    pytest.param(square_at(400), True, id="moving")])
def test_box_is_drawn_only_around_motion(make, broadcaster, last, boxed):
    surveillance = make()
    with broadcaster.watching():
        surveillance.detect_motion(frames_of([EMPTY] * 6 + [last]), frameCount=5)
    assert (red_box(broadcaster.latest.jpeg) is not None) == boxed
    assert surveillance.status().motion == boxed


class LabellingDetector(SingleMotionDetector):
    """Knows what moves: a visitor."""

    def detect(self, image, tVal=25):
        found = super().detect(image, tVal)
        return found and (found[0], [found[1]], ["visitor"])


@pytest.mark.parametrize(("frames", "named"), [(2, False), (8, True)],
                         ids=["before an event", "in an event"])
def test_name_is_above_the_box_while_an_event_lasts(make, broadcaster, frames, named):
    surveillance = make(detector=LabellingDetector)
    images = [EMPTY] * 6 + [square_at(300 + 10 * number) for number in range(frames)]
    with broadcaster.watching():
        surveillance.detect_motion(frames_of(images), frameCount=5)
    top = red_box(broadcaster.latest.jpeg)[1]       # of box and name [pixels of 640 x 480]
    assert (120 if named else 155) < top < (145 if named else 165)


def test_new_settings_take_effect_between_two_frames(make):
    surveillance = make()
    settings = make.kept.evidence._settings

    def frames():
        *before, last = frames_of([EMPTY] * 6 + [square_at(400)] * 2)
        yield from before
        assert surveillance.status().motion
        surveillance.apply(replace(settings, threshold=255, min_area=9.0))
        yield last
    surveillance.detect_motion(frames(), frameCount=5)
    assert (surveillance.status().motion, surveillance.status().learnt) == (False, 8)


def test_box_is_scaled_to_the_streamed_size(make, broadcaster):
    for width, scale in ((800, 1), (400, 0.5)):
        with broadcaster.watching():
            make(width=width).detect_motion(
                frames_of([EMPTY] * 6 + [square_at(400)]), frameCount=5)
        truth = [400 * scale, 200 * scale, 480 * scale, 280 * scale]
        assert np.abs(np.subtract(red_box(broadcaster.latest.jpeg), truth)).max() <= 9


def test_detection_begins_after_frame_count_frames(make):
    calls = []

    class Spy(SingleMotionDetector):
        def detect(self, image, tVal):
            calls.append(tVal)
            return super().detect(image, tVal)

    surveillance = make(detector=Spy, threshold=31)
    surveillance.detect_motion(frames_of([EMPTY] * 6), frameCount=5)
    assert calls == []
    surveillance.detect_motion(frames_of([EMPTY] * 7), frameCount=5)
    assert calls == [31]


def test_another_detector_can_take_its_place(make, broadcaster):
    class Everywhere:
        def update(self, image):
            assert image.shape == (300, 400)

        def detect(self, image, tVal):
            return image, (100, 50, 200, 150)

    with broadcaster.watching():
        make(detector=Everywhere, width=800).detect_motion(frames_of([EMPTY] * 3), 1)
    assert np.abs(np.subtract(red_box(broadcaster.latest.jpeg),
                              (200, 100, 400, 300))).max() <= 3


def test_time_is_written_at_the_lower_left(make, broadcaster):
    with broadcaster.watching():
        make().detect_motion(frames_of([EMPTY]), 5)
    image = cv2.imdecode(np.frombuffer(broadcaster.latest.jpeg, np.uint8), 0)
    x, y, w, h = cv2.boundingRect((image > 220).astype(np.uint8))
    assert x < 16
    assert y + h > 455
    assert 150 < w < 300


# --- privacy


def test_masked_region_is_neither_streamed_nor_watched(make, broadcaster):
    surveillance = make(width=800)
    surveillance.set_mask(PrivacyMask(["400,0 700,0 700,1000 400,1000"]))
    with broadcaster.watching():
        surveillance.detect_motion(frames_of([EMPTY] * 6 + [square_at(400)]), frameCount=5)
    assert not surveillance.status().motion
    image = cv2.imdecode(np.frombuffer(broadcaster.latest.jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert image[:500, 330:550].max() < 16
    assert image[:500, :310].min() > 60


def test_new_mask_counts_from_the_next_frame_and_starts_over(make, broadcaster):
    surveillance = make(width=800)

    def frames():
        yield from frames_of([EMPTY] * 9)
        surveillance.set_mask(PrivacyMask(["0,0 1000,0 1000,700"]))
        yield frames_of([EMPTY] * 10)[-1]
        learnt.append(surveillance.status().learnt)
        surveillance.set_mask(PrivacyMask(["0,0 1000,0 1000,700"]))     # the same again
        yield frames_of([EMPTY] * 11)[-1]
        learnt.append(surveillance.status().learnt)
    learnt = []
    with broadcaster.watching():
        surveillance.detect_motion(frames(), frameCount=5)
    assert learnt == [1, 2]
    assert not surveillance.status().motion
    image = cv2.imdecode(np.frombuffer(broadcaster.latest.jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert image[20:60, 300:700].max() < 16


def test_frame_from_before_a_new_mask_is_never_shown(make, broadcaster):
    mask = PrivacyMask(["0,0 1000,0 1000,1000 0,1000"])

    class Owner(SingleMotionDetector):
        seen = 0

        def update(self, image):
            super().update(image)
            Owner.seen += 1
            if Owner.seen == 3:
                before.append(broadcaster.latest.number)
                surveillance.set_mask(mask)

    def frames():
        for frame in frames_of([EMPTY] * 4):
            if Owner.seen == 3:     # not even what was shown before the mask
                assert (broadcaster.latest.number, broadcaster.stale) == (before[0], True)
                assert broadcaster.fresh(0.01) is None
            yield frame
    before = []
    surveillance = make(detector=Owner, width=800)
    with broadcaster.watching():
        surveillance.detect_motion(frames(), frameCount=5)
    assert broadcaster.latest.number == before[0] + 1
    image = cv2.imdecode(np.frombuffer(broadcaster.latest.jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert image[:500].max() < 16


def test_pictures_from_before_a_new_mask_are_not_kept(make):
    surveillance = make(record=True, width=800)
    evidence, recorder = make.kept.evidence, make.kept.recorder

    def frames():
        *first, larger = frames_of([EMPTY] * 6 + [square_at(400)] * 3 + [EMPTY // 2])
        yield from first
        recorder.run_once()
        thumbnails.extend(path.read_bytes() for path in make.kept.files("*.jpg"))
        yield larger
        assert recorder.preroll.bytes
        surveillance.set_mask(PrivacyMask(["0,0 1000,0 1000,700"]))     # no frame follows
        assert recorder.preroll.bytes == 0
    thumbnails = []
    surveillance.detect_motion(frames(), frameCount=5)
    evidence.end_motion()
    recorder.run_once()
    assert len(thumbnails) == 1
    assert [path.read_bytes() for path in make.kept.files("*.jpg")] == thumbnails


@pytest.mark.parametrize("hide", [
    pytest.param(lambda loop: loop.set_mask(PrivacyMask(["0,0 1000,0 1000,700 0,700"])), id="mask"),
    pytest.param(lambda loop: loop.switch(1_800_000_000.0), id="switched-off")])
def test_live_video_shows_nothing_from_before_it_was_hidden(make, hide):
    """The owner hides something at any moment, from another thread."""
    hidden = []

    def frames():
        for number, frame in enumerate(frames_of([EMPTY] * 40)):
            if number == 20:
                owner.start()
            yield frame
            time.sleep(0.001)
        owner.join()

    def be_owner():
        hide(surveillance)
        hidden.append(surveillance._publisher.videos["low"].hidden)
    surveillance, owner = make(width=800), threading.Thread(target=be_owner)
    video = surveillance._publisher.videos["low"]
    viewer = VideoViewer(video)
    with video.watching():
        surveillance.detect_motion(frames(), frameCount=5)
        surveillance._on_wait()
        surveillance._show_card("SWITCHED OFF", "")
    assert 0 < hidden[0] < viewer.fragments[-1].number
    after = decoded([each for each in viewer.fragments if each.number > hidden[0]])
    assert after                # without a picture from before
    assert all(picture[:380].mean() < 60 for picture in after)
    assert viewer.pictures[0][:380].mean() > 60


def test_camera_that_is_lost_has_a_card_for_late_viewers(make):
    def dead(closing):
        raise CameraLost("unplugged")
    surveillance = make(dead)
    surveillance.start()
    eventually(lambda: surveillance.status().state == "no signal")
    surveillance.set_mask(PrivacyMask(["0,0 1000,0 1000,700"]))
    video = surveillance._publisher.videos["high"]
    viewer = VideoViewer(video)
    with video.watching():
        eventually(lambda: viewer.fragments)
    assert viewer.pictures[0].mean() < 60


def test_card_stays_when_a_mask_is_set(make, broadcaster):
    surveillance = make()
    assert not broadcaster.stale        # it says STARTING
    surveillance.set_mask(PrivacyMask(["0,0 1000,0 1000,700"]))
    assert not broadcaster.stale


def test_switched_off_camera_is_closed_and_reopened_when_on(
        make, broadcaster, tmp_path):
    opened = []

    class Device(Playing):
        def read(self):
            if self._closing.wait(0.02):
                raise CameraLost("closing")
            return ArrayPicture(EMPTY)

        def close(self):
            opened.remove(self)

    def open_device(closing):
        opened.append(Device([], closing=closing))
        return opened[-1]

    surveillance = make(open_device, frame_count=1)
    surveillance.start()
    eventually(lambda: surveillance.status().state == "live")
    surveillance.switch(1_800_000_000.0)
    eventually(lambda: surveillance.status().state == "off")
    eventually(lambda: not opened)
    status, card = surveillance.status(), broadcaster.latest
    assert (status.since, status.words, status.is_live) == (1_800_000_000.0, "switched off", False)
    assert status.losses == 0
    assert not broadcaster.stale        # a new viewer gets the card
    surveillance.switch(None)
    eventually(lambda: surveillance.status().state == "live")
    assert len(opened) == 1
    assert broadcaster.latest.number > card.number
    surveillance.switch(1_800_000_100.0)
    eventually(lambda: not opened)
    surveillance.stop()
    assert surveillance.join(60)


def test_camera_switched_off_from_the_start_is_never_opened(make, broadcaster):
    opened = []
    surveillance = make(lambda closing: opened.append(1))
    surveillance.switch(5.0)
    surveillance.start()
    eventually(lambda: surveillance.status().state == "off")
    surveillance.stop()
    assert surveillance.join(60)
    assert opened == []


# --- no unneeded work


def test_camera_frame_itself_is_never_drawn_on(make, broadcaster):
    image = np.full((300, 400, 3), 90, np.uint8)
    with broadcaster.watching():
        make().detect_motion(frames_of([image] * 3), 1)
    assert (image == 90).all()


def test_nothing_is_encoded_without_viewers(make, broadcaster):
    surveillance = make()
    make.kept.evidence.arm(False)       # else one in eight seconds, for stills of a change
    before = broadcaster.latest.number
    surveillance.detect_motion(frames_of([EMPTY] * 5), 2)
    assert surveillance.status().encoded == 0
    assert broadcaster.latest.number == before
    assert broadcaster.stale
    with broadcaster.watching():
        surveillance.detect_motion(frames_of([EMPTY] * 5), 2)
    assert surveillance.status().encoded == 5


class NetworkCamera:
    """A network camera that sends JPEGs, recorded without viewers."""

    def __init__(self, make, clock, **options):
        self.surveillance = make(clock=clock, record=True, **options)
        self.recorder = make.kept.recorder
        self.clock, self.number = clock, 0

    def frames(self, images):
        """Yield *images*, ten a second, each written to the disk before the next."""
        for image in images:
            self.clock.now += 0.1
            self.number += 1
            jpeg = cv2.imencode(".jpg", image)[1].tobytes()
            yield Frame(self.number, JpegPicture(jpeg, JpegDecoder()), self.clock.time(),
                        self.clock.monotonic())
            self.recorder.run_once()

    def show(self, images):
        self.surveillance.detect_motion(self.frames(images), 5)

    @property
    def encoded(self):
        return self.surveillance.status().encoded


@pytest.fixture
def network_camera(make, clock):
    return lambda **options: NetworkCamera(make, clock, **options)


def frames_in(clip):
    import av
    with av.open(str(clip)) as container:
        return [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]


def is_red(image):
    blue, green, red = np.moveaxis(image.astype(int), 2, 0)
    return (red > 130) & (green < 110) & (blue < 110)


def test_own_jpegs_are_kept_as_they_are_without_viewers(network_camera):
    camera = network_camera(width=800)
    camera.show([EMPTY] * 60)
    pieces = camera.recorder.preroll.after(0, 100)
    assert camera.encoded == 0
    assert len(pieces) > 50
    assert all(piece.content.data == cv2.imencode(".jpg", EMPTY)[1].tobytes() for piece in pieces)


@pytest.mark.parametrize("width", [800, 640])     # of EMPTY, and less
def test_clip_of_own_jpegs_shows_time_and_box(
        network_camera, tmp_path, width):
    camera = network_camera(width=width, post_roll=1.0)
    camera.show([EMPTY] * 60 + [square_at(20 * n) for n in range(20)] + [EMPTY] * 30)
    (clip,) = tmp_path.rglob("*.mp4")
    metadata, seconds = read_clip(clip)
    shown = frames_in(clip)
    assert seconds == pytest.approx(8.2, abs=0.4)      # 5 + 2 + 1, and what lingers
    assert {image.shape for image in shown} == {(width * 3 // 4, width, 3)}
    assert all(image[-40:, :400].max() > 220 for image in shown)
    boxed = [is_red(image[:-40]).any() for image in shown]
    assert not any(boxed[:45])          # nothing moves in the pre-roll
    assert sum(boxed) in range(18, 24)
    assert metadata.peak_box
    assert is_red(cv2.imread(str(clip.with_suffix(".jpg")))[:-40]).any()
    assert camera.encoded == 0      # the thumbnail is drawn only once it is written


def test_own_jpegs_too_large_for_the_pre_roll_are_encoded(network_camera):
    noise = np.random.default_rng(1).integers(0, 255, (600, 800, 3), np.uint8)
    camera = network_camera(width=640)
    camera.show([noise] * 70)           # 600 kB each
    preroll = camera.recorder.preroll
    own = [piece.content.overlay is not None for piece in preroll.after(0, 100)]
    assert len(own) > 50                # five seconds, ten a second
    assert 0 < sum(own[:25]) < 20       # some of them all the time
    assert 0 < sum(own[25:]) < 20


def test_own_jpegs_wider_than_the_stream_are_kept_as_they_are(network_camera):
    camera = network_camera(width=640)      # and EMPTY has 800
    camera.show([EMPTY] * 20)
    kept = camera.recorder.preroll.after(0, 100)
    assert camera.encoded == 0
    assert all(piece.content.data == cv2.imencode(".jpg", EMPTY)[1].tobytes() for piece in kept)
    assert {piece.content.size for piece in kept} == {(640, 480)}


def test_viewer_and_recorder_share_the_drawn_picture(network_camera, broadcaster):
    camera = network_camera(width=800)
    with broadcaster.watching():
        camera.show([EMPTY] * 10)
    assert camera.encoded == 10
    newest = camera.recorder.preroll.after(0)[-1]
    assert newest.content[:1] + newest.content[2:3] == (broadcaster.latest.jpeg, None)


def test_each_frame_is_encoded_once_for_many_viewers(make, broadcaster):
    surveillance = make()
    with broadcaster.watching(), broadcaster.watching(), broadcaster.watching():
        surveillance.detect_motion(frames_of([EMPTY] * 4), 2)
    assert surveillance.status().encoded == 4


def test_frame_rate_is_limited_to_the_setting(make):
    surveillance = make(fps=10.0)
    surveillance.detect_motion(frames_of([EMPTY] * 60, fps=30), 5)
    assert surveillance.status().frames == 20


def test_every_frame_is_counted_once(make, clock):
    class Garbled(ArrayPicture):
        def grey(self):
            raise BadPicture("no picture")

    frames = [frame._replace(arrived=clock.monotonic() - 3 + frame.number / 30)
             for frame in frames_of([EMPTY] * 61, fps=30) if frame.number % 7]
    frames[-2] = frames[-2]._replace(picture=Garbled(EMPTY))
    frames[30] = frames[30]._replace(picture=Garbled(EMPTY))
    surveillance = make(clock=clock, fps=10.0)
    assert surveillance.status().age is None
    surveillance.detect_motion(frames, 5)
    status = surveillance.status()
    assert (status.given, status.skipped) == (61, 8)
    assert status.frames + status.skipped + status.left_out + status.garbled == 61
    assert min(status.frames, status.left_out) > 10
    assert status.age == pytest.approx(3 - 61 / 30, abs=0.001)
    assert status.detect_seconds > 0


def test_data_between_pictures_take_none_of_the_frame_rate(make):
    """Some cameras send a text with each picture."""
    text = UnreadablePicture(BadPicture("9 bytes that are not JPEG"))
    frames = [frame._replace(picture=text) if frame.number % 2 else frame
              for frame in frames_of([EMPTY] * 60, fps=60)]
    surveillance = make(fps=10.0)
    surveillance.detect_motion(frames, 5)
    status = surveillance.status()
    assert (status.garbled, status.frames + status.left_out) == (30, 30)
    assert status.frames >= 9


def test_loss_by_unreadable_data_says_what_came(make):
    text = UnreadablePicture(BadPicture("9 bytes that are not JPEG, first bytes 3c 68"))
    frames = [frame._replace(picture=text) for frame in frames_of([EMPTY] * 90, fps=30)]
    surveillance = make()
    with pytest.raises(CameraLost, match=r"garbled pictures.* not JPEG, first bytes 3c 68"):
        surveillance.detect_motion(frames, 5)
    assert surveillance.status().garbled > 70


def test_new_shape_starts_over_instead_of_failing(make):
    surveillance = make()
    small = np.full((240, 480, 3), 90, np.uint8)
    surveillance.detect_motion(frames_of([EMPTY] * 9 + [small] * 3), frameCount=5)
    status = surveillance.status()
    assert (status.width, status.height, status.learnt) == (480, 240, 3)
    assert status.words == "learning the background, 3 of 32"


# --- signal losses


def test_first_card_is_shown_before_the_camera_opens(make, broadcaster):
    surveillance = make()
    assert broadcaster.latest.jpeg.startswith(b"\xff\xd8")
    assert surveillance.status().state == "starting"


class Pluggable:
    """A camera that gives pictures while it is plugged in."""

    read_timeout = 5.0
    granted = "a test"

    def __init__(self, *, plugged):
        self.plugged = threading.Event()
        if plugged:
            self.plugged.set()

    def open(self, closing):
        if not self.plugged.is_set():
            raise CameraLost("unplugged")
        return self

    def read(self):
        time.sleep(0.005)       # as long as a camera takes
        if not self.plugged.is_set():
            raise CameraLost("the cable broke")
        return ArrayPicture(EMPTY)

    def close(self):
        pass


def wait_for_frames(surveillance, frames):
    eventually(lambda: surveillance.status().frames >= frames)


def wait_for_losses(surveillance, losses):
    eventually(lambda: surveillance.status().losses == losses)


def test_lost_camera_is_reported_reopened_and_learnt_again(make, broadcaster, caplog):
    caplog.set_level("INFO")
    camera = Pluggable(plugged=False)
    clock = NoWaits()
    surveillance = make(camera.open, clock=clock, frame_count=1)
    surveillance.start()
    eventually(lambda: surveillance.status().state == "no signal")
    for losses in (2, 3, 4):
        camera.plugged.set()
        eventually(lambda: surveillance.status().state == "live")
        clock.ahead += 11 if losses == 2 else 0     # then it does not hold any more
        wait_for_frames(surveillance, surveillance.status().frames + 3)
        camera.plugged.clear()
        wait_for_losses(surveillance, losses)
    log = caplog.text
    assert "no signal: unplugged (without a camera, try: --source demo)" in log
    assert log.count("no signal: unplugged") == 2
    assert log.count("signal back after") == 1      # as it lasted for ten seconds once
    assert log.count("test: opened a test, 800x600: a test") == 2
    assert log.count("unsteady: the signal was lost again") == 1
    status = surveillance.status()
    assert (status.state, status.reason) == ("no signal", "unplugged")
    assert status.unsteady_since


def test_demo_camera_is_not_proposed_for_an_ip_camera(make, caplog):
    camera = Camera("http://cam/video", Pluggable(plugged=False).open)
    surveillance = make(camera=camera, clock=NoWaits())
    surveillance.start()
    eventually(lambda: "no signal: unplugged" in caplog.text)
    assert "--source demo" not in caplog.text


def test_wrong_password_is_sent_less_and_less_often(make):
    def refuse(closing):
        clock.note_try()
        raise LoginRefused("http://cam refuses this user or password")

    clock = NoWaits()
    make(refuse, clock=clock).start()
    eventually(lambda: len(clock.waits) > 6)
    assert clock.waits[:6] == [pytest.approx(each, rel=0.06) for each in (2, 4, 8, 16, 32, 60)]


def test_stream_that_ends_is_no_loss_and_keeps_the_background(make, caplog):
    caplog.set_level("INFO")
    opened = []

    def open_again(closing):
        opened.append(1)
        if len(opened) == 5:
            raise CameraLost("connection refused")
        if len(opened) > 6:
            return Playing([], closing=closing)
        return Playing([EMPTY] * 3, CameraLost("ended the stream"))

    surveillance = make(open_again, clock=NoWaits(), frame_count=10)
    surveillance.start()
    eventually(lambda: len(opened) > 6)
    status = eventually(lambda: (now := surveillance.status()).given == 15 and now)
    assert (status.state, status.losses, status.reconnects) == ("learning", 0, 4)
    assert status.learnt == status.frames
    assert "no signal" not in caplog.text
    assert caplog.text.count("ended the stream") == 1      # the others are debug lines


def test_slow_camera_is_live_and_shown_between_its_frames(make, broadcaster):
    beats = []

    class Slow(Playing):
        def read(self):
            self._closing.wait(0.5)
            return super().read()

    surveillance = make(lambda closing: Slow([EMPTY] * 4, closing=closing), frame_count=1,
                        heartbeat=lambda: beats.append(1))
    surveillance.start()
    eventually(lambda: surveillance.status().frames == 3)
    beats.clear()
    assert broadcaster.stale
    assert broadcaster.fresh(0.4)       # before the next frame
    eventually(lambda: len(beats) > 1)
    status = surveillance.status()
    assert (status.state, status.losses, status.patience) == ("live", 0, 5.0)
    assert status.fps == pytest.approx(1 / 0.5, rel=0.2)


def test_last_picture_is_shown_while_unreadable_data_come(make, broadcaster):
    class Busy(Playing):
        def read(self):
            if self._closing.wait(0.1):
                raise CameraLost("closing")
            for image in self._images:
                return ArrayPicture(image)
            raise BadPicture("6 bytes that are not JPEG")

    surveillance = make(lambda closing: Busy([EMPTY] * 3, closing=closing), frame_count=1)
    surveillance.start()
    eventually(lambda: surveillance.status().garbled)
    assert broadcaster.stale
    assert broadcaster.fresh(1.0)
    assert surveillance.status().losses == 0


def test_slow_first_frame_is_waited_for_longer_each_time(make):
    class Late(Playing):
        read_timeout = 0.1

        def read(self):
            if self._closing.wait(0.4):
                raise CameraLost("closing")
            return ArrayPicture(EMPTY)

    camera = Camera("a test", lambda closing: Late([], closing=closing), 0.25, rate_known=False)
    surveillance = make(camera=camera, clock=NoWaits())
    surveillance.start()
    status = eventually(lambda: (now := surveillance.status()).frames and now)
    assert (status.state, status.losses) == ("learning", 1)


def test_repeated_failure_is_logged_and_drawn_once(make, broadcaster, caplog):
    tries = []

    def dead(closing):
        tries.append(1)
        raise CameraLost("there is no camera")

    surveillance = make(dead, clock=NoWaits())
    surveillance.start()
    eventually(lambda: len(tries) > 20)
    assert caplog.text.count("there is no camera") == 1
    assert broadcaster.latest.number == 2       # STARTING, NO SIGNAL
    assert surveillance.status().losses == 1


def test_waits_between_tries_grow_to_two_seconds(make):
    clock = NoWaits()
    clock.monotonic = lambda: 0.0       # what a try takes is taken off the wait after it

    def dead(closing):
        clock.note_try()
        raise CameraLost("there is no camera")

    make(dead, clock=clock).start()
    eventually(lambda: len(clock.waits) > 6)
    assert clock.waits[:5] == pytest.approx([0.5, 1.0, 2.0, 2.0, 2.0], abs=0.1)


class NoWaits(SystemClock):
    """The system clock, which is put forward instead of waiting between two tries."""

    def __init__(self):
        self.waits, self.ahead = [], 0.0    # between two tries [s]; all waits so far
        self.tried = None

    def note_try(self):
        if self.tried is not None:
            self.waits.append(self.ahead - self.tried)
        self.tried = self.ahead

    def monotonic(self):
        return super().monotonic() + self.ahead

    def wait(self, event, seconds):
        self.ahead += max(0.0, seconds)
        return event.wait(0.0005)


def test_end_of_a_file_is_reported_and_not_a_loss(make, broadcaster):
    surveillance = make(lambda closing: Playing([EMPTY], SourceEnded("clip has ended")))
    surveillance.start()
    eventually(lambda: surveillance.status().state == "ended")
    assert (surveillance.status().reason, surveillance.status().losses) == (
        "clip has ended", 0)
    assert not broadcaster.stale        # a later viewer gets the card


def test_defect_in_the_loop_is_logged_and_retried(make, caplog):
    class Broken(SingleMotionDetector):
        def update(self, image):
            raise ZeroDivisionError("a defect")

    surveillance = make(lambda closing: Playing([EMPTY] * 3, closing=closing),
                        clock=NoWaits(), detector=Broken)
    surveillance.start()
    eventually(lambda: caplog.text.count("the camera loop failed again") > 2)
    assert caplog.text.count("Traceback") == 2      # of the defect, and of what it led to
    assert surveillance.status().state == "no signal"
    assert "ZeroDivisionError" in surveillance.status().reason


def test_short_memory_is_a_loss_and_does_not_end_the_loop(make, caplog):
    short = [MemoryError(), MemoryError()]

    class Large(SingleMotionDetector):
        def update(self, image):
            if short:
                raise short.pop()
            super().update(image)

    surveillance = make(lambda closing: Playing([EMPTY] * 3, closing=closing),
                        clock=NoWaits(), detector=Large)
    surveillance.start()
    eventually(lambda: surveillance.status().state == "learning")
    assert caplog.text.count("Traceback") == 1
    assert caplog.text.count("the camera loop failed") == 2
    assert "no signal: MemoryError in the camera loop" in caplog.text


def test_failing_detector_is_tried_again_less_and_less_often(make):
    class Failing(SingleMotionDetector):
        def update(self, image):
            raise ValueError("broken")

    def plays(closing):
        clock.note_try()
        return Playing([EMPTY] * 9, closing=closing)

    clock = NoWaits()
    surveillance = make(plays, clock=clock, detector=Failing)
    surveillance.start()
    eventually(lambda: max(clock.waits, default=0) > 9)
    assert "the detector single failed: ValueError: broken" in surveillance.status().reason


def test_blocked_reads_are_abandoned_counted_and_bounded(make):
    release, opened = threading.Event(), []

    class Blocked(Playing):
        read_timeout = 0.05

        def read(self):
            if len(opened) and self is opened[-1] and not self._end:
                self._end = True
                return ArrayPicture(EMPTY)
            release.wait()
            raise CameraLost("released")

    def open_blocked(closing):
        opened.append(Blocked([]))
        return opened[-1]

    surveillance = make(open_blocked, clock=NoWaits())
    surveillance.start()
    eventually(lambda: surveillance.status().stuck_reads == 4)
    eventually(lambda: "4 reads never returned" in surveillance.status().reason)
    assert len(opened) == 4
    release.set()
    eventually(lambda: len(opened) > 4)     # the driver returned: the camera is opened again


@pytest.mark.deadline
def test_stopping_is_instant_though_the_camera_blocks(make):
    release, reading = threading.Event(), threading.Event()

    class Blocked(Playing):
        def read(self):
            reading.set()
            release.wait()
            raise CameraLost("released")

    surveillance = make(lambda closing: Blocked([]))
    surveillance.start()
    assert reading.wait(60)
    begin = time.monotonic()
    surveillance.stop()
    assert surveillance.join(60)
    assert time.monotonic() - begin < 1
    release.set()


# --- objects

class PersonEverywhere:
    """Finds a person in the middle of each crop; keeps these, and calls *meanwhile*."""

    def __init__(self):
        self.crops, self.meanwhile = [], lambda: None

    def find(self, image, least):
        self.crops.append(image.copy())
        self.meanwhile()
        height, width = image.shape[:2]
        return [FoundObject("person", 0.9, (width // 4, height // 4, width * 3 // 4, height * 3 // 4))]


@pytest.fixture
def people():
    return PersonEverywhere()


@pytest.fixture
def recognizer(people):
    """Not started: the tests look with run_once()."""
    return ObjectRecognizer(lambda: people, SystemClock(), "people.onnx")


MOVING = [EMPTY] * 6 + [square_at(400 + 10 * n) for n in range(4)]


def test_name_is_drawn_while_the_event_lasts(make, broadcaster, recognizer):
    def frames():
        for frame in frames_of(MOVING):
            yield frame
            recognizer.run_once()
            shown.append(red_box(broadcaster.latest.jpeg))
    shown, surveillance = [], make(recognizer=recognizer, width=800)
    with broadcaster.watching():
        surveillance.detect_motion(frames(), frameCount=5)
    assert shown[-1][1] < shown[-2][1] - 10     # the name is above the box
    assert make.kept.evidence.objects._event.names == ("person",)


def test_what_a_mask_hides_is_black_for_the_recognizer(make, recognizer, people):
    surveillance = make(recognizer=recognizer, width=800)
    surveillance.set_mask(PrivacyMask(["0,0 550,0 550,1000 0,1000"]))       # up to 440 px
    surveillance.detect_motion(frames_of(MOVING), frameCount=5)
    recognizer.run_once()
    (crop,) = people.crops
    assert np.count_nonzero(crop.min(axis=2) == 255) == pytest.approx(60 * 80, abs=160)
    assert 0.1 < np.mean(crop == 0) < 0.9


@pytest.mark.parametrize("hide", [
    pytest.param(lambda loop: loop.set_mask(PrivacyMask(["0,0 1000,0 1000,700"])), id="mask"),
    pytest.param(lambda loop: loop.switch(1_800_000_000.0), id="switched-off")])
def test_look_that_the_owner_overtakes_is_dropped(make, recognizer, people, hide):
    """The look is in progress meanwhile; no frame follows."""
    surveillance = make(recognizer=recognizer, record=True, width=800)
    surveillance.detect_motion(frames_of(MOVING), frameCount=5)
    people.meanwhile = lambda: hide(surveillance)
    assert recognizer.run_once()
    assert len(people.crops) == 1
    assert make.kept.evidence.objects._event.names == ()


def test_time_for_looks_is_reported_as_detection(make, recognizer):
    surveillance = make(recognizer=recognizer)
    surveillance.detect_motion(frames_of(MOVING), frameCount=5)
    spent = make.kept.evidence.objects.stopwatch.seconds
    assert 0 < spent < surveillance.status().detect_seconds
    assert surveillance.status().detect_seconds == pytest.approx(
        surveillance._detection.stopwatch.seconds + spent)
