"""What does a resource look like over the defaults? The rules of dlt for `resource_defaults`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tap_restgeneric.dialect.blocks import Steps

SHALLOW = ("params", "json")
"""Keys of an endpoint that are merged name by name; all the others are replaced whole."""


def laid_over(under: dict[str, Any], entry: dict[str, Any]) -> dict[str, Any]:
    """A resource with another laid under it. An explicit null resets; nothing passed in is changed.

    `endpoint` is merged key by key, its `params` and `json` name by name, `columns` deeply; all else is replaced whole.
    """
    result = {**under, **entry}
    if isinstance(under.get("endpoint"), dict) and isinstance(entry.get("endpoint", {}), dict):
        result["endpoint"] = _endpoint(under["endpoint"], entry.get("endpoint", {}))
    if under.get("columns") is not None and entry.get("columns") is not None:
        result["columns"] = _deep(by_name(under["columns"]), by_name(entry["columns"]))
    return result


def with_defaults(defaults: dict[str, Any], entry: dict[str, Any]) -> dict[str, Any]:
    """An entry of `resources` as it counts: over the defaults, whose path is never used; without a path, its name."""
    under = dict(defaults)
    if isinstance(endpoint := under.get("endpoint"), dict):
        under["endpoint"] = {key: value for key, value in endpoint.items() if key != "path"}
    result = laid_over(under, entry)
    endpoint = result.get("endpoint") or {}
    if isinstance(endpoint, dict) and endpoint.get("path") is None:
        endpoint = {**endpoint, "path": str(entry.get("name") or "")}
    return {**result, "endpoint": endpoint}


def _endpoint(defaults: dict[str, Any], endpoint: dict[str, Any]) -> dict[str, Any]:
    result = {**defaults, **endpoint}
    for key in SHALLOW:
        if isinstance(defaults.get(key), dict) and isinstance(endpoint.get(key), dict):
            result[key] = {**defaults[key], **endpoint[key]}
    return result


def by_name(columns: Any) -> Any:
    """Column hints by field; a list of hints with a `name` becomes an object."""
    if not isinstance(columns, list) or not all(
        isinstance(hint, dict) and isinstance(hint.get("name"), str) for hint in columns
    ):
        return columns
    return {hint["name"]: {key: value for key, value in hint.items() if key != "name"} for hint in columns}


def _deep(defaults: Any, entry: Any) -> Any:
    if not isinstance(defaults, dict) or not isinstance(entry, dict):
        return entry
    return {**defaults, **{key: _deep(defaults.get(key), value) for key, value in entry.items()}}


def stands_in_defaults(defaults: Any, entry: Any, steps: Steps) -> bool:
    """Whether what a merged resource has at `steps` was written in the defaults."""
    for depth, step in enumerate(steps):
        if not isinstance(entry, dict) or step not in entry:
            return isinstance(defaults, dict) and step in defaults
        if not _is_merged(steps[: depth + 1]):
            return False
        entry, defaults = entry[step], defaults.get(step) if isinstance(defaults, dict) else None
    return False


def _is_merged(steps: Steps) -> bool:
    return steps == ("endpoint",) or steps[:1] == ("columns",) or (steps[:1] == ("endpoint",) and steps[1:] in _SHALLOW)


_SHALLOW = tuple((key,) for key in SHALLOW)
