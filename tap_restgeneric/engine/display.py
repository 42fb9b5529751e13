"""What does a person see of a run while it lasts, and when it is over? On standard error, or in a file.

Standard output belongs to Singer.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from tap_restgeneric.engine.report import Report, Tally

logger = logging.getLogger("tap-restgeneric")

Look = Callable[[], None]
"""Called several times a second while a run lasts."""

_MINUTE = 60.0
_REFRESH = 0.25
_SOON = 2.0
"""Seconds that a run may take before anything is shown of it."""
_HOUR = 3600
_COLUMNS = ("stream", "records", "pages", "records/s", "in flight", "waiting", "left")


@dataclass
class Paces:
    """How fast each stream goes.

    Attributes:
        report: The tallies of the run.
        clock: Seconds that only grow.
    """

    report: Report
    clock: Callable[[], float]
    _begun: dict[str, float] = field(default_factory=dict)

    def under_way(self) -> list[Tally]:
        """The streams that have begun and are not over."""
        tallies = [tally for tally in list(self.report.tallies.values()) if tally.requests or tally.waiting]
        for tally in tallies:
            self._begun.setdefault(tally.stream, self.clock())
        return [tally for tally in tallies if not (tally.ended or tally.failure)]

    def rate(self, tally: Tally) -> float:
        """Records a second since the stream began."""
        seconds = self.clock() - self._begun.get(tally.stream, self.clock())
        return tally.records / seconds if seconds > 0 else 0.0

    def left(self, tally: Tally) -> str:
        """How long the stream will still take, where a total tells; else nothing."""
        seconds = self.clock() - self._begun.get(tally.stream, self.clock())
        share = tally.share
        return duration(seconds * (1 - share) / share) if share and seconds > 0 else ""


def duration(seconds: float) -> str:
    """`40 s`, `3 min`, `2 h 5 min`."""
    if seconds < _MINUTE:
        return f"{seconds:.0f} s"
    minutes = round(seconds / _MINUTE)
    return f"{minutes} min" if seconds < _HOUR else f"{minutes // 60} h {minutes % 60} min"


@contextmanager
def shown(report: Report, clock: Callable[[], float]) -> Iterator[Look]:
    """What to call while a run lasts: a table on a terminal, else a line a minute for each stream in the log."""
    paces = Paces(report, clock)
    if not sys.stderr.isatty():
        yield minutes(paces)
        return
    from rich.console import Console  # noqa: PLC0415 (only on a terminal)

    console = Console(stderr=True)
    if console.is_dumb_terminal:
        yield minutes(paces)
        return
    with _live(paces, console) as look:
        yield look


def minutes(paces: Paces) -> Look:
    """Writes a line a minute for each stream that is under way."""
    last = [paces.clock()]

    def look() -> None:
        tallies = paces.under_way()
        if paces.clock() - last[0] < _MINUTE:
            return
        last[0] = paces.clock()
        for tally in tallies:
            logger.info("stream %r: %s", tally.stream, _line(paces, tally))

    return look


def _line(paces: Paces, tally: Tally) -> str:
    left = paces.left(tally)
    waiting = f", {tally.waiting} waiting for the rate limit" if tally.waiting else ""
    return (
        f"{tally.records} records, {tally.pages} pages, {paces.rate(tally):.0f} records/s, "
        f"{tally.in_flight} requests in flight{waiting}{f', about {left} left' if left else ''}"
    )


@contextmanager
def _live(paces: Paces, console: Console) -> Iterator[Look]:
    """A table that stays below what is logged meanwhile."""
    from rich.live import Live  # noqa: PLC0415 (only on a terminal)

    begun = paces.clock()
    last = [begun]
    live = Live(console=console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=True)

    def look() -> None:
        tallies, now = paces.under_way(), paces.clock()
        if now - begun < _SOON or now - last[0] < _REFRESH:
            return
        last[0] = now
        if not live.is_started:
            live.start()
            logs.__enter__()
        live.update(_table(paces, tallies[: max(1, console.height - 5)]), refresh=True)

    logs = _logs_above()
    try:
        yield look
    finally:
        if live.is_started:
            logs.__exit__(None, None, None)
            live.stop()


@contextmanager
def _logs_above() -> Iterator[None]:
    """What is logged to standard error goes where it is now, which a live display has taken over."""
    handlers = [
        *logging.getLogger().handlers,
        *(each for name in _loggers() for each in logging.getLogger(name).handlers),
    ]
    moved = [each for each in handlers if isinstance(each, logging.StreamHandler) and each.stream is sys.__stderr__]
    for handler in moved:
        handler.setStream(sys.stderr)
    try:
        yield
    finally:
        for handler in moved:
            handler.setStream(sys.__stderr__)


def _loggers() -> list[str]:
    return list(logging.getLogger().manager.loggerDict)


def _table(paces: Paces, tallies: list[Tally]) -> Table:
    from rich.table import Table  # noqa: PLC0415 (only on a terminal)

    table = Table(box=None, header_style="dim")
    for number, column in enumerate(_COLUMNS):
        table.add_column(column, justify="left" if number == 0 else "right", no_wrap=True)
    for tally in tallies:
        table.add_row(
            tally.stream,
            str(tally.records),
            str(tally.pages),
            f"{paces.rate(tally):.0f}",
            str(tally.in_flight),
            str(tally.waiting or ""),
            paces.left(tally),
        )
    return table


# When it is over


def show(report: Report, masked: Callable[[str], str]) -> None:
    """The report as a table, if a person looks at a terminal."""
    if not sys.stderr.isatty():
        return
    from rich.console import Console  # noqa: PLC0415 (only on a terminal)
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, header_style="dim")
    columns = ("stream", "records", "pages", "requests", "retries", "seconds", "warnings", "ended")
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number in (0, len(columns) - 1) else "right")
    for tally in report.tallies.values():
        numbers = (tally.records, tally.pages, tally.requests, tally.retries, f"{tally.seconds:.1f}")
        ended = Text(masked(tally.failure or ", ".join(tally.stops)), style="red" if tally.failure else "")
        table.add_row(Text(tally.stream), *map(str, numbers), str(sum(tally.warnings.values())), ended)
    Console(stderr=True, highlight=False).print(table)


def keep(report: Report, path: str, masked: Callable[[str], str]) -> None:
    """Writes the report into a file, as JSON; that it cannot be written is a warning, and no reason to fail."""
    streams = [_told(tally) for tally in report.tallies.values()]
    totals = {key: sum(each[key] for each in streams) for key in ("records", "requests", "retries", "warned")}
    text = json.dumps(_clean({"streams": streams, "totals": totals}, masked), indent=2, ensure_ascii=False)
    try:
        with suppress(FileExistsError):
            Path(path).parent.mkdir(parents=True)
        Path(path).write_text(f"{text}\n", "utf-8")
    except OSError as error:
        logger.warning("the report cannot be written to %s: %s", path, error.strerror)


def _told(tally: Tally) -> dict[str, Any]:
    return {
        "stream": tally.stream,
        "records": tally.records,
        "pages": tally.pages,
        "requests": tally.requests,
        "retries": tally.retries,
        "seconds": round(tally.seconds, 3),
        "ended": dict(tally.stops),
        "failure": tally.failure or None,
        "undeclared": dict(tally.undeclared),
        "outside_of_window": tally.outside,
        "warned": sum(tally.warnings.values()),
        "warnings": dict(tally.warnings),
    }


def _clean(value: Any, masked: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {masked(str(key)): _clean(item, masked) for key, item in value.items()}
    if isinstance(value, list):
        return [_clean(item, masked) for item in value]
    return masked(value) if isinstance(value, str) else value
