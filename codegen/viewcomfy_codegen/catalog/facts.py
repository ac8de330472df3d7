"""Facts about the inputs of node classes, as immutable data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple, TypeAlias

from viewcomfy_runtime.json_types import JsonValue

Scalar: TypeAlias = str | int | float | bool

DYNAMIC_COMBO: Final = "COMFY_DYNAMICCOMBO_V3"
AUTOGROW: Final = "COMFY_AUTOGROW_V3"
DYNAMIC_GROUP: Final = "COMFY_DYNAMICGROUP_V3"
MATCH_TYPE: Final = "COMFY_MATCHTYPE_V3"

PAGE_TYPES: Final = frozenset(
    "AUDIO_RECORD IMAGECOMPARE LOAD_3D LOAD_3D_ANIMATION WEBCAM".split()
)
"""Types whose widgets hold data for the web page only: a view, a recording, a scene."""

WIDGETS: Final = PAGE_TYPES | {
    *("INT", "FLOAT", "STRING", "BOOLEAN", "COMBO", "MULTICOMBO", DYNAMIC_COMBO),
    *("BOUNDING_BOX", "BOUNDING_BOXES", "COLOR", "COLORS", "COMPOSITOR", "CURVE"),
}
"""Types for which the web page has a widget."""

PAGE_CLASSES: Final = frozenset({"MarkdownNote", "Note", "PrimitiveNode", "Reroute"})
"""Classes that exist only on the web page, not on any server."""

PLACE: Final = "index"
"""The input that receives the index of a choice whose options the workflow's author entered."""

CONTROL: Final = "control_after_generate"
"""The name of the control widget behind a seed if its class doesn't specify one."""


class InputFacts(NamedTuple):
    """Facts about an input: its widget's type, range and choices, or its link's type.

    `files` marks choices that list a machine's files; `upload` is the MIME pattern of files that
    can be sent. `closed` means that no other choices exist, and `tooltip` is the class author's
    text; both are known only from the user's own server. `incomplete` marks choices that no server
    has confirmed. `whole` marks a FLOAT that counts something. `control` is the name of the widget
    that follows on the web page and changes the value after each run.
    """

    type: str
    lo: int | float | None = None
    hi: int | float | None = None
    step: int | float | None = None
    default: JsonValue = None
    choices: tuple[Scalar, ...] = ()
    files: bool = False
    upload: str | None = None
    multiline: bool = False
    multiselect: bool = False
    closed: bool = False
    incomplete: bool = False
    whole: bool = False
    tooltip: str = ""
    required: bool = True
    force_input: bool = False
    socketless: bool = False
    widget_type: str | None = None
    dynamic_prompts: bool = False
    advanced: bool = False
    hidden: bool = False
    control: str | None = None
    page_only: bool = False
    choices_from: str = ""
    """The prefix of the inputs that hold the choices, if the workflow's author entered them on the
    node.
    """
    branches: Mapping[str, Mapping[str, InputFacts]] = {}
    """For a selector (COMFY_DYNAMICCOMBO_V3), the inputs of each choice, without the dot."""
    autogrow: Autogrow | None = None
    group: Group | None = None

    @property
    def is_widget(self) -> bool:
        """Whether the web page shows a widget for the input, with a position among the saved
        values.
        """
        return not self.force_input and self.holds_value

    @property
    def holds_value(self) -> bool:
        """Whether a call can send a value for the input, even if the web page offers only a
        socket.
        """
        return self.type in WIDGETS or self.widget_type is not None

    @property
    def value_type(self) -> str:
        """The type of the input's value: that of its widget if the socket accepts several types."""
        return self.widget_type if self.widget_type in WIDGETS else self.type


class Autogrow(NamedTuple):
    """Inputs that the web page adds as they are used (COMFY_AUTOGROW_V3): `images.image0` …

    They are called `names`, or else `prefix` with a number from 0, or anything if neither is known.
    The first `least` are required.
    """

    element: InputFacts
    prefix: str = ""
    names: tuple[str, ...] = ()
    least: int = 0
    most: int | None = None

    def at(self, name: str) -> InputFacts | None:
        """The facts about the input with this name after the dot; None if there is no such
        input.
        """
        place = self._place(name)
        if place is None or (self.most is not None and place >= self.most):
            return None
        return self.element._replace(
            required=self.element.required and place < self.least
        )

    def _place(self, name: str) -> int | None:
        if self.names:
            return self.names.index(name) if name in self.names else None
        if not self.prefix:
            return 0
        return (
            number_in(name[len(self.prefix) :])
            if name.startswith(self.prefix)
            else None
        )


def number_in(digits: str) -> int | None:
    """The number of a row or a place in a name; None if the text isn't a short number."""
    plain = digits.isascii() and digits.isdigit() and len(digits) <= 6
    return int(digits) if plain else None


class Group(NamedTuple):
    """Rows of inputs that the web page can repeat (COMFY_DYNAMICGROUP_V3): `loras.0.strength` …"""

    members: Mapping[str, InputFacts]
    least: int = 0
    most: int | None = None

    def at(self, row: str) -> Mapping[str, InputFacts]:
        """The facts about the inputs in the row with this number; empty if there is no such row."""
        place = number_in(row)
        if place is None or (self.most is not None and place >= self.most):
            return {}
        if place < self.least:
            return self.members
        return {
            name: each._replace(required=False) for name, each in self.members.items()
        }
