"""What becomes of alerts to a browser when its session ends or changes."""

import logging

from pyimagesearch.access.roles import Client

from .services import get_services

log = logging.getLogger(__name__)


def end_push(*sessions: str) -> None:
    """Send no more alerts to browsers that subscribed in these *sessions*."""
    if push := get_services().push:
        count = get_services().pools.changes.run_admitted(
            lambda: push.end_sessions(*sessions))
        if count:
            log.info("web push: %d logged out, and sent no more alerts", count)


def move_push(session: str, client: Client) -> None:
    """Bind what was subscribed in *session* to that of *client*, the same browser."""
    if push := get_services().push:
        get_services().pools.changes.run_admitted(lambda: push.move_session(
            session, client.session, client.role.value, client.stamp))
