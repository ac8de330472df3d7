"""Ten times the nodes against one time: seconds and peak memory of a whole run.

python -m tests.benchmarks.scaling
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.measuring import medians, python, show
from tests.benchmarks.workflows import repeated

PEAK = (
    "import resource, sys\n"
    "from viewcomfy_codegen.cli.main import main\n"
    "main(sys.argv[1:], standalone_mode=False)\n"
    "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)\n"
)


def main() -> None:
    import subprocess

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        commands: dict[str, list[str]] = {}
        for count in (1_000, 10_000):
            file = folder / f"workflow_{count}.json"
            file.write_text(json.dumps(repeated(count)), "utf-8")
            output = str(folder / f"made_{count}.py")
            commands[str(count)] = [
                sys.executable,
                "-m",
                "viewcomfy_codegen",
                str(file),
                "-o",
                output,
            ]
        found = medians(commands, runs=3)
        show("10,000 nodes against 1,000", found["10000"], found["1000"], 11)
        peak = subprocess.run(
            python(PEAK, *commands["10000"][3:]),
            check=True,
            capture_output=True,
            text=True,
        )
        print(
            f"peak memory with 10,000 nodes: {peak.stdout.strip()} MiB (wanted: under 150)"
        )


if __name__ == "__main__":
    main()
