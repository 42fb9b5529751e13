"""How do records become Singer lines without becoming objects? Typed decoding and encoding, compiled per stream."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Union

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tap_restgeneric.engine.rows import Rows

_TYPES: dict[str, Any] = {
    "string": str,
    "integer": int,
    "number": Decimal,
    "boolean": bool,
    "object": dict[str, msgspec.Raw],
    "array": list[msgspec.Raw],
    "null": None,
}
_UNTYPED = {"anyOf", "oneOf", "allOf", "$ref", "not"}


class MisfitError(Exception):
    """A page that does not fit what was compiled: it takes the path that knows everything."""


@dataclass(frozen=True)
class Block:
    """The records of a page, typed.

    Attributes:
        records: Typed records, for `encoded`.
        cursors: Their cursor values, None where there is none; empty if nobody asked.
    """

    records: Sequence[Any]
    cursors: Sequence[Any]


class Lines:
    """The record path of one stream.

    Args:
        stream: Its name.
        properties: JSON Schema of each field.
        dropped: Declared fields that are not selected.
        keys: Fields that every record must have, and not null.
        cursor: The field whose values a window needs, or None.
        carried: Fields that the parent gives; the API's own fields of that name are not looked for.
        version: The version of a full table, if it is announced.
    """

    def __init__(  # noqa: PLR0913 (what is compiled, piece by piece)
        self,
        stream: str,
        properties: Mapping[str, Any],
        *,
        dropped: Sequence[str],
        keys: Sequence[str],
        cursor: str | None,
        carried: Sequence[str] = (),
        version: int | None = None,
    ) -> None:
        """Compiles decoder and encoder."""
        own = [name for name in properties if name not in carried]
        names = {name: f"f{number}" for number, name in enumerate([*own, *carried])}
        required = [(names[name], _type(properties[name], nullable=False)) for name in own if name in keys]
        optional = [
            (names[name], Union[_type(properties[name]), msgspec.UnsetType], msgspec.UNSET)  # noqa: UP007
            for name in own
            if name not in keys
        ]
        given = [(names[name], Any, msgspec.UNSET) for name in carried]
        record = msgspec.defstruct(
            "Record",
            [*required, *optional, *given],
            rename={field: name for name, field in names.items()},
            forbid_unknown_fields=True,
            omit_defaults=True,
            gc=False,
        )
        self._decoder = msgspec.json.Decoder(list[record], float_hook=Decimal)  # type: ignore[valid-type]
        self._encoder = msgspec.json.Encoder(decimal_format="number")
        self._dropped = [names[name] for name in dropped if name in names]
        self._carried = {name: names[name] for name in carried}
        self._cursor = names.get(cursor or "")
        self._head = b'{"type":"RECORD","stream":%b,"record":' % msgspec.json.encode(stream)
        self._version = b"" if version is None else b',"version":%d' % version

    def block(self, rows: Rows) -> Block:
        """The records of a page, if they fit.

        Raises:
            MisfitError: They do not.
        """
        try:
            records = self._decoder.decode(rows.raw)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise MisfitError(str(error)) from None
        cursor = self._cursor
        values = [getattr(record, cursor) for record in records] if cursor else ()
        return Block(records, [None if value is msgspec.UNSET else value for value in values])

    def encoded(self, records: Sequence[Any], carried: Mapping[str, Any], time_extracted: str) -> bytes:
        """The RECORD lines of typed records.

        Args:
            records: Of a `Block`.
            carried: Values of the fields that the parent gives.
            time_extracted: ISO 8601.
        """
        for name in self._dropped:
            for record in records:
                setattr(record, name, msgspec.UNSET)
        for name, value in carried.items():
            field = self._carried[name]
            for record in records:
                setattr(record, field, value)
        if not records:
            return b""
        tail = b',"time_extracted":"%b"%b}\n' % (time_extracted.encode(), self._version)
        lines = self._encoder.encode_lines(records)
        return self._head + lines[:-1].replace(b"\n", tail + self._head) + tail


def _type(field: Any, *, nullable: bool = True) -> Any:
    """The type that msgspec checks for a field; whatever it cannot check is Any."""
    kinds = field.get("type") if isinstance(field, dict) and not _UNTYPED & set(field) else None
    if kinds is None:
        return Any
    named = [kinds] if isinstance(kinds, str) else [kind for kind in kinds if nullable or kind != "null"]
    types = [_TYPES[kind] for kind in named if kind in _TYPES]
    if len([one for one in types if one is not None]) != 1 or len(types) != len(named):
        return Any
    return Union[tuple(types)]  # noqa: UP007 (made at run time)
