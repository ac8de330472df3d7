"""Runs on Comfy API v2: the CPU that one costs beside ComfyUI's own SDK, against `serve`.

    pip install comfy-sdk
    python -m tests.benchmarks.running [RUNS]

Each run is submitted, waited for and its image downloaded, eight at a time: in silence, with
callbacks, and with its events as an iterator. Both sides send the same four requests for a run
whose events they read (the job, its events, its end, its image), three without them.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from viewcomfy_codegen import generate

from ..helpers.support import text_to_image
from .machine import measured

RUNS = 200
TURNS = 5
SECRET = "s3cr3t-0123456789"

EACH = """
from concurrent.futures import ThreadPoolExecutor
def main():
    list(map(one, range(3)))
    before = cpu()
    with ThreadPoolExecutor(8) as threads:
        assert all(each.startswith(b"\\x89PNG") for each in threads.map(one, range(count)))
    print(json.dumps({"cpu": (cpu() - before) / count}))
main()
"""
OURS = """
import json, sys
url, secret, count, folder, heard = *sys.argv[1:3], int(sys.argv[3]), *sys.argv[4:]
sys.path.insert(0, folder)
import made
from viewcomfy_runtime import ComfyAPI
client = ComfyAPI(url, secret)
def one(n):
    call = made.Parameters(seed=n, steps=1, width=16, height=16)
    if heard == "callbacks":
        result = made.run(call, client=client, on_log=str, on_progress=str)
    elif heard:
        *_, result = made.WORKFLOW.events(call, client=client)
    else:
        result = made.run(call, client=client)
    return result.outputs[0].read()
"""
THEIRS = """
import json, sys
url, secret, count, folder, heard = *sys.argv[1:3], int(sys.argv[3]), *sys.argv[4:]
import comfy_sdk
graph = json.loads(open(folder + "/made.json").read())
import os
os.environ["COMFY_BASE_URL"] = url
client = comfy_sdk.Comfy(api_key=secret)
def one(n):
    workflow = client.workflows.from_json(graph)
    for node, name, value in (
        ("3", "seed", n), ("3", "steps", 1), ("5", "width", 16), ("5", "height", 16)
    ):
        workflow.set_input(node, name, value)
    job = client.submit(workflow)
    if heard:
        list(job.events())
    job.result()
    return job.get_outputs("9")[0].to_bytes()
"""


@contextlib.contextmanager
def serving(workflow: Path, secret: str = SECRET) -> Iterator[str]:
    """The URL of `serve` in a process of its own."""
    command = [sys.executable, "-m", "viewcomfy_codegen", "serve", str(workflow)]
    secrets = ["--client-id", "id", "--client-secret", secret, "--port", "0"]
    with subprocess.Popen(
        [*command, *secrets],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip().partition("=")[2]
        try:
            yield url.rpartition("/")[0]
        finally:
            process.terminate()


def main(runs: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        workflow = Path(name) / "made.json"
        workflow.write_text(json.dumps(text_to_image()))
        made = generate(text_to_image(), name="made").files["made.py"]
        (Path(name) / "made.py").write_text(made)
        with serving(workflow) as base:
            for heard in ("", "callbacks", "events"):
                about = (base, SECRET, str(runs), name, heard)
                pairs = [
                    (measured(OURS + EACH, *about), measured(THEIRS + EACH, *about))
                    for _ in range(TURNS)
                ]
                # The least of each: what else the machine does only ever adds.
                ours, theirs = (
                    1000 * min(each["cpu"] for each in side)
                    for side in zip(*pairs, strict=True)
                )
                how = f"with {heard}" if heard else "in silence"
                print(
                    f"{runs} runs {how}: {ours:.2f} ms of CPU a run against comfy-sdk's"
                    f" {theirs:.2f} ms, ratio {ours / theirs:.2f} (wanted: below 1)"
                )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else RUNS)
