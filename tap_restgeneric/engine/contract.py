"""Does a record keep what its stream promised: its key, its fields, their types?"""

from __future__ import annotations

import sys
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tap_restgeneric.dialect.words import kind
from tap_restgeneric.engine.fitting import kinds
from tap_restgeneric.errors import RecordError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tap_restgeneric.engine.report import Tally

UNDECLARED = "_sdc_undeclared"
"""The column that keeps undeclared fields where they are collected."""

_PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, Decimal, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
    "null": (type(None),),
}


_MAY_BE_HUGE = frozenset({Decimal, dict, list})
_NESTED = (dict, list)
_LARGEST_EXPONENT = sys.float_info.max_10_exp


class _Huge(Decimal):
    """A number that no float holds; the SDK, which asks for floats, would take it for infinite and make it null."""

    def __float__(self) -> float:
        return sys.float_info.max


class Contract:
    """What a stream promised about its records.

    Args:
        schema: JSON Schema of the stream.
        keys: Its key.
        undeclared: What happens to fields that the schema does not know: `warn`, `collect` or `fail`.
        tally: Counts what is broken.
    """

    def __init__(self, schema: Mapping[str, Any], keys: Sequence[str], undeclared: str, tally: Tally) -> None:
        """Nothing is broken yet."""
        self._properties = schema["properties"]
        self._types = {name: _allowed(field) for name, field in schema["properties"].items()}
        self._keys = keys
        self._undeclared = undeclared
        self._tally = tally

    def enforce(self, record: dict[str, Any]) -> None:
        """Makes a record fit, in place, and warns where it did not.

        Raises:
            RecordError: A key is missing or null, or a field is undeclared and the policy is `fail`.
        """
        types = self._types
        for key in self._keys:
            value = record.get(key)
            if value is None or (type(value) in _NESTED and type(value) not in types.get(key, ())):
                state = kind(value) if key in record else "missing"
                raise RecordError(f"primary key {key!r} is {state} in a record: name another primary_key, or none")
        unknown = [name for name, value in record.items() if type(value) not in types.get(name, ())]
        if unknown:
            self._misfits(record, unknown)
        for name, value in record.items():
            if type(value) in _MAY_BE_HUGE:
                record[name] = _lasting(value)

    def _misfits(self, record: dict[str, Any], names: Sequence[str]) -> None:
        undeclared = [name for name in names if name not in self._types]
        for name in names:
            if name in self._types and not _is_whole(record[name], self._types[name]):
                said = " or ".join(sorted(kinds(self._properties[name]) or ()))
                self._tally.warn(f"field {name!r} is {kind(record[name])} where its schema says {said}")
        if undeclared:
            self._remove(record, undeclared)

    def _remove(self, record: dict[str, Any], names: Sequence[str]) -> None:
        if self._undeclared == "fail":
            raise RecordError(f"field {names[0]!r} is not in the schema, and undeclared_fields is 'fail'")
        collects = self._undeclared == "collect"
        fate = f"kept in {UNDECLARED}" if collects else "dropped (undeclared_fields: collect keeps it)"
        for name in names:
            self._tally.undeclare(name, fate)
        taken = {name: record.pop(name) for name in names}
        if collects:
            record[UNDECLARED] = taken


def _allowed(field: Any) -> tuple[type, ...]:
    """The Python types that a property takes; a property without types takes all."""
    named = kinds(field)
    return tuple({one for name in (_PYTHON_TYPES if named is None else named) for one in _PYTHON_TYPES.get(name, ())})


def _lasting(value: Any) -> Any:
    """A value whose numbers the SDK leaves as they are."""
    if isinstance(value, dict):
        return {name: _lasting(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_lasting(item) for item in value]
    return _Huge(value) if isinstance(value, Decimal) and value.adjusted() >= _LARGEST_EXPONENT else value


def _is_whole(value: Any, allowed: tuple[type, ...]) -> bool:
    """Whether a number such as 1.0 stands where an integer is expected: JSON does not tell them apart."""
    return isinstance(value, Decimal) and int in allowed and value == value.to_integral_value()
