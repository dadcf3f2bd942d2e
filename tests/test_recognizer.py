"""The thread that looks for objects: its waiting place, errors, and its model."""

import gc
import logging
import os
import threading
import weakref
from dataclasses import replace

import cv2
import numpy as np
import pytest

import tiny_models
from harness import ManualClock, eventually
from pyimagesearch.clock import SystemClock
from pyimagesearch.errors import SettingsError
from pyimagesearch.object_detection import ObjectRecognizer
from pyimagesearch.object_detection.look import Crop, FoundObject, Look
from pyimagesearch.object_detection.look_health import RETRY_SECONDS
from pyimagesearch.object_detection.object_model import ObjectModel

SIZE = 640, 480
PERSON = FoundObject("person", 0.9, (10, 10, 40, 90))


class Model:
    """Finds *found* in each picture, once it may."""

    def __init__(self, found=(PERSON,)):
        self.found = found
        self.pictures = []
        self.threads = set()
        self.begun, self.may = threading.Event(), threading.Event()
        self.may.set()

    def find(self, image, least):
        self.begun.set()
        assert self.may.wait(60)
        self.pictures.append(image)
        self.threads.add(threading.current_thread().name)
        return [each for each in self.found if each.score >= least]


def look_of(camera="front", *parts, event=1):
    """Return a look at *parts* of a picture of which everything moved."""
    crops = [Crop(np.zeros((100, 100, 3), np.uint8), part, (0, 0, 320, 240))
             for part in parts or [(100, 50, 300, 250)]]
    return Look(camera=camera, event=event, crops=tuple(crops),
                mask=np.full((240, 320), 255, np.uint8), size=SIZE, captured=1.0,
                least_score=0.4, before=None, small=np.zeros((240, 320, 3), np.uint8))


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def model():
    return Model()


@pytest.fixture
def recognizer(model, clock):
    """Not started: the tests look with run_once()."""
    return ObjectRecognizer(lambda: model, clock, "tiny.onnx")


@pytest.fixture
def running(model):
    recognizer = ObjectRecognizer(lambda: model, SystemClock(), "tiny.onnx")
    recognizer.start()
    yield recognizer
    model.may.set()
    recognizer.stop()
    assert recognizer.join(60)


def looked_at(recognizer):
    """Return the camera of the next look, which is taken."""
    seen = []
    recognizer._waiting = recognizer._waiting and recognizer._waiting._replace(
        on_found=lambda look, found: seen.append(look.camera))
    assert recognizer.run_once() is bool(seen)
    return seen[0] if seen else None


def test_found_objects_are_reported_in_pixels_of_the_picture(running):
    reported = []
    running.offer(look_of(), lambda look, found: reported.append((look.event, found)))
    eventually(lambda: reported)
    assert reported == [(1, [PERSON._replace(box=(120, 70, 180, 230))])]


def test_looks_happen_in_the_thread_objects_with_lowest_priority(running, model):
    priorities = []
    running.offer(look_of(), lambda look, found: priorities.append(
        os.getpriority(os.PRIO_PROCESS, threading.get_native_id())))
    eventually(lambda: priorities)
    assert (priorities, model.threads) == ([19], {"objects"})


def test_same_object_in_two_crops_is_reported_once(recognizer, model):
    reported = []
    parts = [(0, 0, 100, 100), (2, 1, 102, 101), (300, 0, 400, 100)]
    recognizer.offer(look_of("front", *parts), lambda look, found: reported.extend(found))
    recognizer.run_once()
    assert [each.box for each in reported] == [(10, 10, 40, 90), (310, 10, 340, 90)]
    assert len(model.pictures) == 3


def test_surest_object_is_reported_first(recognizer, model):
    model.found = [FoundObject("car", 0.5, (50, 50, 90, 90)), PERSON,
                   FoundObject("dog", 0.39, (0, 0, 9, 9)), FoundObject("kite", 0.9, (0, 0, 9, 9))]
    reported = []
    recognizer.offer(look_of(), lambda look, found: reported.extend(found))
    recognizer.run_once()
    assert [each.label for each in reported] == ["person", "car"]


# --- the waiting place


