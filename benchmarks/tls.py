"""
CPU per delivered frame over TLS: one callback for all viewers, or a greenlet for each.

    python -m benchmarks.tls [SECONDS]

One 48 kB JPEG, 30 times a second, to 1 and 20 viewers, side by side over plain HTTP,
over HTTPS, and over HTTPS as any WSGI server would send it, from a generator for each
viewer. Met: every viewer gets at least 29 a second, and the callback costs no more than
the generators.
"""

import sys
import tempfile
from pathlib import Path

COUNTS = (1, 20)


def serve(kind: str) -> None:
    """Run our server with TLS; with *kind* generators, as any WSGI server."""
    from gevent.pywsgi import WSGIHandler

    from benchmarks.fanout import serve_ours
    from pyimagesearch.folders import ConfigFolder
    from pyimagesearch.serving import acceptor
    from pyimagesearch.serving.self_signed import SelfSigned
    from pyimagesearch.serving.tls import Tls

    if kind == "generators":
        for name in ("process_result", "finalize_headers"):
            setattr(acceptor.LiveHandler, name, getattr(WSGIHandler, name))
    with tempfile.TemporaryDirectory() as folder:
        own = SelfSigned(ConfigFolder(str(Path(folder))), "127.0.0.1")
        own.renew()
        serve_ours(tls=Tls(own.cert, own.key))


def main(seconds: float) -> None:
    """Measure all three at each number of viewers and print the table."""
    from benchmarks.processes import main_guard, measure, running

    print("server CPU per delivered frame [us]\n")
    print("viewers    http   https   generators   https : generators   slowest [fps]")
    ok = True
    for count in COUNTS:
        cost, slowest = {}, {}
        for name in ("http", "https", "generators"):
            with running("-m", *(("benchmarks.fanout", "ours") if name == "http"
                                 else ("benchmarks.tls", name))) as server:
                cpu, report = measure(server, count, seconds)
            cost[name] = 1e6 * cpu / sum(viewer["parts"] for viewer in report)
            slowest[name] = min(viewer["fps"] for viewer in report)
        ratio = cost["https"] / cost["generators"]
        ok &= slowest["https"] >= 29 and ratio <= 1
        print(f"{count:7}   {cost['http']:5.0f}   {cost['https']:5.0f}"
              f"   {cost['generators']:10.0f}   {ratio:18.2f}   {slowest['https']:.1f}",
              flush=True)
    print("\nmust: every viewer >= 29 fps, no more than generators:",
          "met" if ok else "MISSED")
    main_guard(ok)


if __name__ == "__main__":
    if sys.argv[1:2] in (["https"], ["generators"]):
        serve(sys.argv[1])
    else:
        main(float(sys.argv[1]) if sys.argv[1:] else 8)
