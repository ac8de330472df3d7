"""The options of a generation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from viewcomfy_runtime.parameters.fields import REQUIRED
from viewcomfy_runtime.parameters.key import WireKey

from .author import Author
from .wishes import Wishes


class Shared(NamedTuple):
    """Inputs that one parameter sets. `default` is what it sends if their deployed values
    differ.
    """

    inputs: tuple[WireKey, ...]
    default: object = REQUIRED


@dataclass(frozen=True, slots=True)
class Options:
    """The options of a generation.

    `include` and `exclude` are globs over a parameter's name, wire key (`6-inputs-text`) and node
    class. `all` keeps inputs that a workflow's VC_BASIC and VC_ADV marks leave out. `embed`
    includes the graph in the module. `wishes` are what was written about single inputs beside the
    workflow; if `curated`, they determine what is shown, as marks do. `wanted` overrides the names,
    sentences and requirements that follow from all of that; it comes from a project's table and an
    earlier module. `shared` are sets of inputs that one parameter sets, `together` the sets of the
    earlier module. `share` combines inputs that clearly belong together, except those in `apart`,
    which had their own parameters in the earlier module. `likely` also reports inputs that may
    belong together. `object_info` is what the user's own ComfyUI returns for /object_info, `kept`
    the catalog of such responses that the user or the project keeps; for the rest, the shipped
    catalog is used. `branches` keeps inputs that only other choices than the deployed ones add.
    `outputs` are names of output nodes, by node id. `author` is what the workflow's author entered
    on the web page. `app` makes every input advanced that no wish puts into a group, as in App
    mode; `app_only` leaves these out.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    all: bool = False
    optional_files: bool = False
    embed: bool = True
    wishes: Wishes = field(default_factory=dict)
    curated: bool = False
    wanted: Wishes = field(default_factory=dict)
    shared: tuple[Shared, ...] = ()
    together: tuple[tuple[WireKey, ...], ...] = ()
    branches: bool = True
    share: bool = True
    apart: frozenset[WireKey] = frozenset()
    likely: bool = False
    object_info: Mapping[str, object] | None = None
    kept: Mapping[str, object] | None = None
    outputs: Mapping[str, str] = field(default_factory=dict)
    author: Author = field(default_factory=Author)
    app: bool = False
    app_only: bool = False
