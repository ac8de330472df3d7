"""Server-sent events, however they are cut and whatever ends their lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewcomfy_runtime.calls.events import Progress
from viewcomfy_runtime.calls.progress import progress_of
from viewcomfy_runtime.http.sse import Event, events


def read(*pieces: bytes) -> list[tuple[str, str]]:
    return [(each.type, each.data) for each in events(pieces)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_in_any_way(end: str) -> None:
    text = "event: log_message\ndata: one\ndata: two\n\ndata: three\n\n"
    found = read(text.replace("\n", end).encode())
    assert found == [("log_message", "one\ntwo"), ("message", "three")]


def test_comments_and_unknown_fields_are_skipped() -> None:
    stream = b": ping\n\nid: 7\nretry: 10\nother\ndata: x\n\n"
    assert read(stream) == [("message", "x")]


def test_one_space_after_the_colon_is_no_data() -> None:
    assert read(b"event:a\ndata:  x\n\n") == [("a", " x")]


def test_a_field_without_a_colon_is_empty() -> None:
    assert read(b"event: a\nevent\ndata\n\n") == [("a", "")]


def test_an_event_without_data_is_none() -> None:
    assert read(b"event: a\n\ndata: x\n\n") == [("message", "x")]


def test_a_mark_of_byte_order_is_skipped() -> None:
    assert read(b"\xef\xbb", b"\xbfdata: x\n\n") == [("message", "x")]
    assert read(b"\xef\xbb\xbfdata: x\n\n") == [("message", "x")]


def test_what_is_no_utf_8_is_replaced() -> None:
    assert read(b"data: \xff\n\n") == [("message", "\ufffd")]


def test_an_event_that_is_cut_off_is_dropped() -> None:
    assert read(b"data: x\n\ndata: y\n", b"data: z") == [("message", "x")]


def test_an_event_of_16_mib_is_one_event() -> None:
    piece = b"x" * (1 << 16)
    [(_, data)] = read(b"data: ", *[piece] * 256, b"\n\n")
    assert len(data) == 16 << 20


LINES = st.text(st.characters(exclude_characters="\r\n"), max_size=20)


@given(
    st.lists(
        st.tuples(
            st.from_regex(r"[a-z_]{1,9}", fullmatch=True),
            st.lists(LINES, min_size=1, max_size=3),
        )
    ),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.integers(1, 7),
)
def test_events_arrive_however_the_stream_is_cut(
    sent: list[tuple[str, list[str]]], end: str, size: int
) -> None:
    text = "".join(
        f"event: {kind}{end}"
        + "".join(f"data: {line}{end}" for line in lines)
        + f": comment{end}{end}"
        for kind, lines in sent
    )
    raw = text.encode("utf-8", "surrogatepass")
    pieces = [raw[start : start + size] for start in range(0, len(raw), size)]
    whole = list(events([raw]))
    assert list(events(pieces)) == whole
    assert [each.type for each in whole] == [kind for kind, _ in sent]
    assert [each.data.count("\n") + 1 for each in whole if isinstance(each, Event)] == [
        len(lines) for _, lines in sent
    ]


@given(st.lists(st.binary(max_size=40)))
def test_any_bytes_are_read_without_an_error(pieces: list[bytes]) -> None:
    list(events(pieces))


@pytest.mark.parametrize(
    ("line", "steps"),
    [
        (" 50%|█████     | 10/20 [00:04<00:04,  2.41it/s]", [(10, 20)]),
        ("Sampling: 100%|##########| 4/4 [00:01<00:00]", [(4, 4)]),
        ("  0%|          | 0/20 [00:00<?, ?it/s]", [(0, 20)]),
        ("50%|##  | 1/2 [a]\r100%|####| 2/2 [b]", [(1, 2), (2, 2)]),
        ("got prompt", []),
        ("100%| done", []),
    ],
)
def test_the_bars_of_samplers_are_progress(
    line: str, steps: list[tuple[int, int]]
) -> None:
    assert list(progress_of(line)) == [Progress(*each) for each in steps]
