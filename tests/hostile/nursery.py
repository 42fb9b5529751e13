"""How does the tap run in a process of its own, without the second that the start of Python takes?

A process that has imported all forks one child for each run: real exit codes, real output, and the memory of that
run alone.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import Self

_MOST_MEMORY = 8 * 1024**3
"""Address space of a child: a run that goes wrong must not take the machine with it."""
_PAUSE = 0.003


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A run that is over.

    Attributes:
        code: Exit code; negative for a signal, -9 where its time was up.
        out: What it wrote to stdout.
        err: What it wrote to stderr.
        seconds: How long it took.
        megabytes: Its largest resident size.
    """

    code: int
    out: str
    err: str
    seconds: float
    megabytes: float

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]

    def ids(self, stream: str) -> list[Any]:
        """The `id` of every record delivered, in order."""
        records = [each for each in self.messages if each["type"] == "RECORD" and each["stream"] == stream]
        return [each["record"].get("id") for each in records]

    def lines(self, level: str) -> list[str]:
        """The texts of the log lines of a level."""
        return [line.split(" | ", 3)[-1] for line in self.err.split("\n") if f" | {level:8} |" in line]


class Nursery:
    """Starts children, one after another.

    Args:
        pace: How many times as fast their waits between retries pass.
    """

    def __init__(self, pace: float = 1) -> None:
        here = Path(__file__).parent
        self._mother = subprocess.Popen(
            [sys.executable, "-m", "hostile.nursery", str(pace)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**_clean(), "PYTHONPATH": str(here.parent)},
        )

    def run(self, folder: Path, *args: str, seconds: float, **env: str) -> Ended:
        """The tap with command line arguments, in a folder that is its home and its working directory.

        Args:
            folder: Where it runs; what it writes is beside it, in `<folder>.out` and `<folder>.err`.
            args: Of the command line.
            seconds: After these it is ended.
            env: Environment variables beside the usual ones.
        """
        order = {"folder": str(folder), "args": args, "seconds": seconds, "env": {**_clean(), **env}}
        assert self._mother.stdin
        assert self._mother.stdout
        self._mother.stdin.write(json.dumps(order) + "\n")
        self._mother.stdin.flush()
        told = json.loads(self._mother.stdout.readline())
        texts = {name: Path(f"{folder}.{name}").read_text(errors="surrogateescape") for name in ("out", "err")}
        return Ended(**told, **texts)

    def close(self) -> None:
        assert self._mother.stdin
        assert self._mother.stdout
        self._mother.stdin.close()
        self._mother.wait()
        self._mother.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _clean() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("TAP_", "XDG_", "MELTANO_"))}


def _mother() -> None:
    """Reads orders, forks, and tells how each child ended."""
    import jsonpath_ng.ext.parser  # noqa: F401, PLC0415 (imported late by the tap, and slow)
    import jwt  # noqa: F401, PLC0415

    from tap_restgeneric.engine.clock import Clock  # noqa: PLC0415
    from tap_restgeneric.tap import TapRestGeneric  # noqa: PLC0415

    pace = float(sys.argv[1])
    TapRestGeneric.clock = Clock(sleep=lambda seconds: time.sleep(seconds / pace))
    for line in sys.stdin:
        order = json.loads(line)
        begun = time.monotonic()
        child = os.fork()
        if not child:
            _child(TapRestGeneric, order)
        while True:
            ended, status, usage = os.wait4(child, os.WNOHANG)
            if ended:
                break
            if time.monotonic() - begun > order["seconds"]:
                os.kill(child, 9)
            time.sleep(_PAUSE)
        told = {
            "code": os.waitstatus_to_exitcode(status),
            "seconds": time.monotonic() - begun,
            "megabytes": usage.ru_maxrss / 1024,
        }
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


def _child(tap: Any, order: dict[str, Any]) -> None:
    """The tap as its console script starts it; never returns."""
    folder = order["folder"]
    os.chdir(folder)
    os.environ.clear()
    os.environ.update({**order["env"], "HOME": folder, "TMPDIR": folder})
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(f"{folder}.{name}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    code: Any = 0
    try:
        tap.cli.main(order["args"], prog_name="tap-restgeneric")
    except SystemExit as ended:
        code = ended.code
    except BaseException as error:  # noqa: BLE001 (what the interpreter does with what nobody catches)
        sys.excepthook(type(error), error, error.__traceback__)
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 1)


if __name__ == "__main__":
    _mother()
