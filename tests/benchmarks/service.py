"""A written service under load: errors and time, beside the same runs without the service.

python -m tests.benchmarks.service
"""

from __future__ import annotations

import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import local

import requests

from viewcomfy_codegen.serving import running
from viewcomfy_runtime import Call

from ..helpers.services import KEY, serving_runs
from ..helpers.support import text_to_image

CALLS = 500
CONCURRENCY = 50
SMALL = {"steps": 1, "width": 16, "height": 16}
_threads = local()


def through(url: str) -> str:
    """Start a run at the service and follow it to its end; how it ended."""
    session = getattr(_threads, "session", None) or requests.Session()
    _threads.session = session
    session.headers["X-API-Key"] = KEY
    started = session.post(f"{url}/runs", json=SMALL, timeout=60)
    if started.status_code != 202:
        return f"{started.status_code} {started.text}"
    events = session.get(f"{url}/runs/{started.json()['id']}/events", timeout=60).text
    return (
        "success"
        if '"status":"success"' in events.rpartition("event: run")[2]
        else events
    )


def without(source: Path, threads: ThreadPoolExecutor) -> float:
    """The seconds of the same runs without the service."""
    call = Call({"3-inputs-steps": 1, "5-inputs-width": 16, "5-inputs-height": 16})
    with running(source) as server:
        server.run(call)
        before = time.perf_counter()
        list(threads.map(lambda _: server.run(call), range(CALLS)))
        return time.perf_counter() - before


def main() -> None:
    """Print what 500 calls at 50 at a time take on both ways."""
    calls = range(CALLS)
    with (
        ThreadPoolExecutor(CONCURRENCY) as threads,
        tempfile.TemporaryDirectory() as folder,
        serving_runs(text_to_image(), Path(folder), SERVICE_MAX_RUNNING="100") as url,
    ):
        through(url)
        before = time.perf_counter()
        ends = list(threads.map(lambda _: through(url), calls))
        ours = time.perf_counter() - before
        source = Path(folder) / "service" / "painter.py"
        theirs = without(source, threads)
    failed = [each for each in ends if each != "success"]
    print(
        f"{CALLS} runs, {CONCURRENCY} at a time: {len(failed)} errors;"
        f" {ours:.1f} s through the service and {theirs:.1f} s without it,"
        f" ratio {ours / theirs:.2f}"
    )
    for each in failed[:3]:
        print("   ", each[:200])


if __name__ == "__main__":
    main()
