"""Is PostgreSQL right after Meltano's tap, target or both were killed at any moment, and run again?

`python tests/crash/crash_meltano.py 200`: so many runs that are broken off, in rounds that each end in a comparison.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crash_faults import FaultyServer
from crash_kinds import KINDS, Kind
from scripted import serving
from typing_extensions import override

from demo.project import CHECKOUT, Project, meltano
from demo.warehouses import postgres

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crash_kinds import World
    from scripted import Asked

    from demo.warehouses import Postgres

PLUGINS = CHECKOUT / ".demo" / "meltano"
SCHEMA = "restgeneric_crash"
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
VICTIMS = {"tap": ("tap-restgeneric",), "target": ("target-postgres",), "both": ("tap-restgeneric", "target-postgres")}
LATENCY = 0.08
"""Seconds that an exchange takes at most: a run is long enough to be hit in the middle."""
LONGEST = 1.6
"""Seconds after the first exchange within which a run is hit."""
WHOLE = [kind for kind in KINDS if kind.name != "windows"]  # it reads up to today


class SlowApi(FaultyServer):
    """An API of a kind that takes its time; `answered` counts what it was asked."""

    answered = 0

    @override
    def answer_to(self, asked: Asked) -> Any:
        self.answered += 1
        time.sleep(LATENCY * random.random())
        return super().answer_to(asked)


@dataclass(frozen=True)
class Blow:
    """Who is hit, with what, and how many seconds after the first exchange."""

    victims: tuple[str, ...]
    number: signal.Signals
    after: float


@dataclass
class Round:
    """Runs of one kind into one schema, from no state on.

    Attributes:
        kind: Of run.
        server: The API.
        warehouse: The database.
        plugins: Meltano's folder.
        folder: For state and logs.
        rng: Chooses the blows.
        counts: What happened.
        wrong: What went wrong.
    """

    kind: Kind
    server: SlowApi
    warehouse: Postgres
    plugins: Path
    folder: Path
    rng: random.Random
    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def go(self, blows: int) -> None:
        """Runs that are hit, then one that is not; the same again when the API holds something new."""
        self.warehouse.empty([SCHEMA])
        for world, hits in ((self.kind.before, blows - blows // 3), (self.kind.after, blows // 3)):
            self.server.world = world
            for _ in range(hits):
                self._hit()
            self._whole()
            self._compare(world)

    def _hit(self) -> None:
        name = self.rng.choice(sorted(VICTIMS))
        blow = Blow(VICTIMS[name], self.rng.choice(SIGNALS), self.rng.uniform(0, LONGEST))
        self.counts[f"{blow.number.name} to {name}"] += 1
        with self._started("hit.log") as process:
            begun = self.server.answered
            while process.poll() is None and self.server.answered == begun:
                time.sleep(0.01)
            time.sleep(blow.after)
            for victim in blow.victims:
                for pid in _named(process.pid, victim):
                    _send(pid, blow.number)
            code = process.wait(120)
        self.counts["broken off" if code else "over before"] += 1

    def _whole(self) -> None:
        with self._started("whole.log") as process:
            code = process.wait(120)
        said = (self.folder / "whole.log").read_text("utf-8", errors="replace")
        self.counts["whole runs"] += 1
        self.counts["of them from a place or a state"] += "No state found" not in said.rpartition("Reading state")[2]
        if code:
            self.wrong.append(f"{self.kind.name}: a run that nobody hits ends with {code}: {said[-2000:]}")

    def _compare(self, world: World) -> None:
        for stream, rows in self.kind.truth(world).items():
            found = {row["id"]: row["text"] for row in self.warehouse.table(SCHEMA, stream) or ()}
            lost = [key for key, row in rows.items() if found.get(key) != row["text"]]
            more = [key for key in found if key not in rows] if self.kind.replaced else []
            if lost or more:
                self.wrong.append(f"{self.kind.name}: {stream}: lost {lost[:5]}, too many {more[:5]}")

    @contextmanager
    def _started(self, log: str) -> Iterator[subprocess.Popen[bytes]]:
        with (self.folder / log).open("ab") as out:
            process = subprocess.Popen(
                [meltano(), "run", "--no-install", "tap-restgeneric", "target-postgres"],
                cwd=CHECKOUT,
                env={**self._project.environment(), **self._environment},
                stdout=out,
                stderr=subprocess.STDOUT,
            )
            try:
                yield process
            finally:
                process.kill()
                process.wait()

    @property
    def _project(self) -> Project:
        return Project(plugins=self.plugins, state=self.folder / "state")

    @property
    def _environment(self) -> dict[str, str]:
        config = self.kind.config(self.server.url, self.rng.choice((1, 16)), timeout=20)
        settings = {
            "TAP_RESTGENERIC_CLIENT": json.dumps(config["client"]),
            "TAP_RESTGENERIC_RESOURCES": json.dumps(config["resources"]),
            "TAP_RESTGENERIC_CONCURRENCY": str(config["concurrency"]),
            "TAP_RESTGENERIC_EMIT_ACTIVATE_VERSION_MESSAGES": str(self.kind.replaced).lower(),
            "TAP_RESTGENERIC__LOAD_SCHEMA": SCHEMA,
            "TARGET_POSTGRES_HARD_DELETE": "true",
            "TARGET_POSTGRES_BATCH_SIZE_ROWS": "40",
        }
        return {**self.warehouse.environment, **settings}


def _named(parent: int, name: str) -> list[int]:
    """The processes below another one that run a plugin."""
    below: dict[int, list[int]] = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = file.read_text("utf-8", errors="replace")
        except OSError:
            continue
        below.setdefault(int(text.rpartition(")")[2].split()[1]), []).append(int(file.parent.name))
    found, waiting = [], [parent]
    while waiting:
        children = below.get(waiting.pop(), [])
        waiting += children
        found += children
    return [pid for pid in found if f"/{name}" in _command(pid)]


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text("utf-8", errors="replace").replace("\0", " ")
    except OSError:
        return ""


def _send(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _plugins(folder: Path) -> Path:
    """Meltano's folder with the plugins of the checkout, and all else of its own: others may run them, too."""
    log = folder / "install.log"
    Project(plugins=PLUGINS, state=folder).install(["tap-restgeneric", "target-postgres"], log)
    own = folder / "meltano"
    own.mkdir()
    for kind in ("extractors", "loaders"):
        (own / kind).symlink_to(PLUGINS / kind)
    return own


def rounds(runs: int, seed: int) -> tuple[Counter[str], list[str]]:
    """So many runs that are hit, in rounds of a few; what happened, and what went wrong."""
    rng = random.Random(seed)
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    with postgres() as warehouse, tempfile.TemporaryDirectory(prefix="crash-") as folder:
        own = _plugins(Path(folder))
        left = runs
        while left > 0:
            blows = min(left, rng.randint(2, 6))
            left -= blows
            place = Path(folder) / f"round-{left}"
            place.mkdir()
            kind = rng.choice(WHOLE)
            with serving(SlowApi(kind)) as server:
                one = Round(kind, server, warehouse, own, place, rng)
                one.go(blows)
            counts += one.counts
            wrong += one.wrong
            print(f"{one.kind.name}: {dict(one.counts)}{' WRONG ' if one.wrong else ''}{one.wrong or ''}", flush=True)  # noqa: T201
    return counts, wrong


def main() -> int:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(1_000_000)
    counts, wrong = rounds(runs, seed)
    said = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
    print(f"crash through Meltano: {runs} runs hit (seed {seed}): {said}, {len(wrong)} wrong")  # noqa: T201
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
