"""What a run made, and how it gets onto a disk."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from .errors import NotFoundError, ProtocolError, SaveError, ViewComfyError

if TYPE_CHECKING:
    from pathlib import Path

DOWNLOAD_TIMEOUT: Final = 2400.0
_PIECE: Final = (
    1 << 20
)  # a multiple of four, so that each piece of base64 decodes alone


@dataclass(frozen=True, slots=True)
class OutputFile:
    """A file that a run made; its content is fetched or decoded when it is asked for.

    `size` is in bytes, None where the server did not say.
    """

    filename: str
    content_type: str
    size: int | None = None
    data: str | None = field(default=None, repr=False)
    url: str | None = field(default=None, repr=False)
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def read(self) -> bytes:
        """The whole content. Raises ViewComfyError where it cannot be had."""
        return b"".join(self._content())

    def save(self, directory: str | os.PathLike[str]) -> Path:
        """Write the file into `directory`, which is made if need be, and return where it is.

        Never leaves the directory and never overwrites: a name that is taken gets a number. The file appears when it is
        complete. Raises ViewComfyError where the content cannot be had, OSError where it cannot be written.
        """
        from pathlib import Path

        from .filenames import safe_name

        folder = Path(directory)
        folder.mkdir(parents=True, exist_ok=True)
        # Not by `tempfile`, whose files are their owner's alone whatever the umask says.
        temporary = folder / f".viewcomfy-{os.urandom(8).hex()}.part"
        try:
            with temporary.open("xb") as file:
                for piece in self._content():
                    file.write(piece)
            return _placed(
                temporary, folder, safe_name(self.filename, self.content_type)
            )
        finally:
            temporary.unlink(missing_ok=True)

    def _content(self) -> Iterator[bytes]:
        if self.data is not None:
            return _decoded(self.data, self.filename)
        if self.url is not None:
            return _downloaded(self.url, self.filename)
        raise ProtocolError(f"the server sent no content for {self.filename}")


def _decoded(data: str, filename: str) -> Iterator[bytes]:
    import base64

    try:
        for start in range(0, len(data), _PIECE):
            yield base64.b64decode(data[start : start + _PIECE], validate=True)
    except ValueError as error:
        raise ProtocolError(
            f"{filename} arrived as broken base64: {error}", hint="run it again"
        ) from None


def _downloaded(url: str, filename: str) -> Iterator[bytes]:
    """The content at a presigned link, which is another's server: no credential goes there."""
    import requests

    from .transport import Deadline, attempt, chunks, error_of, host_of, no_auth

    deadline = Deadline(DOWNLOAD_TIMEOUT)
    host = host_of(url)
    with requests.Session() as session:
        get = partial(
            session.get, url, auth=no_auth, stream=True, timeout=(30.0, 300.0)
        )
        with attempt(get, host, deadline) as response:
            status = response.status_code
            if status in (401, 403, 404, 410):
                raise NotFoundError(
                    f"{host} does not give {filename} out any more ({status})",
                    hint="links to results expire: save them soon after the run, or run it again",
                    status=status,
                )
            if status != 200:
                raise error_of(status, b"", host)
            yield from chunks(response, url, deadline)


def _placed(temporary: Path, folder: Path, name: str) -> Path:
    """Moves a complete file to its name, or to the next free one."""
    import contextlib

    from .filenames import numbered

    names = numbered(name)
    while True:
        path = folder / next(names)
        try:
            # A hard link fails where the name is taken, so that two runs at once cannot take it both.
            os.link(temporary, path)
            return path
        except FileExistsError:
            continue
        except OSError:  # a file system without hard links
            with contextlib.suppress(FileExistsError):
                path.open("xb").close()
                os.replace(temporary, path)
                return path


@dataclass(frozen=True, slots=True)
class PromptResult:
    """What came of a run.

    `outputs` are the files it made, `params` the values that were sent, with the seed that was drawn, `prompt` the workflow
    that ran, `extra` whatever else the server said.
    """

    prompt_id: str
    status: str
    completed: bool
    execution_time_seconds: float | None
    outputs: tuple[OutputFile, ...]
    prompt: Mapping[str, Any] = field(repr=False)
    params: Mapping[str, Any] = field(repr=False)
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def images(self) -> tuple[OutputFile, ...]:
        """The outputs that are pictures."""
        return tuple(
            each for each in self.outputs if each.content_type.startswith("image/")
        )

    def save(self, directory: str | os.PathLike[str]) -> list[Path]:
        """Write all outputs into `directory`, as `OutputFile.save` does, and return where they are.

        Raises SaveError, after the others were saved, naming those that could not be had or written, and OSError
        where the directory cannot be made.
        """
        from pathlib import Path

        Path(directory).mkdir(parents=True, exist_ok=True)
        saved: list[Path] = []
        failed: list[str] = []
        for output in self.outputs:
            try:
                saved.append(output.save(directory))
            except ViewComfyError as error:
                failed.append(f"{output.filename}: {error.message}")
            except OSError as error:
                failed.append(f"{output.filename}: {error.strerror or error}")
        if failed:
            raise SaveError("\n".join(["not all files could be saved", *failed]), saved)
        return saved

    @classmethod
    def from_wire(cls, answer: object, *, params: Mapping[str, Any]) -> PromptResult:
        """The result in a server's answer; unknown fields are kept. Raises ProtocolError for what is none."""
        if not isinstance(answer, dict) or not _KNOWN & answer.keys():
            raise ProtocolError(
                "the server's answer is no result of a run",
                hint="check that the URL is the deployment's endpoint",
            )
        outputs = answer.get("outputs")
        seconds = answer.get("execution_time_seconds")
        prompt = answer.get("prompt")
        return cls(
            prompt_id=str(answer.get("prompt_id") or ""),
            status=str(answer.get("status") or ""),
            completed=answer.get("completed") is not False,
            execution_time_seconds=(
                seconds if isinstance(seconds, int | float) else None
            ),
            outputs=tuple(_outputs(outputs if isinstance(outputs, list) else [])),
            prompt=prompt if isinstance(prompt, dict) else {},
            params=dict(params),
            extra={key: value for key, value in answer.items() if key not in _KNOWN},
        )


_KNOWN: Final = frozenset(
    {"prompt_id", "status", "completed", "execution_time_seconds", "outputs", "prompt"}
)


def _outputs(outputs: list[Any]) -> Iterator[OutputFile]:
    for item in outputs:
        if isinstance(item, dict):
            size, data, url = item.get("size"), item.get("data"), item.get("filepath")
            yield OutputFile(
                filename=str(item.get("filename") or "output"),
                content_type=str(
                    item.get("content_type") or "application/octet-stream"
                ),
                size=size if isinstance(size, int) else None,
                data=data if isinstance(data, str) else None,
                url=url if isinstance(url, str) else None,
                extra={
                    key: value for key, value in item.items() if key not in _FILE_FIELDS
                },
            )


_FILE_FIELDS: Final = frozenset(
    {"filename", "content_type", "size", "data", "filepath"}
)
