"""README and documentation are true: commands run, files, links and settings exist."""

import json
import re
import shlex
import subprocess
import sys
import tomllib

import pytest

from docs.site import settings_table
from harness import DEADLINE, ROOT, eventually, missing, needs, open_access
from pages import PAGES, README, anchors, blocks, code, commands, prose
from product import Product, run_program
from pyimagesearch.capture.demo import DemoScene
from pyimagesearch.frames import ArrayPicture
from pyimagesearch.motion_detection import MotionDetection
from pyimagesearch.object_detection.object_groups import LABELS_OF_GROUPS
from pyimagesearch.settings.command_line import parse_command_line
from pyimagesearch.settings.settings import ALL_OPTIONS, Settings
from pyimagesearch.streaming.broadcaster import LatestFrameBroadcaster
from pyimagesearch.system.service import (
    CONFIG_FOLDER,
    CONFIG_PATH,
    NEXT_STEPS,
    UNIT_PATH,
    USER,
)
from pyimagesearch.web.api.operation import ERRORS
from pyimagesearch.web.app import create_app
from pyimagesearch.web.services import Feed, Services
from test_architecture import FLOORS
from videos import film

PROGRAM = ".venv/bin/python webstreaming.py"
RUN_ELSEWHERE = {       # command: the test file that runs it, and how it spells it there
    "make demo": ("test_readme.py", '"make demo"'),
    "pip install .": ("test_packaging.py", '"install", "--no-deps"'),
    "webstreaming --source demo": ("test_packaging.py", '"--source", "demo'),
    "sudo python3 -m venv /opt/webstreaming": ("test_readme.py", "make setup"),
    "sudo /opt/webstreaming/bin/pip install .": ("test_packaging.py", '"install", "--no-deps"'),
    "sudo /opt/webstreaming/bin/webstreaming objects --get --data /var/lib/webstreaming":
        ("test_objects_command.py", '"objects", "--get", "--data"'),
    "sudo /opt/webstreaming/bin/webstreaming service --install":
        ("test_service.py", "service(install=True"),
    "webstreaming completion bash > ~/.local/share/bash-completion/completions/webstreaming":
        ("test_command_line.py", '"completion", "bash"'),
    "sudo -u webstreaming /opt/webstreaming/bin/webstreaming token --config-dir /etc/webstreaming":
        ("test_service.py", 'PROGRAM, "token"'),
    f"{PROGRAM} device-key add tv": ("test_access.py", '"device-key", "add", "tv"'),
    f"{PROGRAM} device-key add guest --days 14": (
        "test_access_commands.py", '"add", "wall panel", "--days"'),
    f"{PROGRAM} device-key list": ("test_access_commands.py", 'command(config_folder.path, "list")'),
    f"{PROGRAM} device-key revoke tv": ("test_access.py", '"device-key", "revoke", "tv"'),
    f"{PROGRAM} replay --suggest": ("test_replay.py", 'replay("--suggest", "--data"'),
    f"{PROGRAM} alerts --test --config cameras.toml": (
        "test_secrets.py", '"alerts", "--test", "--config"'),
    f"{PROGRAM} --config cameras.toml": ("test_secrets.py", 'Product("--config", self.file'),
    "sudo -u webstreaming /opt/webstreaming/bin/webstreaming alerts --test "
    "--config-dir /etc/webstreaming --data /var/lib/webstreaming":
        ("test_secrets.py", '"alerts", "--test", "--config"'),
    f"{PROGRAM} objects garden.jpg --objects model.onnx": (
        "test_objects_command.py", '"--objects", str(model)'),
    f"{PROGRAM} objects --get": ("test_objects_command.py", '"objects", "--get"'),
    f"{PROGRAM} token": ("test_access_commands.py", '"token"'),
    f"{PROGRAM} token --new": ("test_access.py", '"token", "--new"'),
    f"{PROGRAM} password": ("test_access_commands.py", '"password"'),
    f"{PROGRAM} password --viewer": ("test_access_commands.py", '"password", "--viewer"'),
}
NOT_RUN = {             # command: why no test can run it
    "make test": "it is this very run",
    "mkdir -p ~/.local/share/bash-completion/completions": "it writes to the user's home",
    "make pictures": "it runs the tests of pages, which this run does anyway",
    "make bench": "it takes fifteen minutes",
    "sudo usermod -aG video $USER": "it changes the users of the machine",
    "sudo apt install python3-picamera2": "only Raspberry Pi OS has that package",
    "chmod 600 cameras.toml": "the reader wrote that file",
    "git pull": "it needs a remote repository",
    **dict.fromkeys((
        "sudo systemctl daemon-reload", "sudoedit /etc/webstreaming/settings.toml",
        "sudo systemctl enable --now webstreaming",
        "sudo systemctl stop webstreaming",
        "sudo systemctl start webstreaming", "sudo systemctl restart webstreaming",
        "sudo systemctl disable --now webstreaming", "sudo userdel webstreaming",
        "sudo rm /etc/systemd/system/webstreaming.service", "sudo rm -r /opt/webstreaming",
        "sudo rm -f /etc/avahi/services/webstreaming.service",
        "sudo rm -r /etc/webstreaming /var/lib/webstreaming"),
        "it changes the services and users of the machine"),
    "journalctl -u webstreaming": "it reads the journal of an installed service",
    "docker compose --file deploy/compose.yaml up --detach": "it needs a Docker engine",
    "docker compose --file deploy/compose.yaml logs": "it needs a Docker engine",
    "docker compose --file deploy/compose.yaml run --rm webstreaming objects --get":
        "it needs a Docker engine",
}
RUN_HERE = ("PYTHONPATH=", f"{PROGRAM} ", "curl ", "ffmpeg ", "sudo apt install ", "make setup",
            "make docs", "git clone ", "cd ", "sudo tar ")
