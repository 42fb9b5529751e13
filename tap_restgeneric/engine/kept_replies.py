"""What did discovery ask for a moment ago that the sync need not ask for again?"""

from __future__ import annotations

import threading
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_restgeneric.dialect.exchange import Call, Reply

_FRESH = 10.0
"""Seconds: an API may have changed since."""
_LARGEST = 64 * 1024 * 1024
"""Bytes of all bodies together."""


Kept: TypeAlias = "tuple[Reply, float]"
"""A reply, and the seconds that it took."""


class KeptReplies:
    """Replies to calls, each for one use soon after, also before it is there.

    Args:
        clock: Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        """Nothing was asked for."""
        self._clock = clock
        self._kept: dict[str, Future[Kept | None]] = {}
        self._size = 0
        self._latest = 0.0
        self._lock = threading.Lock()

    def keeping(self, call: Call, exchange: Callable[[], Reply | None]) -> Reply | None:
        """The reply to a call, which is kept for whoever asks for the same soon.

        Args:
            call: What is asked for.
            exchange: Asks for it.
        """
        coming: Future[Kept | None] = Future()
        begun = self._clock()
        with self._lock:
            self._kept[_mark(call)] = coming
            self._latest = begun
        try:
            reply = exchange()
        except BaseException:
            coming.set_result(None)  # who wants it asks for himself
            raise
        coming.set_result(self._weighed(reply, begun))
        return reply

    def _weighed(self, reply: Reply | None, begun: float) -> Kept | None:
        """What is kept of a reply: nothing, if there is too much already."""
        if reply is None:
            return None
        with self._lock:
            self._latest = self._clock()
            self._size += len(reply.content)
            return (replace(reply), self._latest - begun) if self._size <= _LARGEST else None

    def take(self, call: Call) -> Kept | None:
        """The reply to a call, once it is there; None if nobody asked for it, or all are too old."""
        if not self._kept:
            return None
        with self._lock:
            if self._clock() - self._latest > _FRESH:
                self._kept.clear()
            coming = self._kept.pop(_mark(call), None)
        return coming.result() if coming else None

    def clear(self) -> None:
        """Forgets all."""
        with self._lock:
            self._kept.clear()


def _mark(call: Call) -> str:
    return repr((call.method, call.url, call.params, dict(call.headers), call.json, call.data))
