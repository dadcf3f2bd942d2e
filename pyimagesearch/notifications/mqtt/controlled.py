"""What MQTT shows and controls: the server and its cameras, as callables."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from pyimagesearch.status import ArchiveStatus, CameraStatus


class ControlledCamera(NamedTuple):
    """One camera. *record* and *take_still* may block; the others do not."""

    name: str
    status: Callable[[], CameraStatus]
    record: Callable[[bool], object]        # starts (True) or stops
    take_still: Callable[[], object]


@dataclass(frozen=True)
class ControlledServer:
    """The server. *set_mode* and *switch_cameras* may block."""

    cameras: Sequence[ControlledCamera]
    archive: Callable[[], ArchiveStatus]
    mode: Callable[[], str]                 # of arming, one of ARMING_MODES
    is_armed: Callable[[], bool]            # whether the mode is another one than off
    is_camera_armed: Callable[[str], bool]
    are_cameras_on: Callable[[], bool]
    set_mode: Callable[[str, float | None], object]     # until [s since the epoch]
    switch_cameras: Callable[[bool], object]

    def camera(self, name: str) -> ControlledCamera | None:
        """Return the camera called *name*, if there is one."""
        return next((each for each in self.cameras if each.name == name), None)
