"""Basic and digest logins: the answers of RFC 7616, and challenges of all kinds."""

import base64
import contextlib
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyimagesearch.capture.http_login import (
    DigestAnswers,
    HttpLogin,
    parse_challenges,
)
from pyimagesearch.capture.url import CameraUrl
from pyimagesearch.errors import CameraLost

NONCE = 'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"'
CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"


def answer(challenge, user="Mufasa", password="Circle of Life", uri="/dir/index.html", nonce=CNONCE):
    (parsed,) = parse_challenges([challenge])
    return DigestAnswers(parsed, user.encode(), password.encode(), nonce)(uri).decode()


def login_with(*headers, user="me", password="s3cret"):
    login = HttpLogin(CameraUrl("http://camera/", user, password))
    login.take_challenge(headers)
    return login.authorization("/x").decode()


def fields(answer):
    (parsed,) = parse_challenges([answer])
    return parsed.parameters


@pytest.mark.parametrize(("algorithm", "response"), [
    ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
    ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1")])
def test_answers_are_those_of_rfc_7616(algorithm, response):
    sent = fields(answer(f'Digest realm="http-auth@example.org", qop="auth, auth-int", '
                         f'algorithm={algorithm}, {NONCE}, opaque="FQhe/qaU"'))
    assert sent == {
        "username": "Mufasa", "realm": "http-auth@example.org", "uri": "/dir/index.html",
        "algorithm": algorithm, "nonce": NONCE[7:-1], "nc": "00000001", "cnonce": CNONCE,
        "qop": "auth", "response": response, "opaque": "FQhe/qaU"}


def test_hidden_user_of_rfc_7616_is_hashed():
    sent = fields(answer(       # as corrected by erratum 4897
        'Digest realm="api@example.org", qop="auth", algorithm=SHA-512-256, charset=UTF-8, '
        'nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", userhash=true',
        "J\u00e4s\u00f8n Doe", "Secret, or not?", "/doe.json",
        "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v"))
    assert sent["username"] == "793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b"
    assert sent["response"] == "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"
    assert sent["userhash"] == "true"


def test_answer_of_rfc_2069_has_no_quality_of_protection():
    sent = fields(answer('Digest realm="r", nonce="n"', "me", "pw", "/x"))
    first, second = md5("me:r:pw"), md5("GET:/x")
    assert sent == {"username": "me", "realm": "r", "nonce": "n", "uri": "/x",
                    "response": md5(f"{first}:n:{second}")}


@pytest.mark.parametrize(("algorithm", "name"), [
    ("MD5-sess", "md5"), ("sha-256-SESS", "sha256"), ('"SHA-512-256-sess"', "sha512_256")])
def test_session_digests_hash_the_nonces_as_well(algorithm, name):
    def hashed(text):
        return hashlib.new(name, text.encode()).hexdigest()

    sent = fields(answer(f'Digest realm="r",nonce="n",algorithm={algorithm},qop=auth', "me", "pw",
                         "/x", "c"))
    secret = hashed(hashed("me:r:pw") + ":n:c")
    assert sent["response"] == hashed(f"{secret}:n:00000001:c:auth:{hashed('GET:/x')}")
    assert sent["algorithm"] == algorithm.strip('"')
    assert fields(answer(f'Digest realm="r",nonce="n",algorithm={algorithm}'))["cnonce"] == CNONCE


def test_integrity_of_an_empty_body_is_protected_if_required():
    sent = fields(answer('Digest realm="r", nonce="n", qop="auth-int"', "me", "pw", "/x", "c"))
    second = md5(f"GET:/x:{md5('')}")
    assert sent["response"] == md5(f"{md5('me:r:pw')}:n:00000001:c:auth-int:{second}")
    assert sent["qop"] == "auth-int"


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


@pytest.mark.parametrize("qop", ['"auth-int, auth"', '"auth,auth-int"', '"AUTH"', "auth", '" auth "'])
def test_quality_of_protection_is_found_in_any_list(qop):
    assert fields(answer(f'Digest realm="r", qop={qop}, nonce="n"'))["qop"] == "auth"


def test_realm_with_quotes_is_hashed_plain_and_sent_as_it_came():
    sent = answer(r'Digest realm="the \"old\" DOM\cam", nonce="n"', 'a"b', "pw", "/x")
    first, second = md5(r'a"b:the "old" DOM\cam:pw'), md5("GET:/x")
    assert fields(sent)["response"] == md5(f"{first}:n:{second}")
    assert r'realm="the \"old\" DOM\cam"' in sent
    assert r'username="a\"b"' in sent


def test_user_and_password_are_utf_8():
    assert login_with('Basic realm="x"', user="J\u00e4", password="\u20ac:") == (
        "Basic " + base64.b64encode("J\u00e4:\u20ac:".encode()).decode())
    sent = login_with('Digest realm="r", nonce="n"', user="J\u00e4", password="\u20ac")
    first, second = md5("J\u00e4:r:\u20ac"), md5("GET:/x")
    assert fields(sent)["response"] == md5(f"{first}:n:{second}")


def test_bytes_that_are_no_utf_8_are_sent_as_they_are():
    sent = login_with("Basic", user="me", password="\udce9")
    assert base64.b64decode(sent.removeprefix("Basic ")) == b"me:\xe9"


def test_challenge_is_answered_again_with_a_higher_count():
    login = HttpLogin(CameraUrl("http://camera/", "me", "pw"))
    assert login.authorization("/x") is None
    login.take_challenge(['Digest realm="r", nonce="n", qop="auth"'])
    first, second = (fields(login.authorization("/x").decode()) for _ in range(2))
    assert (first["nc"], second["nc"]) == ("00000001", "00000002")
    assert first["cnonce"] == second["cnonce"]
    assert first["response"] != second["response"]


# --- the choice

D = 'Digest realm="r", nonce="n", qop="auth", algorithm='


@pytest.mark.parametrize(("headers", "chosen"), [
    (["Basic", D + "MD5", D + "SHA-256"], "SHA-256"),
    ([D + "SHA-256", D + "MD5"], "SHA-256"),
    ([f"{D}MD5, {D}SHA-512-256, {D}SHA-256"], "SHA-512-256"),
    ([D + "MD5", D + "SHA-256-sess"], "SHA-256-sess"),
    ([D + "SHA3-256", D + "md5"], "md5"),
    (['Bearer realm="x", ' + D + "MD5"], "MD5"),
    (["Negotiate", "NTLM TlRMTVNTUAACAAAA==", D + "MD5"], "MD5"),
    (['Basic realm="a, Digest b", ' + D + "MD5"], "MD5"),
    (['digest realm="r" nonce="n" qop="auth" algorithm=MD5'], "MD5")])
def test_strongest_known_digest_is_chosen(headers, chosen):
    assert fields(login_with(*headers))["algorithm"] == chosen


@pytest.mark.parametrize("headers", [
    ["Basic"], ["basic realm=x"], ["Bearer, BASIC"], [D + "SHA3-256", "Basic"], []])
def test_basic_is_chosen_where_nothing_better_is_known(headers):
    assert login_with(*headers) == "Basic " + base64.b64encode(b"me:s3cret").decode()


@pytest.mark.parametrize(("header", "names"), [
    (D + "SHA3-256", "Digest SHA3-256"), ("Bearer, NTLM", "Bearer, Ntlm"),
    ("Negotiate YII==", "Negotiate")])
def test_unknown_logins_are_named(header, names):
    with pytest.raises(CameraLost, match=f"a login that is not supported: {names}$"):
        login_with(header)


def test_challenge_that_is_only_out_of_date_is_recognised():
    login = HttpLogin(CameraUrl("http://camera/", "me", "pw"))
    assert login.take_challenge(['Digest realm="r", nonce="n", stale=TRUE'])
    assert not login.take_challenge(['Digest realm="r", nonce="n", stale="false"'])


@given(st.lists(st.text(st.characters(max_codepoint=255)), max_size=3))
def test_any_challenge_is_answered_or_refused(headers):
    login = HttpLogin(CameraUrl("http://camera/", "me", "pw"))
    with contextlib.suppress(CameraLost):
        login.take_challenge(headers)
        assert login.authorization("/x").startswith((b"Basic ", b"Digest "))
