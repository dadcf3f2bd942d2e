"""Warn of an expiring certificate while there is time to renew it."""

import datetime
import logging
from pathlib import Path

log = logging.getLogger(__name__)

DAY = datetime.timedelta(days=1)
WARN_BEFORE = 14 * DAY


class CertificateExpiry:
    """Warn once a day if the certificate in *cert* expires soon or has expired."""

    def __init__(self, cert: Path) -> None:
        self._cert = cert
        self._due = datetime.datetime.min.replace(tzinfo=datetime.UTC)

    def check(self, now: datetime.datetime) -> None:
        """Warn if that is due at *now*."""
        if not now < self._due <= now + DAY:    # the clock may be set back
            self._due = now + DAY
            if sentence := expiry_warning(self._cert, now):
                log.warning("%s", sentence)


def expiry_warning(cert: Path, now: datetime.datetime) -> str:
    """
    Return what to log about the expiry of *cert* (PEM); empty if it is far off.

    Empty, too, if the file cannot be read: its loading reports that.
    """
    from cryptography import x509  # late: only with TLS is it needed

    try:
        end = x509.load_pem_x509_certificate(cert.read_bytes()).not_valid_after_utc
    except (ValueError, OSError):
        return ""
    if end > now + WARN_BEFORE:
        return ""
    date = f"{end.day} {end:%B %Y}"
    if end > now:
        return (f"the certificate {str(cert)!r} expires on {date}, {end:%H:%M} UTC; "
                "a new one is loaded without a restart")
    return (f"the certificate {str(cert)!r} expired on {date}, so browsers refuse it; "
            "a new one is loaded without a restart")
