"""How much of the processor a broker's messages may take."""

from harness import ManualClock
from pyimagesearch.notifications.mqtt.read_allowance import SAVED_SECONDS, ReadAllowance


def test_reading_takes_a_twentieth_of_the_time():
    clock, spent = ManualClock(), [0.0]
    allowance = ReadAllowance(clock.monotonic, lambda: spent[0])
    began = clock.monotonic()
    while clock.monotonic() < began + 100:
        pause = allowance.pause
        clock.now += pause
        if not pause:
            with allowance.measured():
                spent[0] += 0.001
                clock.now += 0.001
    assert SAVED_SECONDS + 4.9 < spent[0] < SAVED_SECONDS + 5.1
