import pytest

from pyimagesearch.access.log_redaction import redact


@pytest.mark.parametrize(("text", "redacted"), [
    ("/login?token=s3cret HTTP", "/login?token=*** HTTP"),
    ("/x?key=s3cret&a=1", "/x?key=***&a=1"),
    ("Authorization: Basic czNjcmV0", "Authorization: Basic ***"),
    ("{'Authorization':'bearer s3cret'}", "{'Authorization':'bearer ***'}"),
    ("at http://me:s3cret@cam/x", "at http://***@cam/x")])
def test_secrets_are_not_logged(text, redacted):
    assert redact(text) == redacted


def test_words_after_a_path_are_logged():
    sentence = "http://cam/basic refuses this user or password"
    assert redact(sentence) == sentence
