"""Put packets of RTP that came by UDP into their order."""

MAX_WAIT_SECONDS = 0.1      # for a packet that is missing
MAX_WAITING_PACKETS = 64    # behind it
MAX_BEHIND = 128            # that a packet may be too late; a camera that is further
                            # behind has begun to count again
NUMBERS = 2**16             # of packets, after which they begin again
HEAD_BYTES = 12             # of a packet
REPORT_TYPES = range(192, 224)      # of RTCP, which may come among the packets


class RtpOrder:
    """
    Give out the packets of one stream in the order of their numbers.

    One that is missing is waited for until packets come that are MAX_WAIT_SECONDS
    newer: so a lost one delays the others little, however few there are.
    """

    def __init__(self) -> None:
        self._next: int | None = None       # the number that is due
        self._waiting: dict[int, tuple[float, bytes]] = {}  # with the times they came

    def put(self, packet: bytes, now: float) -> list[bytes]:
        """Return what can be given out once *packet* came at *now* [s, monotonic]."""
        if len(packet) < HEAD_BYTES:
            return []
        if packet[1] in REPORT_TYPES:
            return [packet]
        number = int.from_bytes(packet[2:4], "big")
        if self._next is None:
            self._next = number
        if 0 < (self._next - number) % NUMBERS <= MAX_BEHIND:
            return []
        self._waiting.setdefault(number, (now, packet))
        ready = self._due()
        while self._waiting and self._is_over(now):
            due = self._next
            self._next = min(
                self._waiting, key=lambda each: (each - due) % NUMBERS)
            ready += self._due()
        return ready

    def _due(self) -> list[bytes]:
        """Return, and forget, the packets up to the first that is missing."""
        ready: list[bytes] = []
        while self._next in self._waiting:
            ready.append(self._waiting.pop(self._next)[1])
            self._next = (self._next + 1) % NUMBERS
        return ready

    def _is_over(self, now: float) -> bool:
        """Return whether the missing packet was waited for long enough."""
        oldest = next(iter(self._waiting.values()))[0]
        return (now - oldest >= MAX_WAIT_SECONDS
                or len(self._waiting) > MAX_WAITING_PACKETS)
