"""How long a certificate is still good for, told while there is time to renew it."""

import datetime
import logging
from pathlib import Path

log = logging.getLogger(__name__)

DAY = datetime.timedelta(days=1)
SOON = 14 * DAY


class CertificateExpiry:
    """Warn, once a day, that the certificate in *cert* ends soon or has ended."""

    def __init__(self, cert: Path) -> None:
        self._cert = cert
        self._due = datetime.datetime.min.replace(tzinfo=datetime.UTC)

    def look(self, now: datetime.datetime, *, anew: bool = False) -> None:
        """Warn if it is time to, as of *now*; *anew* if the file is another one."""
        if anew or not now < self._due <= now + DAY:    # a clock may have been set back
            self._due = now + DAY
            if sentence := explain_end(self._cert, now):
                log.warning("%s", sentence)


def explain_end(cert: Path, now: datetime.datetime) -> str:
    """
    Return what to say of the end of *cert* (PEM); empty if it is far.

    Empty, too, where that cannot be told, as without the library ``cryptography``.
    """
    try:
        from cryptography import x509
        end = x509.load_pem_x509_certificate(cert.read_bytes()).not_valid_after_utc
    except (ImportError, AttributeError, ValueError, OSError):  # or an older library
        return ""
    if end > now + SOON:
        return ""
    if end > now:
        return (f"the certificate {str(cert)!r} is good until {end:%d %B %Y, %H:%M} "
                "UTC only; a new one is taken up without a restart")
    return (f"the certificate {str(cert)!r} ended on {end:%d %B %Y}, so browsers "
            "refuse it; a new one is taken up without a restart")
