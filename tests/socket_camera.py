"""Cameras on plain sockets, which send what a test says, and certificates for them."""

import contextlib
import datetime
import hashlib
import ipaddress
import socket
import ssl
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

DAY = datetime.timedelta(days=1)


class Certificate:
    """A self-signed certificate for *name*, with its key, valid from *first* to *last* [days]."""

    def __init__(self, folder, name="127.0.0.1", first=-1, last=1):
        key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "camera")])
        try:
            names = [x509.IPAddress(ipaddress.ip_address(name))]
        except ValueError:
            names = [x509.DNSName(name)]
        made = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject)
                .public_key(key.public_key()).serial_number(x509.random_serial_number())
                .not_valid_before(now + first * DAY).not_valid_after(now + last * DAY)
                .add_extension(x509.SubjectAlternativeName(names), critical=False)
                .sign(key, hashes.SHA256()))
        self.fingerprint = hashlib.sha256(made.public_bytes(serialization.Encoding.DER)).hexdigest()
        self.file = folder / f"{self.fingerprint}.pem"      # key and certificate
        self.file.write_bytes(
            key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                              serialization.NoEncryption())
            + made.public_bytes(serialization.Encoding.PEM))

    def context(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file)
        return context


class SocketCamera:
    """
    A camera that *serve* is: called with each connection, which is closed behind it.

    With *context*, it speaks TLS.
    """

    def __init__(self, serve=lambda connection: None, context=None):
        self.serve, self.context = serve, context
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"http{'s' if context else ''}://127.0.0.1:{self.port}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self.answer, args=(self.listener.accept()[0],),
                                 daemon=True).start()

    def answer(self, plain):
        with plain, contextlib.suppress(OSError):
            if self.context is None:
                self.serve(plain)
                return
            with self.context.wrap_socket(plain, server_side=True) as connection:
                self.serve(connection)

    def close(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def read_head(connection):
    """Return what comes up to the end of a head, or nothing if the connection ends before."""
    head = b""
    while b"\r\n\r\n" not in head:
        piece = connection.recv(4096)
        if not piece:
            return b""
        head += piece
    return head


class HttpCamera(SocketCamera):
    """A camera that sends what *answer* returns: for the head of a request, and its number."""

    def __init__(self, answer, context=None):
        self.heads = []
        self.answers = answer
        super().__init__(self.converse, context)

    def converse(self, connection):
        head = read_head(connection)
        if not head:
            return
        self.heads.append(head.decode("latin-1"))
        connection.sendall(self.answers(self.heads[-1], len(self.heads)))
