"""How long to wait before a camera that failed is opened again."""

import random

MIN_RETRY_SECONDS, MAX_RETRY_SECONDS = 0.25, 2.0    # from one try to open to the next
MAX_CRASH_SECONDS = 10.0    # the same after an unexpected error, as of a detector
MAX_UNSTEADY_SECONDS = 4.0  # the same if it gave pictures for less than HELD_SECONDS
HELD_SECONDS = 10.0     # for which a steady camera gives pictures
MIN_REFUSED_SECONDS, MAX_REFUSED_SECONDS = 2.0, 60.0    # of a login: users get locked
LEAST_SHARE = 0.95      # of a wait, at random: no camera's rhythm can match it for ever


class RetryDelay:
    """
    Wait longer from try to try, as the camera stays away or comes and goes.

    One that gave pictures for ten seconds is opened again at once. Waits count from the
    beginning of one try to that of the next.
    """

    def __init__(self) -> None:
        self._failed = self._unsteady = MIN_RETRY_SECONDS
        self._refused = MIN_REFUSED_SECONDS

    def after(self, took: float, *, pictures: bool, crashed: bool = False,
              refused: bool = False) -> float:
        """
        Return how long to wait [s] after a try that *took* so many seconds.

        *pictures* says whether it gave some, *crashed* whether an error ended it that
        is not the camera's, *refused* whether the camera refused the login: then the
        waits double up to a minute, until it gives pictures.
        """
        if pictures:
            self._refused = MIN_REFUSED_SECONDS
        if refused:
            delay, self._refused = self._refused, min(
                2 * self._refused, MAX_REFUSED_SECONDS)
            return wait(delay, 0.0)
        if crashed or not pictures:
            longest = MAX_CRASH_SECONDS if crashed else MAX_RETRY_SECONDS
            self._failed = min(2 * self._failed, longest)
            return wait(self._failed, took)
        self._failed = MIN_RETRY_SECONDS
        self._unsteady = (MIN_RETRY_SECONDS if took >= HELD_SECONDS
                          else min(2 * self._unsteady, MAX_UNSTEADY_SECONDS))
        return wait(self._unsteady, took)


def wait(delay: float, took: float) -> float:
    """Return what is left of *delay* [s], or a little less of it, after *took* [s]."""
    return max(MIN_RETRY_SECONDS, delay * random.uniform(LEAST_SHARE, 1.0) - took)
