"""The engine on real sockets, with a clock of its own: no test waits."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tap_restgeneric.dialect.loading import loaded
from tap_restgeneric.dialect.secrets import Secrets
from tap_restgeneric.dialect.source import RateLimit
from tap_restgeneric.engine import reading
from tap_restgeneric.engine.client import Client, Policy
from tap_restgeneric.engine.redaction import Redactor
from tap_restgeneric.engine.report import Tally
from tap_restgeneric.engine.transport import Transport

if TYPE_CHECKING:
    from tap_restgeneric.dialect.exchange import Call, Reply


def about(*waits: float) -> list[Any]:
    """Waits with the jitter they may have: a tenth more."""
    return [pytest.approx(wait * 1.05, rel=0.05) for wait in waits]


class Clock:
    """Time that passes only in `sleep`."""

    def __init__(self) -> None:
        self.time = 1_700_000_000.0
        self.slept: list[float] = []
        self._lock = threading.Lock()

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept.append(seconds)
            self.time += seconds


class QuickClock(Clock):
    """Time that passes by itself, so many times faster than elsewhere."""

    def __init__(self, speed: float) -> None:
        super().__init__()
        self._speed = speed

    def now(self) -> float:
        return time.monotonic() * self._speed

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        time.sleep(seconds / self._speed)


class Rig:
    """A client of one API, what it counts, and its clock.

    Args:
        base_url: Where the API is.
        client: More of the `client` block.
        endpoint: The `endpoint` of the one resource, `things`.
        transport: Arguments of Transport.
        rate_limit: The tap's own limit.
        resource: More of the resource.
        clock: Its clock.
    """

    def __init__(
        self,
        base_url: str,
        *,
        client: dict[str, Any] | None = None,
        transport: dict[str, Any] | None = None,
        rate_limit: dict[str, Any] | None = None,
        resource: dict[str, Any] | None = None,
        clock: Clock | None = None,
        **endpoint: Any,
    ) -> None:
        self.clock = clock or Clock()
        self.tally = Tally("things")
        self.redactor = Redactor()
        source = loaded(
            {
                "client": {"base_url": base_url, **(client or {})},
                "resources": [{"name": "things", "endpoint": {"path": "/things", **endpoint}, **(resource or {})}],
            },
            secrets=Secrets({}, {}),
            parameters={},
        )
        self.node = source.nodes["things"]
        self.policy: Policy = reading.policy(self.node)
        self.client = Client(
            source.client,
            send=Transport(**{"timeout": 5, "user_agent": "test/1", "connections": 16, **(transport or {})}),
            sleep=lambda seconds: self.clock.sleep(seconds),  # noqa: PLW0108 (a test may replace it)
            now=self.clock.now,
            clock=self.clock.now,
            redactor=self.redactor,
            rate_limit=RateLimit.model_validate(rate_limit) if rate_limit else None,
        )

    def call(self, **values: Any) -> Call:
        """The first call of the resource."""
        assert self.node.request
        return self.node.request.call(self.node.bound(values))

    def ask(self, call: Call | None = None) -> Reply | None:
        """The reply to a call, or to the first one of the resource."""
        return self.client.exchange(call or self.call(), self.policy, self.tally)

    def ask_at_once(self, count: int, *, width: int = 16) -> list[Any]:
        """The bodies of the replies to so many calls, so many at once; the n-th has the parameter `n`."""
        calls = [self.call().with_param("n", n) for n in range(count)]
        with ThreadPoolExecutor(width) as pool:
            return [reply and reply.body for reply in pool.map(self.ask, calls)]

    def pages(self) -> list[list[Any]]:
        """The records of all pages."""
        return [list(page.records) for page in reading.pages(self.node, self.client, {}, self.tally)]
