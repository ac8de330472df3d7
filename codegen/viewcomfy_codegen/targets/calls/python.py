"""A call as a Python program that uses the generated module, formatted as black would."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...model import Parameter
from ..python.rendering import call as called
from ..python.rendering import laid_out, literal
from .call import SampleCall, is_file


def python(call: SampleCall) -> str:
    """A program that runs the call and saves its results."""
    return "\n".join(
        [
            *_imports(call, "run"),
            "",
            f"result = run({_parameters(call, 0, len('result = run('))})",
            'result.save("outputs")',
            "",
        ]
    )


def async_python(call: SampleCall) -> str:
    """The same with asyncio."""
    return "\n".join(
        [
            "import asyncio",
            *_imports(call, "arun"),
            "",
            "",
            "async def main() -> None:",
            f"    result = await arun({_parameters(call, 4, len('    result = await arun('))})",
            '    result.save("outputs")',
            "",
            "",
            "asyncio.run(main())",
            "",
        ]
    )


def _imports(call: SampleCall, function: str) -> Iterator[str]:
    if call.takes_files:
        yield "from pathlib import Path"
    if call.takes_files or function == "arun":
        yield ""
    yield f"from {call.imported} import Parameters, {function}"


def _parameters(call: SampleCall, indent: int, before: int) -> str:
    """`Parameters(…)` as the only argument of a call with this indentation."""
    flat = called(
        "Parameters", [_argument(*each, 0) for each in call.given], 0, before, 1
    )
    if "\n" not in flat:
        return flat
    deeper = indent + 4
    arguments = [_argument(*each, deeper + 4) for each in call.given]
    margin = " " * deeper
    inner = called("Parameters", arguments, deeper, deeper, 0)
    return f"\n{margin}{inner}\n{' ' * indent}"


def _argument(parameter: Parameter, value: Any, indent: int) -> str:
    head = f"{parameter.name}="
    if is_file(parameter, value):
        return f"{head}Path({literal(value)})"
    return head + laid_out(value, indent, indent + len(head), 1)
