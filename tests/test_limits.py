"""Limits of what cameras may cost."""

import pytest

from pyimagesearch.capture.limits import (
    DECODED_BYTES,
    MAX_PICTURE_BYTES,
    Allowance,
    MemoryBudget,
)
from pyimagesearch.errors import BadPicture


def test_cameras_share_the_budget():
    budget = MemoryBudget(100 * 100 * DECODED_BYTES + 10)
    front, back = Allowance(budget, "front"), Allowance(budget, "back")
    front.check((100, 100), 10)
    with pytest.raises(BadPicture, match="a picture of 1x1 pixels takes 0 MB, more than"):
        back.check((1, 1))
    front.check((50, 100))      # in place of the one before
    back.check((50, 100), 10)
    assert budget.used == budget.total
    front.release()
    assert budget.used == 50 * 100 * DECODED_BYTES + 10


@pytest.mark.parametrize(("size", "encoded"), [((8192, 8193), 0), ((1, 1), MAX_PICTURE_BYTES + 1)])
def test_single_pictures_are_limited(size, encoded):
    with pytest.raises(BadPicture, match=f"{size[0]}x{size[1]}"):
        Allowance().check(size, encoded)


def test_budget_is_a_part_of_the_memory():
    assert 0 < MemoryBudget().total < 10 ** 12
