"""How is Meltano asked to run the plugins of this checkout, without leaving a trace in it?"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CHECKOUT = Path(__file__).resolve().parent.parent
_STOP_SECONDS = 15


class MeltanoError(Exception):
    """Meltano ended with an error; the message holds the end of its log."""


@dataclass(frozen=True, kw_only=True)
class Project:
    """The Meltano project of this checkout.

    Attributes:
        plugins: Folder for Meltano's own files: installed plugins, catalogs. Kept, it saves installing again.
        state: Folder for the bookmarks. Fresh, every stream begins at its beginning.
        root: The folder of meltano.yml.
    """

    plugins: Path
    state: Path
    root: Path = CHECKOUT

    def install(self, names: Sequence[str], log: Path) -> None:
        """Install plugins, again if their definition or the dependencies of the tap have changed."""
        wanted = _digest(self.root / "meltano.yml", self.root / "pyproject.toml")
        stamps = {name: self.plugins / f"{name}.installed" for name in names}
        missing = [name for name, stamp in stamps.items() if not stamp.exists() or stamp.read_text() != wanted]
        if missing:
            self.call(["install", "--clean", *missing], {}, log)
        for stamp in stamps.values():
            stamp.write_text(wanted)

    def run(self, pairs: Sequence[tuple[str, str]], environment: Mapping[str, str], log: Path) -> None:
        """`meltano run` over pairs of extractor and loader, one after the other.

        Raises:
            MeltanoError: One of them failed; those behind it were not begun.
        """
        self.call(["run", "--no-install", *(name for pair in pairs for name in pair)], environment, log)

    def call(self, arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        """Run a command of Meltano and wait for it; what it says goes into the log.

        Raises:
            MeltanoError: It failed.
        """
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("w") as out:
            process = subprocess.Popen(  # noqa: S603
                [meltano(), *arguments],
                cwd=self.root,
                env={**self.environment(), **environment},
                stdout=out,
                stderr=subprocess.STDOUT,
            )
            code = _ended(process)
        if code != 0:
            raise MeltanoError(f"meltano {' '.join(arguments)}: exit code {code}\n{_tail(log)}")

    def environment(self) -> dict[str, str]:
        """The environment for Meltano: what the user set for other projects and other runs is left out."""
        self.plugins.mkdir(parents=True, exist_ok=True)
        self.state.mkdir(parents=True, exist_ok=True)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MELTANO_", "TAP_"))}
        return {
            **kept,
            "MELTANO_PROJECT_ROOT": str(self.root),
            "MELTANO_SYS_DIR_ROOT": str(self.plugins),
            "MELTANO_STATE_BACKEND_URI": self.state.as_uri(),
            "MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false",
            "NO_COLOR": "1",
        }


def meltano() -> str:
    """The path of Meltano's command, from the environment of this interpreter."""
    return str(Path(sys.executable).with_name("meltano"))


def _ended(process: subprocess.Popen[bytes]) -> int:
    """The exit code; whatever interrupts the waiting also stops Meltano, which stops the tap and the target."""
    try:
        return process.wait()
    except BaseException:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
        raise


def _digest(*files: Path) -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def _tail(log: Path, lines: int = 40) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
