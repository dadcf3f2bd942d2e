"""
Age of a frame when its last byte reaches the viewer, from the demo camera.

    python -m benchmarks.latency [SECONDS]

640x480 at 30 fps, 1 and 50 viewers, from capture to the last byte received. Met: median
at most 8 ms, 99th percentile at most 33 ms.
"""

import statistics
import sys

from benchmarks.processes import main_guard, measure, product


def main(seconds: float) -> None:
    """Measure and print the table."""
    print("viewers   median [ms]   99 % [ms]   in frame intervals")
    ok = True
    for count in (1, 50):
        with product("--source", "demo:640x480@30") as server:
            _, report = measure(server, count, seconds, "stamped")
        ages = [1000 * age for viewer in report for age in viewer["ages"]]
        median, worst = statistics.median(ages), statistics.quantiles(ages, n=100)[98]
        ok &= median <= 8 and worst <= 33
        print(f"{count:7}   {median:11.1f}   {worst:9.1f}   {median / (1000 / 30):.2f}")
    print("\nmust: median <= 8 ms, 99 % <= 33 ms:", "met" if ok else "MISSED")
    main_guard(ok)


if __name__ == "__main__":
    main(float(sys.argv[1]) if sys.argv[1:] else 15)
