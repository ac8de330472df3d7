"""An inbox hands messages to another thread: in order, bounded, and soon where they are urgent."""

from __future__ import annotations

import threading
import time

import pytest

from viewcomfy_runtime.calls.inbox import MOST_WAITING, Inbox


def filled() -> Inbox[int]:
    inbox = Inbox[int]()
    for number in range(MOST_WAITING):
        inbox.put(number)
    return inbox


def test_messages_arrive_in_their_order() -> None:
    inbox = filled()
    assert [inbox.next(0) for _ in range(MOST_WAITING)] == [*range(MOST_WAITING)]
    assert inbox.next(0) is None


def test_a_message_waits_until_there_is_room() -> None:
    inbox = filled()
    thread = threading.Thread(target=inbox.put, args=[-1])
    thread.start()
    thread.join(0.1)
    assert thread.is_alive()
    inbox.next(0)
    thread.join(5)
    assert not thread.is_alive()


def test_nothing_waits_for_room_in_a_closed_inbox() -> None:
    inbox = filled()
    inbox.closed.set()
    inbox.put(-1)
    assert -1 not in [inbox.next(0) for _ in range(MOST_WAITING + 1)]


def test_the_last_message_needs_no_room() -> None:
    inbox = filled()
    inbox.put_last(-1)
    assert [inbox.next(0) for _ in range(MOST_WAITING + 1)][-1] == -1


def test_a_message_that_waits_for_room_is_given_up_when_the_check_raises() -> None:
    def late() -> None:
        raise TimeoutError

    inbox = Inbox[int](check=late)
    for number in range(MOST_WAITING):
        inbox.put(number)
    with pytest.raises(TimeoutError):
        inbox.put(-1)


def seconds_between(urgent: bool) -> float:
    """The seconds from a second message to the moment when it is received."""
    inbox = Inbox[float](gathering=0.5)

    def work() -> None:
        time.sleep(0.05)
        inbox.put(time.monotonic())
        time.sleep(0.05)
        inbox.put(time.monotonic(), urgent=urgent)

    threading.Thread(target=work).start()
    assert inbox.next(5) is not None
    sent = inbox.next(5)
    assert sent is not None
    return time.monotonic() - sent


def test_what_follows_a_message_is_collected_for_a_moment() -> None:
    assert seconds_between(urgent=False) > 0.3


def test_an_urgent_message_is_received_at_once() -> None:
    assert seconds_between(urgent=True) < 0.3


def test_a_receiver_can_be_woken_without_a_message() -> None:
    inbox = Inbox[int]()
    threading.Timer(0.05, inbox.wake).start()
    start = time.monotonic()
    assert inbox.next(5) is None
    assert time.monotonic() - start < 2
