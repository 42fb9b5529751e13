"""Where is a file, and what text does it hold?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tap_restgeneric.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence


_LARGEST = 2_000_000
"""Bytes of a source: more is none, and would take minutes to read."""


def find(name: str, folders: Sequence[Path]) -> Path:
    """The first file of that name in the folders; an absolute name is looked up where it says.

    Raises:
        ConfigError: There is none.
    """
    absolute = Path(name).is_absolute()
    for path in [Path(name)] if absolute else [folder / name for folder in folders]:
        if _is_file(path):
            return path
    looked = "" if absolute else f" in {', '.join(map(str, folders))}"
    raise ConfigError.at("$.source", f"there is no file {name}{looked}")


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


def text(path: Path, name: str) -> str:
    """What a file holds, as UTF-8 with or without a byte order mark, lines ending in a line feed.

    Raises:
        ConfigError: The file cannot be opened, or is not UTF-8.
    """
    try:
        if (size := path.stat().st_size) > _LARGEST:
            raise ConfigError.at("$.source", f"{name} has {size} bytes, and a source has at most {_LARGEST}")
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError.at("$.source", f"{name} cannot be opened: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError.at("$.source", f"{name} is not text in UTF-8") from None
