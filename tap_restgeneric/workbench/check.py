"""`restgeneric check`: is this source right, and what will it do?"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from tap_restgeneric.errors import ConfigError
from tap_restgeneric.workbench import described, live
from tap_restgeneric.workbench.bench import configs, desk, examples, given, source_and_streams
from tap_restgeneric.workbench.screen import BAD, DIM, DOUBT, GOOD, NAME, counted

if TYPE_CHECKING:
    from tap_restgeneric.workbench.bench import Bench, Desk
    from tap_restgeneric.workbench.screen import Screen


@click.command(
    epilog=examples(
        "restgeneric check source.yaml",
        "restgeneric check helpdesk --live",
        "restgeneric check --config config.json --live",
    )
)
@click.argument("words", nargs=-1, metavar="[SOURCE]")
@configs
@click.option("--live", "asks", is_flag=True, help="Ask each stream for one page, and say what came.")
def check(words: tuple[str, ...], configs: tuple[str, ...], *, asks: bool) -> None:
    """Show what is wrong with a source, or what its streams do.

    All mistakes come at once, with their paths. SOURCE is a file or the name of a built-in API; source.yaml if it is
    left out. Nothing is sent without --live.
    """
    with desk() as here:
        source, _ = source_and_streams(words, configs)
        name = source or "the settings"
        bench = _opened(here, source, configs, name)
        here.screen.tree(described.forest(bench.source.nodes))
        for note in bench.source.notes:
            here.screen.line(((f"note: {note}", DIM),))
        _count(here.screen, bench, name)
        if asks:
            _live(here.screen, bench, given(source, configs))
        else:
            here.screen.next_step(f"restgeneric check {given(source, configs)}--live", "asks each stream for one page")


def _opened(here: Desk, source: str | None, configs: tuple[str, ...], name: str) -> Bench:
    """The tap; a source with mistakes ends the command, with all of them."""
    try:
        bench = here.open(source, configs)
        bench.given_schemas(fetches=False)
    except ConfigError as error:
        here.screen.table(("where", "what is wrong"), [(problem.path, problem.message) for problem in error.problems])
        count = len(error.problems)
        here.screen.line(((f"{name}: {counted(count, 'mistake')}", BAD),))
        here.screen.next_step(f"restgeneric check {given(source, configs)}".rstrip(), "once they are mended")
        sys.exit(error.exit_code)
    return bench


def _count(screen: Screen, bench: Bench, name: str) -> None:
    count = len(bench.source.nodes)
    screen.line(((f"{name}: no mistake, {counted(count, 'stream')}", GOOD),))


def _live(screen: Screen, bench: Bench, of: str) -> None:
    looks = live.looks(bench)
    rows = [
        (((look.stream, NAME),), look.status, look.time, look.records, ((look.outcome, _style(look)),))
        for look in looks
    ]
    screen.table(("stream", "status", "time", "records", "what comes next"), rows)
    for look in looks:
        for remark in look.remarks:
            screen.line(((f"{look.stream}: ", NAME), (remark, DOUBT)))
    failed = [look for look in looks if look.failed]
    if failed:
        screen.next_step(f"restgeneric preview {of}{failed[0].stream} --trace", "shows its exchanges")
        sys.exit(1)


def _style(look: live.Look) -> str:
    return BAD if look.failed else DOUBT if look.remarks else ""
