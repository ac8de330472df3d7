"""Parameters that depend on a choice, once it is known which choices a call can make."""

from __future__ import annotations

from collections.abc import Mapping

from viewcomfy_runtime.parameters.branches import Branch
from viewcomfy_runtime.parameters.fields import REQUIRED
from viewcomfy_runtime.parameters.key import WireKey
from viewcomfy_runtime.parameters.types import Choice, Integer

from ..model import Identifier
from .branches import (
    Selector,
    applicability,
    joined_type,
    narrowed,
    resolved,
    with_draws,
)
from .drafts import Draft
from .filters import Named
from .sharing import Sets
from .types import refusal


def chosen(kept: Named) -> Named:
    """The parameters, their branches now referring to selectors by parameter name, without those
    that no call can enable.
    """
    by_key = {draft.key: (name, draft) for name, draft in kept}
    found: Named = []
    for name, draft in kept:
        settled = _settled(draft, by_key) if draft.branches else draft
        if settled is not None:
            found.append((name, settled))
            by_key[draft.key] = (name, settled)
        else:
            del by_key[draft.key]
    return found


def _settled(
    draft: Draft, by_key: Mapping[WireKey, tuple[Identifier, Draft]]
) -> Draft | None:
    """The draft with the combined type of its remaining branches; None if no call can choose any of
    them.
    """
    paths = dict.fromkeys(path for each in draft.branches for path in each.when)
    selectors = {path: _selector(draft, path, by_key) for path in paths}
    branches = resolved(draft.branches, selectors)
    if not any(branch.when for branch in branches):
        if draft.lacking:
            return None
        return draft._replace(branches=())
    kind = joined_type([branch.type for branch in branches])
    default = draft.default
    if default is not REQUIRED and default is not None and refusal(kind, default):
        kind = joined_type([kind, draft.type])
    kind, branches = narrowed(branches, kind)
    applies = applicability(branches, selectors)
    if not (draft.lacking or applies or len(branches) > 1):
        # It exists under every choice, always with the same type.
        seed = isinstance(draft.type, Integer) and draft.type.random
        return draft._replace(type=with_draws(kind, seed), branches=())
    return draft._replace(type=kind, branches=branches, applicability=applies)


def _selector(
    draft: Draft, path: str, by_key: Mapping[WireKey, tuple[Identifier, Draft]]
) -> Selector | None:
    """The selector at `path` on the draft's node; None if it is linked, so that its value is
    unknown.
    """
    if path in draft.node.links:
        return None
    name, selector = by_key.get(WireKey(draft.node.id, path), (None, None))
    if name is None or selector is None:
        return Selector(draft.node.values.get(path))
    if not isinstance(selector.type, Choice):
        return None
    return Selector(selector.value, name, selector.type.options, selector.branches)


def by_sets(kept: Named, joined: Sets) -> Named:
    """The parameters without those that another one sets; branches that depended on them refer to
    the other one.
    """
    names = {draft.key: name for name, draft in kept}
    heirs = {
        names[key]: names[first]
        for first, each in joined.sets.items()
        for key in each.inputs
    }
    return [
        (
            name,
            (
                draft._replace(branches=_renamed(draft.branches, heirs))
                if draft.branches and heirs
                else draft
            ),
        )
        for name, draft in kept
        if draft.key not in joined.members
    ]


def _renamed(
    branches: tuple[Branch, ...], heirs: Mapping[Identifier, Identifier]
) -> tuple[Branch, ...]:
    return tuple(
        branch._replace(
            when={
                heirs.get(Identifier(name), Identifier(name)): keys
                for name, keys in branch.when.items()
            },
        )
        for branch in branches
    )
