"""What is known about a workflow before a client is planned: its classes, its graph and its
settable inputs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ..catalog import Catalog, NodeFacts
from ..graph.roles import Roles
from ..graph.workflow import Workflow
from .drafts import Draft, drafts
from .wishes import Wishes


class Analysis(NamedTuple):
    """A workflow with facts about its classes, the roles of its nodes and a draft of each settable
    input.
    """

    workflow: Workflow
    facts: Mapping[str, NodeFacts | None]
    roles: Roles
    drafts: tuple[Draft, ...]


def analyze(
    workflow: Workflow,
    catalog: Catalog,
    wishes: Wishes | None = None,
    *,
    curated: bool = False,
) -> Analysis:
    """The analysis that both the plan of a client and the local server start from.

    If `curated`, the wishes rather than ViewComfy's marks determine what is shown.
    """
    classes = {node.class_type for node in workflow.nodes.values()}
    facts = {each: catalog.node(each) for each in sorted(classes)}
    roles = Roles(workflow, facts.__getitem__)
    found = drafts(workflow, catalog, facts, roles, wishes or {}, curated)
    return Analysis(workflow, facts, roles, tuple(found))
