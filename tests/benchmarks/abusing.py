"""The local ViewComfy under abuse: broken images, thousands of calls and of calls that break off,
all on one server.

    python -m tests.benchmarks.abusing

Wanted: no answer of 500, memory flat, and nothing on standard error but a line a call.
"""

from __future__ import annotations

import io
import json
import random
import re
import socket
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import requests
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ..helpers.support import node
from .serving import resident

IMAGES, CALLS, BROKEN, TURNS = 1500, 3000, 2000, 5
HEADERS = {"client_id": "id", "client_secret": "secret"}


def workflow() -> dict[str, object]:
    return {
        "1": node("LoadImage", image="in.png"),
        "2": node("SaveImage", images=["1", 0], filename_prefix="out"),
    }


def mutated(count: int) -> Iterator[bytes]:
    """Images of each format with a few bytes changed, cut or added; the same at each run."""
    chance = random.Random(7)
    sources = list(originals())
    for number in range(count):
        data = bytearray(sources[number % len(sources)])
        for _ in range(chance.randint(1, 8)):
            at = chance.randrange(len(data))
            match chance.randrange(4):
                case 0:
                    data[at] = chance.randrange(256)
                case 1:
                    del data[at : at + chance.randrange(1, 40)]
                case 2:
                    data[at:at] = chance.randbytes(chance.randrange(1, 40))
                case _:
                    data[at : at + 4] = chance.randbytes(4)
            if len(data) < 20:
                break
        yield bytes(data)


def originals() -> Iterator[bytes]:
    """A valid image of each format, one PNG with more text and profile than Pillow likes."""
    image = Image.effect_noise((48, 32), 80).convert("RGB")
    for form in ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"):
        buffer = io.BytesIO()
        image.save(buffer, form)
        yield buffer.getvalue()
    buffer = io.BytesIO()
    texts = PngInfo()
    texts.add_text("prompt", "x" * 3_000_000, zip=True)
    image.save(buffer, "PNG", pnginfo=texts, icc_profile=b"\0" * 2_000_000)
    yield buffer.getvalue()


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "made.json"
        path.write_text(json.dumps(workflow()))
        serve = [sys.executable, "-m", "viewcomfy_codegen", "serve", str(path)]
        secrets = ["--client-id", "id", "--client-secret", "secret", "--port", "0"]
        with subprocess.Popen(
            [*serve, *secrets],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None and process.stderr is not None
            url = process.stdout.readline().strip().partition("=")[2]
            said: list[str] = []
            listening = threading.Thread(target=said.extend, args=(process.stderr,))
            listening.start()
            try:
                _images(url)
                _load(url, process.pid)
            finally:
                process.terminate()
            listening.join()
        usual = re.compile(r"(serving|try it:|page:) |/made (\d\d\d|no answer) in ")
        odd = [line for line in said if not usual.match(line)]
        print(f"{len(said)} lines on standard error, {len(odd)} unusual {odd[:5]}")


def _images(url: str) -> None:
    def call(data: bytes) -> int:
        answer = requests.post(
            url,
            headers=HEADERS,
            data={"params": '{"2-inputs-filename_prefix": "x"}'},
            files={"1-inputs-image": ("a.png", data, "image/png")},
            timeout=60,
        )
        return answer.status_code

    with ThreadPoolExecutor(4) as threads:
        found = Counter(threads.map(call, mutated(IMAGES)))
        valid = Counter(threads.map(call, originals()))
    print(f"{IMAGES} mutated images: {dict(found)} (wanted: none of 500)")
    print(f"valid images of each format: {dict(valid)}")


def _load(url: str, pid: int) -> None:
    [image, *_] = originals()
    memory = []
    for _ in range(TURNS):
        with ThreadPoolExecutor(16) as threads:
            list(threads.map(lambda _: _call(url, image), range(CALLS // TURNS)))
            list(threads.map(lambda n: break_off(url, n), range(BROKEN // TURNS)))
        memory.append(resident(pid) >> 20)
    print(
        f"{CALLS} calls and {BROKEN} that break off, memory after each of {TURNS} turns:"
        f" {memory} MiB (wanted: flat)"
    )


def _call(url: str, image: bytes) -> None:
    requests.post(
        url,
        headers=HEADERS,
        data={"params": '{"2-inputs-filename_prefix": "x"}'},
        files={"1-inputs-image": ("a.png", image, "image/png")},
        timeout=60,
    ).raise_for_status()


def break_off(url: str, number: int) -> None:
    """A call that ends in the middle: of its head, of its form, of a file."""
    parts = urlsplit(url)
    head = (
        f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nclient_id: id\r\n"
        "client_secret: secret\r\nContent-Type: multipart/form-data; boundary=x\r\n"
        "Content-Length: 3000000\r\n\r\n"
    )
    body = '--x\r\nContent-Disposition: form-data; name="1-inputs-image"; filename="a"\r\n\r\n'
    text = head + body + "x" * (number * 997 % 2_000_000)
    cut = (len(head) - 9, len(head) + 5, len(text))[number % 3]
    assert parts.hostname is not None and parts.port is not None
    with socket.create_connection((parts.hostname, parts.port)) as connection:
        connection.sendall(text[:cut].encode())


if __name__ == "__main__":
    main()
