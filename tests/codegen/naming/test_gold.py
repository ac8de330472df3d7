"""A floor under the names of real workflows: what people
who read them whole would call each input.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from ...helpers.shared import shared_file

FLOORS = {
    "names accepted, basic": 96.0,
    "names accepted, advanced": 94.5,
    "groups right": 96.0,
    "kinds right": 97.0,
    "top inputs among the first 10": 96.0,
    "shared sets that are one parameter": 75.0,
    "names accepted, basic, mean of the files": 97.0,
}
MOST_NUMBERS = 10
LABELS_FLOOR = 66.0


def test_names_and_groups_are_those_that_people_give() -> None:
    gold = shared_file("gold/names.json")
    told = _output(
        str(shared_file("gold/score.py")), str(gold), str(shared_file("corpus/api"))
    )
    for label, floor in FLOORS.items():
        found = re.search(rf"^{re.escape(label)} .*?([\d.]+)%\)?$", told, re.MULTILINE)
        assert found is not None, label
        assert float(found[1]) >= floor, f"{label}: {found[1]}"
    numbers = re.search(r"needless numbers (\d+)$", told, re.MULTILINE)
    assert numbers is not None
    assert int(numbers[1]) <= MOST_NUMBERS


@pytest.mark.heavy
def test_names_agree_with_what_authors_call_their_inputs_on_the_page() -> None:
    pairs = shared_file("pairs/official")
    told = _output(str(shared_file("gold/labels.py")), str(pairs), "--show", "0")
    share = float(told.rstrip().rpartition(": ")[2].removesuffix(" %"))
    assert share >= LABELS_FLOOR


def _output(script: str, *arguments: str) -> str:
    """What a script says of the command that stands beside this Python."""
    tool = Path(sys.executable).with_name("viewcomfy-codegen")
    return subprocess.run(
        [sys.executable, script, *arguments, "--command", str(tool)],
        check=True,
        capture_output=True,
        encoding="utf-8",
        timeout=1200,
    ).stdout
