"""How do those who took part compare?"""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.measuring import Taken
    from benchmarks.scenarios import Scenario

_COLUMNS = ("rec/s", "s", "min-max", "CPU us/rec", "CPU s", "MB", "requests", "at once")
_REFERENCES = ("sdk", "limit", "limit-wide")


def comparison(scenario: Scenario, runs: Mapping[str, Sequence[Taken]]) -> Table:
    """The medians of each peer, and how many times as fast as the references it was; start-up by CPU instead."""
    table = Table(title=f"{scenario.name}: {scenario.title}", title_justify="left")
    table.add_column("peer")
    starts = scenario.expected <= 1
    for name in (*_COLUMNS, *(f"{'CPU ' if starts else ''}x {name}" for name in _REFERENCES)):
        table.add_column(name, justify="right")
    good = {peer: [run for run in taken if not run.problem] for peer, taken in runs.items()}
    for peer, taken in runs.items():
        if not good[peer]:
            table.add_row(peer)
            _explain(table, peer, taken)
            continue
        ratios = (_ratio(good[peer], good.get(name, ()), starts=starts) for name in _REFERENCES)
        table.add_row(peer, *_figures(good[peer]), *ratios)
    return table


def _explain(table: Table, name: str, taken: Sequence[Taken]) -> None:
    """Says below a table why somebody has no figures."""
    reason = taken[0].problem if taken else "cannot do this"
    table.caption = f"{table.caption or ''}{name}: {reason}\n"
    table.caption_justify = "left"


def _figures(taken: Sequence[Taken]) -> list[str]:
    seconds = [run.seconds for run in taken]
    return [
        f"{_rate(taken):,.0f}",
        f"{median(seconds):.2f}",
        f"{min(seconds):.2f}-{max(seconds):.2f}",
        f"{median(1e6 * run.cpu / run.records for run in taken):.1f}" if taken[0].records else "",
        f"{median(run.cpu for run in taken):.2f}",
        f"{median(run.megabytes for run in taken):.0f}",
        f"{median(run.requests for run in taken):.0f}",
        f"{max(run.at_once for run in taken)}",
    ]


def _rate(taken: Sequence[Taken]) -> float:
    return median(run.rate for run in taken)


def _ratio(taken: Sequence[Taken], reference: Sequence[Taken], *, starts: bool) -> str:
    if not reference:
        return "-"
    if starts:
        return f"{median(run.cpu for run in taken) / median(run.cpu for run in reference):.2f}"
    return f"{_rate(taken) / _rate(reference):.2f}"


def breakdown(title: str, rows: Mapping[str, Sequence[Taken]], reference: str) -> Table:
    """What the parts of a whole job take, beside one of its rows."""
    table = Table(title=title, title_justify="left")
    for name, justify in (("", "left"), ("rows/s", "right"), ("s", "right"), ("CPU s", "right"), ("x", "right")):
        table.add_column(name, justify=justify)  # type: ignore[arg-type]
    good = {name: [run for run in taken if not run.problem] for name, taken in rows.items()}
    for name, taken in rows.items():
        if not good[name]:
            table.add_row(name)
            _explain(table, name, taken)
            continue
        rate, seconds, cpu = (median(getattr(run, key) for run in good[name]) for key in ("rate", "seconds", "cpu"))
        times = f"{rate / _rate(good[reference]):.2f}" if good.get(reference) else "-"
        table.add_row(name, f"{rate:,.0f}", f"{seconds:.1f}", f"{cpu:.1f}", times)
    return table
