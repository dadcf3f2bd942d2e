"""A real broker on a free port, and a client that keeps what it receives."""

import contextlib
import json
import queue
import signal
import socket
import subprocess
import threading
import time

import paho.mqtt.client as paho

from harness import PATIENCE, eventually, needs


class Mosquitto:
    """mosquitto with *settings* of its own, on 127.0.0.1; start() and stop() repeat."""

    def __init__(self, folder, *settings, login=None, tls=None):
        self.port = free_port()
        self.folder, self.login = folder, login
        lines = [f"listener {self.port} 127.0.0.1", "persistence false", "log_dest none",
                 *settings]
        if login:
            passwords = folder / "passwords"
            passwords.touch(0o600)
            subprocess.run([needs("mosquitto_passwd", "mosquitto"), "-b", passwords, *login],
                           check=True, capture_output=True)
            lines += ["allow_anonymous false", f"password_file {passwords}"]
        else:
            lines.append("allow_anonymous true")
        if tls:
            lines += [f"certfile {tls.cert}", f"keyfile {tls.key}"]
        (folder / "mosquitto.conf").write_text("\n".join(["user root", *lines, ""]))
        self.start()

    @property
    def url(self):
        login = ":".join(self.login) + "@" if self.login else ""
        return f"mqtt://{login}127.0.0.1:{self.port}"

    def start(self):
        self.process = subprocess.Popen(
            [needs("mosquitto", "mosquitto"), "-c", self.folder / "mosquitto.conf"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        eventually(self.is_open)

    def is_open(self):
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port)).close()
            return True

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def stop(self):
        self.resume()
        self.process.kill()
        self.process.wait(PATIENCE)

    def client(self, topics):
        return Listener(self, topics)


class Listener:
    """A client that has subscribed to a list of *topics*, and keeps what it receives."""

    def __init__(self, broker, topics):
        self.messages = []      # (topic, payload, retained, at [s, monotonic])
        self._changed = threading.Condition()
        subscribed = threading.Event()
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2,
                                   reconnect_on_failure=False)
        if broker.login:
            self._client.username_pw_set(*broker.login)
        self._client.on_message = self._keep
        self._client.on_connect = lambda client, *_: client.subscribe(
            [(each, 1) for each in topics])
        self._client.on_subscribe = lambda *_: subscribed.set()
        self._client.connect("127.0.0.1", broker.port)
        self._client.loop_start()
        assert subscribed.wait(PATIENCE)

    def _keep(self, client, userdata, message):
        with self._changed:
            self.messages.append((message.topic, message.payload, message.retain,
                                  time.monotonic()))
            self._changed.notify_all()

    def publish(self, topic, payload, retain=False):
        self._client.publish(topic, payload, 1, retain).wait_for_publish(PATIENCE)

    def wait_for(self, topic, payload=None, after=0):
        """Wait for a message to a topic that ends so, with *payload*; return it all."""
        def found():
            return next((each for each in self.messages[after:] if each[0].endswith(topic)
                         and payload in (None, each[1])), None)

        with self._changed:
            assert self._changed.wait_for(found, PATIENCE), (topic, payload, self.summary())
            return found()

    def payloads(self, topic):
        return [payload for name, payload, *_ in self.messages if name.endswith(topic)]

    def last(self, topic):
        return self.payloads(topic)[-1]

    def events(self, topic="/event"):
        return [json.loads(payload) for payload in self.payloads(topic)]

    def summary(self):
        return [(topic, payload[:60]) for topic, payload, *_ in self.messages]

    def close(self):
        self._client.disconnect()
        self._client.loop_stop()


class FakeBroker:
    """A server that answers each connection's first packet with *answer*, as bytes."""

    def __init__(self, answer=b"", keep_open=True):
        self.answer, self.keep_open = answer, keep_open
        self.login = None
        self.connections = queue.SimpleQueue()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self.url = f"mqtt://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._server.accept()
                connection.recv(4096)
                with contextlib.suppress(OSError):
                    connection.sendall(self.answer)
                if not self.keep_open:
                    connection.close()
                self.connections.put(connection)

    def close(self):
        self._server.shutdown(socket.SHUT_RDWR)
        self._thread.join(PATIENCE)
        self._server.close()
        while not self.connections.empty():
            self.connections.get().close()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]
