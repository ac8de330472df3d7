"""What a run made, and how it gets onto a disk."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from ..errors import (
    ConnectionFailedError,
    NotFoundError,
    ProtocolError,
    RunCancelledError,
    SaveError,
    ViewComfyError,
)
from ..parameters.media import UNKNOWN, type_of
from ..texts import without_secrets

if TYPE_CHECKING:
    from pathlib import Path

    from ..http.client import Http

DOWNLOAD_TIMEOUT: Final = 2400.0
_LONGEST_TEXT: Final = 4096
"""Characters of a file's name, a status or an id."""

_WRITABLE: Final = (
    "check that the folder can be written to and that the disk isn't full"
)

_MOST_FAILED: Final = 20
"""Files that an error lists."""

_MOST_SECONDS: Final = 1e9
"""A time that is longer isn't that of a run."""

_PIECE: Final = (
    1 << 20
)  # a multiple of four, so that each piece of base64 decodes alone


@dataclass(frozen=True, slots=True)
class OutputFile:
    """A file that a run made; its content is fetched or decoded when it is asked for.

    `size` is in bytes, None where the server didn't say; `node` is the id of the node that made the
    file, None where that isn't known. `data` is the content, bytes or base64, where the server sent it
    along; otherwise `url` says where to fetch it. A link gives 64 GiB at most.
    """

    filename: str
    content_type: str
    size: int | None = None
    node: str | None = None
    data: str | bytes | None = field(default=None, repr=False)
    url: str | None = field(default=None, repr=False)
    http: Http | None = field(default=None, repr=False, compare=False)
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        for name in ("filename", "content_type"):
            object.__setattr__(self, name, without_secrets(getattr(self, name)))

    def read(self, *, timeout: float = DOWNLOAD_TIMEOUT) -> bytes:
        """The whole content, fetched within `timeout` seconds. Raises ViewComfyError where that fails."""
        return b"".join(self._content(timeout))

    def text(self, *, timeout: float = DOWNLOAD_TIMEOUT) -> str:
        """The content as text in UTF-8. Raises ViewComfyError where it can't be fetched or isn't text."""
        content = self.read(timeout=timeout)
        with suppress(UnicodeDecodeError):
            return content.decode("utf-8-sig")
        raise ProtocolError(
            f"{self.filename} isn't text in UTF-8", hint="read() gives its bytes"
        )

    def save(
        self,
        directory: str | os.PathLike[str],
        *,
        timeout: float = DOWNLOAD_TIMEOUT,
    ) -> Path:
        """Write the file into `directory`, which is made if need be, and return where it is.

        Never leaves the directory and never overwrites: a name that is taken gets a number. The file
        appears when it is complete, within `timeout` seconds. Raises ViewComfyError: SaveError where
        the file can't be written, another where the content can't be fetched.
        """
        from .filenames import safe_name

        folder = made_folder(directory)
        try:
            # Not by `tempfile`, whose files are their owner's alone whatever the umask says.
            temporary = folder / f".viewcomfy-{os.urandom(8).hex()}.part"
            try:
                with temporary.open("xb") as file:
                    for piece in self._content(timeout):
                        file.write(piece)
                return _placed(
                    temporary, folder, safe_name(self.filename, self.content_type)
                )
            finally:
                temporary.unlink(missing_ok=True)
        except ViewComfyError:
            raise
        except (OSError, ValueError) as error:
            reason = _reason(error)
        raise SaveError(
            f"{self.filename} can't be saved in {folder}: {reason}", hint=_WRITABLE
        )

    def _content(self, timeout: float) -> Iterator[bytes]:
        if self.data is not None:
            return _decoded(self.data, self.filename)
        if self.url is not None:
            return _downloaded(self, self.url, timeout)
        raise ProtocolError(f"the server sent no content for {self.filename}")


def made_folder(directory: str | os.PathLike[str]) -> Path:
    """The directory, made where it isn't there. Raises SaveError where that fails."""
    from pathlib import Path

    folder = Path(directory)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return folder
    except (OSError, ValueError) as error:
        reason = _reason(error)
    raise SaveError(f"the folder {folder} can't be made: {reason}", hint=_WRITABLE)


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def _decoded(data: str | bytes, filename: str) -> Iterator[bytes]:
    import base64

    if isinstance(data, bytes):
        yield data
        return
    start = data.find(",", 0, 200) + 1 if data.startswith("data:") else 0
    for place in range(start, len(data), _PIECE):
        try:
            yield base64.b64decode(data[place : place + _PIECE], validate=True)
            continue
        except ValueError as error:
            reason = str(error)
        raise ProtocolError(
            f"{filename} arrived as broken base64: {reason}", hint="run it again"
        )


