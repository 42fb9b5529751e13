"""`restgeneric preview`: which records does a stream begin with?"""

from __future__ import annotations

import json
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import click

from tap_restgeneric.errors import ConfigError, RestGenericError
from tap_restgeneric.workbench.bench import configs, desk, examples, given, known_streams, source_and_streams
from tap_restgeneric.workbench.screen import DIM, DOUBT, counted
from tap_restgeneric.workbench.trace import Trace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tap_restgeneric.workbench.bench import Bench
    from tap_restgeneric.workbench.screen import Screen

_WIDEST = 40
_BETWEEN = 3


@click.command(
    epilog=examples(
        "restgeneric preview orders",
        "restgeneric preview source.yaml orders -n 5 --trace",
        "restgeneric preview --config config.json orders | jq .id",
    )
)
@click.argument("words", nargs=-1, required=True, metavar="[SOURCE] STREAM")
@configs
@click.option("-n", "count", default=20, show_default=True, type=click.IntRange(min=1), help="Records to show.")
@click.option("--trace", is_flag=True, help="Show every exchange: request, reply, what was selected, where it goes on.")
def preview(words: tuple[str, ...], configs: tuple[str, ...], count: int, *, trace: bool) -> None:
    """Show the first records of a stream, and how they came.

    A table on a terminal, JSON lines anywhere else. SOURCE is a file or the name of a built-in API; source.yaml if it
    is left out. The trace goes to standard error where records go into a file or a pipe. Secrets are masked.
    """
    with desk() as here:
        source, names = source_and_streams(words, configs)
        bench = here.open(source, configs)
        if len(names) != 1:
            raise ConfigError.at("STREAM", f"name one stream: {', '.join(bench.source.nodes)}")
        (name,) = known_streams(bench, names)
        records = _records(bench, name, count, Trace(bench, here.screen) if trace else None, given(source, configs))
        _show(here.screen, given(source, configs), name, records)


def _records(bench: Bench, name: str, count: int, trace: Trace | None, of: str) -> list[dict[str, Any]]:
    """The first records of a stream, its exchanges traced where that is wanted."""
    sampler = bench.sampler(count, watch=trace.page if trace else None)
    try:
        return sampler.records(bench.source.nodes[name])
    except RestGenericError as error:
        if trace:
            raise
        hint = f"next: restgeneric preview {of}{name} --trace  shows the exchanges"
        raise type(error)(f"{error}\n{hint}") from None
    finally:
        if trace:
            trace.rest()


def _show(screen: Screen, of: str, name: str, records: Sequence[Mapping[str, Any]]) -> None:
    if not screen.is_terminal:
        for record in records:
            screen.raw(json.dumps(record, ensure_ascii=False, default=_plain))
        return
    if not records:
        screen.line(((f"{name}: no records; --trace shows what was asked and what came", DOUBT),))
        return
    columns = list(dict.fromkeys(key for record in records for key in record))
    cells = {column: [_cell(record.get(column, "")) for record in records] for column in columns}
    shown = columns[: _fitting(cells, screen.width)]
    screen.table(shown, list(zip(*(cells[column] for column in shown), strict=True)))
    more = columns[len(shown) :]
    screen.line(((counted(len(records), "record") + (f"; not shown: {', '.join(more)}" if more else ""), DIM),))
    screen.next_step(f"restgeneric schema {of}{name}", "shows the schema these records have")


def _fitting(cells: Mapping[str, Sequence[str]], width: int) -> int:
    """How many columns can stand beside each other; one always does."""
    needs = [max(map(len, (column, *column_cells))) + _BETWEEN for column, column_cells in cells.items()]
    return max(1, sum(1 for room in accumulate(needs) if room <= width - _BETWEEN))


def _cell(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=_plain)
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"


def _plain(value: Any) -> Any:
    """A decimal as JSON writes numbers."""
    return int(value) if value == int(value) else float(value)
