"""Which certificates of cameras are accepted, and what is said of the others."""

import contextlib
import ssl
import warnings

import pytest

from harness import DEADLINE
from pyimagesearch.capture.cameras import request_of
from pyimagesearch.capture.cancellation import Cancellation
from pyimagesearch.capture.certificates import Trust, connect_tls
from pyimagesearch.capture.url import parse_url
from pyimagesearch.errors import CameraLost, SettingsError
from pyimagesearch.settings.settings import Settings
from socket_camera import Certificate, SocketCamera

DEFAULT = Trust()


@pytest.fixture
def tls_camera():
    """Start a camera with the given TLS context."""
    with contextlib.ExitStack() as stack:
        yield lambda context: stack.enter_context(contextlib.closing(SocketCamera(context=context)))


def check(camera, trust=DEFAULT):
    connect_tls(parse_url(f"rtsps://127.0.0.1:{camera.port}/"), trust, DEADLINE, Cancellation()).close()


def refusal(camera, trust=DEFAULT):
    with pytest.raises(CameraLost) as lost:
        check(camera, trust)
    return str(lost.value)


def test_certificate_of_its_own_is_refused_with_the_setting(tls_camera, tmp_path):
    own = Certificate(tmp_path)
    camera = tls_camera(own.context())
    assert refusal(camera) == (
        f"rtsps://127.0.0.1:{camera.port}/ has a certificate that no known authority vouches for; "
        f'if it is the camera\'s own, set fingerprint = "sha256:{own.fingerprint}" for this camera')
    check(camera, Trust(fingerprint=own.fingerprint))
    check(camera, Trust(verify=False))


@pytest.mark.parametrize("verify", [True, False])
def test_other_certificate_than_the_one_set_is_refused(tls_camera, tmp_path, verify):
    own, other = Certificate(tmp_path), Certificate(tmp_path)
    sentence = refusal(tls_camera(own.context()), Trust(verify, other.fingerprint))
    assert f"fingerprint sha256:{own.fingerprint}, but" in sentence
    assert f"set to sha256:{other.fingerprint};" in sentence


@pytest.mark.parametrize(("shape", "sentence"), [
    ({}, None), ({"name": "elsewhere.example"}, "for another address"),
    ({"first": -2, "last": -1}, "that has expired"),
    ({"first": 1, "last": 2}, "that is not valid yet")], ids=str)
def test_trusted_certificate_is_refused_with_the_reason(
        tls_camera, tmp_path, monkeypatch, shape, sentence):
    trusted = Certificate(tmp_path, **shape)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted.file))
    camera = tls_camera(trusted.context())
    if sentence is None:
        check(camera)
        return
    assert f"has a certificate {sentence}" in refusal(camera)
    check(camera, Trust(fingerprint=trusted.fingerprint))


def test_old_tls_is_spoken_where_no_authority_is_asked(tls_camera, tmp_path):
    own = Certificate(tmp_path)
    context = own.context()
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings(action="ignore"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
    camera = tls_camera(context)
    check(camera, Trust(fingerprint=own.fingerprint))
    check(camera, Trust(verify=False))


@pytest.mark.parametrize("written", ["{}", "sha256:{}", "SHA256:{}", "sha256 Fingerprint={}",
                                     "SHA-256: {}"])
def test_fingerprint_may_be_written_as_others_print_it(written):
    digits = "0aB1" * 16
    for shown in (digits, digits.upper(), ":".join(digits[at:at + 2] for at in range(0, 64, 2))):
        settings = Settings(fingerprint=written.format(shown), verify=False)
        assert request_of(settings.cameras()[0]).trust == Trust(False, digits.lower())


@pytest.mark.parametrize("wrong", ["sha256:", "sha256:12", "sha1:" + "00" * 20, "g" * 64])
def test_wrong_fingerprint_is_refused(wrong):
    with pytest.raises(SettingsError, match=r"--fingerprint is .*, but must be written like sha256"):
        Settings(fingerprint=wrong)


@pytest.mark.parametrize("wrong", ["me:secret@proxy", "socks5://me:secret@proxy"])
def test_wrong_proxy_is_refused_without_its_login(wrong):
    with pytest.raises(SettingsError, match="--proxy must be written like http") as refused:
        Settings(proxy=wrong)
    assert "secret" not in str(refused.value)
