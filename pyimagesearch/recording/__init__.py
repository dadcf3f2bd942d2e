"""Recording: pre-roll, clips, stills."""

from .preroll import Preroll
from .preroll_input import PrerollInput
from .recorder import Recorder

__all__ = ["Preroll", "PrerollInput", "Recorder"]
