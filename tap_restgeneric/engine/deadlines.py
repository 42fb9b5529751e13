"""How long may one answer take in all, however slowly its bytes come?

`requests` and `urllib3` bound the time between two pieces. A server that sends a byte a second would keep them for
ever, so here the time that is left bounds every read of a socket.
"""

from __future__ import annotations

import io
import time
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

if TYPE_CHECKING:
    import socket

    from typing_extensions import Buffer

_HINTS = (HTTPStatus.PROCESSING, HTTPStatus.EARLY_HINTS)


class OverdueError(OSError):
    """An answer took longer than it may."""


class _Timed(io.RawIOBase):
    """The bytes of a socket until a deadline."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, seconds: float) -> None:
        self._raw = raw
        self._sock = sock
        self._seconds = seconds
        self._until = time.monotonic() + seconds
        self._between = sock.gettimeout()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int | None:
        left = self._until - time.monotonic()
        if left > 0:
            self._sock.settimeout(left if self._between is None else min(left, self._between))
            try:
                read: int | None = self._raw.readinto(buffer)
            except TimeoutError:
                if time.monotonic() < self._until:
                    raise
            else:
                return read
        raise OverdueError(f"the answer took longer than {self._seconds:g} s in all (exchange_timeout)")

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Answer(HTTPResponse):
    """An answer that ends in time, has hints before it skipped, and is refused where its head is broken."""

    seconds: float

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        raw = self.fp.detach()
        self.fp = io.BufferedReader(_Timed(raw, sock, self.seconds))

    def _read_status(self) -> tuple[str, int, str]:
        # The base class skips 100 alone, and would take other hints for the answer.
        version, status, reason = super()._read_status()  # type: ignore[misc]
        return version, HTTPStatus.CONTINUE if status in _HINTS else status, reason

    def begin(self) -> None:
        super().begin()
        if self.headers and self.headers.defects:
            self.close()
            raise HTTPException("a line of the head is no header")


class PatientAdapter(HTTPAdapter):
    """Connections whose answers end in time.

    Args:
        seconds: That an answer may take, from its first byte to its last.
        kwargs: Of the base class.
    """

    def __init__(self, *, seconds: float, **kwargs: Any) -> None:
        """No connection is open yet."""
        answer = type("Answer", (_Answer,), {"seconds": seconds})
        plain = type("Plain", (HTTPConnection,), {"response_class": answer})
        secure = type("Secure", (HTTPSConnection,), {"response_class": answer})
        self._pools = {
            "http": type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
            "https": type("SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
        }
        super().__init__(**kwargs)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Connections to hosts."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        """Connections to hosts behind a proxy."""
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = self._pools
        return manager
