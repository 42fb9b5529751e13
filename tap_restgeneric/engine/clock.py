"""What time is it, and how does it pass?"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable


class Clock(Struct, frozen=True):
    """A time to wait in.

    Attributes:
        sleep: Waits for seconds.
        now: Seconds since the epoch.
        clock: Seconds that only grow.
    """

    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.time
    clock: Callable[[], float] = time.monotonic


def hurried(begin: float) -> Clock:
    """A time in which waiting takes none: it passes only while somebody waits.

    Args:
        begin: Seconds since the epoch.
    """
    passed = [0.0]

    def sleep(seconds: float) -> None:
        passed[0] += max(seconds, 0)

    return Clock(sleep, lambda: begin + passed[0], lambda: passed[0])