DETECTOR_FILES = {"mog2.py": "Mog2", "blue.py": "BlueThings", "people.py": "People"}
OWN_OPTIONS = {         # of commands, not of the server; and of other programs
    "--install", "--new", "--viewer", "--days", "--system-site-packages", "--check", "--api", "--strict",
    "--help", "--help-all", "--version", "--camera", "--compare", "--report", "--json",
    "--suggest", "--footage", "--test", "--get", "--rm"}


def test_every_command_is_run_or_says_why_not():
    for command in commands():
        assert (command in RUN_ELSEWHERE or command in NOT_RUN
                or command.startswith(RUN_HERE)), command
    assert {*RUN_ELSEWHERE, *NOT_RUN} <= set(commands())
    for file, words in RUN_ELSEWHERE.values():
        assert words in (ROOT / "tests" / file).read_text(), (file, words)


@pytest.mark.parametrize("command", [
    command for command in commands(PROGRAM)
    if command not in RUN_ELSEWHERE and " replay " not in command])
def test_program_starts_as_written(command):
    words = shlex.split(command)
    if "doctor" in words:
        ended = run_program(*words[2:])
        assert ended.returncode == (0 if words[-1] == "demo" else 1)
        assert "Python" in ended.stdout
        return
    product = Product(*words[2:], "--port", "0", program=(words[1],) if "--ip" in words else ())
    assert product.get("/healthz")
    assert product.stop()[1] == 0
    product.close()


@pytest.fixture(scope="module")
def garden(tmp_path_factory):
    """A folder with the videos that the commands of the documentation replay."""
    folder = tmp_path_factory.mktemp("garden")
    film(folder / "garden.mp4")
    return folder


@pytest.mark.parametrize("command", [
    command for command in commands(PROGRAM)
    if " replay " in command and command not in RUN_ELSEWHERE])
def test_videos_are_replayed_as_written(command, garden):
    ended = run_program(*shlex.split(command)[2:], cwd=garden)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "1 event" in ended.stdout


def test_documented_detector_names_an_event(start, documented_detectors):
    (command,) = commands("PYTHONPATH=")
    _, _, program, *arguments = shlex.split(command)
    product = start(*arguments, program=(program,), env={"PYTHONPATH": documented_detectors})
    eventually(lambda: product.camera["motion"])
    (event,) = eventually(lambda: json.loads(product.get("/api/events?object=person"))["events"])
    assert (event["kind"], event["names"]) == ("motion", ["person"])


@pytest.mark.parametrize(("detector", "label"), [
    ("mog2:Mog2", ""), ("blue:BlueThings", "blue"), ("people:People", "person")])
def test_documented_detectors_name_what_moved(documented_detectors, monkeypatch, detector, label):
    monkeypatch.syspath_prepend(documented_detectors)
    (settings,) = Settings(source=("front=demo",), detector=detector, frame_count=9).cameras()
    detection, scene = MotionDetection(settings), DemoScene((640, 480), 10)
    seen = [detection.look(ArrayPicture(scene.picture(number)), number / 10) for number in range(70)]
    assert not any(each.boxes for each in seen[:30])    # the yard is empty
    assert any(each.boxes for each in seen[30:])
    assert {name for each in seen for name in each.labelled} == ({label} if label else set())


@pytest.fixture
def documented_detectors(tmp_path):
    """A folder with the detectors that the documentation shows."""
    for name, class_name in DETECTOR_FILES.items():
        (block,) = (each for each in blocks("python") if f"class {class_name}" in each)
        assert f"detectors/{name}" in code(ROOT / "docs/detectors.md")
        (tmp_path / name).write_text(block)
    return str(tmp_path)


