"""How long does the main job take, `meltano run` into a database, and where does the time go?"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from benchmarks import measuring, tables
from benchmarks.competitors import PEERS, plain_settings, tap_settings
from benchmarks.scenarios import Load, Scenario
from demo.project import CHECKOUT, Project, meltano
from demo.warehouses import DuckDb, postgres

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.table import Table

    from benchmarks.competitors import Environments
    from benchmarks.measuring import Taken
    from demo.warehouses import Warehouse

RECORDS = 100_000
TARGETS = ("postgres", "duckdb")
_SCHEMA = "bench"
_STREAM = "records_0"
_PLAIN = next(peer for peer in PEERS if peer.name == "sdk")
_BASE = "plain tap, loader as it comes"


@dataclass(frozen=True, kw_only=True)
class Job:
    """One way to do it.

    Attributes:
        name: What the table calls it.
        tap: `plain` or `restgeneric`.
        shipped: Whether the loader has the settings of our meltano.yml instead of its own.
        batch: Whether the records travel as files.
        records: Another number of records than all.
    """

    name: str
    tap: str
    shipped: bool
    batch: bool = False
    records: int | None = None


JOBS = (
    Job(name=_BASE, tap="plain", shipped=False),
    Job(name="plain tap, our settings of the loader", tap="plain", shipped=True),
    Job(name="our tap, loader as it comes", tap="restgeneric", shipped=False),
    Job(name="our tap, our settings of the loader", tap="restgeneric", shipped=True),
    Job(name="our tap, our settings, BATCH", tap="restgeneric", shipped=True, batch=True),
    Job(name="the start alone: our tap, one record", tap="restgeneric", shipped=True, records=1),
)


@dataclass(frozen=True)
class Workshop:
    """Where the jobs into one database are done.

    Attributes:
        warehouse: The database.
        server: The address of the API.
        environments: Those of the plain tap and of the loader.
        root: A folder for the Meltano project.
    """

    warehouse: Warehouse
    server: str
    environments: Environments
    root: Path

    def compared(self, records: int, repeats: int) -> Table:
        """All ways to do it, and what tap and loader take alone."""
        runs: dict[str, list[Taken]] = {job.name: [] for job in JOBS}
        for turn in range(repeats):
            for job in JOBS:
                runs[job.name].append(self.run(job, records, turn))
        parts = {part: [taken] for part, taken in self.parts(records).items()}
        return tables.breakdown(f"meltano run into {self.warehouse.title}, {records:,} records", runs | parts, _BASE)

    def run(self, job: Job, records: int, turn: int) -> Taken:
        """One job, from an empty table on."""
        count = job.records or records
        load = self._load(f"{job.tap}-{turn}", count)
        project = Project(plugins=self.root / "sys", state=self.root / "state", root=self.root)
        shutil.rmtree(self.root, ignore_errors=True)
        self.root.mkdir(parents=True)
        (self.root / "meltano.yml").write_text(yaml.safe_dump(self._project(job, load)))
        self.warehouse.empty([_SCHEMA])
        command = [meltano(), "run", "--no-install", "tap", self.warehouse.loader]
        environment = {**project.environment(), **self.warehouse.environment}
        taken = replace(measuring.took(command, env=environment, folder=self.root), records=count)
        rows = len(self.warehouse.table(_SCHEMA, _STREAM) or ())
        return taken if taken.problem or rows == count else replace(taken, problem=f"{rows} rows of {count} arrived")

    def parts(self, records: int) -> dict[str, Taken]:
        """What the taps and the loader take without each other, and without Meltano."""
        load = self._load("parts", records)
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            parts = {}
            for tap, peer in (("plain tap alone", _PLAIN), ("our tap alone", PEERS[0])):
                argv = peer.argv(load, self.environments.executables(peer.packages), place)
                parts[tap] = measuring.took(argv or [])
            lines = place / "lines"
            with lines.open("wb") as out:
                subprocess.run(argv or [], stdout=out, stderr=subprocess.DEVNULL, check=True)  # noqa: S603
            for name, shipped in (("loader alone, as it comes", False), ("loader alone, our settings", True)):
                self.warehouse.empty([_SCHEMA])
                settings = place / "loader.json"
                settings.write_text(json.dumps({**self._loader(shipped=shipped)["config"], **self._reached}))
                argv = ["sh", "-c", f"{self._executable} --config {settings} < {lines}"]
                parts[name] = replace(measuring.took(argv), records=records)
        return parts

    def _load(self, run: str, records: int) -> Load:
        scenario = Scenario(name=run, title="", records=records, page=1000)
        return Load(scenario, run, self.server)

    def _project(self, job: Job, load: Load) -> dict[str, Any]:
        batch = {"encoding": {"format": "jsonl", "compression": "gzip"}, "storage": {"root": self.root.as_uri()}}
        more = {"batch_config": batch} if job.batch else {}
        config = plain_settings(load) if job.tap == "plain" else {**tap_settings(load, 8), **more}
        capabilities = ["catalog", "discover", "state", "batch"]
        tap = {"name": "tap", "namespace": "tap", "capabilities": capabilities, "config": config}
        return {
            "project_id": "bench",
            "send_anonymous_usage_stats": False,
            "default_environment": "bench",
            "environments": [{"name": "bench"}],
            "plugins": {
                "extractors": [{**tap, "executable": self._tap(job)}],
                "loaders": [self._loader(shipped=job.shipped)],
            },
        }

    def _tap(self, job: Job) -> str:
        """The executable of a tap."""
        if job.tap != "plain":
            return str(Path(sys.executable).with_name("tap-restgeneric"))
        python = self.environments.executables(_PLAIN.packages) / "python"
        script = self.root / "tap-plain"
        script.write_text(f'#!/bin/sh\nexec {python} {CHECKOUT}/benchmarks/peers/plain_tap.py "$@"\n')
        script.chmod(0o755)
        return str(script)

    def _loader(self, *, shipped: bool) -> dict[str, Any]:
        """The definition of the loader: ours, or one that leaves all to it but where to load."""
        definition = self._definition
        settings = definition.pop("settings")
        needed = {"default_target_schema": _SCHEMA}
        own = {each["name"]: each["value"] for each in settings if "value" in each and each["name"] not in _PLACES}
        definition.pop("pip_url")
        names = [{key: what for key, what in each.items() if key != "value"} for each in settings]
        config = {**(own if shipped else {}), **needed}
        return {**definition, "executable": str(self._executable), "settings": names, "config": config}

    @property
    def _definition(self) -> dict[str, Any]:
        loaders = yaml.safe_load((CHECKOUT / "meltano.yml").read_text())["plugins"]["loaders"]
        return dict(next(loader for loader in loaders if loader["name"] == self.warehouse.loader))

    @property
    def _executable(self) -> Path:
        packages = tuple(self._definition["pip_url"].split())
        return self.environments.executables(packages) / str(self._definition["executable"])

    @property
    def _reached(self) -> dict[str, str]:
        """Where the database is, as settings of the loader: Meltano takes them from the environment."""
        prefix = f"{self.warehouse.loader.replace('-', '_').upper()}_"
        return {name.removeprefix(prefix).lower(): value for name, value in self.warehouse.environment.items()}


_PLACES = ("host", "port", "path", "default_target_schema")


@contextmanager
def workshop(name: str, server: str, environments: Environments, root: Path) -> Iterator[Workshop]:
    """The workshop of one of the databases, as long as the block lasts."""
    root.mkdir(parents=True, exist_ok=True)
    with postgres() if name == "postgres" else nullcontext(DuckDb(root / "warehouse.duckdb")) as warehouse:
        yield Workshop(warehouse, server, environments, root / name)
