"""A call in an older program, and what the readers of such programs provide."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

from viewcomfy_runtime.parameters.key import WireKey

Argument = Literal["url", "client_id", "client_secret", "log", "override"]

ARGUMENTS: Final[dict[str, Argument]] = {
    "api_url": "url",
    "apiurl": "url",
    "view_comfy_api_url": "url",
    "viewcomfyapiurl": "url",
    "client_id": "client_id",
    "clientid": "client_id",
    "client_secret": "client_secret",
    "clientsecret": "client_secret",
    "logging_callback": "log",
    "loggingcallback": "log",
    "override_workflow_api": "override",
    "overrideworkflowapi": "override",
}
"""Arguments of the example functions other than the parameters, in lower case."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something that could not be translated: its line, and what to do about it."""

    line: int
    text: str


@dataclass(slots=True)
class OldCall:
    """Parameters that a program collects under one name, and the call that sends them.

    `values` are the expressions by wire key, as written in the program, and `lines` their lines;
    `arguments` are the call's other arguments; `waits` tells whether the call is awaited.
    """

    name: str
    line: int
    values: dict[str, str] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    arguments: dict[Argument, str] = field(default_factory=dict)
    waits: bool = False
    notes: list[Note] = field(default_factory=list)

    def set(self, key: str, code: str, line: int, *, certain: bool = True) -> None:
        """Set one parameter. If the assignment isn't `certain`, a note asks the user to check
        it.
        """
        if key.startswith("_") and key.endswith("-info"):
            return
        if WireKey.parse(key) is None:
            self.notes.append(Note(line, f"{key!r} is not the key of a parameter"))
        elif not certain:
            self.notes.append(
                Note(line, f"{key} is set under a condition, to {shortened(code)}")
            )
        else:
            self.values[key] = code
            self.lines[key] = line


class CallReader:
    """What the readers of all languages share: the calls so far, and the names that stand for one.

    Assignments are `_uncertain` within conditions and loops.
    """

    def __init__(self) -> None:
        self.calls: list[OldCall] = []
        self._scopes: list[dict[str, OldCall]] = [{}]
        self._uncertain = 0

    def _new(self, name: str, line: int) -> OldCall:
        """A call whose parameters are collected under this name, which may be empty."""
        call = OldCall(name, line)
        self.calls.append(call)
        if name:
            self._scopes[-1][name] = call
        return call

    def _known(self, name: str) -> OldCall | None:
        """The call that a name stands for in the innermost scope that has it."""
        return next(
            (scope[name] for scope in reversed(self._scopes) if name in scope), None
        )

    def _note(self, call: OldCall, line: int, text: str) -> None:
        call.notes.append(Note(line, text))


def shortened(code: str) -> str:
    """An expression shortened to one line, for a message."""
    text = " ".join(code.split())
    return text if len(text) <= 60 else f"{text[:57]}..."
