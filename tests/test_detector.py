"""Loading the detector that --detector names, also in the real program."""

import re

import numpy as np
import pytest

from harness import eventually
from product import run_program
from pyimagesearch.errors import SettingsError
from pyimagesearch.motion_detection import AdaptiveMotionDetector, SingleMotionDetector
from pyimagesearch.motion_detection.detection import MotionDetection
from pyimagesearch.motion_detection.detector import load_detector
from pyimagesearch.settings.settings import Settings

MODULE = '''
import numpy as np
from pyimagesearch.motion_detection.regions import Found

class Corners:
    """The tutorial's two methods only; two boxes in opposite corners."""
    def update(self, image):
        pass
    def detect(self, image, tVal):
        height, width = image.shape
        return np.full_like(image, 255), [
            (0, 0, width // 4, height // 4), (width // 2, height // 2, width, height)]

class Weighted(Corners):
    def __init__(self, accumWeight):
        self.weight = accumWeight

class OnlyLook:
    def look(self, image, *, learning=False): pass

class Blind:
    def update(self, image):
        pass

class Regions:
    """The product's own protocol, without the tutorial's methods."""
    sharp, fps = True, 0.0
    def look(self, image, *, learning=False):
        return Found(None)

class Broken(Corners):
    def __init__(self):
        raise ValueError("no model file")

class Demanding(Corners):
    def __init__(self, model):
        pass

function = len
'''


@pytest.fixture
def module(tmp_path):
    """The folder of a module of detectors, as a user would write one."""
    (tmp_path / "own_detectors.py").write_text(MODULE)
    (tmp_path / "own_defect.py").write_text("1 / 0")
    return tmp_path


def load_any(spec, **options):
    (settings,) = Settings(source=("front=demo",), detector=spec, **options).cameras()
    return load_detector(settings)()


def load(spec, **options):
    return load_any(spec, **options).detector


def test_adaptive_is_the_default():
    (settings,) = Settings(source=("demo",)).cameras()
    assert isinstance(load_detector(settings)(), AdaptiveMotionDetector)


def test_single_is_weighted_by_the_settings():
    made = load("single", accum_weight=0.3)
    assert isinstance(made, SingleMotionDetector)
    assert made.accumWeight == 0.3


def test_class_is_loaded_from_its_module(module, monkeypatch):
    monkeypatch.syspath_prepend(module)
    _, boxes = load("own_detectors:Corners").detect(np.zeros((300, 400), np.uint8), 25)
    assert len(boxes) == 2
    assert load("own_detectors:Weighted", accum_weight=0.2).weight == 0.2
    by_name = load("pyimagesearch.motion_detection:SingleMotionDetector", accum_weight=0.2)
    assert by_name.accumWeight == 0.2


def test_class_that_finds_regions_is_used_as_it_is(module, monkeypatch):
    monkeypatch.syspath_prepend(module)
    assert type(load_any("own_detectors:Regions")).__name__ == "Regions"
    assert load_any("pyimagesearch.motion_detection.stock:KnnDetector").sharp


@pytest.mark.parametrize("name", ["mog2", "knn", "cnt"])
def test_each_stock_detector_has_a_name(name):
    assert type(load_any(name)).__name__ == f"{name.title()}Detector"


@pytest.mark.parametrize(("spec", "reason"), [
    ("nowhere.at_all:Corners", "importing nowhere.at_all failed: No module named 'nowhere'"),
    ("own_defect:Corners", "importing own_defect failed: division by zero"),
    ("own_detectors:Missing", "own_detectors has no class Missing"),
    ("own_detectors:function", "own_detectors has no class function"),
    ("own_detectors:Blind", r"Blind has no method detect\(\)"),
    ("own_detectors:OnlyLook", r"OnlyLook has a method look\(\), but no attributes sharp and fps"),
    ("own_detectors:Broken", "no model file"),
    ("own_detectors:Demanding", "missing 1 required positional argument: 'model'"),
    ("..:X", "")])
