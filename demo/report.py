"""How does a person see what was loaded?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

if TYPE_CHECKING:
    from demo.loading import Loaded, Run


def after_first(run: Run, *, title: str) -> Table:
    """What the database holds beside what the sandbox holds."""
    table = Table(title=f"First run, {run.seconds:.0f} s: rows in {title} beside the records of the sandbox")
    _add_columns(table, title)
    table.add_column("requests", justify="right")
    table.add_column("")
    for each in run.tables:
        table.add_row(*_counts(each), _number(each.asked), _verdict(each), end_section=_is_last(each, run))
    return table


def after_second(first: Run, second: Run, *, title: str) -> Table:
    """What the database holds now, and how much less was asked for."""
    table = Table(title=f"Second run, {second.seconds:.0f} s: nothing twice, and less asked for")
    _add_columns(table, title)
    table.add_column("requests", justify="right")
    table.add_column("2nd run", justify="right")
    table.add_column("")
    for before, after in zip(first.tables, second.tables, strict=True):
        asked = _number(before.asked), _number(after.asked)
        table.add_row(*_counts(after), *asked, _verdict(after, before), end_section=_is_last(after, second))
    return table


def agrees(run: Run, before: Run | None = None) -> bool:
    """Whether every table is as it should be, and every incremental stream asked for less than before."""
    earlier = before.tables if before else (None,) * len(run.tables)
    return all(map(_is_good, run.tables, earlier))


def differences(run: Run) -> list[str]:
    """What is wrong with the tables that are not as they should be, a few records of each."""
    wrong = (each for each in run.tables if not each.comparison.agrees)
    return [f"{each.resource.api}.{each.resource.name}: {each.comparison}" for each in wrong]


def _add_columns(table: Table, title: str) -> None:
    table.add_column("API")
    table.add_column("table")
    table.add_column("sandbox", justify="right")
    table.add_column(title, justify="right")


def _counts(each: Loaded) -> tuple[str, str, str, str]:
    found = each.comparison.found
    return each.resource.api, each.resource.name, str(each.comparison.held), "none" if found is None else str(found)


def _number(asked: int | None) -> str:
    return "" if asked is None else str(asked)


def _verdict(each: Loaded, before: Loaded | None = None) -> str:
    if not _is_good(each, before):
        return "[bold red]DIFFERENT[/]"
    if before is None:
        return "[green]OK[/]"
    if each.resource.incremental:
        return "[green]OK[/], only what is new"
    return "[green]OK[/]" if each.resource.keyed else "[green]OK[/], no key: a row a run"


def _is_good(each: Loaded, before: Loaded | None) -> bool:
    return each.comparison.agrees and (before is None or not each.resource.incremental or _asked_less(before, each))


def _asked_less(before: Loaded, after: Loaded) -> bool:
    return (after.asked or 0) < (before.asked or 0)


def _is_last(each: Loaded, run: Run) -> bool:
    return each is [other for other in run.tables if other.resource.api == each.resource.api][-1]
