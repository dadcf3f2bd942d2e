"""The names of this machine, by which browsers in its network may reach it."""

import os
import socket

import pytest

from pyimagesearch.host_names import HostNames, search_domains


@pytest.fixture
def resolver(tmp_path, monkeypatch):
    """The resolver's file, which does not exist yet, on a machine called pi."""
    monkeypatch.setattr("socket.gethostname", lambda: "Pi")
    monkeypatch.delenv("LOCALDOMAIN", raising=False)
    return tmp_path / "resolv.conf"


def test_names_that_routers_give_are_known(resolver):
    names = HostNames(resolver=resolver)
    for domain in ("lan", "home", "home.arpa", "fritz.box", "internal", "local", "localdomain"):
        assert f"pi.{domain}" in names
    assert {"pi", "localhost"} <= names.all()
    assert not {"other.lan", "lan", "pi.com", "pi.box", "x.pi.lan", "", ".lan"} & names.all()


def test_fully_qualified_host_name_has_its_short_forms(resolver, monkeypatch):
    monkeypatch.setattr("socket.gethostname", lambda: "Pi.Example.org")
    names = HostNames(resolver=resolver)
    assert {"pi.example.org", "pi", "pi.lan", "pi.local"} <= names.all()
    assert "pi.example.org.lan" not in names


def test_nameless_machine_is_localhost_only(resolver, monkeypatch):
    monkeypatch.setattr("socket.gethostname", lambda: "")
    assert HostNames(["cam.example.org"], resolver).all() == {"localhost", "cam.example.org"}


@pytest.mark.parametrize(("text", "domains"), [
    ("search office.example.org", {"office.example.org"}),
    ("nameserver 192.0.2.1\nsearch  A.example.\tb.example lan\n", {"a.example", "b.example"}),
    ("domain speedport.ip", {"speedport.ip"}),
    ("search a.example\nsearch b.example", {"b.example"}),      # resolv.conf(5)
    ("domain a.example\r\n", {"a.example"}),
    ("# search a.example\n;search b.example\n search c.example", {"c.example"}),
    ("search", set()), ("search .", set()), ("searching a.example", set()), ("", set())])
def test_search_domains_are_read_as_the_resolver_does(resolver, text, domains):
    assert search_domains(text) == domains
    resolver.write_text(text)
    assert {f"pi.{domain}" for domain in domains} <= HostNames(resolver=resolver).all()


def test_search_domain_in_the_environment_comes_first(resolver, monkeypatch):
    resolver.write_text("search a.example")
    monkeypatch.setenv("LOCALDOMAIN", "b.example c.example")
    names = HostNames(resolver=resolver)
    assert {"pi.b.example", "pi.c.example"} <= names.all()
    assert "pi.a.example" not in names


def test_name_that_anyone_could_register_is_foreign(resolver):
    resolver.write_text("search com box pi")
    assert not {"pi.com", "pi.box", "pi.pi"} & HostNames(resolver=resolver).all()


def test_names_follow_the_machine(resolver, monkeypatch):
    names = HostNames(["cam.example.org"], resolver)
    assert "pi.a.example" not in names
    resolver.write_text("search a.example")
    assert "pi.a.example" in names
    moved = resolver.with_name("new")       # as network managers replace it
    moved.write_text("search b.example")
    os.replace(moved, resolver)
    assert ("pi.a.example" in names, "pi.b.example" in names) == (False, True)
    monkeypatch.setattr("socket.gethostname", lambda: "yard")
    assert ("pi.lan" in names, "yard.lan" in names) == (False, True)
    resolver.unlink()
    assert "yard.b.example" not in names
    assert "cam.example.org" in names


def test_unreadable_resolver_file_is_no_error(resolver):
    resolver.mkdir()
    assert "pi.lan" in HostNames(resolver=resolver)
    resolver.rmdir()
    resolver.write_bytes(b"search \xff\xfe.example\0 b.example\n" + b"#" * 10**6)
    assert "pi.lan" in HostNames(resolver=resolver)


def test_this_machine_is_known_by_default():
    assert socket.gethostname().lower() in HostNames()
