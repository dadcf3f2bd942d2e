"""The hub's own ZeroMQ against libzmq, and against peers that it must not trust."""

import contextlib
import gc
import json
import socket
import threading
import tracemalloc

import numpy as np
import pytest
import zmq
from hypothesis import given
from hypothesis import strategies as st

from fuzzing_camera import READY, long_part, zmtp_streams
from harness import DEADLINE, eventually
from network import free_port
from pyimagesearch.capture.demo import DemoScene
from pyimagesearch.capture.imagezmq import ImageHubs
from pyimagesearch.capture.limits import Allowance, MemoryBudget
from pyimagesearch.capture.zmtp import GREETING, PeerRefused, ZmtpPeer, frame
from pyimagesearch.capture.zmtp_connections import (
    MAX_CONNECTIONS,
    Connection,
    Connections,
)
from pyimagesearch.errors import BadPicture, CameraLost
from pyimagesearch.jpeg import encode

IMAGE = DemoScene((320, 240), 5).picture(0)
JPEG = encode(IMAGE)
LARGE = bytes(2448 * 3264 * 3)
LARGE_HEADER = {"dtype": "uint8", "shape": [2448, 3264, 3]}


def picture_of(name, **about):
    return [json.dumps({"msg": name, **about}).encode(), JPEG]


@pytest.fixture
def open_camera():
    """Open camera *name* of a hub at *address*; all hubs end with the test."""
    hubs, closing = ImageHubs(), threading.Event()

    def open_one(address, name="pi", pattern="rep", budget=None):
        return hubs.opener(pattern, address, name, Allowance(budget, name))(closing)
    yield open_one
    closing.set()
    hubs.close()


@pytest.fixture
def connect():
    """Connect a socket of libzmq, with options, to *address*."""
    with contextlib.ExitStack() as stack:
        context = stack.enter_context(zmq.Context())

        def connect_one(address, kind=zmq.REQ, bind=False, **options):
            made = stack.enter_context(context.socket(kind))
            made.linger, made.rcvtimeo, made.sndtimeo = 0, 60_000, 60_000
            for option, value in options.items():
                setattr(made, option, value)
            (made.bind if bind else made.connect)(f"tcp://{address}")
            return made
        yield connect_one


@pytest.fixture
def address():
    return f"127.0.0.1:{free_port()}"


def raw(address, *data):
    """Return a plain connection that sent *data*."""
    host, port = address.rsplit(":", 1)
    made = socket.create_connection((host, int(port)), DEADLINE)
    made.sendall(b"".join(data))
    return made


def ask(sender, message):
    sender.send_multipart(message)
    return sender.recv()


def test_jpegs_and_arrays_come_with_a_reply(open_camera, connect, address):
    camera, sender = open_camera(address), connect(address)
    assert ask(sender, picture_of("pi")) == b"OK"
    assert camera.read().jpeg() == JPEG
    array = json.dumps({"msg": "pi", "dtype": "uint8", "shape": IMAGE.shape}).encode()
    assert ask(sender, [array, IMAGE.tobytes()]) == b"OK"
    np.testing.assert_array_equal(camera.read().colour(), IMAGE)


def test_ipv6_address_is_served(open_camera, connect):
    address = f"[::1]:{free_port()}"
    camera = open_camera(address)
    ask(connect(address, ipv6=1), picture_of("pi"))
    assert camera.read().size == (320, 240)


def test_reply_goes_back_through_a_proxy(open_camera, connect, address):
    camera, front = open_camera(address), f"127.0.0.1:{free_port()}"
    router, dealer = connect(front, zmq.ROUTER, bind=True), connect(address, zmq.DEALER)
    sender = connect(front)
    sender.send_multipart(picture_of("pi"))
    dealer.send_multipart(router.recv_multipart())
    router.send_multipart(dealer.recv_multipart())
    assert sender.recv() == b"OK"
    assert camera.read().size == (320, 240)


def test_heartbeats_are_answered(open_camera, connect, address):
    open_camera(address)
    sender = connect(address, heartbeat_ivl=20, heartbeat_timeout=200)
    with sender.get_monitor_socket(zmq.EVENT_DISCONNECTED) as monitor:
        for _ in range(3):
            assert ask(sender, picture_of("pi")) == b"OK"
            assert not monitor.poll(200)
        sender.disable_monitor()


def test_publisher_with_heartbeats_is_subscribed_to(open_camera, connect, address):
    publisher = connect(address, zmq.PUB, bind=True, heartbeat_ivl=20, heartbeat_timeout=200)
    camera = open_camera(address, pattern="sub")
    ending = threading.Event()

    def publish():
        while not ending.wait(0.02):
            publisher.send_multipart(picture_of("other"))
            publisher.send_multipart(picture_of("pi"))
    thread = threading.Thread(target=publish)
    thread.start()
    try:
        assert [camera.read().size for _ in range(20)] == 20 * [(320, 240)]
    finally:
        ending.set()
        thread.join()


