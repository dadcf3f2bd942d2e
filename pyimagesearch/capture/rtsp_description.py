"""Parse a camera's description of its video (SDP, RFC 8866), without addresses."""

import re
from ipaddress import ip_address
from typing import NamedTuple

MAX_LINE_CHARACTERS = 8192
CONTROL = "a=control:"
KEPT_ATTRIBUTES = ("rtpmap:", "fmtp:", "framesize:", "framerate:", "crypto:")
# With a port, the protocol, whatever the camera calls it, and the type of the payload
MEDIA_PATTERN = re.compile(r"video\s+(\d{1,5})(?:/\d+)?\s+(\S{1,64})\s+(\d{1,3})\b")
GROUP_PATTERN = re.compile(r"c=IN IP[46] ([\da-fA-F.:]{2,45})")
ABSOLUTE_PATTERN = re.compile(r"(?i)rtsp[su]?://[!-~]{1,2048}")
PRINTABLE_PATTERN = re.compile(r"[!-~]{1,2048}")


class Description(NamedTuple):
    """The first video of a camera, without any address."""

    media: str              # its lines, for FFmpeg
    control: str            # the URL to set it up, as the camera sent it, or empty
    aggregate: str          # the URL to play it; empty if that is the base
    group: str | None       # the multicast address that it is sent to
    port: int               # of the group; 0 without one

    def sdp(self) -> bytes:
        """Return the description that FFmpeg gets."""
        return ("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=camera\r\nc=IN IP4 0.0.0.0\r\n"
                f"t=0 0\r\n{self.media}").encode("latin-1", "replace")


def parse_description(text: str) -> Description | None:
    """Return the first video of the SDP *text*; None without one."""
    session, *medias = re.split(r"[\r\n][ \t]*m=", "\n" + text)
    for media in medias:
        first, *lines = lines_of(media)
        found = MEDIA_PATTERN.match(first)
        if found is None:
            continue
        kept = [line for line in lines if line.startswith("a=")
                and line[2:].lower().startswith(KEPT_ATTRIBUTES)]
        before = lines_of(session)
        protocol = "RTP/SAVP" if "SAVP" in found[2].upper() else "RTP/AVP"
        return Description(
            "".join(f"{line}\r\n" for line in
                    [f"m=video 0 {protocol} {found[3]}", *kept, "a=control:video"]),
            control_of(lines), aggregate if ABSOLUTE_PATTERN.fullmatch(
                aggregate := control_of(before)) else "",
            group_of(lines) or group_of(before), int(found[1]))
    return None


def lines_of(text: str) -> list[str]:
    """Return the lines of *text*, which may end in any way, without indentation."""
    return [line.strip()[:MAX_LINE_CHARACTERS] for line in re.split(r"[\r\n]", text)]


def control_of(lines: list[str]) -> str:
    """Return the control URL in *lines*; empty without one."""
    value = next((line[len(CONTROL):].strip() for line in lines
                  if line.lower().startswith(CONTROL)), "")
    return value if PRINTABLE_PATTERN.fullmatch(value) else ""


def group_of(lines: list[str]) -> str | None:
    """Return the multicast address in the ``c=`` line of *lines*, if it is one."""
    found = next(filter(None, map(GROUP_PATTERN.match, lines)), None)
    return multicast(found[1]) if found else None


def multicast(address: str) -> str | None:
    """Return *address* if it is one of a multicast group."""
    try:
        return address if ip_address(address).is_multicast else None
    except ValueError:
        return None


def control_url(control: str, base: str) -> str:
    """Return the URL to set up a video: *control*, perhaps relative to *base*."""
    if control in ("", "*"):
        return base
    if ABSOLUTE_PATTERN.fullmatch(control):
        return control
    return base + ("" if base.endswith("/") else "/") + control
