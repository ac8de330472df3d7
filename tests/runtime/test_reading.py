"""What is read from disk: files, pipes and devices, each up to a limit."""

from __future__ import annotations

import io
import os
import threading
from pathlib import Path

import pytest

from viewcomfy_runtime.reading import TooLargeError, read_path, read_stream


def test_a_file_may_be_as_large_as_the_limit_but_no_larger(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abc")
    assert read_path(tmp_path / "file", 3) == b"abc"
    with pytest.raises(TooLargeError, match="it is larger than 0 MiB"):
        read_path(tmp_path / "file", 2)


def test_a_stream_is_read_no_further_than_the_limit() -> None:
    stream = io.BytesIO(bytes(8 << 20))
    with pytest.raises(TooLargeError, match="it is larger than 1 MiB"):
        read_stream(stream, 1 << 20)
    assert stream.tell() < 2 << 20


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_pipe_is_read_to_its_end(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    content = bytes(range(256)) * 2000
    writer = threading.Thread(target=lambda: pipe.write_bytes(content))
    writer.start()
    assert read_path(pipe) == content
    writer.join()
