"""Which schemas are kept in a folder, and what would more records add to them?"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tap_restgeneric.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tap_restgeneric.inference import Schema

DEFAULT_FOLDER = "schemas"
_PATH = "$.schemas"


def folder(name: str, folders: Sequence[Path]) -> Path:
    """The folder of a setting.

    Args:
        name: Its path.
        folders: Where a relative path is looked up, in this order.

    Raises:
        ConfigError: There is none.
    """
    found = next((path for path in (above / name for above in folders) if path.is_dir()), None)
    if found is None:
        looked = "" if Path(name).is_absolute() else f" in {', '.join(map(str, folders))}"
        raise ConfigError.at(_PATH, f"there is no folder {name}{looked}; `restgeneric schema --write` makes it")
    return found


def file(kept: Path, stream: str) -> Path | None:
    """The file of a stream in a folder, be it there or not; None for a name that no file in it can have."""
    return kept / f"{stream}.json" if Path(stream).name == stream and "\\" not in stream else None


def read(kept: Path, stream: str) -> Schema | None:
    """The schema that a folder keeps for a stream, if it does.

    Raises:
        ConfigError: The file is no JSON Schema of records.
    """
    path = file(kept, stream)
    if path is None or not path.is_file():
        return None
    try:
        schema = json.loads(path.read_text("utf-8-sig"))
    except (OSError, ValueError) as error:
        raise ConfigError.at(_PATH, f"{path} cannot be read: {error}") from None
    if not isinstance(schema, dict) or not isinstance(schema.get("properties"), dict):
        raise ConfigError.at(_PATH, f"{path} must hold a JSON Schema with `properties`")
    return schema


def write(kept: Path, stream: str, schema: Schema) -> Path:
    """Keeps a schema in a folder, which is made if it is not there.

    Raises:
        ConfigError: No file can have the name of the stream, or it cannot be written.
    """
    path = file(kept, stream)
    if path is None:
        raise ConfigError.at(_PATH, f"no file can be named after the stream {stream!r}")
    try:
        kept.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n", "utf-8")
    except OSError as error:
        raise ConfigError.at(_PATH, f"{path} cannot be written: {error.strerror}") from None
    return path


@dataclass(frozen=True)
class Change:
    """What becomes of one field.

    Attributes:
        field: Its path: `customer.address.city`, `lines[].price`.
        before: Its type in words; None if it is new.
        after: Its type in words; None if it is gone.
    """

    field: str
    before: str | None
    after: str | None


def changes(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> list[Change]:
    """The fields that two schemas of records do not agree about, fields inside of new ones among them."""
    old, new = dict(_fields(before or {})), dict(_fields(after))
    names = [*new, *(name for name in old if name not in new)]
    found = [Change(name, old.get(name), new.get(name)) for name in names]
    return [change for change in found if change.before != change.after]


def _fields(schema: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """The fields of a schema, each with its type in words."""
    for name, field in schema.get("properties", {}).items():
        path = f"{above}{name}"
        yield path, _words(field)
        yield from _fields(field, f"{path}.")
        items = field.get("items")
        if isinstance(items, dict):
            yield from _fields(items, f"{path}[].")


def _words(schema: Mapping[str, Any]) -> str:
    """A type in words: `string (date-time) or null`."""
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(word for option in schema["anyOf"] for word in _words(option).split(" or ")))
    kinds = schema.get("type", "anything")
    return " or ".join(_word(kind, schema) for kind in ([kinds] if isinstance(kinds, str) else kinds))


def _word(kind: str, schema: Mapping[str, Any]) -> str:
    if kind == "string" and "format" in schema:
        return f"string ({schema['format']})"
    if kind == "array" and isinstance(schema.get("items"), dict):
        items = schema["items"].get("type", "anything")
        return f"array of {items if isinstance(items, str) else next(iter(items), 'anything')}"
    return kind
