"""URLs of cameras: where their login ends, and how they are shown without it."""

import contextlib
import io
import json
import logging
import string
import tempfile
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import ManualClock, eventually
from pyimagesearch.capture.cameras import find_camera
from pyimagesearch.capture.imagezmq import ImageHubs
from pyimagesearch.capture.url import CameraUrl, encoding_advice, parse_url, redact_url
from pyimagesearch.errors import SettingsError, SurveillanceError
from pyimagesearch.settings.command_line import parse_command_line
from pyimagesearch.settings.settings import Settings
from pyimagesearch.surveillance.camera_loop import as_words

SIGNS = st.text(string.printable.replace("\0", ""), max_size=8)
PASSWORDS = st.builds("{}Geh{}eim{}".format, SIGNS, SIGNS, SIGNS)
MARKS = ("Geh", "eim", "admin")
SCHEMES = ("http", "https", "rtsp", "rtsps", "rtmp", "srt", "udp", "rtp", "imagezmq",
           "imagezmq+sub", "htp", "HTTP", "RtSp", "file")
PLACES = ("127.0.0.1:9/x", "[::1]:9", "cam.example.org:554/live?channel=1", "localhost:9/x")


def test_login_is_split_off_a_url():
    url = parse_url("http://u:p%40ss@h:1/x?y=z")
    assert (url.bare, url.user, url.password) == ("http://h:1/x?y=z", "u", "p@ss")
    assert str(url) == repr(url) == "http://h:1/x?y=***"


@given(PASSWORDS, st.sampled_from(PLACES))
def test_password_may_hold_any_sign_before_a_host(password, place):
    if "%" in password:     # percent-encoding is decoded
        password = password.replace("%", "")
    url = parse_url(f"rtsp://admin:{password}@{place}")
    assert (url.user, url.password) == ("admin", password)
    assert url.bare == f"rtsp://{place}"


@given(st.text(), st.text())
def test_login_for_libraries_is_read_back_as_it_was(user, password):
    url = CameraUrl("http://cam/x", user.replace(":", ""), password)
    assert parse_url(url.with_login) == url


@pytest.mark.parametrize(("url", "bare", "login"), [
    ("http://admin:12?34@10.0.0.5/x", "http://10.0.0.5/x", ("admin", "12?34")),
    ("http://admin:12/34@cam/x", "http://cam/x", ("admin", "12/34")),
    ("rtsp://a:b/c@d@cam:554/s", "rtsp://cam:554/s", ("a", "b/c@d")),
    ("rtsp://a:b@c/d@cam/s", "rtsp://cam/s", ("a", "b@c/d")),
    ("http://me@example.org:pw@cam/x", "http://cam/x", ("me@example.org", "pw")),
    ("http://a:50%/%zz%41@cam/", "http://cam/", ("a", "50%/%zzA")),
    ("http://a:%E9@cam/", "http://cam/", ("a", "\udce9")),
    ("http://a:?b=@cam/x", "http://cam/x", ("a", "?b=")),
    ("http://a:0?b=@cam/x", "http://cam/x", ("a", "0?b=")),
    ("http://:pw@cam/", "http://cam/", ("", "pw")),
    ("udp://@239.0.0.1:1234", "udp://239.0.0.1:1234", ("", "")),
    ("http://cam/x#part", "http://cam/x", ("", "")),
    ("http://a:b@cam.org#c@nvr/x", "http://nvr/x", ("a", "b@cam.org#c")),
    # an @ that is no part of a login
    ("http://cam/path?mail=a@b", "http://cam/path?mail=a@b", ("", "")),
    ("http://cam:8080/path?mail=a@b", "http://cam:8080/path?mail=a@b", ("", "")),
    ("http://10.0.0.5:80/x?mail=a@example.org", "http://10.0.0.5:80/x?mail=a@example.org",
     ("", "")),
    ("srt://10.0.0.5:9000?streamid=a@b", "srt://10.0.0.5:9000?streamid=a@b", ("", "")),
    ("http://cam/?x=1@b&y=2@c", "http://cam/?x=1@b&y=2@c", ("", "")),
    ("http://u:p@cam/x?mail=a@example.org", "http://cam/x?mail=a@example.org", ("u", "p")),
    ("rtsp://u:p@10.0.0.5/live@main", "rtsp://10.0.0.5/live@main", ("u", "p")),
    ("http://cam.lan:80/live@main", "http://cam.lan:80/live@main", ("", ""))])
