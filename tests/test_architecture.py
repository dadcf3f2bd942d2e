"""The layout: floors, names, sizes and where third-party libraries are used."""

import ast
import re
import subprocess
from collections import Counter

from harness import ROOT

FLOORS = [  # each may import what stands in the rows above it, and itself
    {"errors", "clock", "frames", "status", "rates", "threads", "addresses",
     "host_names", "permissions", "overlay", "folders", "file_formats", "outlines",
     "mdns", "found_cameras", "log_tail", "orientation",
     "drawn_text"},
    {"events", "settings", "jpeg"},
    {"motion_detection", "object_detection", "capture", "recording", "streaming", "privacy", "access",
     "notifications"},
    {"surveillance", "archive", "web", "serving", "system", "replay"},
    {"watched_cameras"},
    {"program"},
    {"program_alerts", "program_services"},
    {"embedding"},
    {"__init__"},
]
CONFINED = {
    "flask": ("pyimagesearch/web/", "webstreaming.py", "pyimagesearch/embedding.py", "pyimagesearch/serving/server.py",
              "pyimagesearch/serving/acceptor.py"),
    "werkzeug": ("pyimagesearch/web/", "pyimagesearch/access/"),
    "itsdangerous": ("pyimagesearch/access/",),
    "prometheus_client": ("pyimagesearch/web/api/prometheus.py",),
    "shtab": ("pyimagesearch/settings/command_line.py",),
    "segno": ("pyimagesearch/access/login_links.py",
              "pyimagesearch/access/invitations.py"),
    "gevent": ("pyimagesearch/serving/", "webstreaming.py"),
    "cryptography": ("pyimagesearch/serving/self_signed.py",
                     "pyimagesearch/serving/certificate_expiry.py",
                     "pyimagesearch/notifications/delivery/push_encryption.py"),
    "imutils": ("pyimagesearch/capture/usb.py", "pyimagesearch/capture/picamera.py"),
    "av": ("pyimagesearch/capture/ffmpeg.py", "pyimagesearch/capture/ffmpeg_source.py",
           "pyimagesearch/capture/camera_packets.py",
           "pyimagesearch/recording/h264_encoder.py",
           "pyimagesearch/recording/clip.py",
           "pyimagesearch/streaming/live_encoder.py"),
    "zmq": (),      # ZMTP is spoken by capture/zmtp.py, within bounds
    "picamera2": ("pyimagesearch/capture/picamera.py",),
    "simplejpeg": ("pyimagesearch/jpeg.py",),
    "paho": ("pyimagesearch/notifications/mqtt/",),
    "apprise": ("pyimagesearch/notifications/delivery/apprise_child.py",),
    "py_vapid": ("pyimagesearch/notifications/delivery/push_encryption.py",),
    "http_ece": ("pyimagesearch/notifications/delivery/push_encryption.py",),
    "astral": ("pyimagesearch/settings/sun.py",),
    "babel": ("pyimagesearch/web/",),
    "tomlkit": ("pyimagesearch/settings/",),
    "requests": (),     # heavy; http.client does
}
TOP = {"webstreaming.py", "pyimagesearch", "templates", "static", "tests", "benchmarks",
       "setup.cfg", "README.md", "Makefile", "pyproject.toml", "requirements.txt", ".ci",
       "CHANGELOG.md", "LICENSE", ".gitignore", "deploy", "docs"}
# modules of the web and of a lower floor on the same subject
SAME_SUBJECT = {"alerts", "errors", "sessions", "status", "zones"}
BARE = {    # words that do not say what they count, name or bound
    "ALWAYS", "BATCH", "CHUNK", "EARLY", "FILES", "GRACE", "IDLE", "KINDS", "LARGEST",
    "LASTS", "LATE", "LEAST", "LONGEST", "MAX", "MIN", "MOST", "NAME", "NAMES",
    "NEVER", "NEW", "NOTHING", "OTHERS", "PATIENCE", "PAUSE", "PLAIN", "RETRY", "SHORTEST",
    "SIZE", "SPARE", "TIMEOUT", "TRIES", "USUAL", "WAIT", "WINDOW"}
MAX_ATTRIBUTES = 16
MAX_TEST_NAME = 60
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


def floor_of(name):
    return next((number for number, floor in enumerate(FLOORS, 1) if name in floor), None)


def test_packages_import_only_from_floors_below():
    for path in PRODUCT:
        if path.parent != ROOT:
            assert_imports_go_down(path)


def assert_imports_go_down(path):
    part = path.relative_to(ROOT / "pyimagesearch").parts[0].removesuffix(".py")
    for name in imports(path):
        head, _, rest = name.partition(".")
        target = rest.partition(".")[0]
        if head != "pyimagesearch" or target in (part, "__version__"):
            continue
        assert floor_of(target) is not None, f"{target} stands on no floor"
        assert floor_of(target) < floor_of(part) or floor_of(part) == 1, (
            f"{path} imports {name}")


def test_module_names_are_not_used_twice():
    names = Counter(path.stem for path in PRODUCT if path.stem != "__init__")
    assert {name for name, count in names.items() if count > 1} <= SAME_SUBJECT


def test_constants_carry_their_noun():
    for path in PRODUCT:
        bare = BARE & set(constants(path))
        assert not bare, f"{path}: {bare} of what?"


def constants(path):
    """Yield the names of the constants at the top of *path*."""
    for node in ast.parse(path.read_text()).body:
        for target in node.targets if isinstance(node, ast.Assign) else []:
            yield from (each.id for each in ast.walk(target)
                        if isinstance(each, ast.Name) and each.id.isupper())


def test_classes_own_few_attributes():
    for path in PRODUCT:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                owned = {each.attr for each in ast.walk(node)
                         if isinstance(each, ast.Attribute)
                         and isinstance(each.ctx, ast.Store)
                         and isinstance(each.value, ast.Name) and each.value.id == "self"}
                assert len(owned) <= MAX_ATTRIBUTES, f"{path}: {node.name} has {len(owned)}"


def test_names_of_tests_are_short():
    for path in (ROOT / "tests").glob("test_*.py"):
        for name in re.findall(r"^def (test_\w+)", path.read_text(), re.M):
            assert len(name) <= MAX_TEST_NAME, f"{path.name}: {name}"


def test_third_parties_stay_where_they_belong():
    for path in PRODUCT:
        assert_third_parties_are_confined(path)


def assert_third_parties_are_confined(path):
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


def test_no_function_changes_a_global():
    for path in PRODUCT:
        for node in ast.walk(ast.parse(path.read_text())):
            assert not isinstance(node, ast.Global), f"{path} has a global"
