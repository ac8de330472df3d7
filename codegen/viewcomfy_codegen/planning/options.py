"""What a user may ask of a generation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from viewcomfy_runtime.parameters.fields import REQUIRED
from viewcomfy_runtime.parameters.key import WireKey

from .author import Author
from .wishes import Wishes


class Shared(NamedTuple):
    """Inputs that one parameter is to set; `default` is
    what it sends where their deployed values differ.
    """

    inputs: tuple[WireKey, ...]
    default: object = REQUIRED


@dataclass(frozen=True, slots=True)
class Options:
    """What a user may ask of a generation.

    `include` and `exclude` are globs over a parameter's name, wire key (`6-inputs-text`) and node
    class. `all` keeps what a workflow's VC_BASIC and VC_ADV marks leave out. `embed` carries the
    graph in the module. `wishes` are what was written down on single inputs beside the workflow;
    `curated` has them choose what is shown, as marks do. `wanted` is what overrules the names,
    sentences and requirements that follow from all of that: a project's table, an earlier module.
    `shared` are inputs that one parameter sets, `together` those that one set in the earlier
    module. `likely` also tells which inputs only may belong together. `share` has inputs that
    plainly belong together be one parameter, but for those in `apart`, which the earlier module
    knew. `object_info` is what the user's own ComfyUI answers there, `kept` the catalog of such
    answers that the user or the project keeps; what neither knows, the shipped catalog says.
    `branches` keeps inputs that only other choices than the deployed ones bring. `outputs` are
    names of output nodes, by their ids. `author` is what the workflow's author said on the web
    page; `app` has everything be advanced that no wish puts into a group, as App mode does, and
    `app_only` leaves that out.
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
