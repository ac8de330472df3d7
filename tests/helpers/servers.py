"""A real HTTP server on loopback that records what it is
asked and answers, or misbehaves, as it is told.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from requests_toolbelt import MultipartDecoder


@dataclass(frozen=True)
class SentFile:
    """A file part as it arrived."""

    filename: str
    content_type: str
    data: bytes


@dataclass(frozen=True)
class Request:
    """A request as it arrived; the names of headers are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @cached_property
    def parts(self) -> dict[str, str | SentFile]:
        """The multipart form: fields as text, files as files."""
        decoder = MultipartDecoder(self.body, self.headers["content-type"])
        return dict(map(_part, decoder.parts))

    @property
    def params(self) -> Any:
        text = self.parts["params"]
        assert isinstance(text, str)
        return json.loads(text)

    def file(self, key: str) -> SentFile:
        part = self.parts[key]
        assert isinstance(part, SentFile)
        return part


def _part(part: Any) -> tuple[str, str | SentFile]:
    disposition = part.headers[b"Content-Disposition"].decode()
    found = dict(re.findall(r'(\w+)="([^"]*)"', disposition))
    if "filename" not in found:
        return found["name"], part.content.decode()
    content_type = part.headers[b"Content-Type"].decode()
    return found["name"], SentFile(found["filename"], content_type, part.content)


@dataclass(frozen=True)
class Answer:
    """What the server answers, or how it fails to.

    `promised` bytes are announced in place of the body's length. `stalls` keeps the connection open
    without sending the rest, `silent` without sending anything, until the server is closed; `drops`
    closes it at once, `resets` with a reset. `drips` sends one byte of the answer, its head
    included, every so many seconds. `pieces` follow the body, and then the end of the connection is
    the end of the answer.
    """

    status: int = 201
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    promised: int | None = None
    stalls: bool = False
    silent: bool = False
    drops: bool = False
    resets: bool = False
    drips: float = 0
    pieces: Iterable[bytes] = ()


def result(**fields: Any) -> Answer:
    """The answer to a run that went well, but for what is given."""
    answer = {"prompt_id": "p1", "status": "success", "completed": True, **fields}
    return Answer(body=json.dumps(answer).encode())


def event(kind: str, data: str) -> bytes:
    """A server-sent event."""
    lines = "".join(f"data: {line}\n" for line in data.split("\n"))
    return f"event: {kind}\n{lines}\n".encode()


def stream(*events: bytes, **fields: Any) -> Answer:
    """The answer to a run with logs: these events, and
    after them the result, unless it is given as None.
    """
    ends = [] if fields.get("result", ...) is None else [result(**fields).body]
    return Answer(
        headers={"Content-Type": "text/event-stream; charset=utf-8"},
        pieces=(*events, *(event("prompt_result", end.decode()) for end in ends)),
    )


def redirect(location: str, status: int = 303) -> Answer:
    return Answer(status, headers={"Location": location})


class Server:
    """A context manager: `url` while it is open, `requests` in the order of their arrival.

    The port is taken from the beginning, and refuses connections until the server is open. Answers
    from a list are given one after the other, the last of them again and again.
    """

    def __init__(self, *answers: Answer | Callable[[Request], Answer]) -> None:
        self._answers = list(answers)
        self._lock = threading.Lock()
        self.requests: list[Request] = []
        self.closing = threading.Event()
        self._http = _Http(("127.0.0.1", 0), _handler(self), bind_and_activate=False)
        self._http.server_bind()
        self.port = self._http.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.01}
        )

    def __enter__(self) -> Server:
        self._http.server_activate()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._http.shutdown()
        self._thread.join()
        self._http.hang_up()
        self._http.server_close()

    def answer(self, request: Request) -> Answer:
        with self._lock:
            self.requests.append(request)
            answers = self._answers
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return answer if isinstance(answer, Answer) else answer(request)


@contextlib.contextmanager
def refusing() -> Iterator[Server]:
    """A server that never opens: nobody else gets its port, and every connection is refused."""
    server = Server(result())
    try:
        yield server
    finally:
        server._http.server_close()


class _Http(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 64

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._open: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """Wait no longer for requests: clients keep connections open for seconds."""
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RD)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up early is what some tests are about."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            headers = {
                name.lower(): ", ".join(self.headers.get_all(name) or ())
                for name in self.headers
            }
            body = self.rfile.read(length)
            answer = server.answer(Request(self.command, self.path, headers, body))
            self.close_connection = True
            if answer.silent:
                server.closing.wait()
            elif answer.resets:
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.connection.close()
            elif answer.drips:
                self._drip(answer)
            elif not answer.drops:
                self._send(answer)

        do_POST = do_GET

        def _send(self, answer: Answer) -> None:
            length = len(answer.body) if answer.promised is None else answer.promised
            self.send_response(answer.status)
            if not answer.pieces:
                self.send_header("Content-Length", str(length))
            self.send_header("Connection", "close")
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)
            for piece in answer.pieces:
                self.wfile.write(piece)
            if answer.stalls:
                server.closing.wait()

        def _drip(self, answer: Answer) -> None:
            head = f"HTTP/1.1 {answer.status} Slow\r\nX-Slow: {'x' * 99}\r\n\r\n"
            for byte in head.encode() + answer.body:
                self.wfile.write(bytes([byte]))
                if server.closing.wait(answer.drips):
                    break

        def log_message(self, format: str, *args: Any) -> None:
            """Tests print nothing."""

    return Handler
