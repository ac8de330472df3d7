"""Nodes that the web page alone knows: what they do there, and that no server has them."""

from __future__ import annotations

from typing import Final

PRIMITIVE: Final = "PrimitiveNode"
"""Writes its value into what it is linked to."""
PASSING: Final = frozenset({"Reroute", "Reroute (rgthree)", "SetNode", "easy setNode"})
"""Hand on their input."""
SETTING: Final = frozenset({"SetNode", "easy setNode"})
"""Hand on their input, and to all that name them."""
GETTING: Final = frozenset({"GetNode", "easy getNode"})
"""Hand on the input of the setting node that they name."""
BROADCASTING: Final = frozenset(
    {
        *("Anything Everywhere", "Anything Everywhere?", "Anything Everywhere3"),
        "Prompts Everywhere",
    }
)
"""Have what they take linked to inputs elsewhere when the page exports; servers run them for
nothing.
"""
_SILENT: Final = frozenset(
    {
        *(
            "MarkdownNote",
            "Note",
            "Note Plus (mtb)",
            "Label (rgthree)",
            "Bookmark (rgthree)",
        ),
        *("Fast Muter (rgthree)", "Fast Bypasser (rgthree)"),
        *("Fast Groups Muter (rgthree)", "Fast Groups Bypasser (rgthree)"),
        *("Fast Actions Button (rgthree)", "Node Collector (rgthree)"),
        *("Mute / Bypass Relay (rgthree)", "Mute / Bypass Repeater (rgthree)"),
        "Random Unmuter (rgthree)",
    }
)
"""Notes, headings and switches for the page."""
VIRTUAL: Final = PASSING | SETTING | GETTING | BROADCASTING | _SILENT | {PRIMITIVE}
