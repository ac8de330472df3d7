"""Distills ComfyUI's /object_info answers into the catalog that the package ships.

    python scripts/build_catalog.py comfyui.json packs.json comfyui-0.33.0.json late2026.json \\
        --dynamic dynamic.json --files files.json --titles display_names.json --does what.json \\
        --comfyui 0.33.0 --date 2026-11-26 -o codegen/viewcomfy_codegen/catalog/nodes.tsv

Only facts are kept: names, types, ranges, choices, defaults and flags, but no prose by a class's
author. A class in several files is taken from the last one. That an input lists a machine's files
is never forgotten, and the choices of a class without a `python_module`, which no server has
reported, are marked as incomplete.

There is one record per line, `key<TAB>JSON`, sorted by the key's bytes for binary search. The keys
are: a class; `!` for the catalog's metadata; `=n` for choices that several inputs share; `@class`
for its default titles in every language; `?name` for what inputs with this name are in most
classes; `~word` for the same by the last word of the name.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final, Literal

from viewcomfy_codegen.catalog.distilling import input_record, node_record
from viewcomfy_codegen.catalog.facts import AUTOGROW, DYNAMIC_COMBO, Scalar
from viewcomfy_codegen.catalog.lookup import ABOUT, BY_NAME, BY_WORD, SHARED, TITLES
from viewcomfy_codegen.catalog.prose import input_without_prose, without_prose
from viewcomfy_codegen.catalog.records import (
    InputOptions,
    InputRecord,
    InputSpec,
    NameRecord,
    NodeRecord,
)
from viewcomfy_codegen.catalog.titles import default_titles, plain_title
from viewcomfy_codegen.words import plain_name

FLAGS_OF_NAMES: Final[tuple[Literal["files", "multiline"], ...]] = (
    "files",
    "multiline",
)
"""The flags that inputs of one name may share."""
MAJORITY = 0.7
"""The fraction of classes that make a majority."""
SHORTEST_SHARED = 40
"""Lists of choices with a shorter text aren't shared."""
MOST_LISTS = 12
"""The maximum number of lists of choices for one name."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("object_info", nargs="+", type=Path)
    parser.add_argument("--dynamic", type=Path, help="dotted inputs by class")
    parser.add_argument("--files", type=Path, help="inputs that list files, by class")
    parser.add_argument("--titles", type=Path, help="default titles by class")
    parser.add_argument("--does", type=Path, help="what each class does")
    parser.add_argument("--comfyui", required=True, help="the version of ComfyUI")
    parser.add_argument(
        "--date", required=True, help="the date of the facts, such as 2026-11-26"
    )
    parser.add_argument("-o", "--output", required=True, type=Path)
    arguments = parser.parse_args()
    text = catalog_text(
        [loaded(path) for path in arguments.object_info],
        dynamic=loaded(arguments.dynamic),
        files=loaded(arguments.files),
        titles=loaded(arguments.titles),
        does=loaded(arguments.does),
        about={"comfyui": arguments.comfyui, "date": arguments.date},
    )
    arguments.output.write_text(text, encoding="utf-8", newline="\n")


def loaded(path: Path | None) -> Any:
    return {} if path is None else json.loads(path.read_text(encoding="utf-8"))


def catalog_text(
    answers: list[Mapping[str, Any]],
    *,
    dynamic: Mapping[str, Any],
    files: Mapping[str, list[str]],
    titles: Mapping[str, list[str]],
    does: Mapping[str, str],
    about: Mapping[str, str],
) -> str:
    """The text of the catalog. The same answers produce the same text."""
    records = class_records(answers)
    for class_type, described in dynamic.items():
        add_dotted(records[class_type], described)
    for class_type, globs in files.items():
        for name, spec in widgets(records[class_type]["inputs"]):
            if any(fnmatchcase(name, glob) for glob in globs):
                mark_files(spec)
    for class_type, sentence in does.items():
        records[class_type]["does"] = american(sentence)
    guesses = majorities(records)
    shared = share_choices(records, guesses)
    everything: dict[str, object] = {ABOUT: dict(about)}
    everything |= title_records(records, answers, titles)
    everything |= guesses
    everything |= records
    everything |= shared
    lines = (f"{key}\t{compact(value)}\n" for key, value in everything.items())
    return "".join(sorted(lines, key=lambda line: line.partition("\t")[0].encode()))


def american(sentence: str) -> str:
    for british, spelled in (("colour", "color"), ("centre", "center")):
        sentence = sentence.replace(british, spelled)
    return sentence


def compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def class_records(answers: list[Mapping[str, Any]]) -> dict[str, NodeRecord]:
    """The facts of each class from the last answer that has it, and the lists of files that an
    earlier one marked.
    """
    records: dict[str, NodeRecord] = {}
    for classes in answers:
        for class_type, node in classes.items():
            record = without_prose(node_record(node, class_type))
            for _, spec in widgets(record["inputs"]):
                settle_choices(spec, vouched="python_module" in node)
            earlier = records.get(class_type)
            if earlier is not None:
                keep(earlier, record, described=node)
            records[class_type] = record
    return records


def settle_choices(spec: InputRecord, *, vouched: bool) -> None:
    """Removes choices that only one machine has, and marks those that no server has confirmed."""
    choices = spec.get("choices", ())
    if len(choices) == 1 and str(choices[0]).casefold() == "none":
        # A list of files on a machine without such files; only the choice of none is left.
        mark_files(spec)
    elif not vouched and (choices or spec["type"] == DYNAMIC_COMBO):
        spec["incomplete"] = True


def mark_files(spec: InputRecord) -> None:
    spec.pop("choices", None)
    spec["files"] = True


def keep(
    earlier: NodeRecord, record: NodeRecord, *, described: Mapping[str, Any]
) -> None:
    listing = {name for name, spec in widgets(earlier["inputs"]) if spec.get("files")}
    for name, spec in widgets(record["inputs"]):
        if name in listing and spec["type"] == "COMBO":
            mark_files(spec)
    if "has_intermediate_output" in described:
        return
    if "has_intermediate_output" in earlier:
        record["has_intermediate_output"] = earlier["has_intermediate_output"]


def widgets(
    inputs: Mapping[str, InputSpec], before: str = ""
) -> Iterator[tuple[str, InputRecord]]:
    """Every input that isn't merely a link, by its full name; `*` stands for any row or index."""
    for name, spec in inputs.items():
        if not isinstance(spec, dict):
            continue
        path = before + name
        yield path, spec
        for members in spec.get("branches", {}).values():
            yield from widgets(members, f"{path}.")
        if "group" in spec:
            yield from widgets(spec["group"]["members"], f"{path}.*.")
        if "autogrow" in spec:
            yield from widgets({"*": spec["autogrow"]["element"]}, f"{path}.")


