"""
CPU of the whole job: a camera over HTTP, detection, and 0, 1 and 50 viewers.

    python -m benchmarks.whole_job [SECONDS]

640x480 MJPEG at 30 fps; beside it, on the same camera, the tutorial's own loop, which
records nothing, so ours does not either (``--no-record``). Met: at most 0.10 core
without a viewer, at most a tenth of the tutorial's CPU with one. The last two columns
are with recording on: where nothing moves, and where something always does.
"""

import sys
import time

from benchmarks.processes import Server, main_guard, measure, product, running


def cores(server: Server, count: int, seconds: float) -> float:
    """Return the CPU time per second that *server* uses for *count* viewers."""
    return measure(server, count, seconds)[0] / seconds


def main(seconds: float) -> None:
    """Measure and print the table."""
    print("viewers   ours [cores]   tutorial [cores]   ratio   ready   recording")
    used = {}
    for count in (0, 1, 50):
        with running("-m", "benchmarks.http_camera") as camera, running(
                "-m", "benchmarks.http_camera", "640x480@30", "still") as still:
            for way, url, more in (("ours", camera.url, ["--no-record"]),
                                   ("ready", still.url, []),
                                   ("recording", camera.url, [])):
                with product("--source", url, *more) as server:
                    time.sleep(3)       # the background is learnt by then
                    used[way, count] = cores(server, count, seconds)
                    state = server.status()["cameras"][0]
                    assert state["fps"] > 28, state
                    assert state["recording"] == (way == "recording"), state
            if count < 2:           # with 50 viewers the tutorial's starves
                with running("-m", "benchmarks.tutorial", camera.url) as server:
                    time.sleep(3)
                    # its viewers get no closing boundary, so nothing is counted
                    used["tutorial", count] = cores(server, count, seconds)
        theirs = used.get(("tutorial", count))
        used_by_it, ratio = ("-", "-") if theirs is None else (
            f"{theirs:.2f}", f"{used['ours', count] / theirs:.3f}")
        print(f"{count:7}   {used['ours', count]:12.3f}   {used_by_it:>16}   {ratio:7}"
              f"   {used['ready', count]:.3f}   {used['recording', count]:.3f}",
              flush=True)
    ok = (used["ours", 0] <= 0.10 and used["ours", 1] <= used["tutorial", 1] / 10)
    print("\nmust: <= 0.10 core without a viewer, <= 1/10 of the tutorial's with one:",
          "met" if ok else "MISSED")
    main_guard(ok)


if __name__ == "__main__":
    main(float(sys.argv[1]) if sys.argv[1:] else 10)
