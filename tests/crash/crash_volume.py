"""How much STATE is written for very many parents?

`python tests/crash/crash_volume.py 10000`: parents of an incremental child, each with a record of its own.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from typing import Any

from crash_driver import silence
from crash_kinds import SCHEMA, SINCE, made
from scripted import Asked, serving
from tapping import api, resource

from tap_restgeneric.tap import TapRestGeneric

PAGE = 100


def many(parents: int) -> Any:
    """The answers of an API with so many parents."""

    def answer(asked: Asked) -> Any:
        if asked.path != "/parents":
            number = int(asked.path.split("/")[2])
            return {"items": [made(number, number / 100)]}
        begin = int(dict(asked.query).get("after", 0))
        end = min(begin + PAGE, parents)
        return {"items": [made(number, number) for number in range(begin, end)], "next": end if end < parents else None}

    return answer


def written(url: str, state: dict[str, Any]) -> list[str]:
    """The lines of a run."""
    parents = resource(
        "parents", resource_=SCHEMA, paginator={"type": "cursor", "cursor_param": "after", "cursor_path": "next"}
    )
    child = resource("children", "/parents/{resources.parents.id}/children", resource_=SCHEMA, incremental=SINCE)
    out = io.StringIO()
    tap = TapRestGeneric(config={**api(url, parents, child), "concurrency": 16}, state=state)
    with contextlib.redirect_stdout(out):
        tap.sync_all()
    return out.getvalue().splitlines()


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    state: dict[str, Any] = {}
    with silence(), serving(many(count)) as server:
        for run in ("first", "second"):
            lines = written(server.url, state)
            states = [line for line in lines if line.startswith('{"type":"STATE"')]
            records = sum(len(line) for line in lines) - sum(map(len, states))
            state = json.loads(states[-1])["value"]
            print(  # noqa: T201
                f"state of {count} parents, {run} run: {len(states)} lines, {sum(map(len, states)) / 1e6:.2f} MB, "
                f"beside {records / 1e6:.2f} MB of records; the largest {max(map(len, states)) / 1e3:.0f} kB, "
                f"the last {len(states[-1]) / 1e3:.0f} kB"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
