"""What did discovery read a moment ago that the sync need not ask for again?"""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_restgeneric.dialect.exchange import Call, Reply

_FRESH = 10.0
"""Seconds: an API may have changed since."""
_LARGEST = 64 * 1024 * 1024
"""Bytes of all bodies together."""


class KeptReplies:
    """Replies to calls, each for one use soon after.

    Args:
        clock: Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        """Nothing was read."""
        self._clock = clock
        self._kept: dict[str, Reply] = {}
        self._size = 0
        self._latest = 0.0
        self._lock = threading.Lock()

    def keep(self, call: Call, reply: Reply) -> None:
        """Keeps a reply, unless there are too many."""
        with self._lock:
            if self._size + len(reply.content) <= _LARGEST and _mark(call) not in self._kept:
                self._kept[_mark(call)] = replace(reply)
                self._size += len(reply.content)
                self._latest = self._clock()

    def take(self, call: Call) -> Reply | None:
        """The reply to a call; None if there is none, or all are too old."""
        if not self._kept:
            return None
        with self._lock:
            if self._clock() - self._latest > _FRESH:
                self._kept.clear()
            return self._kept.pop(_mark(call), None)

    def clear(self) -> None:
        """Forgets all."""
        with self._lock:
            self._kept.clear()


def _mark(call: Call) -> str:
    return repr((call.method, call.url, call.params, dict(call.headers), call.json, call.data))
