"""The options that every module's command line has, in addition to the flags of its parameters."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any, Final, NoReturn

from ..clients.defaults import COMFY_CLOUD, GATEWAY, LOCAL_COMFYUI
from ..parameters.types import InvalidValueError
from .terminal import err, out

_OWN: Final = frozenset("""
    help params batch output json dry-run quiet url gateway comfyui comfy-api app header
    random-seeds timeout max-concurrency override-workflow
    """.split())


def own_names() -> list[str]:
    return [name.replace("-", "_") for name in sorted(_OWN - {"help"})]


def flag_of(name: str) -> str:
    """The flag that sets the parameter `name`."""
    flag = name.replace("_", "-")
    return f"--parameter-{flag}" if flag in _OWN else f"--{flag}"


class Parser(argparse.ArgumentParser):
    """Prints through the module's terminal functions, and reports errors on one line."""

    def error(self, message: str) -> NoReturn:
        err(f"{self.prog}: {message.removeprefix('argument ')}")
        raise SystemExit(2)

    def parse(self, arguments: Sequence[str] | None) -> dict[str, object]:
        """The values of the given arguments. If any aren't valid, prints why and exits with 2."""
        options, unknown = self.parse_known_args(arguments)
        if unknown:
            self.error(self._about(unknown[0]))
        given = vars(options)
        error = {
            name: value
            for name, value in given.items()
            if isinstance(value, InvalidValueError)
        }
        for name, fault in error.items():
            err(f"{self.prog}: {flag_of(name)}: {fault}")
        if error:
            raise SystemExit(2)
        return given

    def add_option(self, *flags: str, **about: Any) -> None:
        """Add an option of the command's own, under a name that no parameter can have."""
        name = "_" + flags[-1].removeprefix("--").replace("-", "_")
        self.add_argument(*flags, **{"dest": name, "default": None, **about})

    def add_switch(self, *flags: str, help: str) -> None:
        """Add an option of the command's own that takes no value."""
        self.add_option(*flags, action="store_true", default=False, help=help)

    def knows(self, flag: str) -> bool:
        """Whether the command line has this flag."""
        return flag in self._option_string_actions

    def _about(self, argument: str) -> str:
        if not argument.startswith("-"):
            return (
                f"unexpected argument {json.dumps(argument)}; every parameter has a flag (see"
                " --help), and a value with spaces needs quotes"
            )
        flag = argument.partition("=")[0]
        near = _nearest(flag, self._option_string_actions)
        return f"unknown option {flag}; " + (
            f"did you mean {near}?" if near else "see --help"
        )

    def _print_message(self, message: str, file: object = None) -> None:
        try:
            (out if file is sys.stdout else err)(message.removesuffix("\n"))
        except OSError as error:
            err(f"{self.prog}: can't be written: {error.strerror}")
            raise SystemExit(1) from None


def _nearest(flag: str, flags: Iterable[str]) -> str | None:
    """The flag that was probably meant: one spelled almost alike, else one that has its words."""
    names = {each.lstrip("-"): each for each in flags if each.startswith("--")}
    name = flag.lstrip("-").replace("_", "-")
    words = set(name.split("-"))
    near = get_close_matches(name, names, n=1, cutoff=0.7) or [
        each for each in names if words <= set(each.split("-"))
    ]
    return names[near[0]] if near else None


def add_own(parser: Parser) -> None:
    """Add the options that every module has."""
    _add_calls(parser)
    _add_results(parser)
    _add_servers(parser)
    parser.add_option(
        "--timeout",
        metavar="SECONDS",
        type=_seconds,
        help="for the whole run, in seconds (default: 2400)",
    )


def _add_calls(parser: Parser) -> None:
    """The options that say what to run."""
    parser.add_option(
        "--params",
        metavar="FILE",
        help="a call as JSON; - for standard input; flags override it",
    )
    parser.add_switch("--random-seeds", help="draw every seed that isn't given")
    parser.add_option(
        "--override-workflow",
        metavar="FILE",
        help="run this workflow_api.json instead of the deployed one",
    )
    parser.add_option(
        "--batch",
        metavar="FILE",
        help="run many calls, each a line of JSON; - for standard input",
    )
    parser.add_option(
        "--max-concurrency",
        metavar="N",
        type=_positive,
        default=8,
        help="runs at a time in a batch (default: 8)",
    )


def _add_results(parser: Parser) -> None:
    """The options that say what becomes of a result, and what is printed."""
    parser.add_option(
        "-o",
        "--output",
        metavar="DIR",
        default="outputs",
        help="where files go (default: outputs)",
    )
    parser.add_switch("--json", help="print the result as JSON")
    parser.add_switch("--dry-run", help="print the request and send nothing")
    parser.add_switch("-q", "--quiet", help="show neither log nor progress")


def _add_servers(parser: Parser) -> None:
    """The options that say where to run."""
    parser.add_option("--url", metavar="URL", help="the deployment's endpoint")
    for flag, default, help in (
        ("--gateway", GATEWAY, "go through ViewComfy's gateway"),
        (
            "--comfyui",
            LOCAL_COMFYUI,
            f"run on a plain ComfyUI (default: {LOCAL_COMFYUI})",
        ),
        (
            "--comfy-api",
            COMFY_CLOUD,
            f"run on a server of Comfy API v2, with COMFY_API_KEY (default: {COMFY_CLOUD})",
        ),
    ):
        parser.add_option(flag, nargs="?", const=default, metavar="URL", help=help)
    parser.add_option(
        "--header",
        metavar="NAME:VALUE",
        action="append",
        type=_header,
        help="send this to the ComfyUI, or to the server of Comfy API v2; may be repeated",
    )
    parser.add_option("--app", metavar="URL", help="run on ViewComfy's app at this URL")


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < int(text[:9])):
        raise argparse.ArgumentTypeError(
            f"must be a whole number of at least 1, not {json.dumps(text)}"
        )
    return int(text[:9])


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not (colon and name.strip() and value.strip()):
        # The value may be a secret.
        raise argparse.ArgumentTypeError("must be NAME:VALUE")
    return name.strip(), value.strip()


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not seconds > 0:
        raise argparse.ArgumentTypeError(
            f"must be a positive number of seconds, not {json.dumps(text)}"
        )
    return seconds
