"""End or move a subscription to web push when its session ends or changes."""

import logging
from collections.abc import Callable

from pyimagesearch.access.authenticator import Authenticator
from pyimagesearch.access.roles import Client, Role
from pyimagesearch.errors import AccessError
from pyimagesearch.notifications.delivery.push_subscriptions import PushSubscriptions

from .services import get_services

log = logging.getLogger(__name__)


def end_push(*sessions: str) -> None:
    """Send no more alerts to browsers that subscribed in these *sessions*."""
    if push := get_services().push:
        get_services().pools.changes.run_admitted(
            lambda: remove_push(lambda: push.end_sessions(*sessions)))


def pushed_sessions() -> set[str]:
    """Return the ids of the sessions, even expired ones, whose browsers get alerts."""
    push = get_services().push
    return {each.session for each in push.all()} if push else set()


def move_push(session: str, client: Client) -> None:
    """Bind what was subscribed in *session* to that of *client*, the same browser."""
    push = get_services().push
    if push is None:
        return
    try:
        get_services().pools.changes.run_admitted(lambda: push.move_session(
            session, client.session, client.role.value, client.stamp))
    except AccessError as error:    # no reason to refuse the login
        log.warning("%s", error)


def revoked_push(push: PushSubscriptions, authenticator: Authenticator) -> list[str]:
    """
    Return the endpoints of browsers whose login was revoked since they subscribed.

    That a session has expired revokes nothing: alerts must not end silently after 30
    days. Belongs to the server's thread.
    """
    return [each.endpoint for each in push.all() if each.role not in list(Role)
            or not authenticator.is_valid(Client(Role(each.role), each.stamp))]


def remove_push(remove: Callable[[], int]) -> None:
    """Call *remove*, and log how many browsers are sent no more alerts. Blocks."""
    try:
        if count := remove():
            log.info("web push: %d logged out, and sent no more alerts", count)
    except AccessError as error:
        log.warning("%s", error)
