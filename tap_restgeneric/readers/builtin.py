"""Which APIs are built in, and what do their definitions say?"""

from __future__ import annotations

from importlib import resources
from pathlib import PurePath

_SUFFIX = ".yaml"


def names() -> list[str]:
    """The names of the built-in APIs, sorted."""
    folder = resources.files("tap_restgeneric") / "apis"
    files = (PurePath(entry.name) for entry in folder.iterdir())
    return sorted(file.stem for file in files if file.suffix == _SUFFIX)


def text(name: str) -> str:
    """The YAML text of the definition of a built-in API."""
    folder = resources.files("tap_restgeneric") / "apis"
    return (folder / f"{name}{_SUFFIX}").read_text(encoding="utf-8")
