"""Make a self-signed certificate for this machine, and renew it in time."""

import datetime
import ipaddress
import logging
import re
import time
from collections.abc import Callable, Sequence

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from pyimagesearch.addresses import own_addresses
from pyimagesearch.clock import EARLIEST_TIME
from pyimagesearch.errors import FolderError
from pyimagesearch.folders import ConfigFolder
from pyimagesearch.host_names import HostNames
from pyimagesearch.settings.settings import HOST_PATTERN

log = logging.getLogger(__name__)

DAY = datetime.timedelta(days=1)
LIFETIME = 824 * DAY        # and a day before: browsers accept at most 825
RENEW_BEFORE = 7 * DAY      # the certificate expires

Name = str | ipaddress.IPv4Address | ipaddress.IPv6Address
Names = set[Name]


class SelfSigned:
    """
    Keep a key and a certificate for this machine in *folder*, both of mode 600.

    The certificate is valid for the machine's names and addresses, the *ip* that is
    listened on and further *hosts*. A renewed one keeps the key.
    """

    def __init__(self, folder: ConfigFolder, ip: str,
                 hosts: Sequence[str] = (),
                 time: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._ip = ip
        self._hosts = HostNames(hosts)
        self._time = time
        self.cert = folder.path / "tls-cert.pem"
        self.key = folder.path / "tls-key.pem"

    def renew(self) -> None:
        """
        Make a certificate unless there is a valid one for today's names.

        Raises :exc:`FolderError` if it cannot be written.
        """
        try:
            key, names = self._load_key(), own_names(self._ip, self._hosts)
            # a clock that was not set yet must not change what browsers trust
            now = datetime.datetime.fromtimestamp(
                max(self._time(), EARLIEST_TIME), datetime.UTC)
            if not is_valid(self._folder.secret(self.cert.name), key, names, now):
                made = make_certificate(key, names, now)
                self._folder.keep_secret(self.cert.name, made)
                log.info("made a certificate for %s, SHA-256 fingerprint %s",
                         ", ".join(sorted(map(str, names))), fingerprint(made))
        except OSError as error:
            raise FolderError(
                f"the certificate cannot be written in {str(self._folder.path)!r}: "
                f"{error.strerror}") from None

    def _load_key(self) -> ec.EllipticCurvePrivateKey:
        text = self._folder.secret(self.key.name)
        try:
            key = serialization.load_pem_private_key(text or b"", None)
        except (ValueError, TypeError):
            key = None
        if isinstance(key, ec.EllipticCurvePrivateKey):
            return key
        new = ec.generate_private_key(ec.SECP256R1())
        self._folder.keep_secret(self.key.name, new.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()))
        return new


def own_names(ip: str, hosts: HostNames) -> Names:
    """Return all names and addresses that a browser may use for this machine."""
    names: Names = {*own_addresses(), *(
        host_name(each) for each in hosts.all() if re.fullmatch(HOST_PATTERN, each))}
    found = host_name(ip)
    unspecified = not isinstance(found, str) and found.is_unspecified
    return names if unspecified else names | {found}


def host_name(text: str) -> Name:
    """Return *text* as an address if it is one, else unchanged."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return text


def fingerprint(cert: bytes) -> str:
    """Return the SHA-256 fingerprint of *cert* (PEM) as browsers show it."""
    found = x509.load_pem_x509_certificate(cert).fingerprint(hashes.SHA256())
    return found.hex(":").upper()


def is_valid(text: bytes | None, key: ec.EllipticCurvePrivateKey, names: Names,
             now: datetime.datetime) -> bool:
    """Return whether *text* is a certificate of *key* for *names*, and not too old."""
    try:
        cert = x509.load_pem_x509_certificate(text or b"")
        found = cert.extensions.get_extension_for_class(
            x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound):
        return False
    known: set[object] = {*found.get_values_for_type(x509.DNSName),
                          *found.get_values_for_type(x509.IPAddress)}
    begun = cert.not_valid_before_utc <= now or now.timestamp() == EARLIEST_TIME
    return (begun and now < cert.not_valid_after_utc - RENEW_BEFORE
            and names <= known and cert.public_key() == key.public_key())


def make_certificate(key: ec.EllipticCurvePrivateKey, names: Names,
                     now: datetime.datetime,
                     lifetime: datetime.timedelta = LIFETIME) -> bytes:
    """Return a certificate of *key* for *names* (PEM)."""
    title = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "webstreaming")])
    public = key.public_key()
    alternatives = [
        x509.DNSName(name) if isinstance(name, str) else x509.IPAddress(name)
        for name in sorted(names, key=str)]
    builder = (
        x509.CertificateBuilder().subject_name(title).issuer_name(title)
        .public_key(public).serial_number(x509.random_serial_number())
        .not_valid_before(now - DAY).not_valid_after(now + lifetime))
    for extension, critical in (
            (x509.SubjectAlternativeName(alternatives), False),
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
            (x509.SubjectKeyIdentifier.from_public_key(public), False),
            (x509.AuthorityKeyIdentifier.from_issuer_public_key(public), False)):
        builder = builder.add_extension(extension, critical)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
