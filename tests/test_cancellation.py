"""A read that ends from outside."""

import gc
import socket
import threading

from pyimagesearch.capture.cancellation import Cancellation


def test_read_ends_once_it_is_set():
    closing = Cancellation()
    ours, theirs = socket.socketpair()
    closing.watch(ours)
    received = []
    reader = threading.Thread(target=lambda: received.append(ours.recv(1)))
    reader.start()
    closing.set()
    reader.join(5)
    assert received == [b""]
    ours.close()
    theirs.close()


def test_watched_after_it_is_set():
    closing = Cancellation()
    closing.set()
    ours, theirs = socket.socketpair()
    closing.watch(ours)
    assert theirs.recv(1) == b""
    ours.close()
    theirs.close()


def test_closed_and_collected_sockets_do_no_harm():
    closing = Cancellation()
    ours, theirs = socket.socketpair()
    closing.watch(ours)
    ours.close()
    closing.watch(theirs)
    theirs.close()
    del ours, theirs
    gc.collect()
    closing.set()