def test_detector_that_cannot_be_made_is_one_sentence(module, monkeypatch, spec, reason):
    monkeypatch.syspath_prepend(module)
    with pytest.raises(SettingsError, match=rf"--detector of camera 'front' is '{spec}', but .*{reason}") as raised:
        load(spec)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("spec", ["double", "own_detectors", "own_detectors:", ":Corners", "a b:C"])
def test_detector_must_be_written_as_module_and_class(spec):
    with pytest.raises(SettingsError, match=r"--detector is .* but must be one of "
                       r"adaptive, single, mog2, knn, cnt, or a class, written like package\.module:Class"):
        Settings(source=("demo",), detector=spec)


@pytest.mark.parametrize(("spec", "suggestion"), [
    ("mog", "; did you mean mog2?"), ("Single", "; did you mean single?"), ("own_detectors", "")])
def test_name_like_that_of_a_detector_is_suggested(spec, suggestion):
    with pytest.raises(SettingsError) as raised:
        Settings(source=("demo",), detector=spec)
    assert str(raised.value).endswith(f"package.module:Class{suggestion}")


@pytest.mark.parametrize(("options", "sentence"), [
    ({"threshold": 30}, "--threshold is for --detector single, and not used by adaptive"),
    ({"threshold": 30, "accum_weight": 0.2, "detector": "mog2"},
     "--threshold and --accum-weight are for --detector single, and not used by mog2"),
    ({"sensitivity": "low", "detector": "single"},
     "--sensitivity is for --detector adaptive, and not used by single"),
    ({"sensitivity": "low", "detector": "own_detectors:Corners"},
     "--sensitivity is for --detector adaptive, and not used by own_detectors:Corners")])
def test_option_of_another_detector_is_told_once(module, monkeypatch, caplog, options, sentence):
    monkeypatch.syspath_prepend(module)
    (settings,) = Settings(source=("front=demo",), **options).cameras()
    MotionDetection(settings)
    assert [record.getMessage() for record in caplog.records] == [f"front: {sentence}"]


@pytest.mark.parametrize("options", [
    {}, {"threshold": 30, "accum_weight": 0.2, "detector": "single"},
    {"threshold": 30, "detector": "own_detectors:Corners"}, {"sensitivity": "high"},
    {"sensitivity": "high", "detector": "pyimagesearch.motion_detection:AdaptiveMotionDetector"}])
def test_option_of_this_detector_needs_no_word(module, monkeypatch, caplog, options):
    monkeypatch.syspath_prepend(module)
    (settings,) = Settings(source=("front=demo",), **options).cameras()
    MotionDetection(settings)
    assert not caplog.records


def test_program_uses_the_detector_of_each_camera(start, module):
    config = module / "cameras.toml"
    config.write_text('[cameras.own]\nsource = "demo:320x240@10"\nframe_count = 2\n'
                      'min_area = 900\ndetector = "own_detectors:Corners"\n'
                      '[cameras.usual]\nsource = "demo:64x48@5"\nframe_count = 100000\n')
    product = start("--config", str(config), "--no-record", env={"PYTHONPATH": str(module)},
                    program=("webstreaming.py",))
    eventually(lambda: re.search(r"own: motion event \d+ began", "".join(product.log)))
    assert product.camera["motion"]
    assert "own: settings: " in "".join(product.log)
    assert "detector own_detectors:Corners" in "".join(product.log)
    assert product.stop()[1] == 0
    assert re.search(r"own: motion event \d+ ended after", "".join(product.log))


@pytest.mark.parametrize("spec", ["own_detectors:Missing", "nowhere:Corners", "double"])
def test_program_with_a_wrong_detector_ends_with_status_2(spec):
    ended = run_program("--source", "demo", "--port", "0", "--detector", spec)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.count("\n") == 1
    assert f"'{spec}', but" in ended.stderr
