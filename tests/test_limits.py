"""Limits of what cameras may cost."""

import pytest

from pyimagesearch.capture.limits import (
    DECODED_BYTES,
    MAX_PICTURE_BYTES,
    RESERVED_BYTES,
    STEP_BYTES,
    Allowance,
    MemoryBudget,
)
from pyimagesearch.errors import BadPicture

MB = 1_000_000


def test_cameras_share_the_budget():
    budget = MemoryBudget(200 * MB)
    front, back = Allowance(budget, "front"), Allowance(budget, "back")
    front.check((6000, 5000), 10 * MB)
    assert budget.used == 6000 * 5000 * DECODED_BYTES + 10 * MB == 160 * MB
    with pytest.raises(BadPicture, match="a picture of 6000x1700 pixels takes 51 MB, more than what is left of 200 MB"):
        back.check((6000, 1700))
    assert budget.used == 160 * MB
    front.check((5000, 5000))      # in place of the one before
    back.check((6000, 1700))
    front.release()
    assert budget.used == 51 * MB


def test_pictures_of_about_the_same_size_share_a_claim():
    budget = MemoryBudget(200 * MB)
    front = Allowance(budget, "front")
    front.check((1000, 1000), 2 * STEP_BYTES)
    claimed = budget.used
    front.check((1000, 1000), STEP_BYTES + 1)
    assert budget.used == claimed
    front.check((1000, 1000), STEP_BYTES)
    assert budget.used == claimed - STEP_BYTES
    front.check((1000, 1000), STEP_BYTES + 1)
    assert budget.used == claimed - STEP_BYTES + 1


def test_no_camera_takes_what_is_reserved_for_the_others():
    budget = MemoryBudget(4 * RESERVED_BYTES)
    front, back = Allowance(budget, "front"), Allowance(budget, "back")
    with pytest.raises(BadPicture, match="more than what is left"):
        front.check((4000, 3000))
    front.check((3000, 3000))
    back.check((2000, 1600))
    many = [Allowance(budget, str(number)) for number in range(20)]
    for each in many:
        each.check((500, 500))


def test_what_is_received_counts_as_well():
    budget = MemoryBudget(100 * MB)
    front, _ = Allowance(budget, "front"), Allowance(budget, "back")
    front.receive(STEP_BYTES - 1)
    assert budget.used == 0
    front.receive(10 * STEP_BYTES + 5)
    front.check((2000, 2000))
    assert budget.used == 10 * STEP_BYTES + 20 * MB
    with pytest.raises(BadPicture, match="more than what is left"):
        front.receive(MAX_PICTURE_BYTES * 5)
    front.receive(0)
    assert budget.used == 20 * MB


@pytest.mark.parametrize(("size", "encoded"), [((8192, 8193), 0), ((1, 1), MAX_PICTURE_BYTES + 1)])
def test_single_pictures_are_limited(size, encoded):
    with pytest.raises(BadPicture, match=f"{size[0]}x{size[1]}"):
        Allowance().check(size, encoded)


def test_budget_is_a_part_of_the_memory():
    assert 0 < MemoryBudget().total < 10 ** 12
