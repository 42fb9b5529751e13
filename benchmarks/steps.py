"""Where does the time of one record go, and where that of one request? Each step alone.

python -m benchmarks.steps [--repeats 30]
"""

from __future__ import annotations

import json
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import click
import msgspec
import urllib3
from rich.console import Console
from rich.table import Table

from benchmarks import measuring
from benchmarks.records import record
from benchmarks.scenarios import Load, Scenario
from tap_restgeneric import inference
from tap_restgeneric.dialect.exchange import Call
from tap_restgeneric.engine.lines import Lines
from tap_restgeneric.engine.rows import Openers
from tap_restgeneric.engine.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Callable

_PAGE = 1000
_NOW = "2026-01-01T00:00:00+00:00"


def _best(step: Callable[[], Any], repeats: int) -> float:
    """Microseconds of processor time that a step takes when nothing disturbs it."""
    found = []
    for _ in range(repeats):
        begun = time.process_time_ns()
        step()
        found.append(time.process_time_ns() - begun)
    return min(found) / 1000


def of_a_record(repeats: int) -> dict[str, float]:
    """Microseconds by step, over a page of a thousand."""
    records = [record(number) for number in range(_PAGE)]
    listed = _written(records)
    body = b'{"data":%b,"next":"A","total":1000000}' % listed
    properties = inference.infer(records)["properties"]
    lines = Lines("records", properties, dropped=(), keys=["id"], cursor="updated_at")
    opener = Openers(lines).of("data")
    assert opener is not None
    opener(body, None)
    rows = opener.rows(opener(body, None))
    assert rows is not None
    assert rows.block is not None
    block = rows.block
    every: msgspec.json.Decoder[Any] = msgspec.json.Decoder()
    typed: msgspec.json.Decoder[Any] = msgspec.json.Decoder(list[block.form.record])  # type: ignore[name-defined]
    steps: dict[str, Callable[[], Any]] = {
        "the body into typed records": lambda: opener(body, None),
        "  of it: decoding": lambda: typed.decode(listed),
        "  of it: fields that stay bytes, checked": lambda: block.form.block(block.records),
        "typed records into Singer lines": lambda: lines.encoded(block.form, block.records, {}, _NOW),
        "for comparison: the body into objects": lambda: every.decode(body),
        "for comparison: objects into JSON": lambda: msgspec.json.encode(records),
        "for comparison: objects, typed after all": lambda: lines.of(records),
    }
    return {name: _best(step, repeats) / _PAGE for name, step in steps.items()}


def _written(records: list[dict[str, Any]]) -> bytes:
    return json.dumps(records, separators=(",", ":"), ensure_ascii=False).encode()


def of_a_request(repeats: int) -> dict[str, float]:
    """Microseconds by step, over pages of one record and of a thousand."""
    with measuring.serving(_PAGE) as server:
        urls = {size: f"{_url(server, size)}/records_0?limit={size}" for size in (1, _PAGE)}
        transport = Transport(timeout=60, user_agent="steps")
        pool = urllib3.PoolManager()
        found = {}
        for size, url in urls.items():
            ways: dict[str, Callable[[], Any]] = {
                "this tap": partial(transport, Call(url=url), None),
                "urllib3 alone": partial(pool.request, "GET", url),
            }
            for name, way in ways.items():
                found[f"{name}, a page of {size}"] = _best(way, repeats)
    return found


def _url(server: str, page: int) -> str:
    return Load(Scenario(name="steps", title="", records=_PAGE, page=page), "steps", server).url


@click.command()
@click.option("--repeats", default=30, show_default=True, help="How often; the least counts.")
def main(repeats: int) -> None:
    """Show where the time of one record and of one request goes."""
    console = Console(width=100)
    for title, unit, steps in (
        ("one record", "us", of_a_record(repeats)),
        ("one request", "us", of_a_request(repeats)),
    ):
        table = Table(title=title, title_justify="left")
        table.add_column("step")
        table.add_column(unit, justify="right")
        for name, value in steps.items():
            table.add_row(name, f"{value:.2f}" if value < 10 else f"{value:.0f}")  # noqa: PLR2004 (digits)
        console.print(table)


if __name__ == "__main__":
    main()
