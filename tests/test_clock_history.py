"""How far the wall clock is believed, from what it showed so far."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import ManualClock
from pyimagesearch.archive.clock_history import ClockHistory

DAY, NOW = 86_400.0, 1_800_000_000.0


class Machine:
    """A clock, and the programs that run one after the other."""

    def __init__(self):
        self.clock = ManualClock(NOW)
        self.ids = itertools.count(1)
        self.history = None
        self.start()

    def start(self, off=0.0):
        """Start the program again, *off* seconds later."""
        self.clock.now += off
        saved = self.history and self.history.as_text()
        self.history = ClockHistory(self.clock, saved, lambda: next(self.ids))

    def run(self, seconds, step=600.0):
        for _ in range(round(seconds / step)):
            self.clock.now += step
            self.history.update()

    @property
    def behind(self):
        """How much later it is than is known [s]; None if nothing is known."""
        known = self.history.time()
        return None if known is None else self.clock.now - known


def test_clock_that_was_never_wrong_counts_from_the_start():
    machine = Machine()
    assert machine.behind == 0
    machine.run(600)
    machine.start(off=30)
    assert machine.behind == 0


def test_clock_that_was_never_set_says_nothing():
    machine = Machine()
    machine.clock.ahead = -NOW + 60
    machine.history = None
    machine.start()
    machine.run(2 * DAY)
    assert machine.behind is None


@pytest.mark.parametrize(("newest", "known"), [
    (NOW - 30, NOW), (NOW - 400 * DAY, NOW - 400 * DAY), (NOW + DAY, NOW), (60.0, NOW)])
def test_first_run_knows_the_time_of_the_newest_file(newest, known):
    numbers = itertools.count(1)
    history = ClockHistory(ManualClock(NOW), None, lambda: next(numbers), newest)
    assert history.time() == known


def test_running_counts_over_many_starts():
    machine = Machine()
    for _ in range(12):
        machine.run(2 * 3600)
        machine.start(off=30)
    assert machine.behind == pytest.approx(0, abs=400)


def test_time_without_power_counts_a_day_of_running_later():
    machine = Machine()
    machine.run(2 * DAY)
    machine.start(off=60 * DAY)
    machine.run(DAY - 600)
    assert machine.behind == 60 * DAY
    machine.run(600)
    assert machine.behind == 0


def test_machine_that_is_on_in_office_hours_is_a_few_days_behind():
    machine = Machine()
    for _ in range(30):
        machine.run(8 * 3600)
        machine.start(off=16 * 3600)
    assert machine.behind == 3 * 16 * 3600


@pytest.mark.parametrize("ahead", [400 * DAY, 3600.0])
def test_clock_ahead_for_less_than_a_day_is_not_believed(ahead):
    machine = Machine()
    machine.run(2 * DAY)
    machine.clock.ahead = ahead
    machine.run(DAY - 600)
    assert machine.behind == 0
    machine.clock.ahead = 0
    machine.run(600)
    assert machine.behind == 0


def test_clock_that_starts_in_1970_each_time_is_right_once_set():
    machine = Machine()
    machine.run(2 * DAY)
    for _ in range(40):
        machine.clock.ahead = 60 - machine.clock.now - 60
        machine.start(off=60)
        machine.run(600)
        machine.clock.ahead = 0
        machine.run(DAY / 2)
    assert 0 <= machine.behind < 3 * 60


def test_time_that_runs_on_while_the_clock_is_wrong_counts():
    machine = Machine()
    machine.run(2 * DAY)
    machine.clock.ahead = -machine.clock.now + 100
    machine.run(5 * DAY)
    assert machine.behind == 0


def test_files_from_before_the_clock_was_set_are_dated_again():
    machine = Machine()
    machine.run(2 * DAY)
    begin = machine.clock.now
    first = next(machine.ids), machine.clock.time()
    machine.start()
    machine.clock.ahead = -50 * DAY
    machine.start()
    behind = next(machine.ids), machine.clock.time()
    machine.clock.ahead = 0
    machine.run(DAY)
    right = next(machine.ids), machine.clock.time()
    machine.start()
    machine.run(DAY)
    assert machine.clock.now - begin == 2 * DAY
    assert machine.history.ages([first, behind, right]) == [2 * DAY, 2 * DAY, DAY]


@pytest.mark.parametrize("start", [0, -NOW + 60], ids=["right", "1970"])
def test_no_setting_of_the_clock_changes_an_age_within_a_run(start):
    machine = Machine()
    machine.clock.ahead = start
    machine.start()
    before = next(machine.ids), machine.clock.time()
    for ahead in (400 * DAY, 410 * DAY, -400 * DAY, start, start + 3600):
        machine.clock.ahead = ahead
        machine.run(600)
        after = next(machine.ids), machine.clock.time()
        machine.run(600)
        assert machine.history.ages([before, after]) == pytest.approx(
            [machine.clock.now - NOW, 600], abs=0.01)


@pytest.mark.parametrize("wrong", [-400 * DAY, 400 * DAY])
def test_file_from_just_before_a_jump_is_noticed_is_not_older(wrong):
    machine = Machine()
    machine.run(2 * DAY)
    machine.clock.ahead = wrong
    file = next(machine.ids), machine.clock.time()
    machine.run(600)
    (age,) = machine.history.ages([file])
    assert age is None or age <= 600


@pytest.mark.parametrize("wrong", [-400 * DAY, 400 * DAY])
def test_run_that_ends_with_a_wrong_clock_makes_nothing_older(wrong):
    machine = Machine()
    machine.run(2 * DAY)
    before = next(machine.ids), machine.clock.time()
    machine.clock.ahead = wrong
    machine.run(600)
    machine.clock.ahead = 0
    machine.start()
    machine.run(2 * DAY)
    (age,) = machine.history.ages([before])
    assert age is None or age <= 2 * DAY + 600


def test_age_of_an_impossible_date_is_not_known():
    machine = Machine()
    machine.run(2 * DAY)
    numbers = [next(machine.ids) for _ in range(3)]
    machine.start()
    assert machine.history.ages(list(zip(numbers, (60.0, NOW + 9 * DAY, NOW), strict=True))) == [
        None, None, 2 * DAY]


@given(st.lists(st.tuples(st.sampled_from(["run", "off", "set"]), st.floats(-4e8, 4e8)),
                max_size=40))
def test_known_time_is_never_later_than_the_latest_reading(steps):
    machine, latest = Machine(), NOW
    for what, amount in steps:
        if what == "set":
            machine.clock.ahead = amount
        elif what == "off":
            machine.start(off=abs(amount))
        else:
            machine.clock.now += abs(amount) / 1000
            latest += abs(amount) / 1000        # the clock may show a time before 2025
        machine.history.update()
        latest = max(latest, machine.clock.time())
        assert (machine.history.time() or 0) <= latest + 1


def test_state_stays_small_whatever_happens():
    machine = Machine()
    for number in range(1000):
        machine.clock.ahead = 1000.0 * (number % 7)
        machine.start(off=500)
        machine.run(600)
        machine.clock.ahead += 10_000.0
        machine.run(60, step=60)
    assert len(machine.history.as_text()) < 12_000


def test_log_says_when_the_clock_was_set(caplog):
    caplog.set_level("INFO", "pyimagesearch.archive.clock_history")
    machine = Machine()
    machine.run(3600)
    machine.clock.ahead = 1000.0        # not worth a line
    machine.run(3600)
    machine.start(off=36 * 3600)        # a pause, as after a weekend: neither
    assert not caplog.records
    machine.start(off=36 * DAY)
    machine.clock.ahead = -2 * DAY
    machine.run(3600)
    later, earlier = (record.getMessage() for record in caplog.records)
    assert "864.0 hours later than expected; nothing is deleted on its word before" in later
    assert "48.3 hours earlier than expected" in earlier
