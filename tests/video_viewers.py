"""Viewers of live H.264, for tests: what they are sent, and what they see."""

import io
import struct

import av

LOW_DELAY = 0x80000     # AV_CODEC_FLAG_LOW_DELAY: each picture at once
NTP_EPOCH = 2_208_988_800


class VideoViewer:
    """Keep the fragments of *video*, as one that misses none."""

    def __init__(self, video):
        self.fragments = []
        self._video = video
        video.add_listener(self._take)

    def _take(self):
        seen = self.fragments[-1].number if self.fragments else 0
        if self._video.group and self._video.number > seen:
            self.fragments.append(self._video.group[-1])

    @property
    def keys(self):
        """The places of the key frames."""
        return [index for index, each in enumerate(self.fragments) if each.is_key]

    @property
    def pictures(self):
        """What was seen so far."""
        return decoded(self.fragments)


def mp4_of(fragments):
    """Return *fragments* as they are sent: with the header, and each new one."""
    parts, header = [], b""
    for each in fragments:
        if each.header != header:
            parts.append(each.header)
            header = each.header
        parts.append(each.data)
    return b"".join(parts)


def decoded(fragments):
    """Return the pictures, BGR, as FFmpeg decodes them without delay."""
    return decoded_mp4(mp4_of(fragments)) if fragments else []


def decoded_mp4(mp4):
    """Return the pictures, BGR, of a file that may end in the middle of one."""
    with av.open(io.BytesIO(mp4)) as video:
        video.streams.video[0].codec_context.flags |= LOW_DELAY
        return [frame.to_ndarray(format="bgr24") for frame in video.decode(video=0)]


def boxes(data):
    """Yield the kind and the content of each complete box in *data*."""
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        if at + size > len(data):
            return
        yield kind, data[at + 8:at + size]
        at += size


def capture_times(mp4):
    """Return when the pictures of *mp4* were captured [s since the epoch]."""
    return [struct.unpack_from(">Q", content, 8)[0] / 2**32 - NTP_EPOCH
            for kind, content in boxes(mp4) if kind == b"prft"]