def _downloaded(output: OutputFile, url: str, timeout: float) -> Iterator[bytes]:
    from ..http.client import download
    from ..http.deadlines import Deadline
    from ..http.urls import is_url

    if not is_url(url):
        raise ProtocolError(
            f"the server's link to {output.filename} isn't a valid URL",
            hint="run it again",
        )
    received = 0
    try:
        for piece in download(url, Deadline(timeout), output.http):
            received += len(piece)
            if output.size is not None and received > output.size:
                break
            yield piece
    except ViewComfyError as error:
        if error.status not in (401, 403, 404, 410):
            raise
        gone = error.status
    else:
        if output.size not in (None, received):
            raise ConnectionFailedError(
                f"{output.filename} has {output.size} bytes, but {received} arrived",
                hint="save it again",
            )
        return
    raise NotFoundError(
        f"the server no longer has {output.filename} ({gone})",
        hint="links to results expire: save them soon after the run, or run it again",
        status=gone,
    )


def _placed(temporary: Path, folder: Path, name: str) -> Path:
    """Moves a complete file to its name, or to a free one with a number."""
    from .filenames import free_number, numbered

    while True:
        number = free_number(lambda n: os.path.lexists(folder / numbered(name, n)))
        path = folder / numbered(name, number)
        try:
            # A hard link fails where the name is taken, so that two runs at once can't take it both.
            os.link(temporary, path)
            return path
        except FileExistsError:
            continue
        except OSError:  # a file system without hard links
            with suppress(FileExistsError):
                path.open("xb").close()
                os.replace(temporary, path)
                return path


@dataclass(frozen=True, slots=True)
class PromptResult:
    """What came of a run.

    `outputs` are the files it made, `prompt` is the workflow that ran, `logs` the last lines that the
    server wrote, where they were asked for, `extra` whatever else it said. `parameters` is the call as
    it ran, with the seeds that were drawn, and `params` the same by wire key. In a batch, `attempt` is
    the one that succeeded, `wall_seconds` the time of all of them, and `saved` where the files are.
    """

    prompt_id: str
    status: str
    completed: bool
    execution_time_seconds: float | None
    outputs: tuple[OutputFile, ...]
    prompt: Mapping[str, Any] = field(repr=False)
    params: Mapping[str, Any] = field(repr=False)
    logs: tuple[str, ...] = field(default=(), repr=False)
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)
    parameters: Any = field(default=None, repr=False)
    attempt: int = 1
    wall_seconds: float | None = None
    saved: tuple[Path, ...] = field(default=(), repr=False)

    @property
    def images(self) -> tuple[OutputFile, ...]:
        """The outputs that are images."""
        return tuple(
            each for each in self.outputs if each.content_type.startswith("image/")
        )

    @property
    def by_node(self) -> dict[str, tuple[OutputFile, ...]]:
        """The outputs by the id of the node that made them; those of unknown origin under `""`."""
        found: dict[str, list[OutputFile]] = {}
        for output in self.outputs:
            found.setdefault(output.node or "", []).append(output)
        return {node: tuple(outputs) for node, outputs in found.items()}

    def of(self, node: str) -> list[OutputFile]:
        """The files that the node with this id made; none where it made none."""
        return [each for each in self.outputs if each.node == node]

    def texts_of(self, node: str) -> list[str]:
        """The texts that the node with this id made. Raises ViewComfyError where one can't be fetched."""
        return [each.text() for each in self.of(node)]

    def save(
        self,
        directory: str | os.PathLike[str],
        *,
        timeout: float = DOWNLOAD_TIMEOUT,
    ) -> list[Path]:
        """Write all outputs into `directory`, as `OutputFile.save` does, and return where they are.

        `timeout` is in seconds for each file. Raises SaveError, after the others were saved, naming
        those that couldn't be fetched or written; before, where the directory can't be made.
        """
        made_folder(directory)
        saved: list[Path] = []
        failed: list[str] = []
        for output in self.outputs:
            try:
                saved.append(output.save(directory, timeout=timeout))
            except SaveError as error:
                failed.append(error.message)
            except ViewComfyError as error:
                failed.append(f"{output.filename}: {error.message}")
        if failed:
            told = failed[:_MOST_FAILED]
            if len(failed) > len(told):
                told.append(f"and {len(failed) - len(told)} more")
            raise SaveError(
                "\n".join(["not all files could be saved", *told]),
                saved,
                hint="the result is still there: save it again, perhaps elsewhere",
                prompt_id=self.prompt_id or None,
            )
        return saved

    @classmethod
    def from_wire(
        cls,
        answer: object,
        *,
        params: Mapping[str, Any],
        logs: Iterable[str] = (),
        http: Http | None = None,
    ) -> PromptResult:
        """The result in a server's answer; unknown fields are kept. `http` is how its links are fetched.

        Raises ProtocolError for what isn't a result, ExecutionError or RunCancelledError for a run that
        came to nothing.
        """
        known, extra = _split(answer, _FIELDS)
        if not known:
            raise ProtocolError(
                "the server's answer isn't the result of a run",
                hint="check that the URL is the deployment's endpoint",
            )
        outputs = known.get("outputs")
        seconds = known.get("execution_time_seconds")
        result = cls(
            prompt_id=_text(known.get("prompt_id")),
            status=_text(known.get("status")),
            completed=known.get("completed") is not False,
            execution_time_seconds=seconds if _is_number(seconds) else None,
            outputs=tuple(_outputs(outputs if isinstance(outputs, list) else [], http)),
            prompt=_graph(known.get("prompt")),
            params=dict(params),
            logs=tuple(logs),
            extra=extra,
        )
        _raise_failed(result, known.get("error_data") or extra.get("errorMsg"))
        return result