@pytest.fixture(scope="module")
def small():
    product = Product("--source", "demo:320x240")
    product.wait_for("learning")
    yield product
    product.close()


@pytest.mark.parametrize("command", commands("curl", "ffmpeg"))
def test_other_programs_watch_as_written(command, small, tmp_path):
    words = [word.replace("127.0.0.1:8000", f"127.0.0.1:{small.port}")
             for word in shlex.split(command)]
    needs(words[0], words[0])
    printed = subprocess.run(words, cwd=tmp_path, check=True, capture_output=True,
                             timeout=DEADLINE).stdout
    assert bool(list(tmp_path.iterdir())) != (b'"result"' in printed)
    for made in tmp_path.iterdir():
        assert made.stat().st_size > (10 if made.suffix == ".json" else 5000)


@pytest.mark.parametrize("command", [
    command for command in commands("sudo apt install") if command not in NOT_RUN])
def test_system_packages_exist(command):
    packages = command.split()[3:]
    known = subprocess.run([needs("apt-cache", "apt"), "policy", *packages],
                           capture_output=True, text=True).stdout
    for package in packages:
        if f"{package}:\n" not in known:
            missing(f"{package} is not known here; run: sudo apt update")


def test_backup_brings_back_what_it_packed(tmp_path):
    pack, unpack = (shlex.split(command)[1:] for command in commands("sudo tar "))
    files = [tmp_path / path for path in (
        "etc/webstreaming/settings.toml", "etc/webstreaming/access.json", "var/lib/webstreaming/events.db")]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(file.name)
    packed = [str(tmp_path / word[1:]) if word.startswith("/") else word for word in pack]
    subprocess.run(packed, cwd=tmp_path, check=True, capture_output=True)
    for file in files:
        file.unlink()
    subprocess.run(unpack, cwd=tmp_path, check=True)
    assert [file.read_text() for file in files] == [file.name for file in files]


def test_commands_name_the_places_of_the_service():
    unit = (ROOT / "deploy/webstreaming.service").read_text()
    written = "\n".join(commands("sudo rm "))
    assert f"/{UNIT_PATH}" in written
    assert f"/{CONFIG_FOLDER}" in written
    for kind, parent in (("Configuration", "/etc"), ("State", "/var/lib")):
        (name,) = re.findall(rf"^{kind}Directory=(.*)$", unit, re.M)
        assert f" {parent}/{name}" in written


def test_commands_after_the_installation_are_those_it_prints():
    _, *steps = NEXT_STEPS.format(unit=UNIT_PATH, config=CONFIG_PATH, user=USER,
                                  program="/opt/webstreaming/bin/webstreaming").splitlines()
    assert {step.strip() for step in steps} <= set(commands())


@pytest.mark.parametrize("block", blocks("toml"))
def test_settings_files_are_read_as_printed(block, tmp_path):
    file = tmp_path / "cameras.toml"
    file.write_text(block)
    settings, common = parse_command_line(["--config", str(file)], {}).settings, tomllib.loads(block)
    given = common.pop("cameras", {})
    assert {name: getattr(settings, name) for name in common} == {
        name: tuple(value) if isinstance(value, list) else value for name, value in common.items()}
    cameras = settings.cameras()
    assert not given or {camera.name for camera in cameras} == given.keys()
    for camera in cameras if given else []:
        zones = given[camera.name].pop("zones", [])
        assert [zone.name for zone in camera.zones] == [zone["name"] for zone in zones]
        for name, value in given[camera.name].items():
            assert str(getattr(camera, name)) == str(value) or name == "fps"


def test_settings_page_has_every_setting():
    page = settings_table.PAGE.read_text()
    assert settings_table.tables() in page
    assert settings_table.with_tables(page) == page
    assert all(f"{item.flag}`" in page for item in ALL_OPTIONS.values())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_pictures_lead_somewhere(page):
    links = re.findall(r'(?:\]\(|src=")([^)"\s]+)', prose(page))
    for link in links:
        if re.match(r"https?://", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path) if path else page
        assert target.is_file(), link
        assert not anchor or anchor in anchors(target), link


def test_no_picture_is_left_over():
    shown = "".join(page.read_text() for page in PAGES)
    listed = subprocess.run(["git", "-c", "safe.directory=*", "ls-files", "docs/pictures"], cwd=ROOT, check=True,
                            capture_output=True, text=True).stdout
    for picture in listed.split():
        assert picture.removeprefix("docs/") in shown, picture


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_are_named_exist(page):
    for path in re.findall(
            r"`((?:pyimagesearch|tests|deploy|docs|benchmarks|\.ci)/[\w./-]*)[^`\n]*`", page.read_text()):
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_options_that_are_named_exist(page):
    known = {flag for item in ALL_OPTIONS.values() for flag in item.flags}
    for option in re.findall(r"(?<![\w-])--[a-z][a-z-]*", " ".join(code(page))):
        positive = option.replace("--no-", "--")
        assert option in known | OWN_OPTIONS or positive in known, option


