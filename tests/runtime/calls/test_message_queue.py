"""A message queue passes messages to another thread: in order, bounded, urgent ones at once."""

from __future__ import annotations

import threading
import time

import pytest

from viewcomfy_runtime.calls.message_queue import CAPACITY, MessageQueue


def filled() -> MessageQueue[int]:
    queue = MessageQueue[int]()
    for number in range(CAPACITY):
        queue.put(number)
    return queue


def test_messages_arrive_in_their_order() -> None:
    queue = filled()
    assert [queue.next(0) for _ in range(CAPACITY)] == [*range(CAPACITY)]
    assert queue.next(0) is None


def test_a_message_waits_until_there_is_room() -> None:
    queue = filled()
    thread = threading.Thread(target=queue.put, args=[-1])
    thread.start()
    thread.join(0.1)
    assert thread.is_alive()
    queue.next(0)
    thread.join(5)
    assert not thread.is_alive()


def test_nothing_waits_for_room_in_a_closed_queue() -> None:
    queue = filled()
    queue.closed.set()
    queue.put(-1)
    assert -1 not in [queue.next(0) for _ in range(CAPACITY + 1)]


def test_the_last_message_needs_no_room() -> None:
    queue = filled()
    queue.put_last(-1)
    assert [queue.next(0) for _ in range(CAPACITY + 1)][-1] == -1


def test_a_message_that_waits_for_room_is_given_up_when_the_check_raises() -> None:
    def late() -> None:
        raise TimeoutError

    queue = MessageQueue[int](check=late)
    for number in range(CAPACITY):
        queue.put(number)
    with pytest.raises(TimeoutError):
        queue.put(-1)


def seconds_between(urgent: bool) -> float:
    """The seconds from a second message to the moment when it is received."""
    queue = MessageQueue[float](batching=0.5)

    def work() -> None:
        time.sleep(0.05)
        queue.put(time.monotonic())
        time.sleep(0.05)
        queue.put(time.monotonic(), urgent=urgent)

    threading.Thread(target=work).start()
    assert queue.next(5) is not None
    sent = queue.next(5)
    assert sent is not None
    return time.monotonic() - sent


def test_what_follows_a_message_is_collected_for_a_moment() -> None:
    assert seconds_between(urgent=False) > 0.3


def test_an_urgent_message_is_received_at_once() -> None:
    assert seconds_between(urgent=True) < 0.3


def test_a_receiver_can_be_woken_without_a_message() -> None:
    queue = MessageQueue[int]()
    threading.Timer(0.05, queue.wake).start()
    start = time.monotonic()
    assert queue.next(5) is None
    assert time.monotonic() - start < 2
