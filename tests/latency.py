"""What does a server do that answers each request after another while, and many at once?"""

from __future__ import annotations

import threading
import time
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from scripted import Asked, Script, Server, serving

if TYPE_CHECKING:
    from collections.abc import Iterator


class SlowServer(Server):
    """Answers by a script, each request after a while of its own.

    Args:
        script: As of a Server.
        longest: Seconds that an answer takes at most.

    Attributes:
        most: Requests that were in the hands of the server at the same time, at most.
    """

    def __init__(self, script: Script, longest: float) -> None:
        super().__init__(script)
        self._longest = longest
        self._inside = 0
        self._counting = threading.Lock()
        self.most = 0

    def answer_to(self, asked: Asked) -> Any:
        with self._counting:
            self._inside += 1
            self.most = max(self.most, self._inside)
        time.sleep(self._longest * (zlib.crc32(asked.target.encode()) % 100) / 100)
        try:
            return super().answer_to(asked)
        finally:
            with self._counting:
                self._inside -= 1

    def settled(self, count: int) -> int:
        """How many requests came, when so many did and no more do for a while."""
        end = time.monotonic() + 10
        while len(self.asked) < count and time.monotonic() < end:
            time.sleep(0.01)
        time.sleep(0.1 + 2 * self._longest)
        return len(self.asked)


@contextmanager
def serving_slowly(script: Script, longest: float = 0.02) -> Iterator[SlowServer]:
    """A server on loopback as long as the block lasts."""
    with serving(SlowServer(script, longest)) as server:
        yield server
