import pytest

from pyimagesearch.access.log_redaction import Redaction


@pytest.mark.parametrize(("text", "redacted"), [
    ("/login?token=s3cret HTTP", "/login?token=*** HTTP"),
    ("/x?key=s3cret&a=1", "/x?key=***&a=1"),
    ("Authorization: Basic czNjcmV0", "Authorization: Basic ***"),
    ("{'Authorization':'bearer s3cret'}", "{'Authorization':'bearer ***'}"),
    ("at http://me:s3cret@cam/x", "at http://***@cam/x")])
def test_secrets_are_not_logged(text, redacted):
    assert Redaction().redact(text) == redacted


def test_words_after_a_path_are_logged():
    sentence = "http://cam/basic refuses this user or password"
    assert Redaction().redact(sentence) == sentence


def test_known_secrets_are_hidden_anywhere_the_longest_first():
    redaction = Redaction({"s3cret.", "s3cret.word"})
    assert redaction.redact("is s3cret.word, or s3cret., or s3cretx") == (
        "is ***, or ***, or s3cretx")
