"""A server in a process of its own: it swallows uploads and gives out files as fast as it can.

    python -m tests.benchmarks.sink PORTFILE

GET /file?size=BYTES streams zeros; GET and POST /result?size=BYTES answer with a result that holds
so much as base64; any other POST is swallowed and answered with a small result.
"""

from __future__ import annotations

import base64
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

BLOCK = bytes(1 << 20)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        left = int(self.headers.get("Content-Length", 0))
        while left:
            left -= len(self.rfile.read(min(left, 1 << 20)))
        self.do_GET()

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        size = int(parse_qs(parts.query).get("size", ["0"])[0])
        if parts.path == "/file":
            self._head(200, "application/octet-stream", size)
            while size:
                self.wfile.write(BLOCK[:size])
                size -= len(BLOCK[:size])
            return
        about: dict[str, Any] = {"prompt_id": "p", "status": "success", "outputs": []}
        if parts.path == "/result":
            piece = base64.b64encode(bytes(3 << 18))
            count = size // (3 << 18)
            head = json.dumps(about)[:-2].encode()
            head += b'{"filename": "a.bin", "content_type": "x/y", "data": "'
            self._head(201, "application/json", len(head) + count * len(piece) + 4)
            self.wfile.write(head)
            for _ in range(count):
                self.wfile.write(piece)
            self.wfile.write(b'"}]}')
            return
        body = json.dumps(about).encode()
        self._head(201, "application/json", len(body))
        self.wfile.write(body)

    def _head(self, status: int, kind: str, length: int) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Prints nothing."""


class Server(ThreadingHTTPServer):
    request_queue_size = 256
    daemon_threads = True


if __name__ == "__main__":
    server = Server(("127.0.0.1", 0), Handler)
    Path(sys.argv[1]).write_text(str(server.server_port))
    server.serve_forever()
