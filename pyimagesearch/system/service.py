"""``webstreaming service``: run the program under systemd, announced by avahi."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from pyimagesearch.errors import SurveillanceError
from pyimagesearch.folders import SETTINGS_FILE
from pyimagesearch.permissions import FILE_MODE, FOLDER_MODE
from pyimagesearch.settings.loading import read_toml
from pyimagesearch.settings.settings import Settings

from .startup_message import scheme

USER = "webstreaming"       # and its group
SYSUSERS = f"u {USER} - - /var/lib/{USER}\nm {USER} video\n"   # sysusers.d(5)
UNIT_PATH = "etc/systemd/system/webstreaming.service"
AVAHI_FOLDER = "etc/avahi/services"
AVAHI_NAME = "webstreaming.service"
AVAHI_FILE = "avahi.service"      # in deploy/
CONFIG_FOLDER = "etc/webstreaming"      # $CONFIGURATION_DIRECTORY of the unit
CONFIG_PATH = f"{CONFIG_FOLDER}/{SETTINGS_FILE}"
OLD_CONFIG_PATH = "etc/webstreaming.toml"   # which the pages could not change
INVISIBLE_FOLDERS = ("/home", "/root", "/run/user", "/tmp", "/var/tmp")    # to the unit
NEXT_STEPS = """\
Installed {unit}. Next:
  sudoedit /{config}
  sudo {program} objects --get --data /var/lib/{user}
  sudo systemctl daemon-reload
  sudo systemctl enable --now webstreaming
  sudo -u {user} {program} token --config-dir /etc/webstreaming"""


def service(*, install: bool, root: Path = Path("/")) -> None:
    """Print the unit, or install it below *root*; raises :exc:`SurveillanceError`."""
    called = Path(sys.argv[0]).absolute()
    words = [sys.executable] if called.suffix == ".py" else []
    program = shlex.join([*words, str(called)])
    if not install:
        print(unit(program), end="")
        return
    check_location(program)
    try:
        install_unit(unit(program), root)
        announcement = announce(root)
    except PermissionError:
        raise SurveillanceError("only root may install the service; run: sudo "
                                f"{program} service --install") from None
    except (OSError, subprocess.CalledProcessError) as error:
        raise SurveillanceError(f"the service cannot be installed: {error}; is "
                                "systemd in use here?") from None
    print(announcement)
    print(NEXT_STEPS.format(unit=root / UNIT_PATH, config=CONFIG_PATH, user=USER,
                            program=program))


def unit(program: str) -> str:
    """Return the unit in ``deploy/``, with the path of this *program*."""
    text = deployed("webstreaming.service")
    return re.sub(r"(?<=^ExecStart=)\S+", lambda _: program, text, flags=re.MULTILINE)


def check_location(program: str) -> None:
    """Raise :exc:`SurveillanceError` unless a unit may name *program*, and see it."""
    if not re.fullmatch(r"[\w./+ -]+", program) or any(
            word.startswith(f"{folder}/") for word in program.split()
            for folder in INVISIBLE_FOLDERS):
        raise SurveillanceError(f"the program is {program}, but the service cannot see "
                                "it there; install it below /opt/webstreaming")


def install_unit(text: str, root: Path) -> None:
    """Write the unit *text*; create the user and the settings if they are missing."""
    (root / UNIT_PATH).write_text(text)
    (root / UNIT_PATH).chmod(0o644)
    subprocess.run(["systemd-sysusers", f"--root={root}", "-"], input=SYSUSERS,
                   text=True, check=True)
    users = (root / "etc/passwd").read_text()
    user = re.search(rf"^{USER}:[^:]*:(\d+):(\d+):", users, re.MULTILINE)
    assert user, "was created by systemd-sysusers"
    folder, file = root / CONFIG_FOLDER, root / CONFIG_PATH
    folder.mkdir(FOLDER_MODE, exist_ok=True)
    if not file.exists():
        old = root / OLD_CONFIG_PATH
        file.write_text(old.read_text() if old.exists() else
                        deployed("webstreaming.toml"))
        old.unlink(missing_ok=True)
    file.chmod(FILE_MODE)       # it may hold the passwords of cameras
    for path in (folder, file):     # the pages change it
        os.chown(path, int(user[1]), int(user[2]))


def announce(root: Path) -> str:
    """
    Let avahi announce the server below *root*; return a sentence on that.

    Port and scheme are those in its settings. Raises :exc:`SettingsError` for settings
    that are wrong, and :exc:`OSError`.
    """
    file = root / AVAHI_FOLDER / AVAHI_NAME
    settings = Settings(**read_toml(str(root / CONFIG_PATH)))
    if settings.behind_proxy or not settings.port:
        file.unlink(missing_ok=True)
        return "Not announced in the network, as " + (
            "a reverse proxy is in front." if settings.port else "port is 0.")
    if not file.parent.is_dir():
        return ("Not announced in the network, as avahi is not installed; to install "
                "it: sudo apt install avahi-daemon, then repeat this command.")
    file.write_text(avahi_service(settings))
    file.chmod(0o644)
    return (f"Announced in the network on port {settings.port} ({file}); after a "
            "change of port or tls, repeat this command.")


def avahi_service(settings: Settings) -> str:
    """Return the file by which avahi announces the server (avahi.service(5))."""
    text = deployed(AVAHI_FILE)
    return text.replace("_http._tcp", f"_{scheme(settings)}._tcp").replace(
        "<port>8000<", f"<port>{settings.port}<")


def deployed(name: str) -> str:
    """Return the text of file *name* in ``deploy/``, also from an installed wheel."""
    inside = Path(__file__).with_name("deploy")
    folder = inside if inside.is_dir() else Path(__file__).parents[2] / "deploy"
    return (folder / name).read_text()
