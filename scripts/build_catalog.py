"""Distils ComfyUI's /object_info answers into the catalog that the package ships.

    python scripts/build_catalog.py object_info.json [more.json …] -o codegen/viewcomfy_codegen/catalog/nodes.tsv

Only facts are kept: names, types, ranges, choices, defaults and flags, no prose. A class that several files
describe is taken from the last. One record a line, `key<TAB>JSON`, sorted by the key's bytes, so that a reader
finds a record by bisection. Keys: a class; `=n`, choices that several inputs share; `?name`, what an input of
that name is in most classes; `~word`, the same by an input name's last word.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from viewcomfy_codegen.catalog.distilling import node_record
from viewcomfy_codegen.words import plain_name

MAJORITY = 0.7


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("object_info", nargs="+", type=Path)
    parser.add_argument("-o", "--output", required=True, type=Path)
    arguments = parser.parse_args()
    classes: dict[str, Any] = {}
    for path in arguments.object_info:
        classes |= json.loads(path.read_text(encoding="utf-8"))
    records = {name: node_record(node) for name, node in classes.items()}
    records |= majorities(records)
    share_choices(records)
    lines = (f"{key}\t{compact(value)}\n" for key, value in records.items())
    ordered = sorted(lines, key=lambda line: line.partition("\t")[0].encode())
    arguments.output.write_text("".join(ordered), encoding="utf-8", newline="\n")


def compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def majorities(records: dict[str, Any]) -> dict[str, Any]:
    """What inputs of a name, or of a last word, are in most classes: the guess for unknown classes."""
    by_name: dict[str, list[dict[str, Any]]] = defaultdict(list)
    by_word: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for name, spec in widgets(records.values()):
        plain = plain_name(name)
        if plain:
            by_name[plain].append(spec)
            by_word[plain.split("_")[-1]].append(spec)
    found: dict[str, Any] = {}
    for plain, specs in by_name.items():
        if len(specs) >= 2 and (kind := majority(specs)):
            found[f"?{plain}"] = {"type": kind} | common_choices(specs)
    for word, specs in by_word.items():
        if len(specs) >= 5 and (kind := majority(specs)) in ("INT", "FLOAT"):
            found[f"~{word}"] = {"type": kind}
    return found


def widgets(nodes: Iterable[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for node in nodes:
        for name, spec in node["inputs"].items():
            if isinstance(spec, dict):
                yield name, spec


def majority(specs: list[dict[str, Any]]) -> str | None:
    kind, count = Counter(spec["type"] for spec in specs).most_common(1)[0]
    return kind if count >= MAJORITY * len(specs) else None


def common_choices(specs: list[dict[str, Any]]) -> dict[str, Any]:
    """The choices that at least half of the classes with an input of that name agree on."""
    lists = Counter(compact(spec["choices"]) for spec in specs if "choices" in spec)
    if not lists:
        return {}
    text, count = lists.most_common(1)[0]
    return (
        {"choices": json.loads(text)} if count >= 3 and count >= len(specs) / 2 else {}
    )


def share_choices(records: dict[str, Any]) -> None:
    """Moves every list of choices that occurs twice or more into a record of its own."""
    holders = [
        spec
        for key, node in records.items()
        if key[0] not in "?~"
        for _, spec in widgets([node])
    ]
    holders += [node for key, node in records.items() if key[0] in "?~"]
    counts = Counter(compact(spec["choices"]) for spec in holders if "choices" in spec)
    shared = sorted(
        text for text, count in counts.items() if count > 1 and len(text) > 40
    )
    keys = {text: f"={number}" for number, text in enumerate(shared)}
    for spec in holders:
        if "choices" in spec and (key := keys.get(compact(spec["choices"]))):
            spec["choices"] = key
    records |= {key: json.loads(text) for text, key in keys.items()}


if __name__ == "__main__":
    main()
