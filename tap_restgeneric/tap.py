"""The Singer tap: settings in; catalog, records and state out."""

from __future__ import annotations

import json
import os
from copy import deepcopy
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import Tap
from singer_sdk.configuration._dict_config import parse_environment_config
from singer_sdk.helpers._classproperty import classproperty
from typing_extensions import override

from tap_restgeneric import settings
from tap_restgeneric.access import Access
from tap_restgeneric.command import Command
from tap_restgeneric.engine.clock import Clock
from tap_restgeneric.engine.redaction import Redactor, guard_logging, named_secrets
from tap_restgeneric.engine.report import Report
from tap_restgeneric.errors import ConfigError
from tap_restgeneric.output import Output, StateWriter
from tap_restgeneric.run import Run, ended_by
from tap_restgeneric.streams.pace import Pace
from tap_restgeneric.streams.stream import ResourceStream, stream_class

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import FrameType

    import click

    from tap_restgeneric.dialect.relations import Node
    from tap_restgeneric.discovery import Discovery
    from tap_restgeneric.engine.sampling import Sampler, Watch
    from tap_restgeneric.engine.transport import Send
    from tap_restgeneric.head_start import HeadStart


class TapRestGeneric(Tap):
    """Reads any REST API that is described in the dlt rest_api dialect."""

    name = "tap-restgeneric"
    config_jsonschema: ClassVar[dict[str, Any]] = deepcopy(settings.JSONSCHEMA)
    dynamic_catalog = True
    clock: Clock = Clock()
    deadlines: ClassVar[bool] = True
    """Whether an answer may take only so long in all."""
    head_start: ClassVar[HeadStart | None] = None
    """What has begun for the first tap of the process before the SDK was there."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Reads settings, source, catalog and state; sends nothing unless a schema has to be inferred."""
        self._begun = self.clock.clock()
        self._syncs = kwargs.get("setup_mapper", True)  # where the SDK wants a catalog alone, it sets up no mapper
        self._goes_on = bool(kwargs.get("state"))
        start, TapRestGeneric.head_start = self.head_start, None
        self._start = start
        self.report = start.report if start else Report()
        self.redactor = start.redactor if start else Redactor()
        self.output = Output()
        self.pace = Pace()
        self.run: Run | None = None
        guard_logging(self.redactor)
        if start:
            start.tell()
        super().__init__(*args, **kwargs)
        self.states = StateWriter(self.output, self._state_writer.write_state)
        self._state_writer = self.states  # type: ignore[assignment]  # all that the SDK asks of its own

    # Settings

    @override
    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        self.redactor.add(named_secrets(self._config))
        self.append_builtin_config(self.config_jsonschema)
        problems = settings.problems(self._config, self.config_jsonschema)
        if problems and raise_errors:
            raise ConfigError(problems)
        if problems:
            return [str(problem) for problem in problems]
        self.access = self._reached()
        self.source = self.access.source
        self.client, self.pool = self.access.client, self.access.pool
        self._refreshed = settings.refreshed(self._config.get("full_refresh"), self.source.nodes)
        for note in self.source.notes:
            self.logger.info("%s", note)
        self.resume_within = timedelta(seconds=self._config.get("resume_within", settings.RESUME_WITHIN))
        return []

    def _reached(self) -> Access:
        """The way to the API; that of a head start, if it began with these settings."""
        if self._start and self._start.access.config == self._config:
            return self._start.access
        self._start = None
        return Access(
            self._config,
            redactor=self.redactor,
            clock=self.clock,
            now=self.now,
            sends=self.sends,
            deadlines=self.deadlines,
        )

    def sends(self, send: Send) -> Send:
        """What stands between the client and the network."""
        return send

    @staticmethod
    def now() -> datetime:
        """The moment to which an open window reads."""
        return datetime.now(timezone.utc)

    def start_date_for(self, node: Node, schema: Mapping[str, Any]) -> str | None:
        """The setting `start_date`, if it means something to a resource.

        Args:
            node: An incremental resource.
            schema: Schema of its records.
        """
        start_date: str | None = self._config.get("start_date")
        block = node.incremental
        if start_date is None or block is None or block.initial_value is not None:
            return None
        cursor = schema.get("properties", {}).get(str(block.cursor_path), {})
        if block.convert or not cursor or str(cursor.get("format", "")).startswith("date"):
            return start_date
        self.report.tally(node.name).warn(
            f"start_date is ignored: {block.cursor_path} is no date (give initial_value, or convert: epoch)"
        )
        return None

    @classproperty
    def _env_var_config(cls) -> dict[str, Any]:  # noqa: N805
        """Settings from the environment; the SDK takes what may be of several kinds for one of them."""
        source = os.environ.get(f"{cls._env_var_prefix}SOURCE")
        refresh = os.environ.get(f"{cls._env_var_prefix}FULL_REFRESH")
        config: dict[str, Any] = parse_environment_config(_of_one_kind(cls.config_jsonschema), cls._env_var_prefix)
        several = {"source": None if source is None else _json_or_text(source), "full_refresh": refresh}
        return {**config, **{name: value for name, value in several.items() if value is not None}}

    @classmethod
    @override
    def cb_config(cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]) -> Any:
        for path in value:
            if path != "ENV":
                settings.read(path, "--config")
        return super().cb_config(ctx, param, value)

    @classmethod
    @override
    def invoke(cls, *, state: Any = None, catalog: Any = None, **kwargs: Any) -> None:
        for option, file in (("--state", state), ("--catalog", catalog)):
            if file is not None:
                settings.read(file.name, option)
        super().invoke(state=state, catalog=catalog, **kwargs)

    # Catalog

    @override
    def discover_streams(self) -> list[ResourceStream]:
        discovery = self._discovery()
        if self.input_catalog is None:
            discovery.begin(self.source.nodes)
        classes: dict[str, type[ResourceStream]] = {}
        streams = []
        for name, node in self.source.nodes.items():
            classes[name] = stream_class(node, classes.get(node.parent or ""))
            schema, keys = self._catalogued(name)
            wanted = self.input_catalog is None or schema is not None
            streams.append(classes[name](self, discovery.shape(node, schema, keys, wanted=wanted)))
        return streams

    def _discovery(self) -> Discovery:
        """What finds the shapes of the streams; it may have begun."""
        if self._start:
            return self._start.discovery
        begins = self.access.ahead if not self._goes_on else 0
        sampler = self.sampler(ahead=begins if self._syncs else None)
        return self.access.discovery(sampler, self.given_schemas(), self.report)

    def sampler(self, size: int | None = None, watch: Watch | None = None, *, ahead: int | None = None) -> Sampler:
        """Reads sample records; see `Access.sampler`."""
        return self.access.sampler(size, watch, ahead=ahead)

    def given_schemas(self, *, fetches: bool = True) -> dict[str, dict[str, Any]]:
        """The schemas that the source gives or the folder keeps; with a catalog, which says them, none."""
        return {} if self.input_catalog is not None else self.access.given_schemas(fetches=fetches)

    def _catalogued(self, name: str) -> tuple[dict[str, Any] | None, list[str] | None]:
        """Schema and key of a stream in the catalog that was passed in."""
        entry = self.input_catalog.get_stream(name) if self.input_catalog else None
        if entry is None:
            return None, None
        return entry.schema.to_dict(), list(entry.key_properties or ())

    # Running

    @property
    def resource_streams(self) -> dict[str, ResourceStream]:
        """The streams by name."""
        return {name: stream for name, stream in self.streams.items() if isinstance(stream, ResourceStream)}

    @override  # type: ignore[misc]
    def sync_all(self) -> None:
        """Reads all selected streams, root streams side by side: the SDK, where it is final, reads one by one."""
        self._reset_state_progress_markers()
        self._set_compatible_replication_methods()
        self.run = Run(self, self._begun)
        self.run.forget(self._refreshed)
        if self.state:
            self.write_state()
        self.run.read()

    def write_state(self) -> None:
        """Writes the state as it stands."""
        self.state_writer.write_state(self.state)

    @override
    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        ended_by(signum, self.run, self.logger)

    @classmethod
    @override
    def get_singer_command(cls) -> click.Command:
        return Command.like(super().get_singer_command(), cls.logger)


def _of_one_kind(schema: Mapping[str, Any]) -> dict[str, Any]:
    several = {"source", "full_refresh"}
    return {"properties": {key: value for key, value in schema["properties"].items() if key not in several}}


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
