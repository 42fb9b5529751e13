"""What does a server say that a test tells what to say? And what was it asked?"""

from __future__ import annotations

import gzip
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

RESET = "reset"
"""The connection breaks instead of an answer."""
CUT = "cut"
"""The body ends before its length."""
STALL = "stall"
"""No answer as long as the server runs."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request as it came.

    Attributes:
        method: HTTP method.
        target: Path and query, percent-encoded as they came.
        headers: Header fields, names in lower case.
        body: The body.
    """

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> list[tuple[str, str]]:
        return parse_qsl(urlsplit(self.target).query, keep_blank_values=True)

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def form(self) -> list[tuple[str, str]]:
        return parse_qsl(self.body.decode(), keep_blank_values=True)


@dataclass(frozen=True)
class Answer:
    """An answer with a status: a JSON value, a text or bytes as they are."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        if isinstance(self.body, (bytes, str)):
            return self.body if isinstance(self.body, bytes) else self.body.encode()
        return json.dumps(self.body).encode()

    def zipped(self) -> Answer:
        return Answer(self.status, gzip.compress(self.content), {**self.headers, "Content-Encoding": "gzip"})


Script = Iterable[Any] | Callable[[Asked], Any]
"""Answers in their order, or what a request gets. All but an Answer or a fault is the JSON body of a 200."""


def by_path(answers: Mapping[str, Any]) -> Callable[[Asked], Any]:
    """A script that answers by path: with a value, with what a function makes of the request, or with 404."""

    def answer(asked: Asked) -> Any:
        found = answers.get(asked.path, Answer(404, {"error": f"no {asked.path}"}))
        return found(asked) if callable(found) else found

    return answer


class Server(ThreadingHTTPServer):
    """Answers by a script, and keeps what it was asked."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, script: Script) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[Asked] = []
        self.stopping = threading.Event()
        self._lock = threading.Lock()
        self._answer_to = script if callable(script) else _in_order(script)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def targets(self) -> list[str]:
        return [each.target for each in self.asked]

    def answer_to(self, asked: Asked) -> Any:
        with self._lock:
            self.asked.append(asked)
            return self._answer_to(asked)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that left is none of our business."""


def _in_order(script: Iterable[Any]) -> Callable[[Asked], Any]:
    answers = iter(script)
    return lambda _: next(answers, Answer(418, {"error": "the script has no answer left"}))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def log_message(self, *_: Any) -> None:
        """Stderr belongs to the tests."""

    def _respond(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        found = self.server.answer_to(
            Asked(method=self.command, target=self.path, headers=headers, body=body),
        )
        if found == STALL:
            self.server.stopping.wait(30)
        if found in (RESET, STALL):
            # Lingering for no time makes the kernel send a reset.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            return
        answer = found if isinstance(found, Answer) else Answer(200, {"half": True} if found == CUT else found)
        missing = 10 if found == CUT else 0
        self._send(answer, missing)
        self.close_connection = self.close_connection or found == CUT

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _respond  # noqa: N815

    def _send(self, answer: Answer, missing: int) -> None:
        fields = {"Content-Type": "application/json", "Content-Length": len(answer.content) + missing, **answer.headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        self.wfile.write(f"HTTP/1.1 {answer.status} So\r\n{head}\r\n".encode() + answer.content)


@contextmanager
def serving(script: Script | Server) -> Any:
    """A server on loopback as long as the block lasts."""
    server = script if isinstance(script, Server) else Server(script)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stopping.set()
        server.shutdown()
        server.server_close()
        thread.join()
