"""When may the next request go out? When all rate limits have room, and beside as many others as the host bears."""

from __future__ import annotations

import math
import threading
from collections import deque
from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tap_restgeneric.dialect.source import RateLimit

_ON_THE_WAY = 0.1
"""Share of a limit's seconds that a request may take to come to the API."""
_MOST_PATIENT = 256


class Lane(Struct, eq=False):
    """The way to one host. Requests go side by side until it refuses one: then one at a time, and more with success.

    Attributes:
        width: Requests that may be under way at once.
        under_way: Requests that are.
        held_until: No request passes before.
        spell: How often the host made the lane narrower.
        waiting: Those who wait for room, each behind a lock that is released when there is some.
        refused: Those of them who were refused before: nobody else passes as long as one wants to.
        urgent: How many of these there are, waiting for room or for the host.
    """

    width: float = math.inf
    under_way: int = 0
    held_until: float = -math.inf
    spell: int = 0
    waiting: deque[threading.Lock] = field(default_factory=deque)
    refused: deque[threading.Lock] = field(default_factory=deque)
    urgent: int = 0
    _borne: float = math.inf
    _patience: int = 1
    _successes: int = 0

    def narrow(self, passage: Passage) -> None:
        """A request was refused; of those that were under way together only the first says how many are too many."""
        self.width = 1
        self._successes = 0
        if passage.spell == self.spell:
            self.spell += 1
            self._borne = max(1, passage.beside - 1)
            self._patience = min(2 * self._patience, _MOST_PATIENT)

    def widen(self, passage: Passage) -> None:
        """A request succeeded: one more at once if as many went well before, else only after several successes."""
        if passage.spell < self.spell or self.under_way < self.width:
            return
        self._successes += 1
        if self.width < self._borne or self._successes >= self._patience:
            self.width += 1
            self._successes = 0

    def admits(self, *, alone: bool) -> bool:
        """Whether there is room for one more; who has to go alone makes the lane narrow for it."""
        if alone:
            self.width = 1
        return self.under_way < self.width and (alone or not self.urgent)

    def queued(self, *, first: bool, alone: bool) -> threading.Lock:
        """A lock that is released when there is room."""
        turn = threading.Lock()
        turn.acquire()
        queue = self.refused if alone else self.waiting
        if first:
            queue.appendleft(turn)
        else:
            queue.append(turn)
        return turn

    def call_in(self) -> None:
        """Wakes as many as there is room for; who then has to wait for time calls in the next."""
        room = self.width - self.under_way
        while room > 0 and (queue := self.refused or (None if self.urgent else self.waiting)):
            queue.popleft().release()
            room -= 1


class Passage(Struct, eq=False):
    """A request that is under way.

    Attributes:
        lane: The way it takes.
        begun: When it was let through.
        beside: Requests that were under way to its host together with it, itself included.
        spell: The spell of the lane in which it began.
        ended: When it was over.
    """

    lane: Lane
    begun: float
    beside: int
    spell: int
    ended: float = math.inf

    @property
    def alone(self) -> bool:
        """Whether no other request was under way to its host."""
        return self.beside == 1


class Gate:
    """Lets no more requests through than a rate limit allows, as the API counts them.

    A request counts there from when it arrives, which is some time before its reply is in. So its time runs from its
    end; but from a little after its beginning at the latest, so that a slow API costs only a little of the budget.

    Args:
        limit: The rate limit.
    """

    def __init__(self, limit: RateLimit) -> None:
        """Nothing was sent."""
        self._requests = limit.requests
        self._seconds = limit.seconds
        self._passed: deque[Passage] = deque()

    def opens_in(self, now: float) -> float:
        """Seconds until a request may pass; 0 or less: now."""
        while self._passed and self._over(self._passed[0]) <= now:
            self._passed.popleft()
        return self._over(self._passed[0]) - now if len(self._passed) >= self._requests else 0

    def count(self, passage: Passage) -> None:
        """Notes a request that passes."""
        self._passed.append(passage)

    def _over(self, passage: Passage) -> float:
        """When a request does not count any more."""
        return min(passage.ended, passage.begun + _ON_THE_WAY * self._seconds) + self._seconds


class Gates:
    """Where requests wait for their turn: for time behind the gates, for room in the lane of their host.

    Nobody who waits for one of the two keeps a place in the other, and a request counts at all gates when it goes
    out, not when it begins to wait.

    Args:
        sleep: Waits for seconds.
        now: Seconds that only grow.
    """

    def __init__(self, *, sleep: Callable[[float], None], now: Callable[[], float]) -> None:
        """Nobody waits."""
        self._sleep = sleep
        self._now = now
        self._lock = threading.Lock()
        self._lanes: dict[str, Lane] = {}

    def enter(self, host: str, gates: Sequence[Gate], *, alone: bool = False) -> Passage:
        """Waits until a request may pass all of these gates, and counts it.

        Args:
            host: The origin it goes to.
            gates: The rate limits that it counts for.
            alone: It was refused before, so it goes first, and beside no other.
        """
        lane, urgent, woken = self._lane(host), False, False
        while True:
            with self._lock:
                now = self._now()
                held = max(0, lane.held_until - now)
                wait = max([held, *(gate.opens_in(now) for gate in gates)])
                # Who waits at a gate of its own must not keep others.
                lane.urgent += (alone and wait <= held) - urgent
                urgent = alone and wait <= held
                if wait <= 0 and lane.admits(alone=alone):
                    lane.urgent -= urgent
                    return _let_through(lane, gates, now)
                turn = None if wait > 0 else lane.queued(first=woken, alone=alone)
                if turn is None:
                    lane.call_in()
            if turn is None:
                self._sleep(wait)
            else:
                turn.acquire()
                woken = True

    def leave(self, passage: Passage, *, well: bool, hold: float | None = None) -> None:
        """A request is over.

        Args:
            passage: The request.
            well: Whether it succeeded.
            hold: Seconds in which nothing passes, since the host refused it; None if it did not.
        """
        lane = passage.lane
        with self._lock:
            passage.ended = self._now()
            passage.beside = max(passage.beside, lane.under_way)
            if hold is not None:
                lane.held_until = max(lane.held_until, passage.ended + hold)
                lane.narrow(passage)
            elif well:
                lane.widen(passage)
            lane.under_way -= 1
            lane.call_in()

    def hold(self, host: str, seconds: float) -> None:
        """Nothing passes to a host for some time."""
        lane = self._lane(host)
        with self._lock:
            lane.held_until = max(lane.held_until, self._now() + seconds)

    def _lane(self, host: str) -> Lane:
        return self._lanes.get(host) or self._lanes.setdefault(host, Lane())


def _let_through(lane: Lane, gates: Sequence[Gate], now: float) -> Passage:
    lane.under_way += 1
    passage = Passage(lane, now, lane.under_way, lane.spell)
    for gate in gates:
        gate.count(passage)
    return passage
