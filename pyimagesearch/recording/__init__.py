"""Recording: pre-roll, clips, stills."""

from .packet_gate import PacketGate
from .preroll import Preroll
from .recorder import Recorder

__all__ = ["PacketGate", "Preroll", "Recorder"]
