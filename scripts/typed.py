"""Fails where less than 99 % of a package's public symbols have a complete type."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

PACKAGES: Final = ("viewcomfy_runtime", "viewcomfy_codegen")
LEAST: Final = 0.99
"""Not 1: base classes of libraries without types (requests-toolbelt) count against us."""


def report_of(package: str) -> dict[str, Any]:
    """What pyright's `--verifytypes` says of a package in this checkout."""
    done = subprocess.run(
        [sys.executable, "-m", "pyright", "--pythonpath", sys.executable]
        + ["--verifytypes", package, "--ignoreexternal", "--outputjson"],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1] / "codegen")},
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=False,
    )
    report: dict[str, Any] = json.loads(done.stdout)["typeCompleteness"]
    return report


def incomplete(symbol: dict[str, Any]) -> bool:
    """Whether a symbol that other programs can import lacks a type, or part of one."""
    known = symbol["isTypeKnown"] and not symbol["isTypeAmbiguous"]
    return symbol["isExported"] and not known


def main() -> int:
    failed = False
    for package in PACKAGES:
        report = report_of(package)
        score = report["completenessScore"]
        print(f"{package}: {score:.2%} of the public symbols are typed")
        if score < LEAST:
            failed = True
            names = [each["name"] for each in report["symbols"] if incomplete(each)]
            print("without a complete type:", *names, sep="\n  ")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
