"""Which values may pass as they are? Types that say no to what a contract warns of and to what the SDK changes."""

from __future__ import annotations

from decimal import Decimal
from types import NoneType
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class _Object(msgspec.Struct, gc=False):
    """An object that nobody looks into."""


_OBJECT, _ARRAY = _Object, list[msgspec.Raw]
_TYPES: dict[str, tuple[Any, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (_OBJECT,),
    "array": (_ARRAY,),
    "null": (None,),
}
_CHOICES = {"anyOf", "oneOf", "allOf", "$ref"}
_PLAIN = (str, int, bool)

CHEAP: tuple[Any, ...] = (*_PLAIN, *(Union[plain, None] for plain in _PLAIN))  # noqa: UP007 (made at run time)
"""Types that a decoder checks at once, and that lose nothing of how a value was written."""


_FIRST_BYTES: dict[Any, bytes] = {_OBJECT: b"{", _ARRAY: b"[", NoneType: b"n"}


def first_bytes(kind: Any) -> frozenset[int] | None:
    """The bytes that JSON texts of a type begin with, if no other text begins so; else None."""
    kinds = get_args(kind) if get_origin(kind) is Union else (kind,)
    if not set(kinds) <= set(_FIRST_BYTES):
        return None
    return frozenset(b"".join(_FIRST_BYTES[kind] for kind in kinds))


_PYTHON_TYPES: dict[Any, frozenset[type]] = {
    **{kind: frozenset({kind}) for kind in (str, int, bool, NoneType)},
    float: frozenset({int, Decimal}),
}


def python_types(kind: Any) -> frozenset[type] | None:
    """The Python types of values of a type that was read as `Any`; None if that does not tell."""
    kinds = get_args(kind) if get_origin(kind) is Union else (kind,)
    found = [_PYTHON_TYPES.get(each) for each in kinds]
    return None if None in found else frozenset().union(*(types for types in found if types))


def is_number(kind: Any) -> bool:
    """Whether values of a type are numbers or null, which have no text in them."""
    return set(get_args(kind) or (kind,)) <= {int, float, NoneType}


def kinds(schema: Any) -> frozenset[str] | None:
    """The JSON types that a schema names; None: it names none, or leaves a choice."""
    named = schema.get("type") if isinstance(schema, dict) and not _CHOICES & set(schema) else None
    if named is None:
        return None
    return frozenset([named] if isinstance(named, str) else named)


def top(schema: Any, *, key: bool) -> Any:
    """The type of values of a field that are as its schema says, and that the SDK leaves as they are; Any: all.

    Args:
        schema: JSON Schema of the field.
        key: Whether the field belongs to the key, which is never null.
    """
    named = kinds(schema)
    if named is None and not key and not _changed(schema):
        return Any
    return _union(_fitting(schema, (named or set(_TYPES)) - ({"null"} if key else set())))


def struct(fields: Mapping[str, tuple[str, Any]], required: Iterable[str], *, closed: bool) -> type:
    """A type of objects.

    Args:
        fields: By the name of the attribute: the name in JSON, and the type of the value.
        required: JSON names that must be there.
        closed: Whether a name that is not in `fields` is refused; else it is not looked at.
    """
    must = [(attribute, kind) for attribute, (name, kind) in fields.items() if name in required]
    may = [
        (attribute, Union[kind, msgspec.UnsetType], msgspec.UNSET)  # noqa: UP007 (made at run time)
        for attribute, (name, kind) in fields.items()
        if name not in required
    ]
    return msgspec.defstruct(
        "Record",
        [*must, *may],
        rename={attribute: name for attribute, (name, _) in fields.items()},
        forbid_unknown_fields=closed,
        omit_defaults=True,
        gc=False,
    )


def _inner(schema: Any) -> Any:
    """The type of values below the top that the SDK leaves as they are; nobody looks whether they fit."""
    return _union(_fitting(schema, set(_TYPES)))


def _fitting(schema: Any, named: Iterable[str]) -> list[Any]:
    if not isinstance(schema, dict):
        return [one for name in named for one in _TYPES.get(name, ())]
    if _is_boolean(schema):
        return [one for name in named if name in {"boolean", "null"} for one in _TYPES[name]]
    special = {"object": _object, "array": _array}
    return [one for name in named for one in ((special[name](schema),) if name in special else _TYPES.get(name, ()))]


def _object(schema: Mapping[str, Any]) -> Any:
    if not (_is(schema, "object") and _changed_members(schema)):
        return _OBJECT
    members = schema["properties"]
    closed = not schema.get("additionalProperties")
    types = {
        f"f{number}": (name, _inner(members[name]) if _changed(members[name]) else msgspec.Raw)
        for number, name in enumerate(members)
        if closed or _changed(members[name])
    }
    return struct(types, (), closed=closed)


def _array(schema: Mapping[str, Any]) -> Any:
    return list[_inner(schema["items"])] if _changed_items(schema) else _ARRAY  # type: ignore[misc]


def _union(types: Iterable[Any]) -> Any:
    """One of several types; of none, nothing fits."""
    found = tuple(dict.fromkeys(types))
    return Union[found] if found else msgspec.UnsetType  # noqa: UP007 (made at run time)


# What the SDK changes in records: it makes booleans of what is declared so, and drops what closed objects do not know.


def _changed(schema: Any) -> bool:
    """Whether there are values of a field that the SDK changes."""
    if not isinstance(schema, dict):
        return False
    return _is_boolean(schema) or (_is(schema, "object") and _changed_members(schema)) or _changed_items(schema)


def _changed_members(schema: Mapping[str, Any]) -> bool:
    members = schema.get("properties")
    return members is not None and (not schema.get("additionalProperties") or any(map(_changed, members.values())))


def _changed_items(schema: Mapping[str, Any]) -> bool:
    return _is(schema, "array") and "prefixItems" not in schema and _changed(schema.get("items"))


def _is_boolean(schema: Mapping[str, Any]) -> bool:
    named = schema.get("type")
    return named == "boolean" or (isinstance(named, list) and set(named) in ({"boolean"}, {"boolean", "null"}))


def _is(schema: Mapping[str, Any], name: str) -> bool:
    """Whether the SDK takes a schema for one of objects, or of arrays; a choice may be."""
    named = schema.get("type")
    return bool(_CHOICES & set(schema)) or named == name or (isinstance(named, list) and name in named)
