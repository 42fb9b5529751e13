"""`restgeneric record` and `restgeneric replay`: how does a sync become a file that can be synced again?"""

from __future__ import annotations

import tempfile
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import yaml

from tap_restgeneric import settings
from tap_restgeneric.errors import ConfigError, RestGenericError
from tap_restgeneric.readers import builtin
from tap_restgeneric.workbench.bench import configs, desk, examples, known_streams, source_and_streams
from tap_restgeneric.workbench.cassette import Recorded, about, cassette, recorded, replayed, silent_output
from tap_restgeneric.workbench.imports.document import Imported
from tap_restgeneric.workbench.naming import secrets_in
from tap_restgeneric.workbench.screen import GOOD, counted

if TYPE_CHECKING:
    from collections.abc import Sequence


USUAL_CASSETTE = "cassette.yaml"
_ONE_BY_ONE = {"concurrency": 1}


@click.command(
    epilog=examples(
        "restgeneric record",
        "restgeneric record source.yaml orders -o orders.yaml",
        "restgeneric record --config config.json --state state.json",
    )
)
@click.argument("words", nargs=-1, metavar="[SOURCE] [STREAM]...")
@configs
@click.option("--state", metavar="FILE", help="The state the sync begins with.")
@click.option("-o", "--output", default=USUAL_CASSETTE, show_default=True, help="The file to write.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
def record(words: tuple[str, ...], configs: tuple[str, ...], state: str | None, output: str, *, force: bool) -> None:
    """Sync, and keep the exchanges in a cassette.

    It holds requests, replies and the source, and no secret: for bug reports, for tests of a source, for CI. Without
    STREAM: all streams. Look into the file before you give it away: records of the API are in it.
    """
    with desk() as here:
        path = Path(output)
        if path.exists() and not force:
            raise ConfigError.at("--output", f"{output} is there already: --force writes over it, -o names another")
        source, names = source_and_streams(words, configs)
        known = settings.read(state, "--state") if state else None
        moment = datetime.now(timezone.utc)
        benches: list[Recorded] = []

        def beside() -> dict[str, Any]:
            told = {"moment": moment.isoformat(), "streams": list(names), "state": known}
            return {**told, "settings": _settings(benches[0])}

        try:
            with cassette(path, benches, beside, records=True), silent_output():
                bench = here.open_as(recorded(moment, benches), source, configs, beside=_ONE_BY_ONE, state=known)
                _sync(bench, names)
        except RestGenericError:
            if path.exists():
                here.screen.aside(f"{output} holds what came until then")
            raise
        here.screen.line(((f"{counted(len(bench.exchanges), 'exchange')} in {output}", GOOD),))
        here.screen.line(bench.report.summary())
        here.screen.next_step(f"restgeneric replay {output}", "syncs from it, with no network and no secret")


@click.command(
    epilog=examples(
        "restgeneric replay cassette.yaml",
        "restgeneric replay cassette.yaml > messages.jsonl",
        "restgeneric replay cassette.yaml --config other.json",
    )
)
@click.argument("file", metavar="CASSETTE")
@configs
def replay(file: str, configs: tuple[str, ...]) -> None:
    """Sync from a cassette, with no network.

    The Singer messages go to standard output, as those of the tap do. The source is the one in the cassette, unless
    --config gives another; secrets need no values.
    """
    with desk() as here:
        told = about(file)
        benches: list[Recorded] = []
        kind = replayed(datetime.fromisoformat(told["moment"]), benches)
        with tempfile.TemporaryDirectory() as tokens, cassette(Path(file), benches, dict, records=False):
            beside = {**_played(told, configs), "token_folder": tokens}
            bench = here.open_as(kind, None, beside=beside, state=told["state"])
            _sync(bench, told["streams"])
        here.screen.aside(bench.report.summary())


def _played(told: dict[str, Any], configs: Sequence[str]) -> dict[str, Any]:
    """The settings of a replay: secrets that nobody gives have stand-ins, which are masked as the real ones were."""
    given: dict[str, Any] = {} if configs else told["settings"]
    for path in configs:
        given |= {} if path == "ENV" else settings.read(path, "--config")
    written = yaml.safe_dump(given, width=float("inf"))
    written += builtin.text(given["source"]) if given.get("source") in builtin.names() else ""
    stand_ins = {name: f"replayed-{name}" for name in secrets_in(written)}
    return {**given, "secrets": {**stand_ins, **(given.get("secrets") or {})}, **_ONE_BY_ONE}


def _settings(bench: Recorded) -> dict[str, Any]:
    """The settings that a replay needs, the source written out, secrets named."""
    kept = {key: value for key, value in bench.config.items() if key not in _NOT_KEPT}
    written = Imported(bench.access.raw.config)
    written.conceal()
    named = (
        {"source": bench.access.raw.api, "client": written.source["client"]} if bench.access.raw.api else written.source
    )
    return {**kept, **named}


_NOT_KEPT = frozenset(
    {"source", "client", "resource_defaults", "resources", "secrets", "concurrency", "rate_limit", "token_folder"}
)


def _sync(bench: Recorded, names: Sequence[str]) -> None:
    wanted = known_streams(bench, names)
    for name, stream in bench.streams.items() if wanted else ():
        stream.metadata.root.selected = name in wanted
    bench.sync_all()
