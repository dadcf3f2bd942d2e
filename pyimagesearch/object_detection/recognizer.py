"""The thread that looks for objects in what moved, for all cameras."""

from collections.abc import Callable, Sequence

from pyimagesearch.threads import Worker

from .look import FoundObject, Look


class ObjectRecognizer(Worker):
    """
    Look for objects with one model, in the thread ``objects``, one look at a time.

    There is one waiting place, which the cameras share fairly. Every method but
    :meth:`run` may be called from any thread.
    """

    def wants(self, camera: str) -> bool:
        """Return whether *camera* may offer a look now: the place is free for it."""
        raise NotImplementedError

    def offer(self, look: Look,
              on_found: Callable[[Look, Sequence[FoundObject]], object]) -> None:
        """
        Take *look* for the waiting place; it is passed over if that is taken.

        *on_found* is called in the thread ``objects`` with what moved and counts, in
        pixels of the camera's picture; empty if there is nothing.
        """
        raise NotImplementedError

    def forget(self, camera: str) -> None:
        """
        Drop the look of *camera* that waits.

        What is being looked at is finished, but *on_found* is not called for it once
        this has returned.
        """
        raise NotImplementedError
