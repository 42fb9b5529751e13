"""How does an exchange fail? In every way that a network, a server or its keeper knows."""

from __future__ import annotations

import gzip
import socket
import struct
import threading
from contextlib import contextmanager
from dataclasses import dataclass, replace
from email.utils import formatdate
from typing import TYPE_CHECKING, Any
from unittest import mock

from scripted import Answer, Asked, Server, _Handler

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crash_kinds import Kind, World

    from tap_restgeneric.dialect.exchange import Call, Reply
    from tap_restgeneric.engine.transport import Send

HEADER = "X-Fault"
NOWHERE = "gone.invalid"
STALL_SECONDS = 0.2
ALWAYS = 1_000_000


@dataclass(frozen=True)
class Fault:
    """A way to fail.

    Attributes:
        name: What it is called.
        times: How often it happens to the exchange in turn.
        at_client: Whether no server is needed for it.
        slow: Whether it is only over when the tap has lost its patience.
    """

    name: str
    times: int = ALWAYS
    at_client: bool = False
    slow: bool = False


FAULTS = [
    Fault("connection refused", at_client=True),
    Fault("connection refused once", times=1, at_client=True),
    Fault("name not found", at_client=True),
    Fault("no TLS", at_client=True),
    Fault("reset before the body"),
    Fault("reset before the body once", times=1),
    Fault("reset in the middle of the body"),
    Fault("reset in the middle of the body once", times=1),
    Fault("reset after the body", times=1),
    Fault("stalled before the body", slow=True),
    Fault("stalled body", slow=True),
    Fault("stalled body once", times=1, slow=True),
    Fault("gzip cut off"),
    Fault("longer than it says"),
    Fault("shorter than it says"),
    Fault("500 twice", times=2),
    Fault("500"),
    Fault("429 twice", times=2),
    Fault("429"),
    Fault("429, seconds", times=2),
    Fault("429, date", times=2),
    Fault("429, past", times=2),
    Fault("429, absurd"),
    Fault("401 once", times=1),
    Fault("401"),
]

_RETRY_AFTER = {
    "429, seconds": "7",
    "429, date": formatdate(1_706_000_000 + 30, usegmt=True),
    "429, past": formatdate(1_000_000_000, usegmt=True),
    "429, absurd": "999999999999",
}


class Fate:
    """Lets the exchange in turn fail, and those that repeat it.

    Args:
        fault: The way to fail, or None.
        turn: Which exchange: 0 is the first.
    """

    def __init__(self, fault: Fault | None = None, turn: int = 0) -> None:
        self._fault = fault
        self._turn = turn
        self._turns: dict[str, int] = {}
        self._made = 0
        self._lock = threading.Lock()

    @property
    def exchanges(self) -> int:
        """How many there were, repeated ones counted once."""
        return len(self._turns)

    def sends(self, send: Send) -> Send:
        """A transport under this fate."""

        def sent(call: Call, digest: tuple[str, str] | None) -> Reply:
            fault = self._fault_of(call)
            if fault is None:
                return send(call, digest)
            if fault.at_client:
                return send(_elsewhere(call, fault.name), digest)
            return send(call.with_header(HEADER, fault.name.removesuffix(" once").removesuffix(" twice")), digest)

        return sent

    def _fault_of(self, call: Call) -> Fault | None:
        key = repr((call.method, call.url, call.params, call.json, call.data))
        with self._lock:
            turn = self._turns.setdefault(key, len(self._turns))
            if self._fault is None or turn != self._turn or self._made >= self._fault.times:
                return None
            self._made += 1
            return self._fault


def _elsewhere(call: Call, name: str) -> Call:
    """The call as it goes out where the network is broken."""
    here, _, rest = call.url.partition("://")[2].partition("/")
    there = {"no TLS": f"https://{here}", "name not found": f"http://{NOWHERE}"}
    return replace(call, url=f"{there.get(name) or f'http://127.0.0.1:{_closed_port()}'}/{rest}")


@contextmanager
def names_without_address() -> Iterator[None]:
    """Lets no resolver be asked for names that are there to be not found."""
    real = socket.getaddrinfo

    def looked_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host == NOWHERE:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return real(host, *args, **kwargs)

    with mock.patch("socket.getaddrinfo", looked_up):
        yield


def _closed_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class FaultyServer(Server):
    """An API of a kind that fails as requests tell it to.

    Args:
        kind: Of run.

    Attributes:
        world: What it holds now.
    """

    def __init__(self, kind: Kind) -> None:
        super().__init__(lambda asked: kind.answers(self.world, asked))
        self.world: World = kind.before
        self.RequestHandlerClass = _FaultyHandler  # type: ignore[assignment]


class _FaultyHandler(_Handler):
    def _respond(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        found = self.server.answer_to(Asked(method=self.command, target=self.path, headers=headers, body=body))
        self.server.asked.clear()
        answer = found if isinstance(found, Answer) else Answer(200, found)
        fault = headers.get(HEADER.lower(), "")
        if fault.startswith(("500", "429", "401")):
            given = {"Retry-After": _RETRY_AFTER[fault]} if fault in _RETRY_AFTER else {}
            self._send(Answer(int(fault[:3]), {"error": fault}, given), 0)
        elif fault:
            self._spoil(fault, answer.content)
        else:
            self._send(answer, 0)

    do_GET = do_POST = _respond  # noqa: N815

    def _spoil(self, fault: str, content: bytes) -> None:
        half = content[: len(content) // 2]
        if fault == "gzip cut off":
            zipped = gzip.compress(content)[:-12]
            self._raw(zipped, len(zipped), "Content-Encoding: gzip\r\n")
        elif fault == "longer than it says":
            self._raw(content, len(content) - 7)
        elif fault == "shorter than it says":
            self._raw(content, len(content) + 7)
        elif fault == "stalled before the body":
            self.server.stopping.wait(STALL_SECONDS * 3)
        elif fault == "stalled body":
            self._raw(half, len(content))
            self.server.stopping.wait(STALL_SECONDS * 3)
        elif fault != "reset before the body":
            self._raw(half if "middle" in fault else content, len(content))
        self.close_connection = True
        if "reset" in fault:
            # Lingering for no time makes the kernel send a reset; what was written before must be read first.
            self.server.stopping.wait(0.01)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def _raw(self, content: bytes, length: int, more: str = "") -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{more}Content-Length: {length}\r\n\r\n"
        self.wfile.write(head.encode() + content)
        self.wfile.flush()
