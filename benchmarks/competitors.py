"""Who takes part, in which environment, and by which command?"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.peers import manifests
from benchmarks.records import PARENT, RECORD

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.scenarios import Load

_SCRIPTS = Path(__file__).parent / "peers"
WIDE = 16
"""Requests at once, of those that can."""

Argv = list[str]


@dataclass(frozen=True, kw_only=True)
class Peer:
    """One who reads.

    Attributes:
        name: What the table calls it.
        packages: What its environment holds; none: that of the tap.
        argv: Its command for a load, from the folder of its executables and one for its files; None: cannot do it.
        discovers: What is added to write the catalog instead; None: cannot do it.
    """

    name: str
    packages: tuple[str, ...] = ()
    argv: Callable[[Load, Path, Path], Argv | None]
    discovers: str | None = None

    def command(self, load: Load, executables: Path, folder: Path) -> Argv | None:
        """Its command for a load; None if it cannot do it."""
        if load.scenario.discovers and self.discovers is None:
            return None
        argv = self.argv(load, executables, folder)
        return [*argv, self.discovers] if argv and load.scenario.discovers and self.discovers else argv


@dataclass(frozen=True)
class Environments:
    """The environments of peers, made once and kept.

    Attributes:
        root: The folder that holds them.
    """

    root: Path

    def executables(self, packages: tuple[str, ...]) -> Path:
        """The folder of executables of an environment with these packages.

        Raises:
            subprocess.CalledProcessError: They cannot be installed.
        """
        if not packages:
            return Path(sys.executable).parent
        name = packages[0].partition("=")[0].partition("[")[0].partition("~")[0]
        place, stamp = self.root / name, self.root / name / "installed"
        wanted = "\n".join(packages)
        if not stamp.exists() or stamp.read_text() != wanted:
            shutil.rmtree(place, ignore_errors=True)
            uv = str(Path(sys.executable).with_name("uv"))
            subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(place)], check=True)  # noqa: S603
            install = [uv, "pip", "install", "--quiet", "--python", str(place / "bin" / "python"), *packages]
            subprocess.run(install, check=True)  # noqa: S603
            stamp.write_text(wanted)
        return place / "bin"


def written(folder: Path, name: str, content: Any) -> str:
    """The path of a JSON file."""
    path = folder / name
    path.write_text(json.dumps(content))
    return str(path)


def tap_settings(load: Load, concurrency: int) -> dict[str, Any]:
    """The settings of our tap for a load."""
    return {"source": load.dlt_source, "concurrency": concurrency}


def plain_settings(load: Load) -> dict[str, Any]:
    """The settings of the plain tap for a load."""
    since = {"start_date": load.facts["since"]} if load.facts["since"] else {}
    return {**load.facts, **since, "record": RECORD, "parent": PARENT}


def _tap(load: Load, executables: Path, folder: Path, concurrency: int = WIDE) -> Argv:
    settings = written(folder, "tap.json", tap_settings(load, concurrency))
    return [str(executables / "tap-restgeneric"), "--config", settings]


def _plain(load: Load, executables: Path, folder: Path) -> Argv:
    settings = written(folder, "plain.json", plain_settings(load))
    return [str(executables / "python"), str(_SCRIPTS / "plain_tap.py"), "--config", settings]


def _msdk(load: Load, executables: Path, folder: Path) -> Argv | None:
    settings = manifests.msdk(load)
    if settings is None:
        return None
    return [str(executables / "tap-rest-api-msdk"), "--config", written(folder, "msdk.json", settings)]


def _dlt(load: Load, executables: Path, folder: Path, *flags: str) -> Argv:
    source = written(folder, "source.json", load.dlt_source)
    return [str(executables / "python"), str(_SCRIPTS / "dlt_extract.py"), source, str(folder), *flags]


def _airbyte(load: Load, executables: Path, folder: Path) -> Argv | None:
    manifest = manifests.airbyte(load, WIDE)
    if manifest is None:
        return None
    settings = written(folder, "airbyte.json", {"__injected_declarative_manifest": manifest})
    catalog = written(folder, "catalog.json", manifests.airbyte_catalog(load))
    script = str(executables / "source-declarative-manifest")
    return [script, "read", "--config", settings, "--catalog", catalog]


def _sling(load: Load, executables: Path, folder: Path) -> Argv | None:
    if load.scenario.parents or load.scenario.incremental:
        return None
    facts = written(folder, "load.json", load.facts)
    return [str(executables / "python"), str(_SCRIPTS / "sling_run.py"), facts, str(folder)]


def _limit(load: Load, executables: Path, folder: Path, *flags: str) -> Argv:
    facts = written(folder, "load.json", load.facts)
    return [str(executables / "python"), str(_SCRIPTS / "limit.py"), facts, *flags]


_SDK = ("singer-sdk==0.54.9",)
_DLT = ("dlt[filesystem]==1.31.0",)
_LIMIT = ("msgspec", "requests")

PEERS: tuple[Peer, ...] = (
    Peer(name="tap", argv=_tap, discovers="--discover"),
    Peer(name="tap-1", argv=partial(_tap, concurrency=1), discovers="--discover"),
    Peer(name="sdk", packages=_SDK, argv=_plain, discovers="--discover"),
    Peer(name="msdk", packages=("tap-rest-api-msdk==1.4.2", "setuptools<81"), argv=_msdk, discovers="--discover"),
    Peer(name="dlt", packages=_DLT, argv=_dlt),
    Peer(name="dlt-parallel", packages=_DLT, argv=lambda *where: _dlt(*where, "--parallel")),
    Peer(name="airbyte", packages=("airbyte-cdk==7.39.1",), argv=_airbyte),
    Peer(name="sling", packages=("sling-linux-amd64==1.4.11", "PyYAML"), argv=_sling),
    Peer(name="limit", packages=_LIMIT, argv=_limit),
    Peer(name="limit-wide", packages=_LIMIT, argv=lambda *where: _limit(*where, "--connections", str(WIDE))),
)
