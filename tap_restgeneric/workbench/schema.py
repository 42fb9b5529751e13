"""`restgeneric schema`: what do records say about the schemas that are kept?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tap_restgeneric import inference, kept_schemas
from tap_restgeneric.discovery import shipped_schema
from tap_restgeneric.errors import ConfigError
from tap_restgeneric.workbench.bench import configs, desk, examples, known_streams, source_and_streams
from tap_restgeneric.workbench.screen import BAD, DOUBT, GOOD, NAME, counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_restgeneric.inference import Schema
    from tap_restgeneric.kept_schemas import Change
    from tap_restgeneric.workbench.bench import Bench
    from tap_restgeneric.workbench.screen import Screen

_MARKS = {"+": GOOD, "~": DOUBT, "-": BAD}


@click.command(
    epilog=examples(
        "restgeneric schema",
        "restgeneric schema source.yaml orders --write",
        "restgeneric schema --config config.json --records 1000",
    )
)
@click.argument("words", nargs=-1, metavar="[SOURCE] [STREAM]...")
@configs
@click.option("--folder", help="Where schemas are kept; else the setting `schemas`, else ./schemas.")
@click.option("--records", type=click.IntRange(min=1), help="Records to read of a stream; else `infer_records`.")
@click.option("--write", is_flag=True, help="Write what changed: fields are added and types widened, nothing is lost.")
@click.option("--replace", is_flag=True, help="Forget what is kept: only what these records say.")
def schema(  # noqa: PLR0913 (the options)
    words: tuple[str, ...],
    configs: tuple[str, ...],
    folder: str | None,
    records: int | None,
    *,
    write: bool,
    replace: bool,
) -> None:
    """Compare kept schemas with what records look like.

    SOURCE is a file or the name of a built-in API; source.yaml if it is left out. Without STREAM: all streams whose
    schema the source does not give.
    """
    with desk() as here:
        source, names = source_and_streams(words, configs)
        bench = here.open(source, configs)
        streams = known_streams(bench, names) or _without_schema(bench)
        kept = Path(folder) if folder else _folder(bench)
        _compare(here.screen, bench, streams, kept, records, write=write, replace=replace)


def _without_schema(bench: Bench) -> list[str]:
    return [name for name, node in bench.source.nodes.items() if node.resource.given_schema is None]


def _compare(  # noqa: PLR0913 (the options)
    screen: Screen,
    bench: Bench,
    streams: Sequence[str],
    kept: Path,
    records: int | None,
    *,
    write: bool,
    replace: bool,
) -> None:
    sampler = bench.sampler(records)
    waiting = 0
    for name in streams:
        sample = sampler.records(bench.source.nodes[name])
        if not sample:
            screen.line(f"{name}: no records to learn from")
            continue
        known = kept_schemas.read(kept, name) or (
            shipped_schema(bench.access.raw.api, name) if bench.access.raw.api else None
        )
        found = inference.infer(sample) if known is None or replace else inference.widen(known, sample)
        changes = kept_schemas.changes(known, found)
        _show(screen, name, len(sample), changes, known)
        if not changes:
            continue
        if write:
            screen.line(f"  written to {kept_schemas.write(kept, name, found)}")
        waiting += not write
    if waiting:
        screen.line(f"{waiting} of {len(streams)} would change: --write writes to {kept}")


def _folder(bench: Bench) -> Path:
    """The folder of the settings, which need not be there yet."""
    name = bench.config.get("schemas") or kept_schemas.DEFAULT_FOLDER
    try:
        return kept_schemas.folder(name, bench.access.folders)
    except ConfigError:
        return Path(name)


def _show(screen: Screen, name: str, records: int, changes: list[Change], known: Schema | None) -> None:
    """Writes what records say about the schema of a stream: a line, and one for each field that differs."""
    state = "new" if known is None else "as it is kept" if not changes else f"{counted(len(changes), 'field')} differ"
    screen.line(((name, NAME), (f": {counted(records, 'record')}, {state}", "")))
    width = max((len(change.field) for change in changes), default=0)
    for change in changes:
        mark = "+" if change.before is None else "-" if change.after is None else "~"
        types = " -> ".join(_without_null([kind for kind in (change.before, change.after) if kind is not None]))
        screen.line(((f"  {mark} {change.field:<{width}}  {types}", _MARKS[mark]),))


def _without_null(kinds: list[str]) -> list[str]:
    """Types in words; that null may stand there is worth a word only where it was different."""
    every = all(kind.endswith(" or null") for kind in kinds)
    return [kind.removesuffix(" or null") for kind in kinds] if every else kinds
