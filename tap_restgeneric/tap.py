"""The Singer tap: settings in; catalog, records and state out."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from copy import deepcopy
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from singer_sdk import Tap
from singer_sdk.configuration._dict_config import parse_environment_config
from singer_sdk.helpers._classproperty import classproperty
from singer_sdk.plugin_base import SingerCommand
from typing_extensions import override

from tap_restgeneric import kept_schemas, output, readers, settings
from tap_restgeneric.dialect import spellings
from tap_restgeneric.dialect.exchange import Call
from tap_restgeneric.dialect.loading import Source, loaded
from tap_restgeneric.dialect.secrets import Secrets
from tap_restgeneric.dialect.source import Client as ClientBlock
from tap_restgeneric.dialect.source import RateLimit
from tap_restgeneric.discovery import Discovery
from tap_restgeneric.engine import display
from tap_restgeneric.engine.client import Client, Policy
from tap_restgeneric.engine.clock import Clock
from tap_restgeneric.engine.kept_tokens import KeptTokens, usual_folder
from tap_restgeneric.engine.pool import ONE_BY_ONE, Pool, run_side_by_side
from tap_restgeneric.engine.redaction import Redactor, guard_logging, log_uncaught, named_secrets, url_secrets
from tap_restgeneric.engine.report import Report, Tally
from tap_restgeneric.engine.sampling import Sampler
from tap_restgeneric.engine.transport import Transport
from tap_restgeneric.engine.unpacking import MEGABYTE
from tap_restgeneric.errors import ConfigError, RestGenericError, TargetGoneError, TimeUpError
from tap_restgeneric.given_schemas import GivenSchemas
from tap_restgeneric.output import GONE, Output
from tap_restgeneric.streams.pace import Pace
from tap_restgeneric.streams.stream import ResourceStream, stream_class

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType

    import click

    from tap_restgeneric.dialect.relations import Node
    from tap_restgeneric.engine.sampling import Watch
    from tap_restgeneric.engine.transport import Send

_LAST_BLOCK = 5.0
"""Seconds that a signal waits for the lines that are being written."""
_LAST_EXCHANGE = 1.0
"""Seconds that the end of a run waits for exchanges that nobody wants any more."""


class Command(SingerCommand):
    """The command line of the tap: one readable report and an exit code instead of a traceback."""

    @override
    def main(self, *args: Any, **kwargs: Any) -> Any:
        log_uncaught(self.logger)
        try:
            return super().main(*args, **kwargs)
        except RestGenericError as error:
            if isinstance(error, TargetGoneError):
                output.discard()
            self._report(str(error).splitlines())
            sys.exit(error.exit_code)

    def _report(self, lines: list[str]) -> None:
        for line in lines:
            self.logger.error("%s", line)


class TapRestGeneric(Tap):
    """Reads any REST API that is described in the dlt rest_api dialect."""

    name = "tap-restgeneric"
    config_jsonschema: ClassVar[dict[str, Any]] = deepcopy(settings.JSONSCHEMA)
    dynamic_catalog = True
    clock: Clock = Clock()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Reads settings, source, catalog and state; sends nothing unless a schema has to be inferred."""
        self.report = Report()
        self.output = Output()
        self.pace = Pace()
        self._begun = self.clock.clock()
        self._reading = False
        self._transports: list[Transport] = []
        self.redactor = Redactor()
        guard_logging(self.redactor)
        super().__init__(*args, **kwargs)

    # Settings

    @override
    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        self.redactor.add(named_secrets(self._config))
        self.redactor.add(_values(self._config.get("secrets")))
        self.append_builtin_config(self.config_jsonschema)
        problems = settings.problems(self._config, self.config_jsonschema)
        if problems and raise_errors:
            raise ConfigError(problems)
        if problems:
            return [str(problem) for problem in problems]
        self.folders = [Path.cwd(), *(Path(root) for root in [os.environ.get("MELTANO_PROJECT_ROOT")] if root)]
        raw = readers.read(self._config, folders=self.folders)
        secrets = Secrets(self._config.get("secrets") or {}, os.environ)
        self.source: Source = loaded(
            raw.config,
            secrets=secrets,
            parameters=self._config.get("parameters") or {},
            start_date=self._config.get("start_date"),
        )
        self.raw = raw
        self.api = raw.api
        self._beside = [*([raw.folder] if raw.folder else []), *self.folders]
        self._written = [spellings.resource(entry)["name"] for entry in raw.config["resources"]]
        self.redactor.add(secrets.used)
        self._hide(self.source)
        self._refreshed = settings.refreshed(self._config.get("full_refresh"), self.source.nodes)
        for note in self.source.notes:
            self.logger.info("%s", note)
        self.client = self._client(self.source.client, self._transport())
        self.resume_within = timedelta(seconds=self._config.get("resume_within", settings.RESUME_WITHIN))
        self.pool = Pool(self._width)
        return []

    def _hide(self, source: Source) -> None:
        """Makes the secrets that stand in a source known for redaction."""
        self.redactor.add(url_secrets(source.client.base_url))
        self.redactor.add(named_secrets(source.client.headers))
        for node in source.nodes.values():
            endpoint = node.resource.endpoint
            self.redactor.add(node.auth.secrets() if node.auth else ())
            self.redactor.add(named_secrets([endpoint.headers, endpoint.params, endpoint.json_body, endpoint.data]))
            self.redactor.add(url_secrets(endpoint.path))

    def _transport(self) -> Send:
        config = self._config
        transport = Transport(
            # A number with a fraction is a Decimal, as the SDK reads settings.
            timeout=float(config.get("timeout") or 60),
            exchange_timeout=self._exchange_timeout,
            user_agent=config.get("user_agent") or f"{self.name}/{self.plugin_version}",
            largest_body=(config.get("max_body_mb") or 100) * MEGABYTE,
            connections=self._width,
        )
        self._transports.append(transport)
        return transport

    @property
    def _exchange_timeout(self) -> float | None:
        """Seconds that an answer may take in all."""
        return float(self._config.get("exchange_timeout") or 600)

    @property
    def _width(self) -> int:
        """Exchanges at once."""
        return self._config.get("concurrency") or settings.CONCURRENCY

    def _client(self, block: ClientBlock, send: Send) -> Client:
        limit = self._config.get("rate_limit")
        return Client(
            block,
            send=send,
            sleep=self.clock.sleep,
            now=self.clock.now,
            clock=self.clock.clock,
            redactor=self.redactor,
            rate_limit=RateLimit.model_validate(limit) if limit else None,
            kept=KeptTokens(self._token_folder),
        )

    @property
    def _token_folder(self) -> Path:
        """Where refresh tokens are kept that an API has changed."""
        given = self._config.get("token_folder")
        return self.folders[-1] / given if given else usual_folder()

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
        collect = self._config.get("undeclared_fields") == "collect"
        discovery = Discovery(
            self.source.nodes,
            api=self.api,
            sampler=self.sampler(),
            given=self.given_schemas(),
            collect=collect,
            report=self.report,
        )
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

    def sampler(self, size: int | None = None, watch: Watch | None = None) -> Sampler:
        """Reads sample records through the client of the tap.

        Args:
            size: Records a resource is sampled for; None: as the settings say.
            watch: Sees every page that is read.
        """
        size = size or self._config.get("infer_records") or 200
        start_date = self._config.get("start_date")
        nodes, pool = self.source.nodes, self.pool if watch is None else ONE_BY_ONE
        return Sampler(nodes, self.client, size=size, start_date=start_date, now=self.now, watch=watch, pool=pool)

    def given_schemas(self, *, fetches: bool = True) -> dict[str, dict[str, Any]]:
        """The schemas that the source gives or the folder keeps; with a catalog, which says them, none.

        Args:
            fetches: Whether those behind a URL are asked for; else they are left out.

        Raises:
            ConfigError: With all that cannot be found or read.
        """
        if self.input_catalog is not None:
            return {}
        resources = {name: node.resource for name, node in self.source.nodes.items()}
        given = GivenSchemas(folders=self._beside, fetch=self._fetched).schemas(
            (name, resource.given_schema, resource.primary_key, f"$.resources[{self._written.index(name)}].schema")
            for name, resource in resources.items()
            if resource.given_schema is not None and (fetches or not _is_url(resource.given_schema))
        )
        if not self._config.get("schemas"):
            return given
        folder = kept_schemas.folder(self._config["schemas"], self.folders)
        kept = {name: kept_schemas.read(folder, name) for name in resources}
        return {name: schema for name, schema in kept.items() if schema is not None} | given

    def _fetched(self, url: str) -> bytes:
        """The body behind a URL that is none of the API's: no credentials go there."""
        parts = urlsplit(url)
        block = ClientBlock(base_url=f"{parts.scheme}://{parts.netloc}")
        client = self._client(block, self._transport())
        reply = client.exchange(Call(url=url), Policy(), Tally("schema"))
        return b"" if reply is None else reply.content

    def _catalogued(self, name: str) -> tuple[dict[str, Any] | None, list[str] | None]:
        """Schema and key of a stream in the catalog that was passed in."""
        entry = self.input_catalog.get_stream(name) if self.input_catalog else None
        if entry is None:
            return None, None
        return entry.schema.to_dict(), list(entry.key_properties or ())

    # Running

    @override  # type: ignore[misc]
    def sync_all(self) -> None:
        """Reads all selected streams, root streams side by side: the SDK, where it is final, reads one by one."""
        self._reset_state_progress_markers()
        self._set_compatible_replication_methods()
        self._forget_refreshed()
        if self.state:
            self.state_writer.write_state(self.state)
        streams = self.resource_streams.values()
        roots = [stream for stream in streams if stream.parent_stream_type is None]
        wanted = [stream for stream in roots if stream.selected or stream.has_selected_descendents]
        try:
            errors = self._synced(wanted)
        finally:
            self._tell()
        errors += [stream.failure for stream in streams if stream.failure]
        self.logger.info("%s", self.report.summary())
        for error in errors[1:]:
            self.logger.error("%s", error)
        if errors:
            raise errors[0]

    @property
    def resource_streams(self) -> dict[str, ResourceStream]:
        """The streams by name."""
        return {name: stream for name, stream in self.streams.items() if isinstance(stream, ResourceStream)}

    def _synced(self, roots: Sequence[ResourceStream]) -> list[BaseException]:
        """Reads root streams with all that is below them; gives what went wrong.

        Raises:
            TargetGoneError: Nobody reads what is written.
            TimeUpError: The run has taken its time.
        """
        self._reading = True
        try:
            with display.shown(self.report, self.clock.clock) as look:
                return run_side_by_side(
                    [self._sync(stream) for stream in roots],
                    self.pool.width,
                    go_on=self.config.get("on_stream_error") == "continue",
                    watch=lambda: self._watch(look),
                )
        finally:
            self._reading = False
            self.pool.close(_LAST_EXCHANGE)
            for transport in self._transports:
                transport.close()

    def _tell(self) -> None:
        """The report: a table on a terminal, and a file if there is to be one."""
        display.show(self.report, self.redactor)
        if self.config.get("report"):
            display.keep(self.report, str(self.folders[-1] / self.config["report"]), self.redactor)

    def _watch(self, look: display.Look) -> None:
        """Looks whether the run may go on; if its time is over, it ends like one that a signal stops."""
        look()
        self.output.watch()
        limit = self.config.get("max_seconds")
        if limit is None or self.clock.clock() - self._begun < limit:
            return
        if self.output.held(_LAST_BLOCK):
            self.state_writer.write_state(self.state)
        self.logger.info("%s", self.report.summary())
        raise TimeUpError(
            f"max_seconds ({limit:g}) is over, so the run ends here. What is written is whole, and the last STATE says "
            "how far it goes: the next run goes on from there"
        )

    def _forget_refreshed(self) -> None:
        """Drops the state of streams that begin anew, so that a run that breaks off is not taken for a whole one."""
        streams = self.resource_streams
        anew = self._refreshed & {name for name, stream in streams.items() if stream.selected}
        for name, stream in streams.items():
            if name in anew:
                stream.stream_state.clear()
            elif any(below.name in anew for below in stream.tree):
                stream.resumption.over()

    def _sync(self, stream: ResourceStream) -> Callable[[], None]:
        def task() -> None:
            try:
                stream.sync()
            except BrokenPipeError:
                raise TargetGoneError(GONE) from None
            except Exception as error:
                stream.broken_off(error)
                stream.progress.write(at_once=True)
                raise
            stream.finalize_state_progress_markers()

        return task

    @override
    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """Ends the run: writes its last STATE, unless the target takes no more lines."""
        self.logger.info("stopped by %s", signal.Signals(signum).name)
        last = threading.Timer(_LAST_BLOCK, os._exit, [128 + signum])
        last.daemon = True
        last.start()
        # Streams are read in threads of their own: whoever has the lock is not in the middle of a block of lines.
        if not self.output.held(_LAST_BLOCK):
            os._exit(128 + signum)
        with suppress(BrokenPipeError):
            if self._reading:
                self.state_writer.write_state(self.state)
        sys.exit(128 + signum)

    @classmethod
    @override
    def get_singer_command(cls) -> click.Command:
        command = super().get_singer_command()
        return Command(
            name=command.name,
            callback=command.callback,
            context_settings=command.context_settings,
            params=command.params,
            help=command.help,
            logger=cls.logger,
        )


def _values(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return [leaf for item in value.values() for leaf in _values(item)]
    return [value]


def _is_url(schema: Any) -> bool:
    return isinstance(schema, str) and schema.lower().startswith(("http://", "https://"))


def _of_one_kind(schema: Mapping[str, Any]) -> dict[str, Any]:
    several = {"source", "full_refresh"}
    return {"properties": {key: value for key, value in schema["properties"].items() if key not in several}}


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
