"""What the output of a model means."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyimagesearch.errors import ObjectsFailed
from pyimagesearch.object_detection.layouts import grid, layout_of
from pyimagesearch.object_detection.object_model import picked


def test_grid_has_cells_row_by_row_finest_first():
    cells = grid((96, 64))
    assert len(cells) == 12 * 8 + 6 * 4 + 3 * 2
    assert cells[0].tolist() == [0, 0, 8]
    assert cells[13].tolist() == [1, 1, 8]
    assert cells[-1].tolist() == [2, 1, 32]


@pytest.mark.parametrize(("shape", "name"), [
    ((1, 84, 6), "YOLOX, raw"), ((1, 252, 6), "YOLOv5 or 7"), ((1, 5, 84), "YOLOv8, 9 or 11"),
    ((1, 300, 6), "end-to-end, as YOLOv10")])
def test_one_class_is_no_end_to_end_model(shape, name):
    assert layout_of(np.zeros(shape, np.float32), (64, 64)).name == name


def test_raw_yolox_is_decoded_as_its_authors_do():
    """By the formula of demo_postprocess, for one cell of the middle grid."""
    output = np.zeros((1, 84, 6), np.float32)
    output[0, 64 + 6] = 0.25, -0.5, np.log(2), np.log(0.5), 0.5, 0.8
    found = layout_of(output, (64, 64)).decode(output)
    left, top, right, bottom = found.boxes[70]      # of column 2, row 1, 16 pixels each
    assert ((left + right) / 2, (top + bottom) / 2) == pytest.approx((2.25 * 16, 0.5 * 16))
    assert (right - left, bottom - top) == pytest.approx((32, 8))
    assert found.scores[70] == pytest.approx(0.4)


@given(st.sampled_from([(1, 84, 6), (1, 84, 85), (1, 252, 8), (1, 7, 84), (1, 30, 6), (1, 0, 6),
                        (1, 84), (), (2, 84, 8), (1, 84, 5)]),
       st.floats(width=32), st.floats(width=32), st.integers(0, 2**32 - 1))
def test_any_output_is_decoded_or_refused(shape, low, high, seed):
    """A damaged model may give any numbers."""
    numbers = np.random.default_rng(seed)
    with np.errstate(all="ignore"):
        output = numbers.choice(np.float32([low, high, 0.5, 30]), shape)
    size = 64, 64
    try:
        layout = layout_of(np.asarray(output), size)
    except ObjectsFailed:
        return
    with np.errstate(all="ignore"):
        candidates = layout.decode(output)
    for box, score, _ in picked(candidates, size, 0.4):
        assert ((box >= 0) & (box <= 64)).all()
        assert score >= 0.4
