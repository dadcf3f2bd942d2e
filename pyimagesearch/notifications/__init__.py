"""Alerts: who is informed of which events, when, and by which channels."""

from .alert_sources import AlertSources
from .alerts import Alerts

__all__ = ["AlertSources", "Alerts"]
