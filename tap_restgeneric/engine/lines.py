"""How do records become Singer lines without becoming objects? Typed decoding and encoding, compiled per stream."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from tap_restgeneric.engine import fitting

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tap_restgeneric.engine.rows import Rows


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

    What is text, whole number or boolean is checked as it is read. All else stays bytes, as the API wrote it, and is
    checked in a second look, which makes no values but those in doubt.

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
        """Compiles decoders and encoder."""
        own = {name: fitting.top(schema, key=name in keys) for name, schema in properties.items()}
        self._names = {name: f"f{number}" for number, name in enumerate({**own, **dict.fromkeys(carried)})}
        kept = {name: _kept(own.get(name, Any), as_value=name == cursor) for name in self._names}
        kept.update(dict.fromkeys(carried, msgspec.Raw))
        doubtful = {name: own[name] for name in own if name not in carried and own[name] not in (Any, kept[name])}
        required = {name for name in keys if name in own and name not in carried}
        self._decoder = msgspec.json.Decoder(list[self._struct(kept, required, closed=True)], float_hook=Decimal)  # type: ignore[misc]
        self._checker = msgspec.json.Decoder(list[self._struct(doubtful, set())]) if doubtful else None  # type: ignore[misc]
        given = {name: own[name] for name in carried if name in own}
        self._given: msgspec.json.Decoder[Any] = msgspec.json.Decoder(self._struct(given, set()))
        self._carried = tuple(given)
        self._unselected = frozenset(dropped)
        self._encoder = msgspec.json.Encoder(decimal_format="number")
        self._dropped = [self._names[name] for name in self._names if name in dropped or name in carried]
        self._cursor = self._names.get(cursor or "")
        self._head = b'{"type":"RECORD","stream":%b,"record":' % msgspec.json.encode(stream)
        self._version = b"" if version is None else b',"version":%d' % version

    def _struct(self, types: Mapping[str, Any], required: set[str], *, closed: bool = False) -> type:
        return fitting.struct(
            {self._names[name]: (name, kind) for name, kind in types.items()}, required, closed=closed
        )

    def block(self, rows: Rows) -> Block:
        """The records of a page, if they fit.

        Raises:
            MisfitError: They do not.
        """
        try:
            records = self._decoder.decode(rows.raw)
            if self._checker is not None:
                self._checker.decode(rows.raw)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise MisfitError(str(error)) from None
        cursor = self._cursor
        values = [getattr(record, cursor) for record in records] if cursor else ()
        return Block(records, [None if value is msgspec.UNSET else value for value in values])

    def given(self, values: Mapping[str, Any]) -> dict[str, msgspec.Raw]:
        """What the records of a page get from their parent, as it stands in each of them.

        Args:
            values: Values of the parent, by the names of the fields.

        Raises:
            MisfitError: A value is not what the schema says.
        """
        texts = {name: self._encoder.encode(values.get(name)) for name in self._carried}
        try:
            self._given.decode(self._encoder.encode({name: msgspec.Raw(text) for name, text in texts.items()}))
        except (msgspec.MsgspecError, ValueError) as error:
            raise MisfitError(str(error)) from None
        return {self._names[name]: msgspec.Raw(text) for name, text in texts.items() if name not in self._unselected}

    def encoded(self, records: Sequence[Any], given: Mapping[str, msgspec.Raw], time_extracted: str) -> bytes:
        """The RECORD lines of typed records.

        Args:
            records: Of a `Block`.
            given: What the parent gives.
            time_extracted: ISO 8601.
        """
        for name in self._dropped:
            for record in records:
                setattr(record, name, msgspec.UNSET)
        for name, text in given.items():
            for record in records:
                setattr(record, name, text)
        if not records:
            return b""
        tail = b',"time_extracted":"%b"%b}\n' % (time_extracted.encode(), self._version)
        lines = self._encoder.encode_lines(records)
        return self._head + lines[:-1].replace(b"\n", tail + self._head) + tail


def _kept(fits: Any, *, as_value: bool) -> Any:
    """In which type a field is read: as bytes, except where its own type costs little or its value is needed."""
    if fits in fitting.CHEAP:
        return fits
    return Any if as_value else msgspec.Raw
