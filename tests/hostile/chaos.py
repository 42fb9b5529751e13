"""Does the tap keep its promise whatever an API replies? The table of bad replies, row by row.

PYTHONPATH=tests .venv/bin/python -m hostile.chaos            all rows
PYTHONPATH=tests .venv/bin/python -m hostile.chaos gzip       those whose names have a word
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import click
from hostile import rows_of_bodies, rows_of_heads, rows_of_pages, rows_of_records
from hostile.nursery import Ended, Nursery
from hostile.planted import forms
from hostile.row import Row, Scene
from hostile.wire import wired

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hostile.wire import Pieces
    from scripted import Asked

ROWS: list[Row] = [*rows_of_bodies.ROWS, *rows_of_records.ROWS, *rows_of_pages.ROWS, *rows_of_heads.ROWS]
SHORT = [row for row in ROWS if not row.heavy]

KEY, TOKEN = "planted/Key+of=chaos", "planted-Token-of-chaos"
SECRETS = (KEY, TOKEN)
_LONGEST_LINE = 2_200
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\x9b]")
_PROPERTIES = {
    "id": {"type": "integer"},
    "n": {"type": ["number", "null"]},
    "text": {"type": ["string", "null"]},
    "any": {},
}


@dataclass
class Api:
    """The API of a row: what it answers, and whether anybody asked where nobody should."""

    row: Row
    elsewhere: str
    url: str = ""
    asked: list[Asked] = field(default_factory=list)

    def __call__(self, asked: Asked) -> Pieces:
        scene = Scene(asked=asked, here=self.url, elsewhere=self.elsewhere, told=told(asked), number=len(self.asked))
        self.asked.append(asked)
        return self.row.answer(scene)


def told(asked: Asked) -> str:
    """What a request told that is not the same in all of them."""
    usual = {"host", "user-agent", "accept", "accept-encoding", "connection", "content-type", "content-length"}
    own = [value for name, value in asked.headers.items() if name not in usual]
    return f"{' '.join(own)} {asked.target[:2000]} {asked.body.decode(errors='replace')}".replace('"', "'").strip()


def settings(row: Row, url: str) -> dict[str, Any]:
    """Settings of the tap for a row: two credentials, a known schema, one stream."""
    endpoint = {
        "path": "/things",
        "data_selector": "items",
        "paginator": {"type": "json_link", "next_url_path": "next"},
        "error_handler": {"max_retries": 1, "backoff_factor": 0, "max_wait": 0.1},
        **row.endpoint,
    }
    return {
        "client": {
            "base_url": url,
            "headers": {"X-Own-Token": "{secrets.token}"},
            "auth": {"type": "api_key", "name": "own", "api_key": "{secrets.key}", "location": "query"},
        },
        "resources": [
            {"name": "things", "primary_key": "id", "schema": {"properties": _PROPERTIES}, "endpoint": endpoint}
        ],
        "secrets": {"key": KEY, "token": TOKEN},
        "timeout": 5,
        **row.settings,
    }


def broken(row: Row, ended: Ended, elsewhere: Iterable[Asked], *, empty_run: float) -> list[str]:
    """Which of the promises the run of a row broke: bounds, one clear message, all delivered, no secret.

    Args:
        row: The row.
        ended: Its run.
        elsewhere: Requests to a server that must not be asked.
        empty_run: Megabytes of a run in which nothing happens.
    """
    errors, warnings = ended.lines("ERROR"), ended.lines("WARNING")
    grown = ended.megabytes - empty_run
    delivered = tuple(ended.ids("things"))
    both = ended.out + ended.err
    found = {
        f"it took {ended.seconds:.1f} s": ended.seconds > row.seconds,
        f"it took {grown:.0f} MB": grown > row.megabytes,
        f"exit code {ended.code} and not {row.code}": ended.code != row.code,
        f"{len(errors)} ERROR lines": len(errors) != bool(row.code),
        f"the error does not say {row.says!r}: {errors}": row.says and not any(re.search(row.says, e) for e in errors),
        f"no warning says {row.warns!r}: {warnings}": row.warns and not any(re.search(row.warns, w) for w in warnings),
        "a traceback": "Traceback" in ended.err,
        "a line without an end": max(map(len, ended.err.split("\n"))) > _LONGEST_LINE,
        "a control character in the log": bool(_CONTROL.search(ended.err)),
        f"delivered {delivered[:20]} and not {row.delivered}": delivered != row.delivered,
        "somebody was asked who must not be": bool(list(elsewhere)),
        "a secret is shown": any(form in both for secret in SECRETS for form in forms(secret)),
    }
    return [what for what, is_so in found.items() if is_so]


def tried(
    row: Row, nursery: Nursery, folder: Path, config: Mapping[str, Any] | None = None
) -> tuple[Ended, list[Asked]]:
    """A run of a row, and what was asked elsewhere.

    Args:
        row: The row.
        nursery: Starts the run.
        folder: Where the run may leave files; made here.
        config: Further settings.
    """
    folder.mkdir(parents=True)
    with wired(lambda _: [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"]) as elsewhere:
        api = Api(row, elsewhere.url)
        with wired(api) as here:
            api.url = here.url
            file = folder / "config.json"
            file.write_text(json.dumps({**settings(row, here.url), **(config or {})}))
            ended = nursery.run(folder, "--config", str(file), seconds=row.seconds * 3)
            return ended, elsewhere.asked


class Table:
    """Runs rows, and says which broke which promise."""

    def __init__(self, nursery: Nursery, folder: Path) -> None:
        self._nursery = nursery
        self._folder = folder
        self._count = 0
        self._empty_run = 0.0
        quiet = Row(name="nothing", pages=lambda _: [b"HTTP/1.1 204 None\r\n\r\n"])
        self._empty_run = tried(quiet, nursery, folder / "empty")[0].megabytes

    def broken(self, row: Row, **config: Any) -> list[str]:
        """The promises that the run of a row broke."""
        self._count += 1
        ended, elsewhere = tried(row, self._nursery, self._folder / str(self._count), config)
        return broken(row, ended, elsewhere, empty_run=self._empty_run)


WAYS: tuple[dict[str, Any], ...] = ({"concurrency": 1}, {"concurrency": 8})
"""Every row is tried in each of these ways."""


def main(words: list[str]) -> int:
    """Tries all rows, or those whose names have one of some words; the last line counts."""
    rows = [row for row in ROWS if not words or any(word in row.name for word in words)]
    workers: SimpleQueue[Table] = SimpleQueue()

    def tried_in_all_ways(row: Row) -> tuple[Row, list[str]]:
        table = workers.get()
        try:
            return row, [f"{way}: {what}" for way in WAYS for what in table.broken(row, **way)]
        finally:
            workers.put(table)

    with tempfile.TemporaryDirectory() as folder, Nursery() as one, Nursery() as two, ThreadPoolExecutor(2) as pool:
        for name, nursery in (("one", one), ("two", two)):
            workers.put(Table(nursery, Path(folder) / name))
        kept = 0
        for row, what in pool.map(tried_in_all_ways, rows):
            kept += not what
            for each in what:
                click.echo(f"{row.name}: {each}")
    click.echo(f"chaos: {len(rows)} replies in {len(WAYS)} ways, {kept} as promised")
    return int(kept < len(rows))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