def test_missing_publisher_is_a_sentence(open_camera, address):
    with pytest.raises(CameraLost, match=f"^imagezmq {address}: connection refused$"):
        open_camera(address, pattern="sub").read()


def test_server_that_is_no_publisher_is_a_sentence(open_camera, address):
    with socket.create_server(("127.0.0.1", int(address[10:]))) as server:
        camera = open_camera(address, pattern="sub")
        with server.accept()[0] as connection, pytest.raises(CameraLost) as lost:
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            camera.read()
    assert str(lost.value) == (
        f"imagezmq {address}: the sender speaks another protocol than ZeroMQ's")


def test_other_sockets_are_refused_in_a_sentence(open_camera, connect, address, caplog):
    open_camera(address)
    connect(address, zmq.PUSH)
    eventually(lambda: caplog.messages)
    assert caplog.messages == [f"imagezmq {address}: sender 127.0.0.1 is a socket of type "
                               "'PUSH', but must be REQ"]


def test_names_that_no_camera_has_are_not_kept(open_camera, connect, address, caplog):
    camera, sender = open_camera(address), connect(address)
    tracemalloc.start()
    try:
        for number in range(3):
            name = f"nobody\x1b[31m-{number}"
            assert ask(sender, [json.dumps({"msg": name, **LARGE_HEADER}).encode(), LARGE]) == b"OK"
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()
    ask(sender, picture_of("pi"))
    assert camera.read().size == (320, 240)
    assert caplog.messages == [     # one line a minute
        f"imagezmq {address}: sender 127.0.0.1 sends 'nobody\\x1b[31m-0', "
        "but no camera has that name"]


def test_any_sender_is_taken_for_an_empty_name(open_camera, connect, address):
    camera, named, sender = open_camera(address, ""), open_camera(address), connect(address)
    ask(sender, picture_of("somebody"))
    ask(sender, picture_of("pi"))
    assert camera.read().size == named.read().size == (320, 240)


def test_message_of_endless_parts_is_not_kept(open_camera, connect, address):
    camera, sender = open_camera(address), connect(address)
    part = long_part(1 << 24) + bytes(1 << 24)
    tracemalloc.start()
    try:
        with raw(address, GREETING, READY, b"\x01\x00") as attacker:
            for first in (frame(picture_of("pi")[0], 1), part):
                attacker.sendall(first)
                for _ in range(6):
                    attacker.sendall(part)
                assert ask(sender, picture_of("pi")) == b"OK"
        assert tracemalloc.get_traced_memory()[1] < 40_000_000
    finally:
        tracemalloc.stop()
    assert camera.read().size


def test_silent_connections_make_room_for_a_sender(open_camera, connect, address):
    camera, sender = open_camera(address), connect(address)
    ask(sender, picture_of("pi"))
    silent = [raw(address) for _ in range(MAX_CONNECTIONS + 40)]
    silent += [raw(address, GREETING, READY) for _ in range(40)]
    try:
        for _ in range(3):
            assert ask(sender, picture_of("pi")) == b"OK"
        assert camera.read().size
        eventually(lambda: sum(map(is_open, silent)) < MAX_CONNECTIONS)
    finally:
        for each in silent:
            each.close()


def is_open(connection):
    connection.setblocking(False)
    try:
        while data := connection.recv(1000):
            pass
        return bool(data)
    except BlockingIOError:
        return True
    except ConnectionError:
        return False


def test_flooding_sender_does_not_starve_others(open_camera, connect, address):
    camera, sender = open_camera(address), connect(address)
    message = b"\x01\x00" + frame(picture_of("other")[0], 1) + frame(b"x")
    with raw(address, GREETING, READY) as attacker:
        flood = threading.Thread(target=send_for_ever, args=(attacker, 500 * message))
        flood.start()
        for _ in range(20):
            assert ask(sender, picture_of("pi")) == b"OK"
        assert camera.read().size
        assert flood.is_alive()     # what the hub does not read yet waits at the sender
        attacker.shutdown(socket.SHUT_RDWR)
        flood.join()


def send_for_ever(connection, data):
    with contextlib.suppress(OSError):
        while True:
            connection.sendall(data)