def test_look_is_passed_over_while_another_one_waits(recognizer):
    recognizer.offer(look_of("front"), print)
    assert not recognizer.wants("front")
    assert not recognizer.wants("yard")     # none of them had a turn yet
    recognizer.offer(look_of("yard"), print)
    assert looked_at(recognizer) == "front"
    assert looked_at(recognizer) is None


def test_busy_cameras_take_turns(recognizer):
    """Each offers a look whenever it may, the first one always before the others."""
    order = []
    for _ in range(6):
        for camera in ("a", "b", "c"):
            if recognizer.wants(camera):
                recognizer.offer(look_of(camera), print)
        order.append(looked_at(recognizer))
    assert order == ["a", "b", "c", "a", "b", "c"]


def test_quiet_cameras_take_no_turns(recognizer):
    for camera in ("a", "b"):
        recognizer.offer(look_of(camera), print)
        looked_at(recognizer)
    for _ in range(3):
        assert recognizer.wants("a")
        recognizer.offer(look_of("a"), print)
        assert looked_at(recognizer) == "a"


# --- what must be hidden


def test_forgotten_look_is_dropped(recognizer, model):
    recognizer.offer(look_of("front"), print)
    recognizer.forget("yard")
    assert not recognizer.wants("front")
    recognizer.forget("front")
    assert recognizer.wants("front")
    assert not recognizer.run_once()
    assert model.pictures == []


@pytest.mark.parametrize(("camera", "reports"), [("front", 0), ("yard", 1)])
def test_look_in_progress_is_not_reported_once_forgotten(running, model, camera, reports):
    reported = []
    model.may.clear()
    running.offer(look_of("front"), lambda look, found: reported.append(look.camera))
    assert model.begun.wait(60)
    running.forget(camera)
    model.may.set()
    running.offer(look_of("last"), lambda look, found: reported.append(look.camera))
    eventually(lambda: "last" in reported)
    assert reported.count("front") == reports


# --- errors


def failing(error):
    def fail(*arguments):
        raise error
    return fail


@pytest.mark.parametrize(("error", "trouble", "is_explained"), [
    (SettingsError("models/x.onnx cannot be read"), "models/x.onnx cannot be read", True),
    (cv2.error("bad\n layer"), "error: bad layer", True),
    (MemoryError(), "there is too little memory", True),
    (KeyError("x"), "KeyError: 'x'", False)])
@pytest.mark.parametrize("where", ["make_model", "find"])
def test_look_that_fails_is_logged_once_and_ends_nothing(
        clock, model, caplog, error, trouble, is_explained, where):
    recognizer = ObjectRecognizer(lambda: model, clock, "tiny.onnx")
    if where == "find":
        model.find = failing(error)
    else:
        recognizer._make_model = failing(error)
    for _ in range(3):
        clock.now += RETRY_SECONDS
        recognizer.offer(look_of(), print)
        assert recognizer.run_once()
    assert [bool(record.exc_info) for record in caplog.records
            if record.levelno == logging.ERROR] == [not is_explained]
    status = recognizer.status()
    assert (status.failed, status.looks, status.trouble) == (3, 0, trouble)
    assert trouble in caplog.text
    assert trouble in status.words


def test_no_look_is_wanted_for_a_while_after_one_that_failed(recognizer, model, clock):
    find, model.find = model.find, failing(cv2.error("x"))
    recognizer.offer(look_of(), print)
    recognizer.run_once()
    assert not recognizer.wants("front")
    model.find = find
    clock.now += RETRY_SECONDS
    assert recognizer.wants("front")
    recognizer.offer(look_of(), lambda look, found: None)
    recognizer.run_once()
    assert recognizer.status().trouble == ""
    assert recognizer.wants("front")


def test_error_of_the_receiver_ends_nothing(recognizer):
    recognizer.offer(look_of(), failing(RuntimeError("full")))
    assert recognizer.run_once()
    assert recognizer.status().trouble == "RuntimeError: full"


