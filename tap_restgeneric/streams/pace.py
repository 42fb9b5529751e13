"""When is a STATE due? All of them together weigh no more than the records they speak for."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

RECORD_BYTES = 100
"""What a RECORD line has at least, counted generously: name of the stream, time, a key and a value."""
SECONDS = 5.0
"""After so long a STATE is due, however large it is."""


class Pace:
    """The pace of the STATE messages of a tap; used under the lock of the output.

    Args:
        clock: Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """No STATE was written."""
        self._clock = clock
        self._size = 0
        self._written = clock()
        self._records = 0
        self._changed = False

    def changed(self) -> None:
        """Notes that the state has changed."""
        self._changed = True

    def passed(self, records: int) -> None:
        """Notes that records have gone out."""
        self._records += records

    @property
    def due(self) -> bool:
        """Whether there is news, and enough records have gone out for its size, or enough time has passed."""
        if not self._changed:
            return False
        return self._records * RECORD_BYTES >= self._size or self._clock() - self._written >= SECONDS

    def wrote(self, size: int) -> None:
        """Notes that a STATE of so many bytes has gone out."""
        self._size = size
        self._written = self._clock()
        self._records = 0
        self._changed = False
