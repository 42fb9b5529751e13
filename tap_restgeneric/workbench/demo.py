"""`restgeneric demo`: does it work on this machine?"""

from __future__ import annotations

import io
import json
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import click

from tap_restgeneric.workbench.bench import Bench, desk, examples
from tap_restgeneric.workbench.screen import BAD, DIM, GOOD, NAME, counted

if TYPE_CHECKING:
    from tap_restgeneric.sandbox import Sandbox
    from tap_restgeneric.workbench.bench import Desk

_CHECKOUT = ("demo/__main__.py", "meltano.yml")
"""What the demo with a database needs of the repository."""


class _Delivering(Bench):
    """A tap that syncs."""

    looks_into_streams: ClassVar[bool] = True


@click.command(epilog=examples("restgeneric demo", "restgeneric demo duckdb", "restgeneric demo postgres"))
@click.argument("target", required=False, type=click.Choice(["duckdb", "postgres"]))
def demo(target: str | None) -> None:
    """Read the five built-in APIs from the sandbox, and compare.

    Without TARGET the tap delivers to nobody, and what it delivers is compared with what the sandbox holds. With one,
    Meltano loads it into a database, twice; that needs a checkout of the repository.
    """
    if target is not None:
        sys.exit(_into(target))
    try:
        from tap_restgeneric.sandbox import Options, running  # noqa: PLC0415 (an optional extra)
    except ModuleNotFoundError as error:
        raise click.ClickException(f"{error}: the demo needs `pip install 'tap-restgeneric[sandbox]'`") from None
    with desk() as here, running(options=Options(unavailable_every=0, refused_every=0)) as box:
        rows = [row for api in box.apis for row in _compared(here, box, api)]
        here.screen.table(("api", "stream", "it holds", "delivered", "requests"), [row for row, _ in rows])
        good = all(equal for _, equal in rows)
        here.screen.line((("every record arrived" if good else "something differs", GOOD if good else BAD),))
        here.screen.next_step("restgeneric init URL", "writes a source for an API of your own")
        if not good:
            sys.exit(1)


def _into(target: str) -> int:
    """The exit code of the demo of the repository."""
    missing = [name for name in _CHECKOUT if not Path(name).is_file()]
    if missing:
        raise click.ClickException(
            f"the demo into {target} needs a checkout of the repository (here is no {missing[0]}): run it there, as "
            f"`make demo TARGET={target}`, or without a database, as `restgeneric demo`"
        )
    return subprocess.run([sys.executable, "-m", "demo", target], check=False).returncode  # noqa: S603 (our own)


def _compared(here: Desk, box: Sandbox, api: str) -> list[tuple[tuple[Any, ...], bool]]:
    """A row for each stream of an API, and whether all that it holds was delivered."""
    settings = {
        "source": api,
        "client": {"base_url": box.url(api)},
        "secrets": box.credentials(api),
        "parameters": box.parameters(api),
    }
    out = io.StringIO()
    with redirect_stdout(out):
        bench = here.open_as(_Delivering, None, beside=settings)
        bench.sync_all()
    found: dict[str, set[str]] = {}
    for line in out.getvalue().splitlines():
        message = json.loads(line)
        if message["type"] == "RECORD":
            found.setdefault(message["stream"], set()).add(json.dumps(message["record"], sort_keys=True))
    here.screen.aside(((f"{api}: {counted(sum(map(len, found.values())), 'record')}", DIM),))
    return [_row(api, name, len(box.truth(api, name)), len(found.get(name, ())), bench) for name in bench.streams]


def _row(api: str, name: str, held: int, delivered: int, bench: Bench) -> tuple[tuple[Any, ...], bool]:
    equal = held == delivered
    shown = ((str(delivered), GOOD if equal else BAD),)
    return (api, ((name, NAME),), str(held), shown, str(bench.report.tally(name).requests)), equal
