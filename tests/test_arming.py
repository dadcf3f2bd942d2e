"""Arming and disarming, across restarts."""

import pytest

from pyimagesearch.events.store import EventStore
from pyimagesearch.surveillance.arming import Arming


@pytest.fixture
def begin(tmp_path, clock):
    """Start with an empty or an existing store, opened only when *restore* is set."""
    made = []

    def begin(restore=True):
        stop()
        store = EventStore(tmp_path / "events.db", clock)
        made.append((store, Arming(store, clock)))
        if restore:
            restore_from(*made[-1])
        return made[-1]

    def stop():
        for store, _ in made:
            store.stop()
            assert store.join(60)
        made.clear()
    yield begin
    stop()


def restore_from(store, arming):
    store.open()
    arming.restore()


def kinds(store):
    assert store.flush(60)
    with store.reading() as reader:
        return [event.kind for event in reader.page(limit=9)[0]]


def test_disarming_survives_a_restart_and_is_an_event(begin):
    states = []
    _, arming = begin()
    arming.add_listener(states.append)
    arming.arm(False)
    arming.arm(False)
    store, arming = begin()
    arming.add_listener(states.append)
    assert states == [True, False, False]
    assert not arming.armed
    assert kinds(store) == ["disarmed"]


@pytest.mark.parametrize("armed", [False, True])
def test_choice_before_the_store_opens_replaces_the_stored_one(begin, armed):
    store, arming = begin()
    arming.arm(not armed)
    store, arming = begin(restore=False)
    arming.arm(armed)
    restore_from(store, arming)
    assert arming.armed == armed
    assert begin()[1].armed == armed


def test_stored_state_is_reported_once_the_store_is_open(begin):
    begin()[1].arm(False)
    states = []
    store, arming = begin(restore=False)
    arming.add_listener(states.append)
    restore_from(store, arming)
    assert states == [True, False]
