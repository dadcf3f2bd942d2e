"""Messages of the stream of events: ids, those that are missed, and what is forgotten."""

import json

from pyimagesearch.streaming.message_log import (
    COMMENT,
    KEPT_MESSAGES,
    MessageLog,
    Subscription,
    generate_messages,
)


def publish(log, count):
    for _ in range(count):
        log.publish("event", {"number": log.number + 1})


def numbers(text):
    return [json.loads(line.removeprefix("data: "))["number"]
            for line in text.decode().splitlines() if line.startswith("data: {\"number")]


def test_message_is_one_event_with_an_id():
    log = MessageLog("a")
    log.publish("mode", {"words": "two\nlines"})
    assert Subscription(log, b"", 0).next() == (
        b'id: a-1\nevent: mode\ndata: {"words": "two\\nlines"}\n\n')


def test_subscriber_is_sent_each_message_once_and_in_order():
    log = MessageLog()
    subscription = Subscription(log, b"hello ", 0)
    publish(log, 3)
    text = subscription.next()
    assert (text[:6], numbers(text)) == (b"hello ", [1, 2, 3])
    assert subscription.next() == b""
    publish(log, 2)
    assert numbers(subscription.next()) == [4, 5]


def test_subscriber_that_comes_back_is_sent_what_it_missed():
    log = MessageLog()
    publish(log, 5)
    assert numbers(Subscription(log, b"", log.number_of(log.id_of(3))).next()) == [4, 5]


def test_ids_of_other_runs_and_of_gone_messages_are_unknown():
    log = MessageLog("b")
    publish(log, KEPT_MESSAGES + 2)
    assert log.number_of("b-2") == 2        # those after it are kept
    for id in ("b-1", "a-5", "b-99999", "b-", "-1", "b--1", "x", "b-²"):
        assert log.number_of(id) is None, id


def test_slow_subscriber_has_to_start_over():
    log = MessageLog("a")
    subscription = Subscription(log, b"", 0)
    publish(log, KEPT_MESSAGES + 1)
    assert subscription.next() == f"id: a-{KEPT_MESSAGES + 1}\nevent: reset\ndata: {{}}\n\n".encode()
    publish(log, 1)
    assert numbers(subscription.next()) == [KEPT_MESSAGES + 2]


def test_forgotten_messages_are_unknown_and_new_ones_are_not():
    log = MessageLog()
    publish(log, 3)
    before = log.id_of(3)
    log.forget()
    assert log.number_of(before) is None
    subscription = Subscription(log, b"", log.number)
    publish(log, 1)
    assert numbers(subscription.next()) == [log.number]


def test_other_servers_stream_messages_and_count_subscribers():
    log, watched = MessageLog(), []
    log.on_watch = lambda: watched.append(log.viewers)
    chunks = generate_messages(Subscription(log, b"", 0))
    assert next(chunks) == COMMENT      # for the headers
    publish(log, 1)
    assert numbers(next(chunks)) == [1]
    log.close()
    assert list(chunks) == []
    assert (watched, log.viewers) == ([1], 0)
