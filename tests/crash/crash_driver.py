"""Is the target right after a run was broken off anywhere, in any way, and run again?

`python tests/crash/crash_driver.py`: every kind of run, stopped after each line and failed at each exchange; with a
number behind it, only one of so many exchanges.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import logging
import os
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from crash_faults import FAULTS, STALL_SECONDS, Fate, Fault, FaultyServer, names_without_address
from crash_kinds import KINDS, NOW, Kind
from crash_target import Target
from scripted import serving
from typing_extensions import override

from tap_restgeneric.engine.clock import hurried
from tap_restgeneric.errors import RestGenericError
from tap_restgeneric.tap import TapRestGeneric

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crash_kinds import World

    from tap_restgeneric.engine.transport import Send

PATIENCE = 20.0
"""Seconds that an exchange may take where nothing stalls: machines are noisy."""
_AGAIN = 17
"""After every so many lines of a run that goes on, it is stopped, too."""
MOST_RUNS = 5
"""Runs that a broken one may need to come to its end."""
_serial = itertools.count(1)


class Tap(TapRestGeneric):
    """The tap under a fate."""

    fate: Fate
    moment: datetime

    @override
    def sends(self, send: Send) -> Send:
        return self.fate.sends(send)

    @override
    def now(self) -> datetime:  # type: ignore[override]
        return self.moment

    @property
    @override
    def initialized_at(self) -> int:
        """Every run at a time of its own: the version of a table is made of it."""
        return self.config["serial"] * 1000


@dataclass
class Outcome:
    """A run: the lines that it wrote, the error that ended it, and how many exchanges there were."""

    lines: list[bytes]
    error: BaseException | None
    exchanges: int


class _Out(io.TextIOWrapper):
    """A stdout that keeps what is written."""

    def __init__(self) -> None:
        self.written = io.BytesIO()
        super().__init__(self.written, encoding="utf-8")


@dataclass
class Driver:
    """Runs of one kind, at one concurrency, against a server of its own.

    Attributes:
        kind: Of run.
        concurrency: Of the tap.
        server: The API.
        counts: What was tried.
        wrong: What went wrong.
    """

    kind: Kind
    concurrency: int
    server: FaultyServer
    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    _known: dict[str, Outcome] = field(default_factory=dict)

    def run(self, state: dict[str, Any], fate: Fate | None = None, *, patience: float = PATIENCE) -> Outcome:
        """One run from a state."""
        fate = fate or Fate()
        out = _Out()
        error = None
        config = self.kind.config(self.server.url, self.concurrency, patience)
        moment = NOW if self.server.world is self.kind.before else NOW + timedelta(hours=3)
        tapped = type("CrashTap", (Tap,), {"fate": fate, "moment": moment, "clock": hurried(moment.timestamp())})
        with contextlib.redirect_stdout(out):
            try:
                tap = tapped(config={**config, "serial": next(_serial)}, state=json.loads(json.dumps(state)))
                tap.sync_all()
            except RestGenericError as caught:
                error = caught
        out.flush()
        self.counts["runs"] += 1
        return Outcome(out.written.getvalue().splitlines(), error, fate.exchanges)

    def lines(self, every: int = 1) -> None:
        """Stops a run after each of its lines in turn, and goes on from the state that was out.

        Args:
            every: After which lines: 1 is all of them.
        """
        whole = self.run({})
        if whole.error:
            self.wrong.append(f"{self.name}: a whole run fails: {whole.error}")
        target = Target()
        self._settled(target.copy(), "stopped before the first line")
        seen = ""
        for number, line in enumerate(whole.lines, 1):
            target.take([line])
            if number % every and number != len(whole.lines):
                continue
            self.counts["stopped after a line"] += 1
            self._settled(target.copy(), f"stopped after line {number}")
            if seen != (seen := json.dumps(target.state)):
                self._stopped_again(target.copy(), f"stopped after line {number}")

    def _stopped_again(self, target: Target, what: str) -> None:
        """Stops the run that goes on, too, after some of its lines."""
        for number, line in enumerate(self._next(target.state).lines, 1):
            target.take([line])
            if number % _AGAIN == 0:
                self.counts["stopped a second time"] += 1
                self._settled(target.copy(), f"{what}, then after line {number}")

    def exchanges(self, faults: Sequence[Fault], *, every: int = 1, begin: int = 0) -> None:
        """Fails each exchange in turn in every way, and goes on from the state that was out.

        Args:
            faults: The ways.
            every: Which exchanges: 1 is all of them.
            begin: The first one for the first fault; the next fault begins with the one behind it.
        """
        count = self.run({}).exchanges
        for place, fault in enumerate(faults, begin):
            for turn in range(place % every, count, every):
                patience = STALL_SECONDS if fault.slow else PATIENCE
                outcome = self.run({}, Fate(fault, turn), patience=patience)
                self.counts["failed at an exchange"] += 1
                self.counts["healed by retries"] += outcome.error is None
                target = Target()
                target.take(outcome.lines)
                self._settled(target, f"{fault.name} at exchange {turn + 1}", over=outcome.error is None)

    def _settled(self, target: Target, what: str, *, over: bool = False) -> None:
        """Runs again until a run comes to its end, then once more when the API holds something new."""
        for _ in range(MOST_RUNS) if not over else ():
            outcome = self._next(target.state)
            target.take(outcome.lines)
            if outcome.error is None:
                break
        self._compare(target, self.kind.before, what)
        self.server.world = self.kind.after
        try:
            target.take(self._next(target.state).lines)
            self._compare(target, self.kind.after, f"{what}, then a run with news")
        finally:
            self.server.world = self.kind.before

    def _next(self, state: dict[str, Any]) -> Outcome:
        """A run that nothing breaks off; the same state leads to the same lines."""
        key = json.dumps([state, self.server.world is self.kind.after])
        if key not in self._known:
            self._known[key] = self.run(state)
        return self._known[key]

    def _compare(self, target: Target, world: World, what: str) -> None:
        truth = self.kind.truth(world)
        for stream, rows in truth.items():
            found = target.tables.get(stream, {})
            lost = [key for key in rows if found.get(key) != rows[key]]
            more = [key for key in found if key not in rows] if self.kind.replaced else []
            if lost or more:
                self.wrong.append(f"{self.name}: {what}: {stream}: lost {lost[:5]}, too many {more[:5]}")

    @property
    def name(self) -> str:
        """Of the kind, and how many exchanges run at once."""
        return f"{self.kind.name}, concurrency {self.concurrency}"


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """No logs as long as the block lasts."""
    level = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(level)


@contextlib.contextmanager
def driving(kind: Kind, concurrency: int) -> Iterator[Driver]:
    """A driver with its server, as long as the block lasts."""
    with silence(), names_without_address(), serving(FaultyServer(kind)) as server:
        yield Driver(kind, concurrency, server)


def tried(place: int, every: int) -> tuple[str, Counter[str], list[str]]:
    """One of `CASES`, in a process of its own: stopped and failed everywhere."""
    with driving(*CASES[place]) as driver:
        driver.lines()
        driver.exchanges(FAULTS, every=every)
    return driver.name, driver.counts, driver.wrong


CASES = list(itertools.product(KINDS, (1, 16)))


def main() -> int:
    """Everything; the last line has the counts."""
    total: Counter[str] = Counter()
    every = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for name, counts, wrong in pool.map(partial(tried, every=every), range(len(CASES))):
            total += counts + Counter(wrong=len(wrong))
            said = [f"{name}: {_shown(counts)}", *(f"  WRONG {line}" for line in wrong[:10])]
            print("\n".join(said), flush=True)  # noqa: T201
    print(f"crash: {_shown(total)}, {total['wrong']} wrong")  # noqa: T201
    return 1 if total["wrong"] else 0


def _shown(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items() if name != "wrong")


if __name__ == "__main__":
    sys.exit(main())