def add_dotted(record: NodeRecord, described: Mapping[str, Any]) -> None:
    """Adds dotted inputs that are missing from a class's description to their branches."""
    for dotted, (kind, options) in described.items():
        head, _, tail = dotted.partition(".")
        selector = record["inputs"].get(head)
        if not isinstance(selector, dict) or selector["type"] != DYNAMIC_COMBO:
            continue
        options = dict(options)
        needed = options.pop("group", "required") == "required"
        branches = selector.get("branches", {})
        shown = options.pop("when", {}).get(head) or branches
        spec = input_without_prose(input_record([kind, options], tail))
        for option in shown:
            members = branches.get(option)
            if members is not None and not reaches(members, tail):
                members[tail] = spec if needed else optional(spec)


def reaches(members: Mapping[str, InputSpec], name: str) -> bool:
    """Whether a name after a dot is that of an input, or starts with one that adds others."""
    head, dot, _ = name.partition(".")
    spec = members.get(head)
    return name in members or (
        bool(dot)
        and isinstance(spec, dict)
        and spec["type"] in (DYNAMIC_COMBO, AUTOGROW)
    )


def optional(spec: InputSpec) -> InputSpec:
    return f"?{spec}" if isinstance(spec, str) else {**spec, "optional": True}


def title_records(
    records: Mapping[str, NodeRecord],
    answers: list[Mapping[str, Any]],
    titles: Mapping[str, list[str]],
) -> dict[str, list[str]]:
    """The default titles of each class in every language and version, except its names."""
    # In translation files, class names have no dots.
    spelled = {class_type.replace(".", "_"): class_type for class_type in records}
    known: dict[str, set[str]] = defaultdict(set)
    for class_type, each in titles.items():
        owner = class_type if class_type in records else spelled.get(class_type)
        known[owner or class_type].update(each)
    for classes in answers:
        for class_type, node in classes.items():
            known[class_type].add(node.get("display_name") or class_type)
    found: dict[str, list[str]] = {}
    for class_type, written in known.items():
        record = records.get(class_type)
        name = (record and record["name"]) or class_type
        rest = set(map(plain_title, written)) - default_titles(class_type, name) - {""}
        if rest:
            found[TITLES + class_type] = sorted(rest)
    return found


