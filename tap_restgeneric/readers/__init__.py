"""Where does a source come from, and what does it say?"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from importlib import import_module
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from tap_restgeneric.errors import ConfigError
from tap_restgeneric.readers import builtin, files, json_text, mapping, overlay

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

_KEYS = ("client", "resource_defaults", "resources")


def _later(module: str, function: str = "read") -> Callable[[str, str], Any]:
    """A reader that is imported when there is something for it to read: with it comes a library, or much code."""

    def read(document: str, name: str) -> Any:
        return getattr(import_module(f"{__name__}.{module}"), function)(document, name)

    return read


_read_yaml = _later("yaml_text")

_READERS: dict[str, Callable[[str, str], Any]] = {
    ".yaml": _read_yaml,
    ".yml": _read_yaml,
    ".json": json_text.read,
    ".py": _later("snippet", "read_python"),
    ".md": _later("snippet", "read_prose"),
    ".txt": _later("snippet", "read_prose"),
}


class RawSource(Struct, frozen=True, kw_only=True):
    """A source as it was written, in plain values, not yet checked.

    Attributes:
        config: `client`, `resource_defaults`, `resources`, and whatever else the user wrote beside them.
        api: The name of the built-in API it is, for its schemas; None if it is none.
        origin: What messages call it: `built-in 'ci'`, `file x.yaml`, `settings`.
        folder: Where the file is that it was read from; None if it is in no file of the user's.
    """

    config: dict[str, Any]
    api: str | None
    origin: str
    folder: Path | None = None


def read(settings: Mapping[str, Any], *, folders: Sequence[Path]) -> RawSource:
    """The source that the tap's settings name or hold.

    Args:
        settings: `source`, and `client`, `resource_defaults`, `resources`, which are laid over it; None is as
            good as absent, other settings are not looked at.
        folders: Where relative paths are looked up, in this order.

    Raises:
        ConfigError: No source is given, it cannot be found, or it cannot be read.
    """
    given = {key: settings[key] for key in _KEYS if settings.get(key) is not None}
    written = mapping.read(given, "settings")
    source = settings.get("source")
    if source is None:
        return RawSource(config=_complete(written), api=None, origin="settings")
    raw = _named(source, folders) if isinstance(source, str) else _object(source)
    return replace(raw, config=overlay.lay(written, raw.config))


def names_a_source(word: str) -> bool:
    """Whether a word is the name of a built-in API or ends as a file of a source does."""
    return word in builtin.names() or PurePath(word).suffix.lower() in _READERS


def _complete(written: dict[str, Any]) -> dict[str, Any]:
    missing = [key for key in ("client", "resources") if key not in written]
    if not missing:
        return written
    ways = f"a built-in API ({', '.join(builtin.names())}), the path of a file, or an object"
    beside = "" if len(missing) > 1 or not written else f"; `{missing[0]}` is missing"
    raise ConfigError.at("$.source", f"give `source`: {ways}; or give `client` and `resources`{beside}")


def _object(source: Any) -> RawSource:
    if not isinstance(source, Mapping):
        raise ConfigError.at("$.source", f"must be a name, a path or an object, not a {type(source).__name__}")
    return RawSource(config=mapping.read(source, "settings"), api=None, origin="settings")


def _named(source: str, folders: Sequence[Path]) -> RawSource:
    apis = builtin.names()
    if source in apis:
        origin = f"built-in '{source}'"
        config = _read_yaml(builtin.text(source), origin)
        return RawSource(config=_as_object(config, origin), api=source, origin=origin)
    if source.lstrip().startswith("{"):
        # A setting that came through an environment variable is text, also where it means an object.
        return RawSource(config=_as_object(json_text.read(source, "settings"), "settings"), api=None, origin="settings")
    reader = _READERS.get(PurePath(source).suffix.lower())
    if reader is None:
        raise ConfigError.at("$.source", _unknown(source, apis, folders))
    origin = f"file {source}"
    path = files.find(source, folders)
    config = reader(files.text(path, origin), origin)
    return RawSource(config=_as_object(config, origin), api=None, origin=origin, folder=path.parent)


def _as_object(config: Any, origin: str) -> dict[str, Any]:
    if not isinstance(config, dict):
        raise ConfigError.at("$.source", f"{origin} must hold an object with `client` and `resources`")
    return config


def _unknown(source: str, apis: list[str], folders: Sequence[Path]) -> str:
    near = difflib.get_close_matches(source, apis, n=1)
    guess = f" (did you mean {near[0]!r}?)" if near else ""
    looked = ", ".join(map(str, folders))
    return (
        f"{source!r} is no built-in API{guess}: there are {', '.join(apis)}; "
        f"and no path of a file: those end in {', '.join(_READERS)} and are looked up in {looked}"
    )


def document(text: str) -> Any:
    """The value of a large document that is not written for us, an OpenAPI one: JSON or YAML, read fast.

    Raises:
        ValueError: It is neither.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        from tap_restgeneric.readers import yaml_text  # noqa: PLC0415  # as above

        return yaml_text.quick(text)
