from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from shell import BIN, PLUGINS, TAP, output

from demo.loading import LIVELY, Loading, Run
from demo.project import CHECKOUT, Project
from demo.warehouses import DuckDb, postgres
from tap_restgeneric.sandbox import running


@pytest.fixture(scope="session")
def sandbox():
    with running(options=LIVELY) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def installed(tmp_path_factory):
    """Meltano's folder with the plugins of meltano.yml in it; the demo uses the same."""
    folder = tmp_path_factory.mktemp("install")
    project = Project(plugins=PLUGINS, state=folder)
    project.install(["tap-restgeneric", "target-postgres", "target-duckdb", "target-jsonl"], folder / "install.log")
    return PLUGINS


@dataclass(frozen=True)
class Twice:
    """Two runs over all APIs, one after the other, into one database."""

    first: Run
    second: Run


@pytest.fixture(scope="session")
def loads(installed, tmp_path_factory):
    """Both databases at once, each from a sandbox of its own, since most of the time is one process waiting."""
    with ThreadPoolExecutor(2) as pool:
        yield {
            "postgres": pool.submit(_into_postgres, installed, tmp_path_factory.mktemp("postgres")),
            "duckdb": pool.submit(_into_duckdb, installed, tmp_path_factory.mktemp("duckdb")),
        }


def _into_postgres(plugins, folder):
    with postgres() as warehouse:
        return _twice(plugins, warehouse, folder)


def _into_duckdb(plugins, folder):
    return _twice(plugins, DuckDb(folder / "loaded.duckdb"), folder)


def _twice(plugins, warehouse, folder):
    # One set of plugins, but Meltano's other files apart: two runs of a plugin use the same names for them.
    meltano = folder / "meltano"
    meltano.mkdir()
    for kind in ("extractors", "loaders"):
        (meltano / kind).symlink_to(plugins / kind)
    with running(options=LIVELY) as sandbox:
        loading = Loading(sandbox, Project(plugins=meltano, state=folder / "state"), warehouse)
        warehouse.empty(loading.schemas)
        first = loading.run(1, folder / "run-1.log")
        return Twice(first, loading.run(2, folder / "run-2.log"))


@pytest.fixture
def config(sandbox, tmp_path):
    """Writes the config of a built-in API for the tap, and gives its path."""

    def written(api, **more):
        settings = {
            "source": api,
            "client": {"base_url": sandbox.url(api)},
            "secrets": sandbox.credentials(api),
            "parameters": sandbox.parameters(api),
            **more,
        }
        path = tmp_path / f"{api}.json"
        path.write_text(json.dumps(settings))
        return path

    return written


@pytest.fixture
def tap(tmp_path):
    """Runs the tap as a user does, and gives what it wrote to stdout."""
    return lambda *arguments: output(TAP, *arguments, cwd=tmp_path)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    output(BIN / "uv", "build", "--quiet", "--wheel", "--out-dir", folder, cwd=CHECKOUT)
    return next(folder.glob("*.whl"))
