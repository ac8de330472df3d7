"""What users already wrote down on single inputs, wherever they
did: view_comfy.json, the project's table, an earlier module.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

from viewcomfy_runtime.parameters.key import WireKey
from viewcomfy_runtime.parameters.types import ParameterType


class Wish(NamedTuple):
    """What is wanted of one input; None where nothing is said.

    `name` is taken as it stands, `label` is words that a name is made of, as a node's title is.
    `hidden` leaves the input out of the client, `order` is its place within its group. `origin`
    says who wants it, for people.
    """

    origin: str
    name: str | None = None
    label: str | None = None
    doc: str | None = None
    type: ParameterType | None = None
    required: bool | None = None
    group: str | None = None
    hidden: bool | None = None
    order: int | None = None


Wishes: TypeAlias = Mapping[WireKey, Wish]


def merged(first: Wishes, second: Wishes) -> dict[WireKey, Wish]:
    """Both, where `second` says more or otherwise it is heard."""
    found = dict(first)
    for target, wish in second.items():
        if (known := found.get(target)) is None:
            found[target] = wish
            continue
        said = {
            name: value for name, value in wish._asdict().items() if value is not None
        }
        found[target] = known._replace(**said)
    return found
