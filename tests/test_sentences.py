"""Why an event was stored, in plain words."""

import pytest

from pyimagesearch.events.explanation import BEGIN, PEAK, ExplainedRegion, Explanation
from pyimagesearch.web.events.sentences import sentence, summary

FAR = "has travelled far enough"


def explanation(moment=BEGIN, min_area=1.0, area=22.0, frames=3):
    return Explanation(moment=moment, at=0.0, size=(400, 300), area=area, min_area=min_area,
                       fps=10.0, settings={"min_frames": frames})


@pytest.mark.parametrize(("moment", "min_area", "frames", "text"), [
    (BEGIN, 1.0, 3, "An event begins once at least 0.1 % of the picture moves in 3 of 5 consecutive pictures. "
                    "This was the picture that began it; in it, 2.2 % moved."),
    (BEGIN, 0.0, 1, "An event begins once anything moves in one picture. "
                    "This was the picture that began it; in it, 2.2 % moved."),
    (PEAK, 1.0, 3, "2.2 % of the picture moved; 0.1 % is enough to count as motion."),
    (PEAK, 0.0, 3, "2.2 % of the picture moved; anything that moves counts as motion.")])
def test_summary_says_how_much_moved_and_was_needed(moment, min_area, frames, text):
    assert summary(explanation(moment, min_area, frames=frames)) == text


@pytest.mark.parametrize(("region", "text"), [
    (ExplainedRegion((0, 0, 60, 24), 1440, True, FAR, seconds=0.8, path=((134, 50), (100, 52))),
     "A region of 1.2 % of the picture moved to the left by 8.5 % of the picture's width within "
     "0.8 seconds and counted because it has travelled far enough."),
    (ExplainedRegion((0, 0, 60, 24), 480, False, "is only a patch of light", seconds=2.44,
                     path=((10, 50), (12, 52))),
     "A region of 0.4 % of the picture stayed where it was for 2.4 seconds and was ignored because "
     "it is only a patch of light."),
    (ExplainedRegion((0, 0, 60, 24), 480, False, "only moves to and fro", seconds=2.4,
                     path=((10, 50), (90, 52), (170, 60), (90, 74), (14, 76))),
     "A region of 0.4 % of the picture went to and fro over 40 % of the picture's width within "
     "2.4 seconds and was ignored because it only moves to and fro."),
    (ExplainedRegion((0, 0, 60, 24), 480, True, "differs from the background"),
     "A region of 0.4 % of the picture counted because it differs from the background."),
    (ExplainedRegion((0, 0, 60, 24), 480, False, "differs", path=((3, 3),)),
     "A region of 0.4 % of the picture was ignored because it differs."),
    (ExplainedRegion((0, 0, 60, 24), 480, False, "is too small", seconds=0.1,
                     path=((10, 50), (12, 52))),
     "A region of 0.4 % of the picture was ignored because it is too small."),
    (ExplainedRegion((0, 0, 60, 24), 480, False, "is too small", seconds=0.04,
                     path=((10, 50), (18, 50))),
     "A region of 0.4 % of the picture moved to the right by 2 % of the picture's width within less "
     "than 0.1 seconds but was ignored because it is too small."),
    (ExplainedRegion((0, 0, 60, 24), 480, True, FAR, zones=("drive",)),
     'A region of 0.4 % of the picture counted in the zone "drive" because it has travelled far '
     "enough."),
    (ExplainedRegion((0, 0, 60, 24), 480, True, FAR, zones=("drive", "gate", "yard")),
     'A region of 0.4 % of the picture counted in the zones "drive", "gate" and "yard" because it '
     "has travelled far enough."),
])
def test_sentence_says_what_a_region_did_and_what_decided(region, text):
    assert sentence(region, explanation()) == text


@pytest.mark.parametrize(("end", "text"), [
    ((160, 100), "to the right by 15 % of the picture's width"),
    ((100, 40), "up by 20 % of the picture's height"),
    ((100, 160), "down by 20 % of the picture's height"),
    ((60, 60), "up and to the left by 13 % of the picture's height"),
    ((180, 140), "down and to the right by 20 % of the picture's width")])
def test_direction_is_as_seen_in_the_picture(end, text):
    region = ExplainedRegion((0, 0, 9, 9), 81, True, FAR, seconds=1.0, path=((100, 100), end))
    assert f" moved {text} within 1 second and " in sentence(region, explanation())