def _raise_failed(result: PromptResult, details: Any) -> None:
    from ..http.refusals import execution_error

    status, about = result.status.lower(), result.prompt_id or None
    if status in ("cancelled", "canceled", "interrupted"):
        raise RunCancelledError(
            "the run was cancelled at the server", at_server=True, prompt_id=about
        )
    if status in ("error", "failed", "failure") or (details and not result.completed):
        raise execution_error(details, prompt_id=about)
    if not result.completed and status != "success":
        raise execution_error(
            f"the answer came before the run was over, with the status {result.status!r}",
            prompt_id=about,
        )


_FIELDS: Final = {
    "prompt_id": "prompt_id",
    "promptId": "prompt_id",
    "status": "status",
    "completed": "completed",
    "execution_time_seconds": "execution_time_seconds",
    "executionTimeSeconds": "execution_time_seconds",
    "outputs": "outputs",
    "prompt": "prompt",
    "error_data": "error_data",
    "errorData": "error_data",
}
_FILE_FIELDS: Final = {
    "filename": "filename",
    "content_type": "content_type",
    "contentType": "content_type",
    "size": "size",
    "data": "data",
    "filepath": "filepath",
}


def _split(
    answer: object, names: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is known of an answer, under one name whatever the server's spelling, and the rest as it is."""
    known: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for key, value in answer.items() if isinstance(answer, dict) else ():
        if key in names:
            known[names[key]] = value
        else:
            extra[key] = value
    return known, extra


def _graph(prompt: object) -> dict[str, Any]:
    """The workflow that ran: itself, or third in the list that ComfyUI keeps in its history."""
    if isinstance(prompt, list) and len(prompt) > 2:
        prompt = prompt[2]
    return prompt if isinstance(prompt, dict) else {}


def _is_number(value: object) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and -_MOST_SECONDS < value < _MOST_SECONDS
    )


def _text(value: object) -> str:
    """A server's text, as long as a text of its kind can be; what isn't one is none."""
    return value[:_LONGEST_TEXT] if isinstance(value, str) else ""


def _outputs(outputs: list[Any], http: Http | None) -> Iterator[OutputFile]:
    for item in outputs:
        if isinstance(item, str):
            yield text_output(item)
        elif isinstance(item, dict):
            known, extra = _split(item, _FILE_FIELDS)
            size, data, url = (known.get(key) for key in ("size", "data", "filepath"))
            filename = _text(known.get("filename")) or "output"
            yield OutputFile(
                filename=filename,
                content_type=(
                    _text(known.get("content_type")) or type_of(filename) or UNKNOWN
                ),
                size=size if isinstance(size, int) else None,
                data=data if isinstance(data, str) else None,
                url=url if isinstance(url, str) and url else None,
                http=http,
                extra=extra,
            )


def text_output(
    text: str, *, filename: str = "output.txt", node: str | None = None
) -> OutputFile:
    """A text that a node made, as a file."""
    content = text.encode("utf-8", "replace")
    return OutputFile(filename, "text/plain", len(content), node, data=content)
