"""Reading results from a server's answer, and writing their files to disk."""

from __future__ import annotations

import base64
import os
import pickle
import tempfile
from pathlib import Path, PureWindowsPath
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viewcomfy_runtime import (
    ConnectionFailedError,
    ExecutionError,
    NotFoundError,
    OutputFile,
    PromptResult,
    ProtocolError,
    RunCancelledError,
    SaveError,
    ServerError,
    ViewComfyError,
)

from ...helpers.json_values import JSON
from ...helpers.servers import Answer, Server, redirect

SIGNATURE = "X-Signature=abcdef"

FIELDS = (
    "prompt_id status completed execution_time_seconds prompt outputs"
    " filename content_type size data filepath"
).split()
ANSWERS = st.dictionaries(
    st.sampled_from(FIELDS),
    JSON | st.lists(st.dictionaries(st.sampled_from(FIELDS), JSON)),
)


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def inline(content: bytes, filename: str = "a.png") -> OutputFile:
    return OutputFile(filename, "image/png", len(content), data=encoded(content))


def linked(server: Server, filename: str = "a.png") -> OutputFile:
    return OutputFile(filename, "image/png", url=f"{server.url}/f?{SIGNATURE}")


def of(*outputs: OutputFile) -> PromptResult:
    return PromptResult("p1", "success", True, None, outputs, prompt={}, params={})


def parsed(**answer: Any) -> PromptResult:
    return PromptResult.from_wire(answer, params={})


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


# From an answer


def test_both_shapes_of_a_file_are_read() -> None:
    with Server(Answer(200, b"linked")) as server:
        result = parsed(
            outputs=[
                {"filename": "a.png", "content_type": "image/png", "data": "YQ=="},
                {
                    "filename": "b.mp4",
                    "content_type": "video/mp4",
                    "filepath": server.url,
                    "size": 6,
                },
            ]
        )
        first, second = result.outputs
        assert (first.filename, first.size, first.read()) == ("a.png", None, b"a")
        assert (second.filename, second.size, second.read()) == ("b.mp4", 6, b"linked")
    assert result.images == (first,)


def test_what_is_missing_has_a_sensible_value() -> None:
    result = parsed(prompt_id="p1")
    assert (result.status, result.completed, result.outputs) == ("", True, ())
    assert (result.execution_time_seconds, dict(result.prompt)) == (None, {})
    [output] = parsed(outputs=[{}, None, 3]).outputs
    assert output.filename == "output"
    assert output.content_type == "application/octet-stream"


def test_halves_of_characters_and_odd_types_can_be_passed_on() -> None:
    about = {"filename": "a\ud800.png", "content_type": "text/html\r\nX: y"}
    for content_type in (about["content_type"], "\ud800", "日本"):
        [output] = parsed(outputs=[about | {"content_type": content_type}]).outputs
        assert output.filename.encode() == b"a?.png"
        assert output.content_type == "application/octet-stream"


def test_a_text_among_the_outputs_is_a_file_of_text() -> None:
    [output] = parsed(outputs=["a fox, \u00e9"]).outputs
    assert (output.filename, output.content_type) == ("output.txt", "text/plain")
    assert (output.text(), output.size) == ("a fox, \u00e9", 9)


def test_unknown_fields_are_kept() -> None:
    result = parsed(prompt_id="p1", cost=3, outputs=[{"filename": "a", "node": "9"}])
    assert result.extra == {"cost": 3}
    assert result.outputs[0].extra == {"node": "9"}


@pytest.mark.parametrize("answer", [None, [], "text", 3, {}, {"other": 1}])
def test_what_is_no_result_is_refused(answer: object) -> None:
    with pytest.raises(ProtocolError):
        PromptResult.from_wire(answer, params={})


@given(JSON | ANSWERS)
def test_any_json_is_a_result_or_an_error_of_the_package(answer: object) -> None:
    try:
        result = PromptResult.from_wire(answer, params={})
    except (ProtocolError, ExecutionError, RunCancelledError):
        return
    repr(result)
    assert isinstance(result.images, tuple)


# The content


@given(st.binary())
def test_inline_content_is_decoded(content: bytes) -> None:
    assert inline(content).read() == content


