"""When may the next request go out?"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tap_restgeneric.dialect.source import RateLimit


class Gate:
    """Lets requests pass: never more than a rate limit allows, and none while the API asked to wait.

    Args:
        limit: The rate limit, or None.
        now: Seconds that only grow.
    """

    def __init__(self, limit: RateLimit | None, *, now: Callable[[], float]) -> None:
        """All open, nothing sent."""
        self._limit = limit
        self._now = now
        self._sent: deque[float] = deque()
        self._held_until = 0.0

    def hold(self, seconds: float) -> None:
        """Nothing passes for some time."""
        self._held_until = max(self._held_until, self._now() + seconds)

    def opens_in(self) -> float:
        """Seconds until a request may pass; 0 or less: now."""
        now = self._now()
        if now < self._held_until:
            return self._held_until - now
        if self._limit is None:
            return 0
        while self._sent and self._sent[0] + self._limit.seconds <= now:
            self._sent.popleft()
        return self._sent[0] + self._limit.seconds - now if len(self._sent) >= self._limit.requests else 0

    def count(self) -> None:
        """Notes that a request passes now."""
        if self._limit is not None:
            self._sent.append(self._now())


class Gates:
    """Gates that a request passes together: it counts at all of them when it goes out, not when it begins to wait.

    Args:
        sleep: Waits for seconds.
    """

    def __init__(self, *, sleep: Callable[[float], None]) -> None:
        """Nobody waits."""
        self._sleep = sleep
        self._lock = threading.Lock()

    def hold(self, gate: Gate, seconds: float) -> None:
        """Nothing passes a gate for some time."""
        with self._lock:
            gate.hold(seconds)

    def enter(self, gates: Sequence[Gate]) -> None:
        """Waits until a request may pass all of these gates, and counts it."""
        while (wait := self._wait(gates)) > 0:
            self._sleep(wait)

    def _wait(self, gates: Sequence[Gate]) -> float:
        """Seconds until the next try; 0 if the request was let through."""
        with self._lock:
            wait = max(gate.opens_in() for gate in gates)
            if wait > 0:
                return wait
            for gate in gates:
                gate.count()
            return 0
