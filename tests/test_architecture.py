"""The layout and the direction of imports, kept by a test, not by good will."""

import ast
import subprocess

from conftest import ROOT

LAYERS = [  # each may import what stands in the rows above it, and itself
    {"errors", "clock", "options", "given", "settings", "frames", "metrics", "memory",
     "datafolder", "privacymask", "lastwords", "watchdog", "unit"},
    {"motion_detection", "capture", "streaming", "recording", "events"},
    {"evidence", "archive", "salvage", "privacy"},
    {"surveillance", "doctor", "service"},
    {"web", "server", "accepting", "reading", "framing", "listening", "limits", "tls",
     "selfsigned", "validity", "turns"},
]
CONFINED = {
    "flask": ("pyimagesearch/web/", "webstreaming.py", "pyimagesearch/server.py",
              "pyimagesearch/accepting.py"),
    "werkzeug": ("pyimagesearch/web/",),
    "itsdangerous": ("pyimagesearch/web/access/",),
    "prometheus_client": ("pyimagesearch/web/exposition.py",),
    "segno": ("pyimagesearch/web/access/invitation.py",),
    "gevent": ("pyimagesearch/server.py", "pyimagesearch/accepting.py",
               "pyimagesearch/reading.py", "pyimagesearch/tls.py",
               "pyimagesearch/streaming/fanout.py", "webstreaming.py"),
    "cryptography": ("pyimagesearch/selfsigned.py", "pyimagesearch/validity.py"),
    "imutils": ("pyimagesearch/capture/videostream.py",
                "pyimagesearch/capture/picamera.py"),
    "av": ("pyimagesearch/capture/ffmpeg.py", "pyimagesearch/recording/encoder.py",
           "pyimagesearch/recording/mp4.py"),
    "zmq": ("pyimagesearch/capture/imagehub.py",),
    "picamera2": ("pyimagesearch/capture/picamera.py", "pyimagesearch/doctor.py"),
    "simplejpeg": ("pyimagesearch/capture/jpegpicture.py",),
}
TOP = {"webstreaming.py", "pyimagesearch", "templates", "static", "tests", "benchmarks",
       "setup.cfg", "README.md", "Makefile", "pyproject.toml", "requirements.txt", ".ci",
       "CHANGELOG.md", "LICENSE", ".gitignore", "deploy", "docs"}
PRODUCT = sorted([ROOT / "webstreaming.py", *(ROOT / "pyimagesearch").rglob("*.py")])


def imports(path):
    """Yield the full dotted name of everything that *path* imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = path.relative_to(ROOT).with_suffix("").parts
            base = package[:len(package) - node.level] if node.level else ()
            yield from (".".join([*base, *filter(None, [node.module]), alias.name])
                        for alias in node.names)


def layer_of(name):
    return next((number for number, layer in enumerate(LAYERS) if name in layer), None)


def test_imports_go_down_only():
    for path in PRODUCT:
        if path.parent != ROOT:
            look_down_from(path)


def look_down_from(path):
    part = path.relative_to(ROOT / "pyimagesearch").parts[0].removesuffix(".py")
    for name in imports(path):
        head, _, rest = name.partition(".")
        target = rest.partition(".")[0]
        if head != "pyimagesearch" or target in (part, "__version__"):
            continue
        assert layer_of(target) is not None, f"{target} has no layer"
        assert layer_of(target) < layer_of(part) or (
            layer_of(part) == 0 == layer_of(target)) or (
            layer_of(part) == layer_of(target) >= len(LAYERS) - 3), f"{part} imports {target}"


def test_third_parties_stay_where_they_belong():
    for path in PRODUCT:
        look_at_third_parties_of(path)


def look_at_third_parties_of(path):
    name = str(path.relative_to(ROOT))
    for imported in imports(path):
        allowed = CONFINED.get(imported.partition(".")[0])
        assert allowed is None or name.startswith(allowed), f"{name} imports {imported}"
        assert not (name.startswith("pyimagesearch/web/") and imported == "cv2")
        assert not (name.startswith("pyimagesearch/web/") and imported.startswith(
            ("pyimagesearch.capture", "pyimagesearch.motion_detection")))


def test_top_level_holds_only_what_it_should():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:       # not a checkout, so nothing to keep tidy
        return
    assert {name.partition("/")[0] for name in listed.stdout.split()} <= TOP


def test_nothing_is_global_and_changes():
    for path in PRODUCT:
        for node in ast.walk(ast.parse(path.read_text())):
            assert not isinstance(node, ast.Global), f"{path} has a global"