def test_large_inline_content_is_decoded_in_pieces(tmp_path: Path) -> None:
    content = os.urandom(3_000_001)
    assert inline(content).save(tmp_path).read_bytes() == content


@pytest.mark.parametrize("data", ["!", "YQ", "YQ=", "Y Q==", "é"])
def test_broken_base64_is_an_error_that_names_the_file(data: str) -> None:
    output = OutputFile("a.png", "image/png", data=data)
    with pytest.raises(ProtocolError, match="a.png"):
        output.read()


def test_a_file_without_content_is_an_error() -> None:
    with pytest.raises(ProtocolError, match="no content for a.png"):
        OutputFile("a.png", "image/png").read()


def test_a_link_is_followed_without_any_credential(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password mine\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with Server(redirect("/elsewhere"), Answer(200, b"content")) as server:
        assert linked(server).read() == b"content"
    headers = set().union(*(request.headers for request in server.requests))
    assert not {"client_id", "client_secret", "authorization", "cookie"} & headers


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_link_that_has_expired_says_so(status: int) -> None:
    with Server(Answer(status)) as server, pytest.raises(NotFoundError) as caught:
        linked(server).read()
    assert caught.value.status == status
    assert caught.value.hint and "expire" in caught.value.hint


def test_a_store_that_fails_is_a_server_error() -> None:
    with Server(Answer(503)) as server, pytest.raises(ServerError):
        linked(server).read()


def test_a_download_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    with (
        Server(Answer(200, b"half", promised=8)) as server,
        pytest.raises(ConnectionFailedError),
    ):
        linked(server).save(tmp_path)
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    "url", ["http://[bad", "nothing", "ftp://h/f", "http://h:99999/f", "http:///f"]
)
def test_a_link_that_is_none_fails_without_being_quoted(url: str) -> None:
    output = OutputFile("a.png", "image/png", url=f"{url}?{SIGNATURE}")
    with pytest.raises(ProtocolError) as caught:
        output.read()
    assert SIGNATURE not in str(caught.value)


@pytest.mark.parametrize(
    "answer", [Answer(403), Answer(500), Answer(200, promised=9), Answer(drops=True)]
)
def test_a_link_is_signed_so_no_error_quotes_it(answer: Answer, tmp_path: Path) -> None:
    with Server(answer) as server, pytest.raises(SaveError) as caught:
        of(linked(server)).save(tmp_path)
    assert SIGNATURE not in str(caught.value)
    assert SIGNATURE not in repr(pickle.dumps(caught.value))


def test_reprs_show_neither_content_nor_link() -> None:
    shown = repr(of(inline(b"content"), OutputFile("b", "x/y", url=SIGNATURE)))
    assert "a.png" in shown
    assert encoded(b"content") not in shown
    assert SIGNATURE not in shown


# Onto a disk


def test_all_outputs_are_saved_into_a_directory_that_is_made(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    with Server(Answer(200, b"linked")) as server:
        saved = of(inline(b"inline"), linked(server, "b.png")).save(str(folder))
    assert saved == [folder / "a.png", folder / "b.png"]
    assert [path.read_bytes() for path in saved] == [b"inline", b"linked"]
    assert names(folder) == ["a.png", "b.png"]


def test_a_result_without_outputs_makes_the_directory(tmp_path: Path) -> None:
    assert of().save(tmp_path / "new") == []
    assert names(tmp_path / "new") == []


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"mine")
    saved = of(inline(b"1"), inline(b"2")).save(tmp_path)
    assert [path.name for path in saved] == ["a (1).png", "a (2).png"]
    assert (tmp_path / "a.png").read_bytes() == b"mine"


def without_hard_links(monkeypatch: pytest.MonkeyPatch) -> None:
    def link(*_: object) -> None:
        raise PermissionError("not on this file system")

    monkeypatch.setattr(os, "link", link)


