"""Facts about node classes, distilled from servers' answers, and a glossary with our own
sentences.
"""

from .facts import (
    PAGE_CLASSES,
    PLACE,
    Autogrow,
    Group,
    InputFacts,
)
from .glossary import Glossary, glossary
from .lookup import Catalog, shipped, with_object_info
from .node_facts import NodeFacts, Variant, is_page_name, union
from .titles import DefaultTitles, plain_title

__all__ = [
    "PAGE_CLASSES",
    "PLACE",
    "Autogrow",
    "Catalog",
    "DefaultTitles",
    "Glossary",
    "Group",
    "InputFacts",
    "NodeFacts",
    "Variant",
    "glossary",
    "is_page_name",
    "plain_title",
    "shipped",
    "union",
    "with_object_info",
]
