"""`--batch calls.jsonl`: one call per line, one line of results for each. Started again, it skips
the calls that have succeeded.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..calls.call import Call, Client
from ..errors import ViewComfyError
from ..http.deadlines import LONGEST_RUN
from ..results.result import PromptResult
from ..results.summaries import summary
from ..runs.attempts import Limits, Outcome
from ..runs.batches import iter_calls
from ..runs.items import Item
from .batch_files import Line, Results, read_lines
from .output import OutputFolder, print_paths
from .servers import client_of, request_of
from .terminal import beside, err, is_terminal, new_bar, out
from .values import drawn, seeds_of, values_in, with_files

if TYPE_CHECKING:
    from ..json_types import JsonObject
    from ..workflow import Workflow


def batch(
    workflow: Workflow[Any, Any], own: argparse.Namespace, flags: dict[str, object]
) -> int:
    """Run the calls in a file. Flags apply to what a call doesn't set itself. Returns the exit
    code.
    """
    common = {**values_in(workflow, own.params), **flags}

    def call_of(call: JsonObject) -> Call:
        given = {**common, **with_files(workflow, call)}
        parameters = drawn(workflow, workflow.parse(given), given, own)
        return workflow.call(parameters, own.override_workflow or False)

    lines = read_lines(own.batch, call_of, {**common, **_chosen(own)})
    if own.dry_run:
        for line in lines:
            out(json.dumps(request_of(own, line.make())))
        return 0
    client = client_of(own)
    seeds = partial(seeds_of, workflow)
    with OutputFolder(own.output) as folder, Results(folder) as results:
        done = results.succeeded()
        todo = [line for line in lines if line.digest not in done]
        if not todo:
            err(
                f"nothing to do: all {len(lines)} calls have succeeded, see {results.path}"
            )
            return 0
        ended = _ended(todo, client, folder, seeds, _limits(own))
        return _kept(ended, results, own, len(lines), len(lines) - len(todo))


def _chosen(own: argparse.Namespace) -> dict[str, object]:
    """The options that change what every call runs, by their flags."""
    names = ("override_workflow", "random_seeds")
    chosen = {name: getattr(own, name) for name in names}
    return {f"--{name}": value for name, value in chosen.items() if value}


def _limits(own: argparse.Namespace) -> Limits:
    timeout = LONGEST_RUN if own.timeout is None else own.timeout
    return Limits(own.max_concurrency, timeout)


@dataclass(frozen=True, slots=True)
class _Ended:
    """A call of the file that has ended, with the seeds that were drawn for it."""

    line: Line
    seeds: JsonObject
    outcome: Outcome

    def as_json(self) -> JsonObject:
        """The call's line in the results."""
        outcome = self.outcome
        about: JsonObject = {
            "line": self.line.number,
            "call": self.line.digest,
            "seeds": self.seeds,
        }
        if isinstance(outcome, PromptResult):
            about |= summary(outcome, outcome.saved)
        else:
            about |= {
                "status": "error",
                "error": type(outcome).__name__,
                "message": outcome.message,
                "hint": outcome.hint,
                "prompt_id": outcome.prompt_id,
            }
        return about | {"attempt": outcome.attempt, "seconds": outcome.wall_seconds}


def _ended(
    lines: list[Line],
    client: Client,
    folder: Path,
    drawn_for: Callable[[Call], JsonObject],
    limits: Limits,
) -> Iterator[_Ended]:
    """Run the calls, and yield each as it ends, its files saved."""
    seeds: dict[int, JsonObject] = {}

    def make(line: Line) -> Call:
        call = line.make()
        seeds[line.number] = drawn_for(call)
        return call

    items = (_item(line, partial(make, line), folder) for line in lines)
    with closing(iter_calls(items, client, limits)) as outcomes:
        for index, outcome in outcomes:
            line = lines[index]
            yield _Ended(line, seeds.pop(line.number, {}), outcome)


def _item(line: Line, make: Callable[[], Call], folder: Path) -> Item[PromptResult]:
    """A line's call, whose files are saved by the worker that ran it, in a folder of the line's
    own.
    """
    return Item(
        make,
        lambda outcome: outcome,
        lambda made: made.save(folder / f"{line.number:05d}"),
    )


def _kept(
    ended: Iterator[_Ended],
    results: Results,
    own: argparse.Namespace,
    total: int,
    done: int,
) -> int:
    """Write each outcome to the results, and show it. Returns the exit code."""
    code = 0
    shows = not own.quiet and is_terminal(sys.stderr)
    bar = new_bar(total, "call", done) if shows else None
    try:
        for each in ended:
            results.add(each.as_json())
            if bar is not None:
                bar.update()
            with beside(bar):
                _show(each, own.json)
            if isinstance(each.outcome, ViewComfyError):
                code = 1
    finally:
        if bar is not None:
            bar.close()
    return code


def _show(ended: _Ended, as_json: bool) -> None:
    outcome = ended.outcome
    if as_json:
        out(json.dumps(ended.as_json()))
    elif isinstance(outcome, ViewComfyError):
        err(f"line {ended.line.number}: {outcome.message}")
    else:
        print_paths(outcome.saved)
