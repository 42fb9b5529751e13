"""Start the sandbox and a database, run Meltano twice over all five APIs, and say whether everything arrived.

    python -m demo [postgres|duckdb]

Exit code 0 if every record is there with equal values, once, and the second run asked for less; else 1.
"""

from __future__ import annotations

import shutil
import signal
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING

import click
from rich.console import Console

from demo import report
from demo.loading import LIVELY, Loading
from demo.project import CHECKOUT, MeltanoError, Project
from demo.warehouses import DuckDb, postgres
from tap_restgeneric.sandbox import running

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from demo.warehouses import Warehouse

_FOLDER = CHECKOUT / ".demo"


@click.command()
@click.argument("target", type=click.Choice(["postgres", "duckdb"]), default="postgres")
def main(target: str) -> None:
    """Load the five built-in APIs from the sandbox into a database, twice, through Meltano."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    # Half a table is no table: where there is no terminal, lines may be as long as they need.
    console = Console(width=None if sys.stdout.isatty() else 130)
    try:
        with running(options=LIVELY) as sandbox, _warehouse(target) as warehouse:
            good = _load_twice(Loading(sandbox, _project(), warehouse), console)
    except MeltanoError as error:
        console.print(str(error), style="red", markup=False, highlight=False)
        sys.exit(1)
    sys.exit(0 if good else 1)


def _load_twice(loading: Loading, console: Console) -> bool:
    logs = _FOLDER / "logs"
    title = loading.warehouse.title
    console.print(f"sandbox: {loading.sandbox.address}    logs: {logs.relative_to(CHECKOUT)}/")
    with console.status("installing the plugins"):
        loading.project.install(["tap-restgeneric", loading.warehouse.loader], logs / "install.log")
    loading.warehouse.empty(loading.schemas)

    console.print(f"meltano run tap-restgeneric--... {loading.warehouse.loader}, five APIs, first run")
    first = loading.run(1, logs / "run-1.log")
    console.print(report.after_first(first, title=title))

    console.print(f"meltano run tap-restgeneric--... {loading.warehouse.loader}, five APIs, second run")
    second = loading.run(2, logs / "run-2.log")
    console.print(report.after_second(first, second, title=title))

    for line in report.differences(first) or report.differences(second):
        console.print(line, style="red", markup=False, highlight=False)
    good = report.agrees(first) and report.agrees(second, first)
    console.print("[bold green]everything arrived, once[/]" if good else "[bold red]something differs[/]")
    return good


def _warehouse(target: str) -> AbstractContextManager[Warehouse]:
    return nullcontext(DuckDb(_FOLDER / "demo.duckdb")) if target == "duckdb" else postgres()


def _project() -> Project:
    """The project with the plugins that earlier demos installed, and without their bookmarks."""
    state = _FOLDER / "state"
    shutil.rmtree(state, ignore_errors=True)
    return Project(plugins=_FOLDER / "meltano", state=state)


if __name__ == "__main__":
    main()