def majorities(records: Mapping[str, NodeRecord]) -> dict[str, NameRecord]:
    """The majority's facts about inputs with each name and last word, for inputs of unknown
    classes.
    """
    by_name: dict[str, list[InputRecord]] = defaultdict(list)
    by_word: dict[str, list[InputRecord]] = defaultdict(list)
    for record in records.values():
        for name, spec in widgets(record["inputs"]):
            plain = plain_name(name) if "." not in name else ""
            if plain:
                by_name[plain].append(spec)
                by_word[plain.split("_")[-1]].append(spec)
    found: dict[str, NameRecord] = {}
    for plain, specs in by_name.items():
        if alike := named_alike(specs):
            found[BY_NAME + plain] = alike
    for word, specs in by_word.items():
        if kind := number_of(specs, least=5):
            found[BY_WORD + word] = {"number": kind}
    return found


def number_of(specs: list[InputRecord], least: int = 2) -> str | None:
    """The type of most numbers among these inputs. Other kinds of input don't count, since they say
    nothing about whether a number is whole.
    """
    numbers = [spec for spec in specs if spec["type"] in ("INT", "FLOAT")]
    return majority(numbers) if len(numbers) >= least else None


def majority(specs: list[InputRecord]) -> str | None:
    kind, count = Counter(spec["type"] for spec in specs).most_common(1)[0]
    return kind if count >= MAJORITY * len(specs) else None


def named_alike(specs: list[InputRecord]) -> NameRecord:
    """The majority's facts about inputs with one name, and all lists of choices for it, most
    frequent first.
    """
    record: NameRecord = {}
    if len(specs) >= 2 and (kind := majority(specs)):
        record["type"] = kind
        alike = [spec for spec in specs if spec["type"] == kind]
        for flag in FLAGS_OF_NAMES:
            if sum(flag in spec for spec in alike) * 2 > len(alike):
                record[flag] = True
    if record.get("type") not in ("INT", "FLOAT") and (kind := number_of(specs)):
        record["number"] = kind
    stated = (spec.get("choices", []) for spec in specs)
    texts = Counter(compact(choices) for choices in stated if len(choices) > 1)
    lists = sorted(texts, key=lambda text: (-texts[text], text))[:MOST_LISTS]
    if lists:
        record["lists"] = [{"choices": json.loads(text)} for text in lists]
    return record


def share_choices(
    records: Mapping[str, NodeRecord], guesses: Mapping[str, NameRecord]
) -> dict[str, list[Scalar]]:
    """Replaces each list of choices that occurs more than once with a key, and returns these lists
    by key.
    """
    holders = [
        (spec, compact(choices))
        for spec in choosing(records, guesses)
        if (choices := spec.get("choices")) is not None
    ]
    counts = Counter(text for _, text in holders)
    shared = sorted(
        text
        for text, count in counts.items()
        if count > 1 and len(text) > SHORTEST_SHARED
    )
    keys = {text: f"{SHARED}{number}" for number, text in enumerate(shared)}
    for spec, text in holders:
        if text in keys:
            spec["choices"] = keys[text]
    return {key: json.loads(text) for text, key in keys.items()}


def choosing(
    records: Mapping[str, NodeRecord], guesses: Mapping[str, NameRecord]
) -> Iterator[InputOptions | InputRecord]:
    for guess in guesses.values():
        yield from guess.get("lists", [])
    for record in records.values():
        yield from (spec for _, spec in widgets(record["inputs"]))


if __name__ == "__main__":
    main()
