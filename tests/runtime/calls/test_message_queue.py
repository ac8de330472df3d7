"""A message queue passes messages to another thread: in order, bounded, urgent ones at once."""

from __future__ import annotations

import threading
import time

import pytest

from viewcomfy_runtime.calls.message_queue import CAPACITY, MessageQueue

from ...helpers.waiting import LONGEST, Awaited


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
    thread.join(LONGEST)
    assert not thread.is_alive()


def test_nothing_waits_for_room_in_a_closed_inbox() -> None:
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


def seconds_collected(batching: float, urgent: bool) -> float:
    """The seconds for which a message is waited for that arrives while messages are collected."""
    queue = MessageQueue[int](batching)
    queue._urgent = waiting = Awaited()

    def work() -> None:
        while not waiting.begun.wait(0.05):  # until a receiver was woken
            queue.put(1)
        queue.put(2, urgent=urgent)

    threading.Thread(target=work).start()
    start = time.monotonic()
    while queue.next(2 * LONGEST) == 1:
        pass
    return time.monotonic() - start


def test_what_follows_a_message_is_collected_for_a_moment() -> None:
    assert seconds_collected(0.5, urgent=False) > 0.49


def test_an_urgent_message_is_received_at_once() -> None:
    assert seconds_collected(LONGEST, urgent=True) < LONGEST / 2


def test_a_receiver_can_be_woken_without_a_message() -> None:
    queue = MessageQueue[int]()
    threading.Timer(0.05, queue.wake).start()
    start = time.monotonic()
    assert queue.next(LONGEST) is None
    assert time.monotonic() - start < LONGEST / 2
