"""
Replay videos: what would the cameras have stored?

``command`` finds ``recordings`` and the ``contenders`` to replay them with. ``player``
decodes each frame once; a ``trial`` of each contender detects motion in it, and its
``event_log`` notes the events. ``results`` puts them in words, ``report`` draws them.
With --suggest, ``marks`` says what is real, ``suggestion`` finds the best settings, and
``advice`` says which.
"""

from .command import replay

__all__ = ["replay"]
