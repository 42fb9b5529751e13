"""What happens in one run over all five APIs, and what is in the database after it?"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from demo.comparison import Comparison, compare
from demo.definitions import Resource, resources
from tap_restgeneric.sandbox import Options

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from demo.project import Project
    from demo.warehouses import Warehouse
    from tap_restgeneric.sandbox import Sandbox

# Now and then a failure, as in life, but not so often that the waiting would be most of the demo.
LIVELY = Options(unavailable_every=17, refused_every=150)

# Calls and legs are only listed from a time on; the sandbox has none before this one.
_START = "2020-01-01T00:00:00Z"


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A table after a run.

    Attributes:
        resource: The resource it belongs to.
        comparison: What it should hold beside what it holds.
        asked: Requests that the run sent for it; None if it shares those of another resource.
    """

    resource: Resource
    comparison: Comparison
    asked: int | None


@dataclass(frozen=True, kw_only=True)
class Run:
    """All tables after one run, and how long it took, in seconds."""

    tables: tuple[Loaded, ...]
    seconds: float


@dataclass(frozen=True)
class Loading:
    """The way from the sandbox through Meltano into a database."""

    sandbox: Sandbox
    project: Project
    warehouse: Warehouse

    @property
    def schemas(self) -> list[str]:
        """The schemas that it fills."""
        return [schema(api) for api in self.sandbox.apis]

    def run(self, number: int, log: Path) -> Run:
        """Run all five APIs; `number` is how many runs there were before this one, and this one.

        Raises:
            MeltanoError: A tap or a target failed.
        """
        self.sandbox.forget()
        started = time.monotonic()
        pairs = [(extractor(api), self.warehouse.loader) for api in self.sandbox.apis]
        self.project.run(pairs, self.environment(), log)
        seconds = time.monotonic() - started
        return Run(tables=tuple(self._tables(number)), seconds=seconds)

    def environment(self) -> dict[str, str]:
        """What Meltano hands to the taps and to the target."""
        taps = (settings(self.sandbox, api) for api in self.sandbox.apis)
        return {**self.warehouse.environment, **{name: value for each in taps for name, value in each.items()}}

    def _tables(self, number: int) -> Iterable[Loaded]:
        requests = self.sandbox.requests
        for api in self.sandbox.apis:
            for resource in resources(api):
                comparison = compare(
                    self.sandbox.truth(api, resource.name),
                    self.warehouse.table(schema(api), resource.name),
                    times=1 if resource.keyed else number,
                    empty_texts=self.warehouse.keeps_empty_texts,
                )
                yield Loaded(resource=resource, comparison=comparison, asked=resource.asked(requests))


def extractor(api: str) -> str:
    """The name of the plugin in meltano.yml that reads a built-in API."""
    return f"tap-restgeneric--{api}"


def schema(api: str) -> str:
    """The schema of an API in the database, which no one else would call so."""
    return f"restgeneric_demo_{api}"


def settings(sandbox: Sandbox, api: str) -> dict[str, str]:
    """The settings with which a tap reads the sandbox instead of the real API, as environment variables."""
    values: dict[str, Any] = {
        "CLIENT": json.dumps({"base_url": sandbox.url(api)}),
        "SECRETS": json.dumps(sandbox.credentials(api)),
        "PARAMETERS": json.dumps(sandbox.parameters(api)),
        "START_DATE": _START,
        "_LOAD_SCHEMA": schema(api),
    }
    prefix = extractor(api).replace("-", "_").upper()
    return {f"{prefix}_{name}": value for name, value in values.items()}