def test_login_ends_at_the_last_at_before_the_host(url, bare, login):
    assert parse_url(url) == CameraUrl(bare, *login)


@pytest.mark.parametrize("url", ["http://", "http:///x", "http://u:p@/x", "http://cam:0/",
                                 "http://cam:70000/", "http://u:p@:80/",
                                 "http://u:p@[::::]/"])
def test_url_without_a_host_is_refused(url):
    with pytest.raises(SettingsError, match="has no host or a wrong port"):
        parse_url(url)


@given(st.sampled_from(SCHEMES), st.text())
def test_any_text_is_a_camera_or_refused_in_a_sentence(scheme, text):
    with contextlib.suppress(SettingsError):
        camera = find_camera(Settings(source=(f"{scheme}://{text}",)).cameras()[0],
                             ManualClock(), ImageHubs())
        assert camera.label.partition("://")[0] == scheme.lower()


def test_signs_to_encode_are_advised():
    assert encoding_advice("http://u:a#b/c@cam/x#y?z") == "/ as %2F, # as %23"
    assert encoding_advice("http://u:a%23b@cam/x?mail=a@b") == ""


# --- nothing of a login is shown

@given(PASSWORDS)
def test_error_in_a_settings_file_shows_no_password(password):
    with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:
        file.write(f'proxy = "ftp://admin:{password}@h"\n[cameras.front]\n'
                   f'source = "rtsp://admin:{password}@127.0.0.1:9/x"\nfps = "x"\n')
        file.flush()
        said = io.StringIO()
        with pytest.raises(SystemExit), contextlib.redirect_stderr(said):
            parse_command_line(["--config", file.name], {})
    assert not [mark for mark in MARKS if mark in said.getvalue()], said.getvalue()


@pytest.mark.parametrize("argv", [
    ["--source", "http://admin:Geh", "eim@cam/x"], ["--source", "http://admin:a", "Geh", "eim@cam/x"],
    ["--source", "http://admin:a", "-Geheim@cam/x"], ["admin:Geheim@cam/x"],
    ["--sorce=http://admin:Geheim@cam/x"], ["--sorce", "http://admin:Geheim@cam/x"],
    ["doctor", "http://admin:a", "Geheim@cam/x"], ["--proxy", "ftp://admin:Geheim@cam"],
    ["--source", "http://admin:Geheim\0@cam/x"]])
def test_error_in_the_command_line_shows_no_password(capsys, argv):
    with pytest.raises(SystemExit):
        parse_command_line(argv, {})
    said = capsys.readouterr().err
    assert said.startswith("webstreaming")
    assert not [mark for mark in MARKS if mark in said], said


def test_settings_in_the_log_show_no_password():
    (camera,) = Settings(source=("http://admin:Geheim@cam/x",),
                         proxy="http://admin:Geh/eim@proxy:3128").cameras()
    shown = as_words(camera, "http://cam/x")
    assert "proxy http://proxy:3128" in shown
    assert not [mark for mark in MARKS if mark in shown]


def test_program_shows_no_part_of_a_password(start):
    sources = [f"{scheme}://admin:{password}@127.0.0.1:9/x" for scheme in ("http", "rtsp", "rtsps")
               for password in ("Geh#eim", "12?Geheim/", "Geh@eim%")]
    product = start(*[word for source in sources for word in ("--source", source)], "--no-record",
                    "--log-level", "debug", "--log-format", "json")
    eventually(lambda: product.get("/api/status").count(b"127.0.0.1:9/x") >= 2 * len(sources))
    eventually(lambda: json.loads(product.get("/api/status"))["archive"]["cap"])   # then it is open
    shown = "".join([*product.log, *(product.get(path).decode() for path in (
        "/api/status", "/", "/api/events", "/events"))])
    assert not [mark for mark in MARKS if mark in shown], shown
    assert "# as %23" in shown

