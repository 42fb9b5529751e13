"""Which tap does a command look at: which source, which settings?"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import click
from dotenv import dotenv_values
from typing_extensions import override

from tap_restgeneric import readers, settings
from tap_restgeneric.dialect.blocks import suggestion
from tap_restgeneric.dialect.secrets import ENV_PREFIX
from tap_restgeneric.discovery import shipped_schema
from tap_restgeneric.engine.watching import Exchange, Watched
from tap_restgeneric.errors import ConfigError, RestGenericError
from tap_restgeneric.tap import TapRestGeneric
from tap_restgeneric.workbench.screen import BAD, Screen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tap_restgeneric.engine.transport import Send

USUAL_SOURCE = "source.yaml"
"""The file that is meant where no source is named: `restgeneric init` writes it."""

configs = click.option(
    "--config",
    "configs",
    multiple=True,
    metavar="FILE|ENV",
    help="Settings as the tap takes them; SOURCE is left out then.",
)


def examples(*lines: str) -> str:
    """The examples below the help of a command."""
    return "\n".join(("\b", "Examples:", *(f"  {line}" for line in lines)))


class Bench(TapRestGeneric):
    """The tap as the workbench uses it: it looks into no stream by itself, and keeps what it exchanges."""

    looks_into_streams: ClassVar[bool] = False

    def __init__(self, config: dict[str, Any], *, parse_env_config: bool = False, state: Any = None) -> None:
        """Reads settings and source."""
        self.exchanges: list[Exchange] = []
        mapped = self.looks_into_streams
        super().__init__(config=config, parse_env_config=parse_env_config, state=state, setup_mapper=mapped)

    @override
    def sends(self, send: Send) -> Send:
        return Watched(send, self.exchanges)

    def known_schemas(self) -> dict[str, dict[str, Any]]:
        """The schemas that need no record to be known, by stream."""
        api = self.access.raw.api
        shipped = {name: shipped_schema(api, name) for name in self.source.nodes} if api else {}
        return {name: schema for name, schema in shipped.items() if schema} | self.given_schemas()


AnyBench = TypeVar("AnyBench", bound=Bench)


class Desk:
    """Where a command works: a screen that shows no secret of any tap that was opened here."""

    def __init__(self) -> None:
        """Nothing is open."""
        self._masks: list[Callable[[str], str]] = []
        self.screen = Screen(self.masked)

    def masked(self, text: str) -> str:
        """A text without the secrets that are known here."""
        for mask in self._masks:
            text = mask(text)
        return text

    def mask(self, mask: Callable[[str], str]) -> None:
        """Takes more secrets out of what is shown from here on."""
        self._masks.append(mask)

    def open(
        self,
        source: str | None,
        configs: Sequence[str] = (),
        *,
        beside: Mapping[str, Any] | None = None,
        state: Mapping[str, Any] | None = None,
    ) -> Bench:
        """The tap of a source or of settings; see `open_as`."""
        return self.open_as(Bench, source, configs, beside=beside, state=state)

    def open_as(
        self,
        kind: type[AnyBench],
        source: str | None,
        configs: Sequence[str] = (),
        *,
        beside: Mapping[str, Any] | None = None,
        state: Mapping[str, Any] | None = None,
    ) -> AnyBench:
        """The tap of a source or of settings.

        Args:
            kind: The class of the tap.
            source: A built-in name or a file; None where settings say it.
            configs: Files of settings; `ENV` for the environment.
            beside: Settings beside them.
            state: The state it begins with.

        Raises:
            ConfigError: With all that is wrong.
        """
        config: dict[str, Any] = {"source": source} if source is not None else {}
        for path in configs:
            config |= {} if path == "ENV" else settings.read(path, "--config")
        bench = kind({**config, **(beside or {})}, parse_env_config="ENV" in configs, state=state)
        self.mask(bench.redactor)
        return bench


@contextmanager
def desk() -> Iterator[Desk]:
    """A desk; an error that a user can do something about ends the command with its exit code."""
    _learn_env()
    here = Desk()
    try:
        yield here
    except RestGenericError as error:
        for line in str(error).splitlines():
            here.screen.aside(((line, BAD),))
        sys.exit(error.exit_code)


def _learn_env() -> None:
    """Secrets in `.env`, as Meltano reads them; what the environment says comes first."""
    for name, value in dotenv_values(Path.cwd() / ".env").items():
        if name.startswith(ENV_PREFIX) and value:
            os.environ.setdefault(name, value)


def source_and_streams(words: Sequence[str], configs: Sequence[str]) -> tuple[str | None, tuple[str, ...]]:
    """The source and the streams that `[SOURCE] [STREAM]...` names.

    Raises:
        ConfigError: No source is named, and there is no source.yaml.
    """
    if configs:
        return None, tuple(words)
    if words and readers.names_a_source(words[0]):
        return words[0], tuple(words[1:])
    if Path(USUAL_SOURCE).is_file():
        return USUAL_SOURCE, tuple(words)
    if words and not PurePath(words[0]).suffix:
        raise ConfigError.at("SOURCE", f"{words[0]!r} is no source, and there is no {USUAL_SOURCE} here; {_BEGIN}")
    if words:
        return words[0], tuple(words[1:])
    raise ConfigError.at("SOURCE", f"none is named, and there is no {USUAL_SOURCE} here; {_BEGIN}")


def given(source: str | None, configs: Sequence[str]) -> str:
    """How a command to run next names the same source, with a blank behind it."""
    if source is not None and Path(source) == Path(USUAL_SOURCE):
        return ""
    return "".join([f"{source} "] if source else [f"--config {path} " for path in configs])


_BEGIN = "`restgeneric init URL` writes one, `restgeneric apis` lists those that are built in"


def known_streams(bench: TapRestGeneric, names: Sequence[str]) -> list[str]:
    """The names, if the source has all of them.

    Raises:
        ConfigError: There is no such stream.
    """
    nodes = bench.source.nodes
    for name in names:
        if name not in nodes:
            raise ConfigError.at("STREAM", f"there is no stream {name!r}{suggestion(name, nodes)}")
    return list(names)
