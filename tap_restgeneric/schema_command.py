"""`restgeneric schema`: what do records say about the schemas that are kept?"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tap_restgeneric import inference, kept_schemas, settings
from tap_restgeneric.dialect.blocks import suggestion
from tap_restgeneric.discovery import shipped_schema
from tap_restgeneric.errors import ConfigError, RestGenericError
from tap_restgeneric.tap import TapRestGeneric

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_restgeneric.inference import Schema
    from tap_restgeneric.kept_schemas import Change

_MARKS = {"+": "green", "~": "yellow", "-": "red"}


@click.command()
@click.argument("words", nargs=-1, metavar="[SOURCE] [STREAM]...")
@click.option("--config", "configs", multiple=True, metavar="FILE|ENV", help="Settings as the tap takes them.")
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
    """Compare the schemas kept in a folder with what records of the API look like.

    SOURCE is left out where settings are given. Without STREAM: all streams whose schema the source does not give.

    Example: restgeneric schema source.yaml orders --write
    """
    redacted: Callable[[str], str] = str
    try:
        tap = _tap(words, configs)
        redacted = tap.redactor
        streams = _streams(tap, words if configs else words[1:])
        _compare(tap, streams, Path(folder) if folder else _folder(tap), records, write=write, replace=replace)
    except RestGenericError as error:
        click.echo(click.style(redacted(str(error)), fg="red"), err=True)
        sys.exit(error.exit_code)


def _tap(words: tuple[str, ...], configs: tuple[str, ...]) -> TapRestGeneric:
    """A tap that has looked into no stream."""
    config: dict[str, Any] = {"source": words[0]} if words and not configs else {}
    for path in configs:
        config |= {} if path == "ENV" else settings.read(path, "--config")
    return TapRestGeneric(config=config, parse_env_config="ENV" in configs, setup_mapper=False)


def _compare(  # noqa: PLR0913 (the options)
    tap: TapRestGeneric, streams: list[str], kept: Path, records: int | None, *, write: bool, replace: bool
) -> None:
    sampler = tap.sampler(records)
    waiting = 0
    for name in streams:
        sample = sampler.records(tap.source.nodes[name])
        if not sample:
            click.echo(f"{name}: no records to learn from")
            continue
        known = kept_schemas.read(kept, name) or (shipped_schema(tap.api, name) if tap.api else None)
        found = inference.infer(sample) if known is None or replace else inference.widen(known, sample)
        changes = kept_schemas.changes(known, found)
        show(name, len(sample), changes, known)
        if not changes:
            continue
        if write:
            click.echo(f"  written to {kept_schemas.write(kept, name, found)}")
        waiting += not write
    if waiting:
        click.echo(f"{waiting} of {len(streams)} would change: --write writes to {kept}")


def _folder(tap: TapRestGeneric) -> Path:
    """The folder of the settings, which need not be there yet."""
    name = tap.config.get("schemas") or kept_schemas.DEFAULT_FOLDER
    try:
        return kept_schemas.folder(name, tap.folders)
    except ConfigError:
        return Path(name)


def _streams(tap: TapRestGeneric, names: tuple[str, ...]) -> list[str]:
    """The streams that are asked for.

    Raises:
        ConfigError: There is no such stream.
    """
    nodes = tap.source.nodes
    for name in names:
        if name not in nodes:
            raise ConfigError.at("STREAM", f"there is no stream {name!r}{suggestion(name, nodes)}")
    return [*names] or [name for name, node in nodes.items() if node.resource.given_schema is None]


def show(name: str, records: int, changes: list[Change], known: Schema | None) -> None:
    """Writes what records say about the schema of a stream: a line, and one for each field that differs."""
    state = (
        "new"
        if known is None
        else "as it is kept"
        if not changes
        else f"{len(changes)} field{'s' * (len(changes) > 1)} differ"
    )
    click.echo(f"{click.style(name, bold=True)}: {records} record{'s' * (records > 1)}, {state}")
    width = max((len(change.field) for change in changes), default=0)
    for change in changes:
        mark = "+" if change.before is None else "-" if change.after is None else "~"
        types = " -> ".join(_without_null([kind for kind in (change.before, change.after) if kind is not None]))
        click.echo(click.style(f"  {mark} {change.field:<{width}}  {types}", fg=_MARKS[mark]))


def _without_null(kinds: list[str]) -> list[str]:
    """Types in words; that null may stand there is worth a word only where it was different."""
    every = all(kind.endswith(" or null") for kind in kinds)
    return [kind.removesuffix(" or null") for kind in kinds] if every else kinds