@given(st.sampled_from(SCHEMES), PASSWORDS, st.sampled_from(PLACES))
def test_no_message_shows_a_part_of_the_password(scheme, password, place):
    shown = messages_of(f"{scheme}://admin:{password}@{place}")
    assert not [mark for mark in MARKS if mark in shown], shown


@given(st.sampled_from(["{}", "http:/{}", "http:{}", "http//{}", "cam=rtsp:/{}", "//{}"]),
       PASSWORDS)
def test_no_message_shows_the_login_of_a_misspelt_url(form, password):
    shown = messages_of(form.format(f"admin:{password}@10.0.0.5/live.sdp"))
    assert not [mark for mark in MARKS if mark in shown], shown


@pytest.mark.parametrize(("url", "shown"), [
    ("http://a:b@cam.org/Geheim@10.0.0.5/x", "http://***@10.0.0.5/x"),
    ("http://me@cam.org:1234/Geheim@nvr:80", "http://***@nvr:80"),
    ("http://a:Geh/eim", "http://***"),
    ("rtsp://a:b@10.0.0.5/live@main", "rtsp://10.0.0.5/live@main"),
    ("http://a:b@cam.org?Geheim@nvr/x", "http://***@nvr/x"),
    ("http://a:b@cam.org#Geheim@nvr/x", "http://nvr/x"),
    ("http://a:b@cam/x?mail=a@cam.org", "http://***@cam.org"),
    ("http://a:b@10.0.0.5/x?mail=a@cam.org", "http://10.0.0.5/x?mail=***"),
    ("http://cam/x?mail=a@cam.org", "http://cam/x?mail=***"),
    ("http://a:8/Geh;@b/Geheim@h:80?c=d", "http://***@h:80?c=***"),
    ("http://a:1/Geh?b=eim@localhost/live", "http://***@localhost/live")])
def test_what_may_be_part_of_a_login_is_hidden(url, shown):
    assert redact_url(url) == shown


def messages_of(spec):
    """Return everything that is said of the camera *spec* until it is lost."""
    records = Records()
    logging.getLogger().addHandler(records)
    try:
        (wanted,) = Settings(source=(spec,)).cameras()
        camera = find_camera(wanted, ManualClock(), ImageHubs())
        records.texts.append(camera.label)
        if "127.0.0.1" in spec and "://" in spec and not spec.startswith(("srt", "udp", "rtp", "imagezmq")):
            camera.open(threading.Event())
    except SurveillanceError as error:
        records.texts.append(str(error))
    finally:
        logging.getLogger().removeHandler(records)
    return "\n".join(records.texts)


class Records(logging.Handler):
    """Keep what is logged."""

    def __init__(self):
        super().__init__()
        self.texts = []

    def emit(self, record):
        self.texts.append(self.format(record))


@given(PASSWORDS.map(lambda text: " ".join(text.split())))
def test_environment_keeps_a_url_with_blanks_together(password):
    (source,) = parse_command_line([], {"SURVEILLANCE_SOURCE":
                                        f"http://admin:{password}@127.0.0.1:9/x"}).settings.source
    assert source == f"http://admin:{password}@127.0.0.1:9/x"


def test_environment_separates_values_by_blanks():
    text = "front=http://u:a b@cam/x yard=rtsp://u:p@cam/y gate=http://cam:80/ demo a@b.mp4"
    assert parse_command_line([], {"SURVEILLANCE_SOURCE": text}).settings.source == (
        "front=http://u:a b@cam/x", "yard=rtsp://u:p@cam/y", "gate=http://cam:80/", "demo", "a@b.mp4")


@given(st.text(), st.text(st.characters(exclude_characters="/?#[]@"), min_size=1))
def test_redaction_hides_the_password_in_any_text(before, password):
    text = before + "://me:" + password + "secret@host/path"
    assert "secret@" not in redact_url(text) or "://" in before or "/" in before
