"""The local ViewComfy under load: errors, time and memory; and what a run through its gateway costs
beside ViewComfy's client.

    python -m tests.benchmarks.serving [API_PY]

API_PY is ViewComfy's own example client (cloud-public, ViewComfy_API/Python/api.py), whose address
is replaced.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from viewcomfy_runtime import Call, ViewComfy

from ..helpers.support import text_to_image
from .machine import measured

CALLS = 500
CONCURRENCY = 50
RUNS = 1000

OURS = """
import json, sys
from concurrent.futures import ThreadPoolExecutor
from viewcomfy_runtime import Call, ViewComfyGateway
base, count = sys.argv[1], int(sys.argv[2])
client = ViewComfyGateway(base, "id", "secret", base=base)
call = Call({"3-inputs-steps": 1, "5-inputs-width": 16, "5-inputs-height": 16})
client.run(call)
before = cpu()
with ThreadPoolExecutor(32) as threads:
    assert all(each.completed for each in threads.map(lambda _: client.run(call), range(count)))
print(json.dumps({"cpu": cpu() - before}))
"""
THEIRS = """
import asyncio, json, sys
base, count, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
api = loaded(path, "api")
api.API_URL = base
params = {"3-inputs-steps": 1, "5-inputs-width": 16, "5-inputs-height": 16}
about = {"params": params, "view_comfy_api_url": base}
async def main():
    gate = asyncio.Semaphore(32)
    async def one():
        async with gate:
            client = api.ComfyAPIClient(infer_url=base, client_id="id", client_secret="secret")
            scheduled = await client.infer(**about)
            asked = [scheduled.prompt_id]
            while not (await client._infer_info(prompt_ids=asked))[0].completed:
                await asyncio.sleep(0.2)
    await one()
    before = cpu()
    await asyncio.gather(*(one() for _ in range(count)))
    print(json.dumps({"cpu": cpu() - before}))
asyncio.run(main())
"""


def resident(pid: int) -> int:
    """The memory of a process in bytes."""
    shown = subprocess.run(
        ["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, check=True
    )
    return int(shown.stdout) * 1024


def main(api: str | None) -> None:
    with tempfile.TemporaryDirectory() as name:
        workflow = Path(name) / "made.json"
        workflow.write_text(json.dumps(text_to_image()))
        serve = [sys.executable, "-m", "viewcomfy_codegen", "serve", str(workflow)]
        secrets = ["--client-id", "id", "--client-secret", "secret", "--port", "0"]
        with subprocess.Popen(
            [*serve, *secrets], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            url = process.stdout.readline().strip().partition("=")[2]
            try:
                _load(url, process.pid)
                if api is not None:
                    _compare(url.rpartition("/")[0], api)
            finally:
                process.terminate()


def _load(url: str, pid: int) -> None:
    client = ViewComfy(url, "id", "secret")
    calls = [Call({"3-inputs-steps": 4, "3-inputs-seed": n}) for n in range(CALLS)]
    memory = []
    for _ in range(3):
        with ThreadPoolExecutor(CONCURRENCY) as threads:
            done = sum(each.completed for each in threads.map(client.run, calls))
        memory.append(resident(pid))
        print(f"{done} of {CALLS} calls, {CONCURRENCY} at a time, went well")
    print(
        f"memory after each {CALLS}: {', '.join(f'{each >> 20} MiB' for each in memory)};"
        f" last to first {memory[-1] / memory[0]:.2f} (wanted: flat)"
    )


def _compare(base: str, api: str) -> None:
    ours = measured(OURS, base, str(RUNS))["cpu"] / RUNS
    theirs = measured(THEIRS, base, str(RUNS), api)["cpu"] / RUNS
    print(
        f"{RUNS} gateway runs, 32 at a time: {1000 * ours:.2f} ms of CPU a run against api.py's"
        f" {1000 * theirs:.2f} ms, ratio {ours / theirs:.2f} (wanted: below 1)"
    )


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
