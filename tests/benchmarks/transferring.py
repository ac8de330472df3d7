"""Large files: how long an upload and a download take beside curl, and how much memory.

python -m tests.benchmarks.transferring [GIB]
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from .machine import measured, timed

RUNS = 3

UPLOAD = """
import json, sys, time
from pathlib import Path
from viewcomfy_runtime import Call, ViewComfy
from viewcomfy_runtime.files import as_upload
url, path = sys.argv[1:]
client = ViewComfy(url, "id", "secret")
client.run(Call({"k": 1}))
before, start = peak(), time.perf_counter()
client.run(Call({"k": 1}, {"file": as_upload(Path(path), "file")}))
print(json.dumps({"seconds": time.perf_counter() - start, "grew": peak() - before}))
"""
DOWNLOAD = """
import json, sys, time
from viewcomfy_runtime import OutputFile
url, small, folder = sys.argv[1:]
OutputFile("small.bin", "x/y", url=small).save(folder)
before, start = peak(), time.perf_counter()
OutputFile("a.bin", "x/y", url=url).save(folder)
print(json.dumps({"seconds": time.perf_counter() - start, "grew": peak() - before}))
"""
RESULT = """
import json, sys
from viewcomfy_runtime import Call, ViewComfy
url, folder = sys.argv[1:]
result = ViewComfy(url, "id", "secret").run(Call({"k": 1}))
[path] = result.save(folder)
print(json.dumps({"peak": peak(), "size": path.stat().st_size}))
"""


@contextlib.contextmanager
def sink(folder: Path) -> Iterator[str]:
    """The URL of the server that swallows and gives."""
    port = folder / "port"
    command = [sys.executable, "-m", "tests.benchmarks.sink", str(port)]
    with subprocess.Popen(command) as process:
        while not (port.is_file() and port.read_text()):
            time.sleep(0.05)
        try:
            yield f"http://127.0.0.1:{port.read_text()}"
        finally:
            process.terminate()


def main(gib: float) -> None:
    size = int(gib * (1 << 30))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with sink(folder) as url:
            large = folder / "large.bin"
            with large.open("wb") as file:
                for _ in range(size >> 20):
                    file.write(bytes(1 << 20))
            curl = ["curl", "-s", "-F", "params={}", "-F", f"file=@{large}", url]
            pairs = [
                (measured(UPLOAD, url, str(large)), timed(curl)) for _ in range(RUNS)
            ]
            _show("upload", gib, pairs)
            pairs = []
            for _ in range(RUNS):
                out = str(folder / "curl.bin")
                link = f"{url}/file?size={size}"
                ours = measured(DOWNLOAD, link, f"{url}/file?size=9", str(folder))
                pairs.append((ours, timed(["curl", "-s", "-o", out, link])))
                for path in (
                    *folder.glob("a*.bin"),
                    *folder.glob("small*.bin"),
                    Path(out),
                ):
                    path.unlink()
            _show("download", gib, pairs)
            found = measured(RESULT, f"{url}/result?size={256 << 20}", str(folder))
            print(
                f"a result of {found['size'] >> 20} MiB as base64 "
                f"onto disk: peak {found['peak'] >> 20} MiB,"
                f" {found['peak'] / found['size']:.2f} times the file (wanted: at most 4)"
            )


def _show(what: str, gib: float, pairs: list[tuple[dict[str, float], float]]) -> None:
    ours = median(each["seconds"] for each, _ in pairs)
    theirs = median(seconds for _, seconds in pairs)
    grew = max(each["grew"] for each, _ in pairs) / (1 << 20)
    print(
        f"{what} of {gib:g} GiB: {ours:.2f} s against "
        f"curl's {theirs:.2f} s, ratio {ours / theirs:.2f}"
        f" (wanted: at most 1.3); memory grew by {grew:.1f} MiB (wanted: at most 32)"
    )


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 2)
