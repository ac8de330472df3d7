"""Batches: the memory that a long one keeps, and the CPU that a call with an image in and out costs
beside httpx.

    python -m tests.benchmarks.batching [CALLS]

CALLS, 2000 by default, is the length of the batch whose memory is measured, with results of 4 MiB.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from statistics import median

from ..helpers.support import text_to_image
from .machine import measured
from .transferring import sink

RUNS = 3
CALLS = 600
CONCURRENCY = 8
RESULT = 4 << 20
IMAGE = 1 << 20

LONG = """
import json, sys, warnings
warnings.simplefilter("ignore")
url, count, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
made = loaded(path, "made")
from viewcomfy_runtime import PromptResult, ViewComfy
client = ViewComfy(url, "id", "secret")
calls = lambda n: (made.Parameters(seed=i) for i in range(n))
def run(n):
    done = 0
    for _, outcome in made.WORKFLOW.iter_many(calls(n), client=client, max_concurrency=8):
        assert isinstance(outcome, PromptResult), outcome
        done += 1
    return done
run(1)
before = peak()
assert run(count) == count
print(json.dumps({"memory": peak() - before}))
"""
OURS = """
import json, sys, warnings
warnings.simplefilter("ignore")
url, count, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
made = loaded(path, "made")
from viewcomfy_runtime import PromptResult, ViewComfy
client = ViewComfy(url, "id", "secret")
image = bytes(1 << 20)
def run(n):
    calls = (made.Parameters(image=image, seed=i) for i in range(n))
    for _, outcome in made.WORKFLOW.iter_many(calls, client=client, max_concurrency=8):
        assert isinstance(outcome, PromptResult), outcome
        outcome.outputs[0].read()
run(1)
before = cpu()
run(count)
print(json.dumps({"cpu": cpu() - before}))
"""
THEIRS = """
import asyncio, base64, json, sys, httpx
url, count = sys.argv[1], int(sys.argv[2])
image = bytes(1 << 20)
async def main():
    async with httpx.AsyncClient(timeout=60) as client:
        gate = asyncio.Semaphore(8)
        async def one(n):
            async with gate:
                data = {"params": json.dumps({"3-inputs-seed": n}), "logs": "false"}
                files = {"10-inputs-image": ("a.png", image, "image/png")}
                headers = {"client_id": "id", "client_secret": "secret"}
                response = await client.post(url, data=data, files=files, headers=headers)
                base64.b64decode(response.json()["outputs"][0]["data"])
        await one(0)
        before = cpu()
        await asyncio.gather(*map(one, range(count)))
        print(json.dumps({"cpu": cpu() - before}))
asyncio.run(main())
"""


def main(count: int) -> None:
    from viewcomfy_codegen import generate

    from ..helpers.cases import CASES

    with tempfile.TemporaryDirectory() as name, sink(Path(name)) as url:
        plain, image = Path(name) / "plain.py", Path(name) / "image.py"
        plain.write_text(generate(text_to_image(), name="made").files["made.py"])
        image.write_text(
            generate(CASES["image_to_image"](), name="made").files["made.py"]
        )
        memory = measured(LONG, f"{url}/result?size={RESULT}", str(count), str(plain))
        allowed = CONCURRENCY * RESULT + (32 << 20)
        print(
            f"{count} calls with results of {RESULT >> 20} "
            f"MiB, {CONCURRENCY} at a time: peak memory grows by"
            f" {memory['memory'] >> 20} MiB, {memory['memory'] / allowed:.2f} of what is allowed"
        )
        there = f"{url}/result?size={IMAGE}"
        pairs = [
            (
                measured(OURS, there, str(CALLS), str(image)),
                measured(THEIRS, there, str(CALLS)),
            )
            for _ in range(RUNS)
        ]
    ours = median(each["cpu"] for each, _ in pairs) / CALLS
    theirs = median(each["cpu"] for _, each in pairs) / CALLS
    print(
        f"{CALLS} calls with 1 MiB in and out: {1000 * ours:.2f} ms of CPU a call against httpx's"
        f" {1000 * theirs:.2f} ms, ratio {ours / theirs:.2f}"
    )
    print(json.dumps({"memory": memory["memory"], "ratio": round(ours / theirs, 3)}))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
