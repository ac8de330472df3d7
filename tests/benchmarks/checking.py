"""`--check` on a project of ten workflows beside one of one.

python -m tests.benchmarks.checking
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from .measuring import medians
from .workflows import repeated

RUNS = 7


def project(folder: Path, count: int) -> None:
    """A project of so many clients, generated already."""
    folder.mkdir()
    tables = []
    for number in range(count):
        (folder / f"w{number}.json").write_text(json.dumps(repeated(20)))
        table = f"[tool.viewcomfy-codegen.workflows.client{number}]"
        tables.append(f'{table}\nsource = "w{number}.json"\n')
    (folder / "pyproject.toml").write_text("\n".join(tables))
    command = [sys.executable, "-m", "viewcomfy_codegen"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        commands = {}
        for count in (1, 10):
            project(Path(name) / str(count), count)
            script = (
                f"import os; os.chdir({os.path.join(name, str(count))!r});"
                "from viewcomfy_codegen.cli.main import main; main(['--check'])"
            )
            commands[str(count)] = [sys.executable, "-c", script]
        found = medians(commands, RUNS)
    one, ten = found["1"], found["10"]
    allowed = 1.5 * one + 0.3
    print(
        f"--check of ten workflows: {1000 * ten:.0f} ms against {1000 * one:.0f} ms for one,"
        f" {ten / allowed:.2f} of what is allowed (1.5 times that and 30 ms each)"
    )


if __name__ == "__main__":
    main()
