"""Alerts: who is informed of which events, when, and by which channels."""
