"""How is a source written as YAML, with remarks that say why?"""

from __future__ import annotations

import re
import textwrap
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Steps = tuple[str | int, ...]
_WIDEST = 100
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def schema_reference() -> str:
    """The line by which an editor knows what may stand in a source."""
    for folder in (resources.files("tap_restgeneric") / "schemas", Path(__file__).parents[2] / "schemas"):
        file = Path(str(folder / "config.schema.json"))
        if file.is_file():
            return f"# yaml-language-server: $schema={file.resolve().as_uri()}"
    raise FileNotFoundError("schemas/config.schema.json")  # pragma: no cover (it is shipped)


def text(
    source: Mapping[str, Any], *, head: Sequence[str] = (), remarks: Mapping[Steps, Sequence[str]] | None = None
) -> str:
    """A source as YAML.

    Args:
        source: Plain values.
        head: Remarks at the top.
        remarks: Remarks above a key, by the steps that lead to it.
    """
    lines = [schema_reference(), *(piece for line in head for piece in _remark(line)), ""]
    lines += _mapping(source, (), remarks or {})
    return "\n".join(lines) + "\n"


def _mapping(value: Mapping[str, Any], steps: Steps, remarks: Mapping[Steps, Sequence[str]]) -> Iterator[str]:
    indent = "  " * len(steps)
    for number, (key, item) in enumerate(value.items()):
        here = (*steps, key)
        if not steps and number:
            yield ""
        yield from (f"{indent}{piece}" for line in remarks.get(here, ()) for piece in _remark(line))
        name = _flow(key)
        if _is_flat(item, here, remarks):
            yield f"{indent}{name}: {_flow(item)}"
            continue
        yield f"{indent}{name}:"
        yield from _mapping(item, here, remarks) if isinstance(item, dict) else _sequence(item, here, remarks)


def _sequence(value: Sequence[Any], steps: Steps, remarks: Mapping[Steps, Sequence[str]]) -> Iterator[str]:
    indent = "  " * len(steps)
    for number, item in enumerate(value):
        here = (*steps, number)
        if not isinstance(item, dict) or _is_flat(item, here, remarks):
            yield f"{indent}- {_flow(item)}"
            continue
        first, *others = _mapping(item, here, remarks)
        lines = [first, *others]
        begin = next(place for place, line in enumerate(lines) if not line.lstrip().startswith("#"))
        yield from (line.removeprefix("  ") for line in lines[:begin])
        yield f"{indent}- {lines[begin].strip()}"
        yield from lines[begin + 1 :]


def _is_flat(value: Any, steps: Steps, remarks: Mapping[Steps, Sequence[str]]) -> bool:
    """Whether a value stands on one line: no remark inside, and short."""
    if not isinstance(value, (dict, list)) or not value:
        return True
    if any(other[: len(steps)] == steps and len(other) > len(steps) for other in remarks):
        return False
    inner = value.values() if isinstance(value, dict) else value
    deep = any(isinstance(item, (dict, list)) and item for item in inner)
    return not deep and len(steps) > 1 and len(_flow(value)) <= _WIDEST - 2 * len(steps)


def _flow(value: Any) -> str:
    """A value on one line."""
    options: dict[str, Any] = {"sort_keys": False, "allow_unicode": True, "width": float("inf")}
    if isinstance(value, (dict, list)):
        written: str = yaml.safe_dump(value, default_flow_style=True, **options)
        return written.strip()
    written = yaml.safe_dump(value, **options)
    return written.removesuffix("\n").removesuffix("...").strip()


def _remark(line: str) -> list[str]:
    """The lines of a remark."""
    return [f"# {piece}" for piece in textwrap.wrap(_UNPRINTABLE.sub(" ", line), _WIDEST)]
