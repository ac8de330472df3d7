"""What a server can make a client hold in memory, or work on, is bounded."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from viewcomfy_runtime import Call, ProtocolError, ViewComfy
from viewcomfy_runtime.calls.call import Watch
from viewcomfy_runtime.calls.dispatcher import (
    LARGEST_LOG,
    LONGEST_LINE,
    EventDispatcher,
)
from viewcomfy_runtime.calls.progress import progress_of
from viewcomfy_runtime.clients.app_blocks import outputs_in
from viewcomfy_runtime.http import responses
from viewcomfy_runtime.http.error_responses import error_of, execution_error
from viewcomfy_runtime.http.sse import events
from viewcomfy_runtime.results.filenames import free_number, safe_name
from viewcomfy_runtime.results.result import PromptResult
from viewcomfy_runtime.texts import Secrets, quoted, shown, without_secrets

from ...helpers.growth import MOST, growth, seconds
from ...helpers.servers import Answer, Server

CALL = Call({"k": 1})
STREAM = {"Content-Type": "text/event-stream"}


def run(server: Server) -> PromptResult:
    return ViewComfy(server.url, "id", "secret-0123", retries=0).run(
        CALL, watch=Watch(len)
    )


# Memory


def packed(size: int) -> bytes:
    """Zeros that a good packer makes a thousand times smaller."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return packer.compress(b"0" * size) + packer.flush()


def test_a_response_that_unpacks_without_measure_is_refused() -> None:
    answer = Answer(body=packed(100 << 20), headers={"Content-Encoding": "gzip"})
    with Server(answer) as server:
        tracemalloc.start()
        with pytest.raises(ProtocolError, match="expand to more than"):
            run(server)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 160 << 20


def test_a_response_that_is_packed_twice_is_refused() -> None:
    answer = Answer(
        body=gzip.compress(packed(1000)), headers={"Content-Encoding": "gzip, gzip"}
    )
    with Server(answer) as server, pytest.raises(ProtocolError, match="more than once"):
        run(server)


def test_a_packed_response_is_read() -> None:
    body = gzip.compress(b'{"prompt_id": "p1", "status": "success"}')
    with Server(Answer(body=body, headers={"Content-Encoding": "gzip"})) as server:
        assert run(server).prompt_id == "p1"


@pytest.mark.parametrize("kind", ["application/json", "text/event-stream"])
def test_a_response_has_an_end(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(responses.Response.chunks, "__defaults__", (1 << 20,))

    def endless() -> Iterator[bytes]:
        for _ in range(64):
            yield b"data: " + b"x" * 65536

    answer = Answer(headers={"Content-Type": kind}, pieces=endless())
    with (
        Server(answer) as server,
        pytest.raises(ProtocolError, match="more than 1 MiB"),
    ):
        run(server)


@pytest.mark.parametrize(
    "pieces", [[b"data: " + b"x" * 50] * 4, [b"data: x\n"] * 40, [b"x" * 200]]
)
def test_an_event_has_an_end(pieces: list[bytes]) -> None:
    with pytest.raises(ProtocolError, match="more than 100 bytes"):
        list(events(pieces, 100))


def test_the_log_that_is_kept_has_a_size() -> None:
    heard: list[int] = []
    dispatcher = EventDispatcher(Watch(on_log=lambda line: heard.append(len(line))))
    for _ in range(1000):
        dispatcher.log("x" * 100_000)
    assert set(heard) == {LONGEST_LINE}
    assert sum(map(len, dispatcher.lines)) <= LARGEST_LOG


# Work: twice the text takes about twice the time


@pytest.fixture
def secrets() -> Secrets:
    """What no text may show as long as the test runs."""
    return Secrets(["s3cr3t-0123456789", 'with "quote\\'])


TEXTS: dict[str, Callable[[int], object]] = {
    "titles": lambda n: error_of(500, b"<title" * n, "h"),
    "titles that end": lambda n: error_of(500, b"<x>" + b"<title>" * n, "h"),
    "lists": lambda n: execution_error([["x"]] * n),
    "words": lambda n: execution_error("x " * n),
    "backslashes": lambda n: without_secrets("\\" * n),
    "codes": lambda n: without_secrets("\\u005c" * n),
    "percents": lambda n: without_secrets("%25" * n),
    "entities": lambda n: without_secrets("&amp;" * n),
    "beginnings": lambda n: without_secrets("s3cr3t-" * n),
    "shown": lambda n: shown("\x1b[31m\u202e" * n),
    "quoted": lambda n: quoted(" " * n),
    "bars": lambda n: list(progress_of("1%|" * n)),
    "bars that end": lambda n: list(progress_of("100%|##| 1/2 [" * n)),
    "digits": lambda n: list(progress_of("%|" + "1" * n)),
    "lines": lambda n: list(events([b"data: x\n" * n])),
    "bytes": lambda n: list(events([b"x"] * n)),
    "devices": lambda n: safe_name("con" + " " * n + "x", "x/y"),
    "dots": lambda n: safe_name("." * n, "x/y"),
    "suffixes": lambda n: safe_name("a." * n, "x/y"),
    "outputs": lambda n: PromptResult.from_wire(
        {"prompt_id": "p", "outputs": ["x"] * n}, params={}
    ).by_node,
    "blocks": lambda n: list(
        outputs_in(
            [
                b'Content-Type: a\r\n\r\nx; filename="a"\r\n\r\nx\r\n--BLOB_SEPARATOR--\r\n'
            ]
            * n,
            "h",
        )
    ),
}


@pytest.mark.parametrize("name", TEXTS)
def test_twice_the_text_takes_twice_the_time(name: str, secrets: Secrets) -> None:
    assert growth(TEXTS[name]) <= MOST


def test_ten_thousand_files_of_one_name_are_asked_after_a_few_times_each() -> None:
    asked = 0
    taken: set[int] = set()

    def is_taken(number: int) -> bool:
        nonlocal asked
        asked += 1
        return number in taken

    for _ in range(10_000):
        taken.add(free_number(is_taken))
    assert taken == set(range(10_000))
    assert asked < 10_000 * 30


def test_a_header_of_the_apps_is_read_at_once() -> None:
    head = b"Content-Type:" + b" " * 30_000 + b"a\nb" + b"\r\n\r\n"

    def read(_: int) -> Any:
        with pytest.raises(ProtocolError):
            list(outputs_in([head + b"nothing\r\n\r\n"], "h"))

    assert seconds(read, 1) < 0.2
