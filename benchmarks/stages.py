"""
CPU of each stage of a camera's pictures, in microseconds for each picture it sends.

    python -m benchmarks.stages [SECONDS] [OPTION ...]

An MJPEG camera over HTTP, 640x480 at 30 fps and 1920x1080 at 15 fps, with recording
armed and nothing moving, and always moving; without viewers, and with one. The stages
are those of ``stage_seconds`` in ``/api/status``; "others" is the rest of the
process's CPU: threads that wake each other, requests, and the interpreter's own. An
OPTION is for the server, as ``--overlay browser``.
"""

import contextlib
import sys
import time
from typing import Any

from benchmarks.processes import Server, product, running, viewers

CAMERAS = {"640x480@30": 30, "1920x1080@15": 15}
SETTLE_SECONDS = 8.0


def stages_of(server: Server) -> tuple[dict[str, float], int]:
    """Return the CPU time of each stage [s], and how many pictures there were."""
    state: Any = server.status()["cameras"][0]
    return {**state["stage_seconds"], "all": server.cpu()}, state["given"]


def measure_stages(server: Server, seconds: float) -> dict[str, float]:
    """Return the CPU time of each stage for a picture, during *seconds* [µs]."""
    before, first = stages_of(server)
    time.sleep(seconds)
    after, last = stages_of(server)
    spent = {stage: 1e6 * (after[stage] - before[stage]) / (last - first)
             for stage in before}
    total = spent.pop("all")
    return {**spent, "others": total - sum(spent.values()), "all": total}


def main(seconds: float, options: list[str]) -> None:
    """Measure and print a line for each camera, scene and number of viewers."""
    is_first = True
    for spec in CAMERAS:
        for scene in ("still", "moving"):
            words = [spec, *(["still"] if scene == "still" else [])]
            with (running("-m", "benchmarks.http_camera", *words) as camera,
                  product("--source", camera.url, *options) as server):
                time.sleep(SETTLE_SECONDS)
                for count in (0, 1):
                    with (viewers(server.url + "video_feed", 1, seconds + 5) if count
                          else contextlib.nullcontext()):
                        spent = measure_stages(server, seconds)
                    if is_first:
                        print(f"{'[µs a picture]':32}",
                              *(f"{stage:>8}" for stage in spent))
                    is_first = False
                    print(f"{f'{spec} {scene}, viewers: {count}':32}",
                          *(f"{each:8.0f}" for each in spent.values()), flush=True)


if __name__ == "__main__":
    numbers = [word for word in sys.argv[1:2] if word.replace(".", "").isdigit()]
    main(float(numbers[0]) if numbers else 8, sys.argv[1 + len(numbers):])
