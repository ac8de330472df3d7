"""What users wrote about single inputs, in a view_comfy.json, the project's table or an earlier
module.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

from viewcomfy_runtime.parameters.key import WireKey
from viewcomfy_runtime.parameters.types import ParameterType


class Wish(NamedTuple):
    """What is requested for an input; None means that nothing is.

    `name` is used as it is, while a name is made from the words of `label` as from a node's title.
    `hidden` leaves the input out of the client. `order` is its position within its group. `origin`
    describes who requested it.
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
    """Both combined; where both have a value, that of `second` counts."""
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
