"""What does a command take, and how many records come out of it?"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from benchmarks.scenarios import Load

_RECORD = b'"RECORD"'
_RESULT = re.compile(rb"RESULT (\d+)")
_PIECE = 1 << 20
_LAUNCH = Path(__file__).with_name("launch.py")


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What a command took.

    Attributes:
        seconds: From its start to its end.
        cpu: Seconds of processors, its children included.
        megabytes: Most memory of one process at a time.
        records: Records that came out of it.
        requests: Requests that it sent.
        at_once: Most requests that were open.
        problem: Why it does not count; empty if it does.
    """

    seconds: float
    cpu: float
    megabytes: float
    records: int
    requests: int = 0
    at_once: int = 0
    problem: str = ""

    @property
    def rate(self) -> float:
        """Records a second."""
        return self.records / self.seconds


def took(argv: Sequence[str], *, env: Mapping[str, str] | None = None, folder: Path | None = None) -> Taken:
    """Runs a command to its end; its records are lines with a type, or one line `RESULT <number>`.

    Args:
        argv: The command.
        env: Its environment; None: that of this process.
        folder: Its working folder.
    """
    with tempfile.NamedTemporaryFile() as answer, tempfile.TemporaryFile() as errors:
        launched = [sys.executable, "-S", "-E", str(_LAUNCH), answer.name, *argv]
        with subprocess.Popen(launched, stdout=subprocess.PIPE, stderr=errors, env=env, cwd=folder) as process:  # noqa: S603
            records = _counted(process)
        taken = json.load(answer)
        errors.seek(0)
        said = errors.read().decode(errors="replace").split("\n")
    code = taken.pop("code")
    last = next((line.strip() for line in reversed(said) if line.strip()), "")
    return Taken(**taken, records=records, problem=f"exit code {code}: {last[:200]}" if code else "")


def _counted(process: subprocess.Popen[bytes]) -> int:
    """Records on the standard output of a process, read as cheaply as may be."""
    stream: Any = process.stdout
    count, rest, result = 0, b"", None
    while piece := os.read(stream.fileno(), _PIECE):
        count += piece.count(_RECORD) + (rest + piece[: len(_RECORD) - 1]).count(_RECORD)
        result = _RESULT.search(rest + piece) or result
        rest = piece[1 - len(_RECORD) :]
    stream.close()
    return int(result[1]) if result else count


@contextmanager
def serving(records: int, parents: int = 5000) -> Iterator[str]:
    """The address of a server in a process of its own, as long as the block lasts."""
    command = [sys.executable, "-m", "benchmarks.server", "--records", str(records), "--parents", str(parents)]
    root = Path(__file__).parent.parent
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:  # noqa: S603
        try:
            assert process.stdout
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def counted_by(load: Load) -> dict[str, int]:
    """What the server counted of a load."""
    with urlopen(f"{load.server}/count/{load.run}") as reply:  # noqa: S310 (loopback)
        found: dict[str, int] = json.load(reply)
    return found
