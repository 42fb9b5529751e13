"""Does a process that runs the tap again and again grow?

`python tests/crash/soak.py 2000`: so many runs, and what the process held before and after them.
"""

from __future__ import annotations

import contextlib
import gc
import io
import resource
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crash_driver import silence
from crash_faults import FaultyServer
from crash_kinds import KINDS
from scripted import serving

from tap_restgeneric.errors import RestGenericError
from tap_restgeneric.tap import TapRestGeneric

GONE = {
    "name": "gone",
    "schema": {"properties": {"id": {"type": "integer"}}},
    "endpoint": {"path": "/gone", "data_selector": "items", "error_handler": {"max_retries": 0}},
}
"""A resource that is not there."""
MOST_GROWTH = 8 * 1024 * 1024
"""Bytes by which a process may grow without being suspected: a heap in pieces is no leak."""


@dataclass(frozen=True)
class Held:
    """What a process holds: bytes of memory, file descriptors, threads, and objects that Python tracks."""

    memory: int
    descriptors: int
    threads: int
    objects: int

    @classmethod
    def now(cls) -> Held:
        gc.collect()
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
        descriptors = len(list(Path("/proc/self/fd").iterdir()))
        return cls(pages * resource.getpagesize(), descriptors, threading.active_count(), len(gc.get_objects()))


def small(config: dict[str, Any]) -> None:
    """A sync in this process, which may fail."""
    tap = TapRestGeneric(config=config)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(RestGenericError):
        tap.sync_all()


def soak(runs: int, warm: int = 50) -> tuple[Held, Held]:
    """What the process holds after the first runs and after all, each in turn of another kind and concurrency.

    Args:
        runs: How many; every fifth fails.
        warm: After so many, caches are filled.
    """
    kinds = [kind for kind in KINDS if kind.name != "windows"]  # it reads up to today
    with silence(), contextlib.ExitStack() as servers:
        apis = [servers.enter_context(serving(FaultyServer(kind))) for kind in kinds]
        before = Held.now()
        for number in range(runs):
            kind, server = kinds[number % len(kinds)], apis[number % len(kinds)]
            config = kind.config(server.url, (1, 4)[number // len(kinds) % 2], timeout=20)
            failing = [] if number % 5 else [GONE]
            small({**config, "resources": [*config["resources"], *failing]})
            if number == warm:
                before = Held.now()
        time.sleep(0.2)  # the servers, too, let go
        return before, Held.now()


def main() -> int:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    begun = time.monotonic()
    before, after = soak(runs)
    took = time.monotonic() - begun
    grown = after.memory - before.memory
    print(  # noqa: T201
        f"soak: {runs} runs in {took:.0f} s; memory {before.memory >> 20} -> {after.memory >> 20} MB, "
        f"descriptors {before.descriptors} -> {after.descriptors}, threads {before.threads} -> {after.threads}, "
        f"objects {before.objects} -> {after.objects}"
    )
    return int(grown > MOST_GROWTH or after.descriptors > before.descriptors or after.threads > before.threads)


if __name__ == "__main__":
    sys.exit(main())
