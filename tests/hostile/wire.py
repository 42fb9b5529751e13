"""What does a server send that keeps to no rule? Bytes as they are, and pauses between them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable
from contextlib import contextmanager, suppress
from typing import Any

from scripted import Asked

Pieces = Iterable[bytes | float]
"""What goes over the wire: bytes, and seconds to wait before the next."""

_PATIENCE = 20
_LONGEST_HEAD = 10_000_000


class Wire:
    """A server on loopback that answers every request with the pieces a function gives, and keeps what it was asked.

    A connection stays open after a reply that says so in its own head, else it is closed behind it.
    """

    def __init__(self, answer: Callable[[Asked], Pieces]) -> None:
        self.asked: list[Asked] = []
        self.stopping = threading.Event()
        self._answer = answer
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=64)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def serve(self) -> None:
        """Answers until it is stopped."""
        while not self.stopping.is_set():
            with suppress(OSError):
                connection, _ = self._listening.accept()
                connection.settimeout(_PATIENCE)
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def stop(self) -> None:
        self.stopping.set()
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _talk(self, connection: socket.socket) -> None:
        with connection, suppress(OSError), connection.makefile("rb") as lines:
            while (asked := _request(lines)) is not None and not self.stopping.is_set():
                self.asked.append(asked)
                kept = self._send(connection, self._answer(asked))
                if not kept:
                    connection.shutdown(socket.SHUT_WR)
                    connection.settimeout(0.2)
                    lines.read(1)  # until the other side has read all: closing at once may cut off what was sent
                    return

    def _send(self, connection: socket.socket, pieces: Pieces) -> bool:
        kept = False
        for number, piece in enumerate(pieces):
            if self.stopping.is_set():
                return False
            if isinstance(piece, bytes):
                connection.sendall(piece)
                kept = kept or (number == 0 and b"connection: keep-alive" in piece[:1000].lower())
            else:
                self.stopping.wait(piece)
        return kept


def _request(lines: Any) -> Asked | None:
    first = lines.readline(_LONGEST_HEAD).split()
    if len(first) < 2:
        return None
    headers: dict[str, str] = {}
    while (line := lines.readline(_LONGEST_HEAD).decode("latin-1").strip()) != "":
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    body = lines.read(int(headers.get("content-length", 0)))
    return Asked(method=first[0].decode(), target=first[1].decode("latin-1"), headers=headers, body=body)


@contextmanager
def wired(answer: Callable[[Asked], Pieces]) -> Any:
    """A server as long as the block lasts."""
    wire = Wire(answer)
    thread = threading.Thread(target=wire.serve, daemon=True)
    thread.start()
    try:
        yield wire
    finally:
        wire.stop()
        thread.join()
