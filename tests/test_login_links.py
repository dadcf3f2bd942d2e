"""Login links and their QR code."""

import os
import re

from protected import OWNER, VIEWER
from pyimagesearch.access.credentials import Credentials
from pyimagesearch.access.login_links import in_journal, login_lines, qr_code


def test_qr_code_is_readable_on_dark_and_light_terminals():
    lines = list(qr_code("http://192.168.1.7:8000/login?token=x", "utf-8"))
    for line in lines:
        assert re.fullmatch(r"\x1b\[97;40m[█▀▄ ]{33}\x1b\[0m", line)
    assert list(qr_code("http://192.168.1.7/", "ascii")) == []


def test_login_links_are_not_written_to_the_journal(monkeypatch, tmp_path, capfd):
    found = Credentials.new()
    url = "http://192.168.1.7:8000/"
    lines = list(login_lines(found, url))
    assert f"{url}login?token={found.tokens[OWNER]}" in lines[0]
    assert f"{url}login?token={found.tokens[VIEWER]}" in lines[1]
    with (tmp_path / "journal").open("w") as file:
        there = os.fstat(file.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{there.st_dev}:{there.st_ino}")
        assert in_journal(file.fileno())
        assert not in_journal(0)
