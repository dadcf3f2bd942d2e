"""URLs of cameras without their passwords."""

from hypothesis import given
from hypothesis import strategies as st

from pyimagesearch.capture.url import parse_url, redact_url


def test_login_is_split_off_a_url():
    url = parse_url("http://u:p%40ss@h:1/x?y=z")
    assert (url.bare, url.user, url.password) == ("http://h:1/x?y=z", "u", "p@ss")
    assert str(url) == repr(url) == "http://h:1/x?y=***"


@given(st.text(), st.text(st.characters(exclude_characters="/?#[]@"), min_size=1))
def test_redaction_hides_the_password_in_any_text(before, password):
    text = before + "://me:" + password + "secret@host/path"
    assert "secret@" not in redact_url(text) or "://" in before or "/" in before
