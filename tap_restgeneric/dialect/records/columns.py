"""Which JSON Schema does a column hint of dlt mean?"""

from __future__ import annotations

from typing import Any

from tap_restgeneric.dialect.blocks import suggestion
from tap_restgeneric.dialect.merging import by_name

DATA_TYPES: dict[str, dict[str, Any]] = {
    "text": {"type": ["string", "null"]},
    "double": {"type": ["number", "null"]},
    "decimal": {"type": ["number", "null"]},
    "wei": {"type": ["number", "null"]},
    "bigint": {"type": ["integer", "null"]},
    "bool": {"type": ["boolean", "null"]},
    "timestamp": {"type": ["string", "null"], "format": "date-time"},
    "date": {"type": ["string", "null"], "format": "date"},
    "time": {"type": ["string", "null"], "format": "time"},
    "binary": {"type": ["string", "null"]},
    "json": {"type": ["object", "array", "string", "number", "boolean", "null"]},
    "complex": {"type": ["object", "array", "string", "number", "boolean", "null"]},
}


def checked(columns: Any) -> Any:
    """Column hints by field: `{"price": {"data_type": "decimal"}}`.

    Raises:
        ValueError: They are neither hints by field nor a list of hints with a `name`, or a type is unknown.
    """
    hints = by_name(columns)
    if hints is None:
        return None
    if not isinstance(hints, dict) or not all(isinstance(hint, dict) for hint in hints.values()):
        raise ValueError("must be an object of hints by field, or a list of hints with a name")
    for name, hint in hints.items():
        kind = hint.get("data_type")
        if kind is not None and (not isinstance(kind, str) or kind not in DATA_TYPES):
            raise ValueError(f"{name}: unknown data_type {kind!r}{suggestion(str(kind), DATA_TYPES)}")
    return hints


def properties(columns: Any) -> dict[str, dict[str, Any]]:
    """JSON Schema by field, from checked hints; hints without a type are no column."""
    typed = {name: hint.get("data_type") for name, hint in (columns or {}).items()}
    return {name: dict(DATA_TYPES[kind]) for name, kind in typed.items() if kind is not None}
