"""The Singer tap: settings in; catalog, records and state out."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from copy import deepcopy
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from singer_sdk import Tap
from singer_sdk.configuration._dict_config import parse_environment_config
from singer_sdk.helpers._classproperty import classproperty
from typing_extensions import override

from tap_restgeneric import kept_schemas, readers, settings
from tap_restgeneric.command import Command
from tap_restgeneric.dialect import spellings
from tap_restgeneric.dialect.exchange import Call
from tap_restgeneric.dialect.loading import Source, loaded
from tap_restgeneric.dialect.secrets import Secrets
from tap_restgeneric.dialect.source import Client as ClientBlock
from tap_restgeneric.dialect.source import RateLimit
from tap_restgeneric.discovery import Discovery
from tap_restgeneric.engine.client import Client, Policy
from tap_restgeneric.engine.clock import Clock
from tap_restgeneric.engine.kept_tokens import KeptTokens, usual_folder
from tap_restgeneric.engine.pool import ONE_BY_ONE, Pool
from tap_restgeneric.engine.redaction import Redactor, guard_logging, named_secrets, url_secrets
from tap_restgeneric.engine.report import Report, Tally
from tap_restgeneric.engine.sampling import Sampler
from tap_restgeneric.engine.transport import Transport
from tap_restgeneric.engine.unpacking import MEGABYTE
from tap_restgeneric.errors import ConfigError
from tap_restgeneric.given_schemas import GivenSchemas
from tap_restgeneric.output import Output
from tap_restgeneric.run import Run, ended_by
from tap_restgeneric.streams.pace import Pace
from tap_restgeneric.streams.stream import ResourceStream, stream_class

if TYPE_CHECKING:
    from types import FrameType

    import click

    from tap_restgeneric.dialect.relations import Node
    from tap_restgeneric.engine.sampling import Watch
    from tap_restgeneric.engine.transport import Send


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
        self.run: Run | None = None
        self.transports: list[Transport] = []
        self.redactor = Redactor()
        self._syncs = kwargs.get("setup_mapper", True)  # where the SDK wants a catalog alone, it sets up no mapper
        self._goes_on = bool(kwargs.get("state"))
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
        self.transports.append(transport)
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
            sampler=self.sampler(ahead=self._ahead),
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

    @property
    def _ahead(self) -> int | None:
        """Requests that discovery may make although it does not need them: the sync does. None: no sync follows."""
        if not self._syncs:
            return None
        limits = any(self._config.get(limit) for limit in ("max_records", "max_pages"))
        return 0 if limits or self._goes_on else 2 * self._width

    def sampler(self, size: int | None = None, watch: Watch | None = None, *, ahead: int | None = None) -> Sampler:
        """Reads sample records through the client of the tap.

        Args:
            size: Records a resource is sampled for; None: as the settings say.
            watch: Sees every page that is read.
            ahead: Requests that may go out although no sample needs them; None: no sync follows.
        """
        size = size or self._config.get("infer_records") or 200
        start_date = self._config.get("start_date")
        nodes, pool = self.source.nodes, self.pool if watch is None else ONE_BY_ONE
        return Sampler(
            nodes, self.client, size=size, start_date=start_date, now=self.now, watch=watch, pool=pool, ahead=ahead
        )

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
