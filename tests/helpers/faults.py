"""A server that speaks to its clients byte by byte as a fault has it, over HTTP and WebSocket."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias


@dataclass(frozen=True)
class Asked:
    """The head of a request as it arrived."""

    method: str
    path: str
    headers: Mapping[str, str]


class Line:
    """A connection to a client; everything ends with the server."""

    def __init__(self, connection: socket.socket, closing: threading.Event) -> None:
        self._connection = connection
        self.closing = closing

    def send(self, data: bytes) -> None:
        self._connection.sendall(data)

    def drip(self, data: bytes, seconds: float = 0.05) -> None:
        for byte in data:
            if self.closing.wait(seconds):
                return
            self.send(bytes([byte]))

    def repeat(self, data: bytes, seconds: float = 0.05) -> None:
        while not self.closing.wait(seconds):
            self.send(data)

    def wait(self) -> None:
        self.closing.wait()

    def answer(self, value: Any, status: int = 200, after: str = "close") -> None:
        """JSON; `after` says what becomes of the connection."""
        body = json.dumps(value).encode()
        head = (
            f"HTTP/1.1 {status} Fine\r\nContent-Length: "
            f"{len(body)}\r\nConnection: {after}\r\n\r\n"
        )
        self.send(head.encode() + body)

    def upgraded(self, asked: Asked) -> None:
        self.send(handshake(asked))

    def ask(self) -> Asked:
        """The next request, its body read and forgotten."""
        data = b""
        while b"\r\n\r\n" not in data:
            piece = self._connection.recv(65536)
            if not piece:
                raise ConnectionError
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, path, _ = first.split(" ", 2)
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines)
        }
        left = int(headers.get("content-length", 0)) - len(body)
        while left > 0:
            left -= len(self._connection.recv(65536)) or left
        return Asked(method, path, headers)


Fault: TypeAlias = Callable[[Line, Asked], None]


def handshake(asked: Asked) -> bytes:
    """What accepts a WebSocket."""
    key = asked.headers.get("sec-websocket-key", "")
    token = hashlib.sha1(f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest()
    return (
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {base64.b64encode(token).decode()}\r\n\r\n"
    ).encode()


def frame(kind: int, data: bytes, *, last: bool = True) -> bytes:
    """A frame of a WebSocket: 1 is text, 0 goes on with it, 9 a ping."""
    head = bytes([kind | (0x80 if last else 0)])
    if len(data) < 126:
        return head + bytes([len(data)]) + data
    return head + bytes([127]) + struct.pack(">Q", len(data)) + data


@contextlib.contextmanager
def faulty(behave: Fault) -> Iterator[str]:
    """The URL of a server that does this with each request, a connection each."""
    closing = threading.Event()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            line = Line(self.request, closing)
            with contextlib.suppress(OSError):
                behave(line, line.ask())

    class Listening(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True
        request_queue_size = 64

    with Listening(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.05}
        )
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            closing.set()
            server.shutdown()
            thread.join()
