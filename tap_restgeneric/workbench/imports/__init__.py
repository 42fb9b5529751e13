"""What does another tool's configuration say, in our words? One module per format; `FORMATS` is the list."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tap_restgeneric.errors import ConfigError
from tap_restgeneric.workbench.imports import dlt, msdk
from tap_restgeneric.workbench.imports.document import Document, Imported

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("FORMATS", "Imported", "imported")


class Format(NamedTuple):
    """One format: how it is told, and how it is read."""

    recognises: Callable[[Document], bool]
    read: Callable[[Document], Imported]


FORMATS = {
    "dlt": Format(dlt.recognises, dlt.read),
    "tap-rest-api-msdk": Format(msdk.recognises, msdk.read),
}


def imported(path: str, name: str | None) -> tuple[str, Imported]:
    """The name of the format of a file, and what it holds.

    Args:
        path: The file.
        name: Its format; None to be told from what it holds.

    Raises:
        ConfigError: It cannot be read, or is in none of the formats.
    """
    document = Document.of(path)
    found = name or next((known for known, form in FORMATS.items() if form.recognises(document)), None)
    if found is None:
        raise ConfigError.at("FILE", f"{path} holds no configuration of {' or of '.join(FORMATS)}; --format says which")
    return found, FORMATS[found].read(document)
