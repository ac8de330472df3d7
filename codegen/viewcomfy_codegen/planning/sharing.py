"""One parameter for inputs that are to be set together."""

from __future__ import annotations

from dataclasses import replace

from ..errors import CodegenError, Diagnostic
from ..model import Parameter
from .options import Options


def shared(
    parameters: list[Parameter], options: Options, source: str
) -> tuple[Parameter, ...]:
    """The parameters, with one for each group of inputs that the user wants set together.

    Raises CodegenError for inputs that have no parameter, or whose types differ.
    """
    by_target = {each.inputs[0]: each for each in parameters}
    faults: list[Diagnostic] = []
    for targets in options.shared:
        members = [by_target.get(target) for target in targets]
        first = members[0]
        keys = ", ".join(map(str, targets))
        if first is None or None in members:
            missing = [
                str(t) for t, each in zip(targets, members, strict=True) if not each
            ]
            faults.append(
                Diagnostic(
                    source,
                    f"{', '.join(missing)} has no parameter that could be shared",
                    "inspect lists the keys of all parameters",
                )
            )
        elif len({repr(each.type) for each in members if each}) > 1:
            faults.append(
                Diagnostic(
                    source,
                    f"{keys} cannot be one parameter: they take different values",
                    "share inputs of one type and with the same bounds or choices",
                )
            )
        else:
            by_target[targets[0]] = replace(first, inputs=targets)
            for target in targets[1:]:
                del by_target[target]
    if faults:
        raise CodegenError(*faults)
    return tuple(by_target.values())
