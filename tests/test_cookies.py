"""Our cookies among those that servers on other ports of the host set."""

import io
import re

import pytest

from protected import BROWSER, OURS, OWNER, PASSWORDS, VIEWER, ProtectedApp
from pyimagesearch.serving.cookie_lines import LONG_LINE_BYTES, CookieLines
from pyimagesearch.serving.http_syntax import RequestRefused

pytestmark = pytest.mark.usefixtures("no_fsync")

SECURE = {"base_url": "https://localhost"}


def session_of(protected, role):
    """Return name and value of the cookie of a new session."""
    cookie = protected.cookie(protected.client(role))
    return cookie.key, cookie.value


def change(protected, *cookies):
    """Return the status of a change that a browser with these *cookies* asks for."""
    return protected.app.test_client(use_cookies=False).post("/sessions/end-others", headers={
        **OURS, "Cookie": "; ".join(f"{name}={value}" for name, value in cookies)}).status_code


def test_cookies_of_another_port_do_not_log_out(protected):
    name, value = session_of(protected, OWNER)
    for other in ("", "x", "x" * 9000, "é", '"', value[::-1]):
        assert change(protected, (name, other), (name, value)) == 303
        assert change(protected, (name, value), (name, other)) == 303
    assert change(protected, *[(name, f"x{number}") for number in range(40)], (name, value)) == 303
    assert change(protected, *[(f"other{number}", "x" * 100) for number in range(200)],
                  (name, value)) == 303


def test_cookies_of_another_port_do_not_lower_the_role(protected):
    (name, owner), (_, viewer) = (session_of(protected, role) for role in (OWNER, VIEWER))
    assert change(protected, (name, viewer)) == 403
    assert change(protected, (name, viewer), (name, owner)) == 303
    assert change(protected, (name, owner), (name, viewer)) == 303


def test_device_is_known_among_cookies_of_another_port(protected):
    protected.set_password(OWNER)
    client = protected.client(OWNER)
    name = protected.authenticator.cookie_name("device-owner")
    cookie = client.get_cookie(name)
    other = protected.app.test_client(use_cookies=False)
    for _ in range(5):
        other.post("/login", data={"password": "wrong"}, headers=OURS)
    answer = other.post("/login", data={"password": PASSWORDS[OWNER]}, headers={
        **OURS, "Cookie": f"{name}=x; {name}={cookie.value}"})
    assert answer.status_code == 303


def test_logout_ends_all_sessions_of_the_browser(protected):
    cookies = [session_of(protected, role) for role in (OWNER, VIEWER)]
    header = "; ".join(f"{name}={value}" for name, value in cookies)
    client = protected.app.test_client(use_cookies=False)
    assert client.post("/logout", headers={**OURS, "Cookie": header}).status_code == 303
    assert client.get("/api/status", headers={"Cookie": header}).status_code == 401


@pytest.mark.parametrize(("base_path", "prefix"), [("", "__Host-"), ("/cam", "__Secure-")])
def test_names_of_cookies_are_reserved_for_https(tmp_path, base_path, prefix):
    protected = ProtectedApp(tmp_path, base_path=base_path)
    client = protected.client()
    answer = client.get(base_path + protected.link(OWNER), headers=BROWSER, **SECURE)
    for cookie in answer.headers.getlist("Set-Cookie"):
        assert cookie.startswith(prefix)
        assert {"Secure", f"Path={base_path or '/'}", "HttpOnly"} <= set(cookie.split("; "))
        assert "Domain" not in cookie
    assert client.get(f"{base_path}/api/status", **SECURE).status_code == 200
    ours = {"Origin": "https://localhost"}
    gone = client.post(f"{base_path}/logout", headers=ours, **SECURE).headers["Set-Cookie"]
    assert gone.startswith(prefix)
    assert client.get(f"{base_path}/api/status", **SECURE).status_code == 401


def test_session_from_before_the_reserved_names_goes_on(protected):
    name, value = session_of(protected, OWNER)
    answer = protected.app.test_client(use_cookies=False).get(
        "/api/status", headers={"Cookie": f"{name}={value}"}, **SECURE)
    assert answer.status_code == 200


# --- too many for a request


OTHERS = "; ".join(f"other{number}={4000 * 'x'}" for number in range(180))


@pytest.mark.parametrize("before", [True, False])
def test_too_many_cookies_of_another_port_lock_no_one_out(protected_server, before):
    ours = protected_server.log_in()
    header = f"{OTHERS}; {ours}" if before else f"{ours}; {OTHERS}"
    assert protected_server.request("/api/status", Cookie=header)[0] == 200
    assert protected_server.request("/api/status", Cookie=OTHERS)[0] == 401


def read(line):
    lines = CookieLines(io.BufferedReader(io.BytesIO(line)), lambda: re.compile(rb" *own=\w{1,9}"))
    return lines.readline(32_768)


@pytest.mark.parametrize("length", range(LONG_LINE_BYTES - 30, LONG_LINE_BYTES + 30))
def test_long_line_keeps_our_cookies_wherever_it_is_cut(length):
    line = b"Cookie: a=" + b"x" * length + b"; own=7; b=own=8; own=99\r\n"
    assert read(line + b"next") in (line, b"Cookie: shortened=1; own=7; own=99\r\n")
    assert read(b"cookie: own=1; c=" + b"x" * 3 * length + b"own=2; own=3\n") == (
        b"Cookie: shortened=1; own=1; own=3\r\n")


@pytest.mark.parametrize("rest", [b"\rX: y\r\n", b"\0\r\n", b"x" * (1 << 20)])
def test_long_line_is_as_strict_as_a_short_one(rest):
    for length in (20_000, LONG_LINE_BYTES - 11, LONG_LINE_BYTES - 12):
        with pytest.raises(RequestRefused):
            read(b"Cookie: a=" + b"x" * length + b"x" * 100 + rest)
