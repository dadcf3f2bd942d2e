"""Deliver alerts: by HTTP, ntfy, web push, Apprise, or a program."""