@pytest.mark.parametrize("fails", [True, False])
def test_no_picture_is_kept_after_a_look(recognizer, model, fails):
    def find(image, least):
        if fails:
            raise cv2.error("x")    # not failing(): it would keep the traceback
        return []

    model.find = find
    look = look_of()
    pictures = [weakref.ref(look.crops[0].image), weakref.ref(look.small), weakref.ref(look.mask)]
    recognizer.offer(look, lambda look, found: None)
    del look
    recognizer.run_once()
    assert not any(picture() is not None for picture in pictures)


# --- the model


def test_model_is_made_at_the_first_look_and_released_when_idle(clock):
    made = []

    def make():
        model = Model()
        made.append(weakref.ref(model))
        return model

    recognizer = ObjectRecognizer(make, clock, "tiny.onnx", idle_seconds=600)
    clock.wait = waits(recognizer, clock, [True, True, False, True])
    recognizer.run()
    assert [each() is None for each in made] == [True, False]
    assert recognizer.status().loaded
    assert recognizer.status().looks == 3


def waits(recognizer, clock, woken):
    """Return a wait() that offers a look where *woken*, or times out; then stops."""
    left = iter(woken)

    def wait(event, seconds):
        assert seconds == 600
        is_woken = next(left, None)
        if is_woken is None:
            recognizer.stop()
        elif is_woken:
            recognizer.offer(look_of(), lambda look, found: None)
        return is_woken is not False
    return wait


def test_network_leaves_no_reference_when_it_is_released(tmp_path, clock):
    """In a cycle, it would stay in memory after the release."""
    path, nets = tiny_models.save(tiny_models.yolox(), tmp_path / "tiny.onnx"), []

    def load():
        model = ObjectModel(path)
        nets.append(weakref.ref(model))
        return model

    recognizer = ObjectRecognizer(load, clock, path.name, idle_seconds=600)
    image = np.zeros((64, 64, 3), np.uint8)
    image[32:, :32, 2] = 255        # red: a person
    crop = Crop(image, (100, 50, 228, 178), (0, 0, 320, 240))
    reported = []
    recognizer.offer(replace(look_of(), crops=(crop,)),
                     lambda look, found: reported.extend(found))
    clock.wait = waits(recognizer, clock, [True, False])
    gc.disable()
    try:
        recognizer.run()
        assert nets[0]() is None
    finally:
        gc.enable()
    assert [(each.label, each.box) for each in reported] == [("person", (100, 114, 164, 178))]
    assert not recognizer.status().loaded


def test_released_model_gives_its_memory_back(clock):
    class LargeModel(Model):
        def __init__(self):
            super().__init__()
            self.weights = [bytes(100_000) for _ in range(300)]     # 30 MB
            kept.append(bytes(100_000))     # above them: malloc alone returns nothing

    kept, memory = [], []
    recognizer = ObjectRecognizer(LargeModel, clock, "tiny.onnx", idle_seconds=600)
    recognizer.offer(look_of(), lambda look, found: memory.append(resident_memory()))
    clock.wait = waits(recognizer, clock, [False])
    recognizer.run()
    assert memory[0] - resident_memory() > 20e6


def resident_memory():
    """Return the memory of this process [bytes]."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_status_counts_looks_and_their_time(recognizer, model, clock):
    assert recognizer.status().as_json() == {
        "model": "tiny.onnx", "off_reason": "", "command": "", "loaded": False, "looks": 0, "failed": 0,
        "seconds": 0.0, "trouble": "", "words": ""}

    def slow(image, least):
        clock.now += 0.25
        return [PERSON]

    model.find = slow
    for _ in range(2):
        recognizer.offer(look_of(), lambda look, found: None)
        recognizer.run_once()
    status = recognizer.status()
    assert (status.loaded, status.looks, status.seconds) == (True, 2, 0.5)


# --- the end


def test_thread_ends_while_it_waits(running):
    running.stop()
    assert running.join(60)
    assert not running.wants("front")


def test_end_does_not_wait_for_a_long_look(running, model):
    reported = []
    model.may.clear()
    running.offer(look_of(), lambda look, found: reported.append(look))
    assert model.begun.wait(60)
    running.stop()
    assert running.join(0.05)       # while the model still works
    model.may.set()
    eventually(lambda: not running._thread.is_alive())
    assert reported == []
