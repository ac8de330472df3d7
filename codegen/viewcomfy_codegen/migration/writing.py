"""Older calls rewritten as calls on a generated module."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches

from viewcomfy_runtime.parameters.key import WireKey

from ..targets.typescript.names import parameter_properties
from .calls import Note, OldCall


def in_python(
    calls: Sequence[OldCall], module: str, names: Mapping[str, str]
) -> tuple[str, list[Note]]:
    """The calls in Python, and what could not be translated; `names` are the parameters by wire
    key.
    """
    notes: list[Note] = []
    bodies = [_python_call(call, dict(_named(call, names, notes))) for call in calls]
    text = "\n\n".join(bodies)
    uses = ["Parameters"]
    uses += [
        each for each in ("arun", "run") if f"= {each}(" in text.replace("await ", "")
    ]
    imports = ["from pathlib import Path\n"] if "Path(" in text else []
    imports += [f"from {module} import {', '.join(uses)}"]
    if "client=ViewComfy(" in text:
        imports.append("from viewcomfy_runtime import ViewComfy")
    return "\n".join([*imports, "", text]), notes


def _python_call(call: OldCall, values: Mapping[str, str]) -> str:
    parameters = "".join(f"\n        {name}={code}," for name, code in values.items())
    lines = [f"Parameters({parameters}\n    )" if parameters else "Parameters()"]
    given = call.arguments
    if "url" in given:
        secrets = (given.get(each, "...") for each in ("client_id", "client_secret"))
        lines.append(f"client=ViewComfy({', '.join([given['url'], *secrets])})")
    if "log" in given:
        lines.append(f"on_log={given['log']}")
    if "override" in given:
        lines.append(f"override_workflow={given['override']} or False")
    function = "await arun" if call.waits else "run"
    body = "".join(f"\n    {line}," for line in lines)
    return f"result = {function}({body}\n)"


def in_typescript(
    calls: Sequence[OldCall], module: str, names: Mapping[str, str]
) -> tuple[str, list[Note]]:
    """The calls in TypeScript, and what could not be translated."""
    notes: list[Note] = []
    own = parameter_properties(names.values())
    properties = {key: str(own[name]) for key, name in names.items()}
    text = "\n\n".join(
        _typescript_call(call, dict(_named(call, properties, notes))) for call in calls
    )
    uses = ", ".join(["run", *(["ViewComfy"] if "new ViewComfy(" in text else [])])
    return f'import {{ {uses} }} from "./{module}";\n\n{text}', notes


def _typescript_call(call: OldCall, values: Mapping[str, str]) -> str:
    parameters = "".join(f"\n    {_member(*pair)}," for pair in values.items())
    given = call.arguments
    options = []
    if "url" in given:
        about = {"url": given["url"]}
        about["clientId"] = given.get("client_id", "undefined")
        about["clientSecret"] = given.get("client_secret", "undefined")
        members = ", ".join(_member(*pair) for pair in about.items())
        options.append(f"client: new ViewComfy({{ {members} }})")
    else:
        options.append("client")
    if "log" in given:
        options.append(_member("onLog", given["log"]))
    if "override" in given:
        options.append(f"overrideWorkflow: {given['override']} ?? false")
    inner = f"{{{parameters}\n  }}" if parameters else "{}"
    lines = "".join(f"\n    {each}," for each in options)
    return f"const result = await run(\n  {inner},\n  {{{lines}\n  }},\n);"


def _member(name: str, code: str) -> str:
    return name if name == code else f"{name}: {code}"


def _named(
    call: OldCall, names: Mapping[str, str], notes: list[Note]
) -> Iterator[tuple[str, str]]:
    """The values by parameter name. Keys without a parameter, and the reader's own findings, become
    notes.
    """
    notes += call.notes
    for key, code in call.values.items():
        if key in names:
            yield names[key], code
            continue
        near = get_close_matches(key, _alike(key, names), n=1)
        hint = f"; did you mean {near[0]} ({names[near[0]]})?" if near else ""
        text = f"{key} sets no parameter of the generated module{hint}"
        notes.append(Note(call.lines[key], text))


def _alike(key: str, names: Iterable[str]) -> list[str]:
    """The keys of the same node, and those of inputs with the same name."""
    own = WireKey.parse(key)
    parsed = ((each, WireKey.parse(each)) for each in names)
    return [
        each
        for each, other in parsed
        if own and other and (own.node == other.node or own.name == other.name)
    ]
