"""
Run Motion, the surveillance program in C, on the same camera as ours.

Needs the package ``motion``, here version 4.5. It does the same job as ours: looks at
each picture, streams all of them with time and box at JPEG quality 75, and records
H.264 while something moves.
"""

import contextlib
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.processes import Server

START_SECONDS = 20.0    # that it may take until its stream can be opened

CONFIGURATION = """
daemon off
setup_mode off
log_level 3
webcontrol_port 0
stream_port {port}
stream_localhost on
stream_quality 75
stream_maxrate {rate}
stream_motion off
netcam_url {url}
width {width}
height {height}
framerate {fps:g}
threshold {threshold}
locate_motion_mode on
locate_motion_style redbox
text_right %Y-%m-%d\\n%T
event_gap 5
picture_output off
movie_output on
movie_codec mkv
movie_filename %v
target_dir {folder}
"""


class Motion(Server):
    """Motion while it runs: a server with a folder of recordings."""

    folder: Path

    def recorded(self) -> int:
        """Return how many bytes it has recorded so far."""
        return sum(path.stat().st_size for path in self.folder.glob("*.mkv"))


@contextlib.contextmanager
def motion(url: str, size: tuple[int, int], fps: float) -> Iterator[Motion]:
    """
    Run Motion on the MJPEG camera at *url*; yield when its stream can be opened.

    A per mille of the picture must change, as with ours.
    """
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        configuration = Path(folder) / "motion.conf"
        configuration.write_text(CONFIGURATION.format(
            port=port, url=url, width=size[0], height=size[1], fps=fps,
            threshold=size[0] * size[1] // 1000, rate=round(fps), folder=folder))
        with (Path(folder) / "log").open("w") as log:
            process = subprocess.Popen(["motion", "-c", configuration], stdout=log,
                                       stderr=log, cwd=folder)
        server = Motion(f"http://127.0.0.1:{port}/", process.pid)
        server.folder = Path(folder)
        try:
            wait_for_port(port, process)
            yield server
        finally:
            process.terminate()
            process.wait(10)


def free_port() -> int:
    """Return a port that was free just now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    """Return once *port* can be connected to; raises RuntimeError if never."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(
                ("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise RuntimeError("Motion did not start")
