"""What happened in a run, per stream?"""

from __future__ import annotations

import logging
import threading
from collections import Counter

from msgspec import Struct, field

_MOST_NAMED = 50
OTHERS = "(others)"
"""Stands for the undeclared fields that are not named."""

logger = logging.getLogger("tap-restgeneric")


class Tally(Struct):
    """What happened to one stream.

    Attributes:
        stream: Its name.
        requests: HTTP requests, retries included.
        waited: Seconds between requests and their replies, of all requests together.
        retries: Requests that were repeated.
        pages: Pages read.
        records: Records delivered.
        seconds: Time spent.
        stops: Why sequences of pages ended, and how often.
        undeclared: Fields the schema does not know, and in how many records they were.
        warnings: Every warning, once, and how often it came.
        outside: Records that the API gave, and that are left out because they are outside of the window.
        parents: Records of the parent that were looked at.
        repeated: Records of the parent for which exactly the same had been asked before.
        parent_fields: Placeholders and carried fields that had a value (or null) in one of them at least.
        matched: Whether records of the parent had rows for a stream that is read out of them.
        unmatched: What to say of the first page on which the selector found nothing, though its body was not empty.
        sequences: Sequences of pages that came to their end.
        doubt: What to say if none of them had a second page.
        failure: The error that ended it.
        waiting: Requests that wait until they may go out.
        in_flight: Requests that are out, and have no reply yet.
        share: How much of the sequence of pages in hand is read, where a total tells.
        ended: Whether nothing more is read.
    """

    stream: str
    requests: int = 0
    waited: float = 0.0
    retries: int = 0
    pages: int = 0
    records: int = 0
    seconds: float = 0.0
    stops: Counter[str] = field(default_factory=Counter)
    undeclared: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)
    outside: int = 0
    parents: int = 0
    repeated: int = 0
    parent_fields: set[str] = field(default_factory=set)
    matched: bool = False
    unmatched: str = ""
    sequences: int = 0
    doubt: str = ""
    failure: str = ""
    waiting: int = 0
    in_flight: int = 0
    share: float | None = None
    ended: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def waits(self) -> None:
        """Counts a request that is about to go out, as soon as it may; several threads ask for one stream."""
        with self._lock:
            self.waiting += 1

    def asked(self) -> None:
        """Counts a request that goes out."""
        with self._lock:
            self.waiting -= 1
            self.in_flight += 1
            self.requests += 1

    def had(self, seconds: float) -> None:
        """Counts a request that was made before, and whose reply is at hand, and how long it took."""
        with self._lock:
            self.requests += 1
            self.waited += seconds

    def answered(self, seconds: float) -> None:
        """Notes how long a request took, whatever came of it."""
        with self._lock:
            self.in_flight -= 1
            self.waited += seconds

    def asks_again(self) -> None:
        """Counts a request that has to be repeated."""
        with self._lock:
            self.retries += 1

    def warn(self, message: str) -> None:
        """Logs a warning the first time, and counts it."""
        with self._lock:
            self.warnings[message] += 1
            first = self.warnings[message] == 1
        if first:
            logger.warning("stream %r: %s", self.stream, message)

    def undeclare(self, name: str, fate: str) -> None:
        """Counts a field that the schema does not know, and warns the first time; an API may have no end of names."""
        counted = self.undeclared
        name = name if name in counted or len(counted) < _MOST_NAMED else OTHERS
        counted[name] += 1
        if counted[name] > 1:
            return
        if name is OTHERS:
            self.warn(f"more fields are not in the schema: only the first {_MOST_NAMED} are named; each is {fate}")
        else:
            self.warn(f"field {name!r} is not in the schema: {fate}; renew the schema to make it a column")

    def repeats(self) -> None:
        """Counts a record of the parent for which nothing is asked, since the same was asked before."""
        self.repeated += 1
        if self.repeated == 1:
            logger.info(
                "stream %r: records of the parent that lead to the same requests are asked for once", self.stream
            )

    def over(self) -> None:
        """Says what can be said only when all of the stream was read."""
        self.ended = True
        if self.unmatched and not self.matched:
            self.warn(self.unmatched)
        if self.doubt and self.pages <= self.sequences:
            self.warn(self.doubt)

    def line(self) -> str:
        """The report of the stream on one line."""
        stops = ", ".join(f"{reason} ({count}x)" if count > 1 else reason for reason, count in self.stops.items())
        counts = f"{self.records} records, {self.pages} pages, {self.requests} requests, {self.retries} retries"
        undeclared = f"; undeclared fields: {dict(self.undeclared)}" if self.undeclared else ""
        outside = f"; outside of the window of this run: {self.outside}" if self.outside else ""
        repeated = f"; parents that repeat: {self.repeated}" if self.repeated else ""
        warnings = sum(self.warnings.values())
        ended = f"ended: {stops or 'nothing read'}"
        return f"{counts}, {self.seconds:.1f} s, {warnings} warnings; {ended}{undeclared}{outside}{repeated}"


class Report:
    """The tallies of a run."""

    def __init__(self) -> None:
        """Nothing has happened yet."""
        self.tallies: dict[str, Tally] = {}

    def tally(self, stream: str) -> Tally:
        """The tally of a stream."""
        return self.tallies.get(stream) or self.tallies.setdefault(stream, Tally(stream))

    def summary(self) -> str:
        """The run on one line."""
        done = self.tallies.values()
        failed = [f"{tally.stream!r}: {tally.failure}" for tally in done if tally.failure]
        return (
            f"{len(self.tallies)} streams, {sum(t.records for t in done)} records, "
            f"{sum(t.requests for t in done)} requests, {sum(t.retries for t in done)} retries, "
            f"{sum(sum(t.warnings.values()) for t in done)} warnings{'; failed: ' if failed else ''}{', '.join(failed)}"
        )