def test_a_disk_without_hard_links_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_hard_links(monkeypatch)
    saved = of(inline(b"1"), inline(b"2")).save(tmp_path)
    assert [path.name for path in saved] == ["a.png", "a (1).png"]
    assert names(tmp_path) == ["a (1).png", "a.png"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
def test_a_saved_file_has_the_rights_that_new_files_have(tmp_path: Path) -> None:
    (tmp_path / "usual").touch()
    path = inline(b"1").save(tmp_path)
    assert path.stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_one_that_fails_does_not_keep_the_others_from_arriving(tmp_path: Path) -> None:
    broken = OutputFile("broken.png", "image/png", data="!")
    result = of(inline(b"1", "first.png"), broken, inline(b"3", "last.png"))
    with pytest.raises(SaveError, match="broken.png") as caught:
        result.save(tmp_path)
    assert caught.value.saved == [tmp_path / "first.png", tmp_path / "last.png"]
    assert names(tmp_path) == ["first.png", "last.png"]
    assert "first.png" not in str(caught.value)
    assert isinstance(caught.value, ViewComfyError)


def test_one_that_cannot_be_written_is_named_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_ = Path.open

    def full(path: Path, mode: str = "r", **options: Any) -> Any:
        if mode == "xb" and len(names(tmp_path)) == 1:
            raise OSError(28, "No space left on device")
        return open_(path, mode, **options)

    monkeypatch.setattr(Path, "open", full)
    result = of(inline(b"1", "first.png"), inline(b"2", "second.png"))
    with pytest.raises(
        SaveError, match="second.png can't be saved in .*: No space left"
    ) as caught:
        result.save(tmp_path)
    assert caught.value.saved == [tmp_path / "first.png"]


def test_a_directory_that_cannot_be_made_is_an_error_of_saving(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").touch()
    for saved in (of(inline(b"1")), inline(b"1")):
        with pytest.raises(SaveError, match="the folder .*file can't be created"):
            saved.save(tmp_path / "file")


def test_what_could_not_be_saved_survives_pickling(tmp_path: Path) -> None:
    with pytest.raises(SaveError) as caught:
        of(inline(b"1"), OutputFile("b", "x/y")).save(tmp_path)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.saved) == (str(caught.value), [tmp_path / "a.png"])


# Names


@pytest.mark.parametrize(
    ("filename", "saved_as"),
    [
        ("../../etc/passwd", "passwd"),
        ("/etc/passwd", "passwd"),
        ("C:\\Windows\\a.png", "a.png"),
        ("..\\a.png", "a.png"),
        ("a:stream.png", "a_stream.png"),
        ("CON", "_CON"),
        ("nul.png", "_nul.png"),
        ("COM1.tar.gz", "_COM1.tar.gz"),
        ("a\x00b.png", "a_b.png"),
        ("a\nb.png", "a_b.png"),
        ("a.png. . ", "a.png"),
        ("..", "output.png"),
        ("", "output.png"),
        (" ", "output.png"),
        ("folder/", "output.png"),
        ("картина 世界.png", "картина 世界.png"),
    ],
)
def test_a_name_is_only_ever_a_name(
    filename: str, saved_as: str, tmp_path: Path
) -> None:
    assert inline(b"x", filename).save(tmp_path) == tmp_path / saved_as


@pytest.mark.parametrize("letter", ["x", "é", "世", "🦊"])
def test_a_name_that_is_too_long_is_cut_but_keeps_its_ending(
    letter: str, tmp_path: Path
) -> None:
    saved = of(inline(b"1", letter * 400 + ".png"), inline(b"2", letter * 400 + ".png"))
    first, second = saved.save(tmp_path)
    assert first.name.startswith(letter) and first.suffix == ".png"
    assert second.name.endswith(" (1).png")


NASTY = st.lists(
    st.sampled_from(
        ["..", "/", "\\", ".", " ", "C:", "CON", "nul", "COM1", "\x00", "\n", ":", "~"]
    )
    | st.text(max_size=5)
    | st.characters(categories=["Cs"])
).map("".join)


@settings(max_examples=200)
@given(NASTY | st.text(min_size=200, max_size=400))
def test_no_name_leaves_the_directory(filename: str) -> None:
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root) / "in"
        path = inline(b"x", filename).save(folder)
        assert names(Path(root)) == ["in"]
        assert names(folder) == [path.name]
        assert path.parent == folder
        on_windows = PureWindowsPath(path.name)
        assert on_windows.name == path.name and not on_windows.drive
        assert len(os.fsencode(path.name)) <= 200
