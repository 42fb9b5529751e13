"""What do these records look like?

`infer` turns samples into a JSON Schema, `merge` unites two schemas, `widen` makes a kept schema take in more. A schema
never says more than the samples prove, and every type in it is one that target-postgres and target-duckdb load; both
were tried with each of them:

- Every field is nullable and none is required. A field that was always null is a string.
- `integer` and `number` together are `number`.
- A text is a `date-time` only if every text of the field is one: RFC 3339, upper case, with or without a zone. Nothing
  else is guessed from the looks of a text.
- Scalars of several kinds become `SCALARS`: a text column that takes them as they are. A type list does not do: for
  `["string", "number"]` target-duckdb makes a DOUBLE, which refuses texts. Integers beyond 64 bits are read so too:
  target-postgres refuses them as `integer`, and target-duckdb rounds them as `number`.
- Objects and arrays in one field become `["object", "array", "null"]`, a JSON column. Scalars beside them become
  `ANYTHING`: jsonb in target-postgres, which keeps all as it is; target-duckdb has no column for such a mix and stops
  at the first text, loudly.
- Arrays have `items` only if these are all texts, all integers, all booleans or all objects. Others are plain arrays, a
  JSON column: as array columns target-postgres refuses integers beside fractions, and lists of unequal length in lists.
- Objects without fields, objects whose keys are data (ids, or other ones in every record), and objects deeper than
  `DEEPEST` levels are free objects, kept whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeAlias

Schema: TypeAlias = dict[str, Any]

SCALARS: Schema = {"anyOf": [{"type": "string"}, {"type": ["number", "boolean", "null"]}]}
ANYTHING: Schema = {"type": ["string", "number", "boolean", "object", "array", "null"]}
DEEPEST = 30

_ORDER = ("string", "integer", "number", "boolean", "object", "array", "null")
_ALL = frozenset(_ORDER)
_NULL = frozenset({"null"})
_SCALAR_KINDS = frozenset({"string", "integer", "number", "boolean"})
_LOADABLE_ITEMS = ({"string"}, {"integer"}, {"boolean"}, {"object"})
_ANNOTATIONS = frozenset({"$schema", "$id", "$comment", "title", "description", "default", "examples", "deprecated"})
_NOTHING: Schema = {"type": []}
_KINDS = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    Decimal: "number",
    dict: "object",
    list: "array",
    type(None): "null",
}
_BIGINT = range(-(2**63), 2**63)

_DATE_TIME = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)?",
    re.ASCII,
)
_ID = re.compile(
    r"-?\d+|[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}|[0-9a-f]{24,}|\d{4}-\d{2}(?:-\d{2})?",
    re.ASCII | re.IGNORECASE,
)
_NESTED = frozenset({"object", "array"})
_SOME_IDS = 5
_MANY_NAMES = 10
_RARELY = 0.25


def infer(records: Iterable[Mapping[str, Any]]) -> Schema:
    """The schema of records: every one of them is valid by it.

    Args:
        records: JSON values as a decoder gives them, fractions as `Decimal` or `float`.
    """
    return {"type": "object", "properties": _settled_fields(_seen(records)["properties"])}


def merge(one: Mapping[str, Any], other: Mapping[str, Any]) -> Schema:
    """The schema of records that accepts whatever `one` or `other` accepts.

    The order of fields and the annotations are those of `one` first. Constraints that only one of them has are dropped;
    a field that only `other` has becomes nullable.
    """
    return deepcopy(_united(_as_record(one), _as_record(other)))


def widen(schema: Mapping[str, Any], by: Mapping[str, Any] | Iterable[Mapping[str, Any]]) -> Schema:
    """A kept schema that takes in more, and goes on accepting whatever it accepted.

    Types that the samples agree with stay as they were written: a key that was not nullable becomes nullable only if
    a null is seen.

    Args:
        schema: A schema of records, written by hand or by `infer`.
        by: Records, or another schema of records.
    """
    return merge(schema, by if isinstance(by, Mapping) else _seen(by))


def _as_record(schema: Mapping[str, Any]) -> Schema:
    """A schema of records without saying which fields is one that knows none yet, not one of a free object."""
    return {**schema, "type": schema.get("type", "object"), "properties": schema.get("properties", {})}


def _seen(records: Iterable[Mapping[str, Any]]) -> Schema:
    root = _Place()
    for record in records:
        root.see(dict(record))
    return {"type": "object", "properties": {name: place.schema() for name, place in root.fields.items()}}


@dataclass
class _Place:
    """What was seen at one place of the records.

    Attributes:
        depth: Objects and arrays above it.
        count: Values seen.
        kinds: Their JSON types.
        objects: How many of them were objects.
        date_times: Whether all texts were date-times.
        fields: The places below, by key.
        items: The place of all elements.
    """

    depth: int = 0
    count: int = 0
    kinds: set[str] = field(default_factory=set)
    objects: int = 0
    date_times: bool = True
    fields: dict[str, _Place] = field(default_factory=dict)
    items: _Place | None = None

    def see(self, value: Any) -> None:
        kind = _kind(value)
        self.count += 1
        self.kinds.add(kind)
        if kind == "string":
            self.date_times = self.date_times and _is_date_time(value)
        elif kind == "integer":
            if value not in _BIGINT:
                self.kinds.add("string")
                self.date_times = False
        elif kind in _NESTED and self.depth < DEEPEST:
            self._see_below(kind, value)

    def _see_below(self, kind: str, value: Any) -> None:
        if kind == "object":
            self.objects += 1
            for key, below in value.items():
                place = self.fields.get(key) or self.fields.setdefault(key, _Place(self.depth + 1))
                place.see(below)
        if kind == "array":
            self.items = self.items or _Place(self.depth + 1)
            for below in value:
                self.items.see(below)

    def schema(self) -> Schema:
        """The schema of exactly what was seen: nullable only if null was."""
        kinds = _reduced(self.kinds)
        some = kinds - _NULL
        if len(some) > 1:
            return _mixed(some)
        written: Schema = {"type": _listed(kinds)}
        if some == {"string"} and self.date_times:
            written["format"] = "date-time"
        if some == {"object"}:
            written |= self._object()
        if some == {"array"} and self.items is not None:
            written["items"] = self.items.schema()
        return written

    def _object(self) -> Schema:
        if self.depth >= DEEPEST or self._has_data_as_keys():
            return {"additionalProperties": True}
        return {"properties": {name: place.schema() for name, place in self.fields.items()}}

    def _has_data_as_keys(self) -> bool:
        names = len(self.fields)
        ids = sum(bool(_ID.fullmatch(name)) for name in self.fields)
        if names and ids == names:
            return True
        if ids >= _SOME_IDS and ids * 2 > names:
            return True
        present = sum(place.count for place in self.fields.values())
        return names >= _MANY_NAMES and present <= _RARELY * names * self.objects and self._values_are_alike()

    def _values_are_alike(self) -> bool:
        kinds = {frozenset(_reduced(place.kinds) - _NULL) for place in self.fields.values()} - {frozenset()}
        return len(kinds) == 1 and len(next(iter(kinds))) == 1


def _kind(value: Any) -> str:
    kind = _KINDS.get(type(value))
    if kind is None:
        raise TypeError(f"a {type(value).__name__} is no JSON value")
    return kind


def _is_date_time(text: str) -> bool:
    found = _DATE_TIME.fullmatch(text)
    if not found:
        return False
    try:
        datetime(*map(int, found.groups()))  # type: ignore[arg-type]  # noqa: DTZ001 (asks the calendar, no more)
    except ValueError:
        return False
    return True


def _reduced(kinds: Iterable[str]) -> frozenset[str]:
    found = frozenset(kinds)
    return found - {"integer"} if "number" in found else found


def _listed(kinds: Iterable[str]) -> list[str]:
    return sorted(kinds, key=_ORDER.index)


def _kinds(schema: Mapping[str, Any]) -> frozenset[str]:
    """The JSON types that a schema lets in."""
    if "type" in schema:
        written = schema["type"]
        return _reduced([written] if isinstance(written, str) else written)
    if "anyOf" in schema:
        return _reduced(kind for option in schema["anyOf"] for kind in _kinds(option))
    return _reduced(_ALL)


def _mixed(kinds: frozenset[str]) -> Schema:
    some = kinds - _NULL
    if some <= _SCALAR_KINDS:
        return deepcopy(SCALARS)
    return {"type": ["object", "array", "null"]} if some == {"object", "array"} else deepcopy(ANYTHING)


def _united(one: Mapping[str, Any], other: Mapping[str, Any]) -> Schema:
    """The smallest schema we know that accepts what either accepts."""
    if one == other:
        return dict(one)
    left, right = _kinds(one), _kinds(other)
    kinds = _reduced(left | right)
    some = kinds - _NULL
    if len(some) > 1 or "type" not in one or "type" not in other:
        return _covering(one, left, other, right)
    if not left - _NULL:
        return {**other, "type": _spelled(kinds, one, other)}
    if not right - _NULL:
        return {**one, "type": _spelled(kinds, one, other)}
    agreed = {key: value for key, value in one.items() if key in other and other[key] == value}
    told = {key: value for side in (other, one) for key, value in side.items() if _is_annotation(key)}
    (kind,) = some
    united = agreed | told | {"type": _spelled(kinds, one, other)} | _UNITED.get(kind, _nothing_below)(one, other)
    return {key: united[key] for key in sorted(united, key=[*one, *united].index)}


def _is_annotation(key: str) -> bool:
    return key in _ANNOTATIONS or key.startswith("x-")


def _covering(one: Mapping[str, Any], left: frozenset[str], other: Mapping[str, Any], right: frozenset[str]) -> Schema:
    """The side that lets in all that the other does; a mix of types if neither or both do."""
    kinds = _reduced(left | right)
    if (left == kinds) != (right == kinds):
        return dict(one if left == kinds else other)
    return dict(_mixed(kinds))


def _spelled(kinds: frozenset[str], one: Mapping[str, Any], other: Mapping[str, Any]) -> str | list[str]:
    listed = _listed(kinds)
    alone = len(listed) == 1 and (isinstance(one["type"], str) or isinstance(other["type"], str))
    return listed[0] if alone else listed


def _nothing_below(one: Mapping[str, Any], other: Mapping[str, Any]) -> Schema:  # noqa: ARG001
    return {}


def _united_texts(one: Mapping[str, Any], other: Mapping[str, Any]) -> Schema:
    """Samples judge date-times only: another format is the word of whoever wrote it."""
    formats = {side["format"] for side in (one, other) if "format" in side}
    everywhere = "format" in one and "format" in other
    if len(formats) == 1 and (everywhere or formats != {"date-time"}):
        return {"format": formats.pop()}
    return {}


def _united_objects(one: Mapping[str, Any], other: Mapping[str, Any]) -> Schema:
    if "properties" not in one or "properties" not in other:
        return {"additionalProperties": True}
    fields, others = one["properties"], other["properties"]
    united = {
        **{name: _united(schema, others[name]) if name in others else schema for name, schema in fields.items()},
        **{name: _settled(schema) for name, schema in others.items() if name not in fields},
    }
    free = True in (one.get("additionalProperties"), other.get("additionalProperties"))
    return {"properties": united, **({"additionalProperties": True} if free else {})}


def _united_arrays(one: Mapping[str, Any], other: Mapping[str, Any]) -> Schema:
    if "items" not in one or "items" not in other:
        return {}
    items = _united(one["items"], other["items"])
    return {"items": items} if items == _NOTHING or _is_loadable(items) else {}


_UNITED = {"string": _united_texts, "object": _united_objects, "array": _united_arrays}


def _is_loadable(items: Mapping[str, Any]) -> bool:
    return "type" in items and _kinds(items) - _NULL in _LOADABLE_ITEMS


def _settled_fields(fields: Mapping[str, Any]) -> Schema:
    return {name: _settled(schema) for name, schema in fields.items()}


def _settled(schema: Mapping[str, Any]) -> Schema:
    """The schema of what was seen as the schema of what may come: nullable, and nothing left open."""
    if "type" not in schema:
        return dict(schema)
    kinds = _kinds(schema)
    settled = {**schema, "type": _listed(kinds | _NULL)}
    if kinds <= _NULL:
        return {**settled, "type": ["string", "null"]}
    if "items" in settled:
        items = settled.pop("items")
        return {**settled, "items": _settled(items)} if _is_loadable(items) else settled
    if "properties" not in settled:
        return settled
    fields = settled.pop("properties")
    return {**settled, **({"properties": _settled_fields(fields)} if fields else {"additionalProperties": True})}
