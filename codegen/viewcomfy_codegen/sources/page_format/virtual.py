"""The nodes that exist only on the web page, by what they do there."""

from __future__ import annotations

from typing import Final

PRIMITIVE: Final = "PrimitiveNode"
"""Writes its value into the inputs linked to it."""
PASSING: Final = frozenset({"Reroute", "Reroute (rgthree)", "SetNode", "easy setNode"})
"""Nodes that pass on their input."""
SETTING: Final = frozenset({"SetNode", "easy setNode"})
"""Nodes that pass on their input, also to all get nodes that refer to them."""
GETTING: Final = frozenset({"GetNode", "easy getNode"})
"""Nodes that pass on the input of the set node they refer to."""
BROADCASTING: Final = frozenset(
    {
        *("Anything Everywhere", "Anything Everywhere?", "Anything Everywhere3"),
        "Prompts Everywhere",
    }
)
"""Nodes whose inputs the page links to other nodes' inputs on export; on a server they have no
effect.
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
"""Notes, headings and switches on the page."""
VIRTUAL: Final = PASSING | SETTING | GETTING | BROADCASTING | _SILENT | {PRIMITIVE}