def test_bad_pictures_are_the_verdict_of_their_camera(open_camera, connect, address):
    budget = MemoryBudget(1_000_000)
    camera, sender = open_camera(address, budget=budget), connect(address)
    for message, why in (
            (picture_of("pi", dtype="float64", shape=[9, 9, 3]), "float64"),
            (picture_of("pi", dtype="uint8", shape=[9, 9, 3]), "bytes for an array of shape"),
            ([picture_of("pi")[0], encode(np.zeros((600, 800, 3), np.uint8))],
             "800x600 pixels takes 2 MB, more than what is left of 1 MB"),
            ([picture_of("pi", **LARGE_HEADER)[0], LARGE], "3264x2448 pixels takes 40 MB")):
        assert ask(sender, message) == b"OK"
        with pytest.raises(BadPicture, match=why):
            camera.read()
    ask(sender, picture_of("pi"))
    assert camera.read().size == (320, 240)
    assert budget.used < 500_000


def test_slow_handshakes_and_messages_are_ended():
    refused, peers = [], []
    connections = Connections(read_all, lambda host, why: refused.append(why),
                              message_seconds=0.3)
    with contextlib.closing(connections):
        for data in (b"", GREETING, GREETING + READY + b"\x01\x00\x01\x05ab",
                     GREETING + READY):
            ours, theirs = tcp_pair()
            theirs.sendall(data)
            peers.append(theirs)
            connections.add(ours, "192.0.2.1")
        eventually(lambda: connections.take_turns(threading.Event()) or len(refused) == 3)
        assert [is_open(each) for each in peers] == [False, False, False, True]
    assert set(refused) == {"takes longer than 0.3 seconds for a message"}
    for each in peers:
        each.close()


def test_memory_of_a_connection_is_freed_with_it():
    """Not when the garbage collector runs: a sender may come again and again."""
    size = 8_000_000
    head = b"\x01\x00" + frame(picture_of("pi")[0], 1) + b"\x02" + size.to_bytes(8, "big")
    tracemalloc.start()
    gc.disable()
    try:
        with contextlib.closing(Connections(keep_all, lambda host, why: None)) as connections:
            for _ in range(3):
                ours, theirs = tcp_pair()
                theirs.sendall(GREETING + READY + head + b"x")
                connections.add(ours, "192.0.2.1")
                eventually(lambda: connections.take_turns(threading.Event()) or (
                    tracemalloc.get_traced_memory()[0] > size))
                theirs.close()
                eventually(lambda: connections.take_turns(threading.Event())
                           or not connections.opened)
        assert tracemalloc.get_traced_memory()[1] < 1.5 * size
    finally:
        gc.enable()
        tracemalloc.stop()


def test_sender_that_makes_room_is_not_read_again():
    refused, peers = [], []
    with (contextlib.closing(Connections(read_all, lambda host, why: refused.append(why)))
          as connections, socket.create_server(("127.0.0.1", 0)) as listener):
        connections.listen(listener)
        for _ in range(MAX_CONNECTIONS):
            ours, theirs = tcp_pair()
            peers.append(theirs)
            connections.add(ours, "127.0.0.1")
        peers.append(socket.create_connection(listener.getsockname()))
        for each in peers:
            each.sendall(b"x")
        connections.take_turns(threading.Event())
        assert refused == ["makes room for other senders"]
        assert len(connections.opened) == MAX_CONNECTIONS
    for each in peers:
        each.close()


def test_peer_that_reads_no_replies_is_ended():
    ours, theirs = tcp_pair()
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    flood = threading.Thread(target=send_for_ever, args=(
        theirs, 1000 * (b"\x01\x00" + frame(b""))))
    with theirs, ours:
        connection = Connection(ours, "192.0.2.1", read_all)
        theirs.sendall(GREETING + READY)
        flood.start()
        with pytest.raises(PeerRefused, match="does not read its replies"):
            while connection.receive(1000):
                pass
        ours.close()        # resets it: shut down alone, its peer could wait for ever
        flood.join()


def read_all(connection):
    return ZmtpPeer("REP", connection.send, lambda first, size: None)


def keep_all(connection):
    return ZmtpPeer("REP", connection.send, lambda first, size: lambda body: None)


def tcp_pair():
    with socket.create_server(("127.0.0.1", 0)) as server:
        theirs = socket.create_connection(server.getsockname())
        return server.accept()[0], theirs


@given(zmtp_streams(), st.sampled_from([("REP", b"REQ"), ("SUB", b"PUB")]))
def test_no_bytes_are_fatal_to_a_conversation(stream, kinds):
    sent, (ours, theirs) = [], kinds
    peer = ZmtpPeer(ours, sent.append, lambda first, size: len if len(first) % 2 else None)
    data, steps = stream.replace(b"REQ", theirs), peer.converse()
    with contextlib.suppress(PeerRefused):
        wanted = next(steps)
        while len(data) >= wanted and wanted < 1 << 40:
            read, data = data[:wanted], data[wanted:]
            wanted = steps.send(np.frombuffer(read, np.uint8)) or next(steps)
    assert sent[0] == GREETING
