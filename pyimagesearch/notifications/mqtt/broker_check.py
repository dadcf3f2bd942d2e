"""Publish one test message, beside a server that may be running."""

import secrets

from pyimagesearch.notifications.channel import TestOutcome

from .broker import Broker, BrokerError
from .broker_connection import open_connection
from .event_messages import message_of_test

SETTLE_SECONDS = 10.0   # for the message to be acknowledged


def check_broker(broker: Broker, prefix: str, url: str) -> TestOutcome:
    """
    Publish to ``PREFIX/test``; return the result. Blocks up to 20 seconds.

    Nothing is retained, and the connection of a running server stays: this one has
    another id.
    """
    connection = None
    try:
        connection = open_connection(broker, f"webstreaming_{secrets.token_hex(8)}")
        connection.publish(f"{prefix}/test", message_of_test(url))
        done = connection.settle(SETTLE_SECONDS)
    except BrokerError as error:
        return TestOutcome(broker.name, str(error))
    finally:
        if connection:
            connection.close()
    return TestOutcome(broker.name, "" if done else "the broker does not respond")
