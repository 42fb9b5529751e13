"""The tap as a user starts it: its console script, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

SCRIPT = Path(sys.executable).with_name("tap-restgeneric")


@dataclass(frozen=True)
class Ended:
    """A process that has ended."""

    code: int
    out: str
    err: str

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]

    def records(self, stream: str) -> list[dict[str, Any]]:
        return [each["record"] for each in self.messages if each["type"] == "RECORD" and each["stream"] == stream]

    @property
    def errors(self) -> list[str]:
        """The texts of the ERROR lines."""
        return [line.rpartition(" | ")[2].strip() for line in self.err.splitlines() if "| ERROR " in line]


def environment(**more: str) -> dict[str, str]:
    """The environment without what it says to taps."""
    return {**{name: value for name, value in os.environ.items() if not name.startswith("TAP_")}, **more}


def start(*args: Any, cwd: Path | None = None, **env: str) -> subprocess.Popen[str]:
    """The tap, running."""
    return subprocess.Popen(
        [SCRIPT, *map(str, args)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=environment(**env),
        cwd=cwd,
    )


def ended(process: subprocess.Popen[str]) -> Ended:
    """What a process said until it ended."""
    try:
        out, err = process.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    return Ended(process.returncode, out, err)


def run(*args: Any, **kwargs: Any) -> Ended:
    """The tap, from its start to its end."""
    return ended(start(*args, **kwargs))


class Launcher:
    """Runs processes side by side, since most of each is the start of Python.

    Args:
        folder: Where settings are written.
        pool: Runs them.
    """

    def __init__(self, folder: Path, pool: ThreadPoolExecutor) -> None:
        self.folder = folder
        self._pool = pool
        self._launched: dict[str, Future[Ended]] = {}
        self._written = 0

    def file(self, content: Any) -> Path:
        """A JSON file."""
        self._written += 1
        path = self.folder / f"{self._written}.json"
        path.write_text(json.dumps(content))
        return path

    def launch(self, name: str, *args: Any, **env: str) -> None:
        """Begins a process; objects among its arguments become files."""
        given = [self.file(arg) if isinstance(arg, (dict, list)) else arg for arg in args]
        self._launched[name] = self._pool.submit(run, *given, **env)

    def __getitem__(self, name: str) -> Ended:
        return self._launched[name].result()
