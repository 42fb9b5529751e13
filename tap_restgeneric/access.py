"""How is the API reached that the settings describe?"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime, timezone
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tap_restgeneric import kept_schemas, readers, settings
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
from tap_restgeneric.engine.redaction import Redactor, named_secrets, url_secrets
from tap_restgeneric.engine.report import Report, Tally
from tap_restgeneric.engine.sampling import Sampler
from tap_restgeneric.engine.transport import Transport
from tap_restgeneric.engine.unpacking import MEGABYTE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_restgeneric.engine.sampling import Watch
    from tap_restgeneric.engine.transport import Send


class Access:
    """The source in the settings, and the client that asks its API. Nothing in here needs the SDK.

    Args:
        config: The settings, valid.
        redactor: Learns the secrets in them.
        clock: The time to wait in.
        now: Gives the moment to which an open window reads.
        sends: Stands between the client and the network.
        deadlines: Whether an answer may take only so long in all.

    Attributes:
        config: The settings.
        raw: The source as it was written.
        source: The source.
        client: Exchanges calls for replies.
        pool: Runs the exchanges.
        folders: Where relative paths are looked up.

    Raises:
        ConfigError: With all that is wrong in the source.
    """

    def __init__(  # noqa: PLR0913 (the outside world, piece by piece)
        self,
        config: Mapping[str, Any],
        *,
        redactor: Redactor,
        clock: Clock = Clock(),  # noqa: B008 (it has no state)
        now: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
        sends: Callable[[Send], Send] = lambda send: send,
        deadlines: bool = True,
    ) -> None:
        """Reads the source; sends nothing."""
        self.config = config
        self._redactor = redactor
        self._clock = clock
        self._now = now
        self._sends = sends
        self._deadlines = deadlines
        self._transports: list[Transport] = []
        redactor.add(named_secrets(config))
        redactor.add(_values(config.get("secrets")))
        self.folders = [Path.cwd(), *(Path(root) for root in [os.environ.get("MELTANO_PROJECT_ROOT")] if root)]
        self.raw = readers.read(config, folders=self.folders)
        secrets = Secrets(config.get("secrets") or {}, os.environ)
        self.source: Source = loaded(
            self.raw.config,
            secrets=secrets,
            parameters=config.get("parameters") or {},
            start_date=config.get("start_date"),
        )
        self._written = [spellings.resource(entry)["name"] for entry in self.raw.config["resources"]]
        redactor.add(secrets.used)
        self._hide(self.source)
        self.client = self._client(self.source.client)
        self.pool = Pool(self.width)

    @property
    def width(self) -> int:
        """Exchanges at once."""
        return self.config.get("concurrency") or settings.CONCURRENCY

    @property
    def ahead(self) -> int:
        """Requests that discovery may make although it does not need them, if a sync follows that does."""
        return 0 if any(self.config.get(limit) for limit in ("max_records", "max_pages")) else 3 * self.width

    def close(self) -> None:
        """Lets go of the connections."""
        for transport in self._transports:
            transport.close()

    def _hide(self, source: Source) -> None:
        """Makes the secrets that stand in a source known for redaction."""
        redactor = self._redactor
        redactor.add(url_secrets(source.client.base_url))
        redactor.add(named_secrets(source.client.headers))
        for node in source.nodes.values():
            endpoint = node.resource.endpoint
            redactor.add(node.auth.secrets() if node.auth else ())
            redactor.add(named_secrets([endpoint.headers, endpoint.params, endpoint.json_body, endpoint.data]))
            redactor.add(url_secrets(endpoint.path))

    def _transport(self) -> Send:
        config = self.config
        transport = Transport(
            # A number with a fraction is a Decimal, as the SDK reads settings.
            timeout=float(config.get("timeout") or 60),
            exchange_timeout=float(config.get("exchange_timeout") or 600) if self._deadlines else None,
            user_agent=config.get("user_agent") or f"tap-restgeneric/{version('tap-restgeneric')}",
            largest_body=(config.get("max_body_mb") or 100) * MEGABYTE,
            connections=self.width,
        )
        self._transports.append(transport)
        return self._sends(transport)

    def _client(self, block: ClientBlock) -> Client:
        limit = self.config.get("rate_limit")
        return Client(
            block,
            send=self._transport(),
            sleep=self._clock.sleep,
            now=self._clock.now,
            clock=self._clock.clock,
            redactor=self._redactor,
            rate_limit=RateLimit.model_validate(limit) if limit else None,
            kept=KeptTokens(self._token_folder),
        )

    @property
    def _token_folder(self) -> Path:
        """Where refresh tokens are kept that an API has changed."""
        given = self.config.get("token_folder")
        return self.folders[-1] / given if given else usual_folder()

    def sampler(self, size: int | None = None, watch: Watch | None = None, *, ahead: int | None = None) -> Sampler:
        """Reads sample records.

        Args:
            size: Records a resource is sampled for; None: as the settings say.
            watch: Sees every page that is read.
            ahead: Requests that may go out although no sample needs them; None: no sync follows.
        """
        return Sampler(
            self.source.nodes,
            self.client,
            size=size or self.config.get("infer_records") or 200,
            start_date=self.config.get("start_date"),
            now=self._now,
            watch=watch,
            pool=self.pool if watch is None else ONE_BY_ONE,
            ahead=ahead,
        )

    def discovery(self, sampler: Sampler, given: Mapping[str, dict[str, Any]], report: Report) -> Discovery:
        """Finds the shapes of the streams.

        Args:
            sampler: Reads records where nothing else tells.
            given: Schemas that need no sample, by resource.
            report: Counts warnings.
        """
        collect = self.config.get("undeclared_fields") == "collect"
        return Discovery(
            self.source.nodes, api=self.raw.api, sampler=sampler, given=given, collect=collect, report=report
        )

    @cached_property
    def _giving(self) -> dict[str, Any]:
        """What the resources say that give a schema."""
        given = ((name, node.resource.given_schema) for name, node in self.source.nodes.items())
        return {name: schema for name, schema in given if schema is not None}

    def given_schemas(self, *, fetches: bool = True) -> dict[str, dict[str, Any]]:
        """The schemas that the source gives or the folder keeps.

        Args:
            fetches: Whether those behind a URL are asked for; else they are left out.

        Raises:
            ConfigError: With all that cannot be found or read.
        """
        found = {name: schema for name, schema in self._giving.items() if fetches or not _is_url(schema)}
        given = self._read(found) if found else {}
        if not self.config.get("schemas"):
            return given
        folder = kept_schemas.folder(self.config["schemas"], self.folders)
        kept = {name: kept_schemas.read(folder, name) for name in self.source.nodes}
        return {name: schema for name, schema in kept.items() if schema is not None} | given

    def _read(self, given: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        from tap_restgeneric.given_schemas import GivenSchemas  # noqa: PLC0415 (with it comes the SDK)

        beside = [*([self.raw.folder] if self.raw.folder else []), *self.folders]
        return GivenSchemas(folders=beside, fetch=self._fetched).schemas(
            (
                name,
                schema,
                self.source.nodes[name].resource.primary_key,
                f"$.resources[{self._written.index(name)}].schema",
            )
            for name, schema in given.items()
        )

    def _fetched(self, url: str) -> bytes:
        """The body behind a URL that is none of the API's: no credentials go there."""
        parts = urlsplit(url)
        client = self._client(ClientBlock(base_url=f"{parts.scheme}://{parts.netloc}"))
        reply = client.exchange(Call(url=url), Policy(), Tally("schema"))
        return b"" if reply is None else reply.content


def _values(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return [leaf for item in value.values() for leaf in _values(item)]
    return [value]


def _is_url(schema: Any) -> bool:
    return isinstance(schema, str) and schema.lower().startswith(("http://", "https://"))