def test_make_targets_that_are_named_exist():
    makefile = (ROOT / "Makefile").read_text()
    quoted = [text for page in PAGES for text in code(page)] + commands()
    for target in re.findall(r"^(?:[A-Z]+=\S+ )?make ([a-z]+)", "\n".join(quoted), re.M):
        assert re.search(rf"^{target}:", makefile, re.M), target


def test_groups_of_labels_are_documented():
    page = (ROOT / "docs/objects.md").read_text()
    for group, labels in LABELS_OF_GROUPS.items():
        assert f"| {group} | {labels} |" in page


def test_make_pictures_runs_tests_that_exist():
    (line,) = (line for line in (ROOT / "Makefile").read_text().splitlines() if "PICTURES=" in line)
    named = re.findall(r"tests/\w+\.py", line)
    assert named
    assert all((ROOT / name).is_file() for name in named)


def test_promises_are_kept_by_the_tests_they_name():
    rows = re.findall(r"^\|.*?\| (`test_\w+\.py`: .*) \|$",
                      (ROOT / "docs/access.md").read_text(), re.M)
    assert len(rows) > 8
    for row in rows:
        content = "".join((ROOT / "tests" / file).read_text()
                          for file in re.findall(r"`(test_\w+\.py)`", row))
        for name in re.findall(r"`(test_\w+)`", row):
            assert f"def {name}(" in content, name


def test_every_address_is_documented():
    page = (ROOT / "docs/http-api.md").read_text()
    rows = re.findall(r"^\| `(?:[A-Z]+ )?(/\S*)` \|", page, re.M)
    named = {re.sub(r"NAME|ID|MOMENT|VERSION|(?<=-)N", "<>", row) for row in rows}
    app = create_app(Services({"camera": Feed(LatestFrameBroadcaster(), lambda: None)}, open_access()))
    for rule in app.url_map.iter_rules():
        if rule.endpoint != "static":
            assert re.sub(r"<[^>]+>", "<>", rule.rule) in named, rule.rule


def test_architecture_page_has_the_packages_on_their_floors():
    page = (ROOT / "docs/architecture.md").read_text()
    rows = re.findall(r"^\| (\d) \| (`[a-z_`, ]+`) \|", page, re.M)
    for number, floor in enumerate(FLOORS, 1):
        assert floor == {name for row, names in rows if int(row) == number
                         for name in re.findall(r"\w+", names)}


def test_every_status_of_the_api_is_documented():
    page = (ROOT / "docs/http-api.md").read_text()
    assert {int(row) for row in re.findall(r"^\| (\d{3}) \|", page, re.M)} == ERRORS.keys()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_labels_that_are_named_are_on_the_pages(page):
    shown = "".join(path.read_text() for path in (
        *ROOT.glob("templates/*.html"), *ROOT.glob("static/*.js")))
    for label in re.findall(r"(?<!\*)\*([A-Z][^*\n]+)\*(?!\*)", prose(page)):
        assert label in shown, label


def test_figures_say_how_they_were_measured():
    text = (ROOT / "docs/benchmarks.md").read_text()
    rows = re.findall(r"^\| `(\w+)[^`]*` \|(.*)\|$", text, re.M)
    assert len(rows) > 12
    for program, row in rows:
        assert (ROOT / f"benchmarks/{program}.py").is_file(), program
        what, measured, *_ = row.split(" | ")
        assert what.strip(), program
        assert re.search(r"\d|none", measured), program
    assert re.search(r"Measured on a .* machine with Python [\d.]+ and OpenCV [\d.]+", text)


def test_site_builds_without_warnings(tmp_path):
    config = ROOT / "docs/site/mkdocs.yml"
    subprocess.run([sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict",
                    "--config-file", config, "--site-dir", tmp_path], check=True)
    built = {path.stem for path in tmp_path.glob("*.html")}
    assert {page.stem for page in PAGES if page != README} <= built
    (made,) = re.findall(r"^\t.*mkdocs (.*)$", (ROOT / "Makefile").read_text(), re.M)
    assert made == "build --quiet --strict --config-file docs/site/mkdocs.yml"


def test_the_project_speaks_of_itself_alone():
    listed = subprocess.run(["git", "-c", "safe.directory=*", "ls-files", "-z"], cwd=ROOT,
                            check=True, capture_output=True, text=True).stdout.split("\0")
    for name in filter(None, listed):
        if name.endswith((".py", ".md", ".cfg", ".toml", ".html", ".js", ".css", "Makefile")):
            assert "/" + "work/" not in (ROOT / name).read_text(), name
