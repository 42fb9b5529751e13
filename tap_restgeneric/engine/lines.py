"""How do records become Singer lines without becoming objects? Typed decoding and encoding, compiled per stream."""

from __future__ import annotations

import re
from collections import deque
from decimal import Decimal
from functools import cached_property
from itertools import repeat
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from tap_restgeneric.engine import fitting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

Pieces = tuple["bytes | memoryview", ...]
"""Parts of a text that follow each other."""

_MOST_UNDECLARED = 1000
_ODD = re.compile(r"[\x00-\x1f\\\"]")
"""What a name that is compiled must not have."""
_encoder = msgspec.json.Encoder(decimal_format="number")
_bytes: Callable[[Any], Any] = memoryview
_first = itemgetter(0)


class MisfitError(ValueError):
    """Records that do not fit what was compiled: they take the path that knows everything."""


class Block(Struct, frozen=True):
    """The records of a page, typed.

    Attributes:
        records: Typed records.
        cursors: Their cursor values, None where there is none; empty if nobody asked.
        form: What they are.
    """

    records: Sequence[Any]
    cursors: Sequence[Any]
    form: Form


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

    Attributes:
        form: What records are now; it changes when an undeclared field becomes known.
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
        types = {name: fitting.top(schema, key=name in keys) for name, schema in properties.items()}
        self._own = {name: kind for name, kind in types.items() if name not in carried}
        self._types = {**self._own, **dict.fromkeys(carried, msgspec.Raw)}
        self._keys = keys
        self._cursor = cursor
        self._dropped = (*dropped, *carried)
        self._undeclared: tuple[str, ...] = ()
        self.form = self._compiled()
        given = {name: (name, types[name]) for name in carried if name in types}
        self._given = {name: name for name in given if name not in dropped}
        self._given_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(
            fitting.struct({f"g{n}": pair for n, pair in enumerate(given.values())}, (), closed=False)
        )
        self._given_names = tuple(given)
        self._head = b'{"type":"RECORD","stream":%b,"record":' % msgspec.json.encode(stream)
        self._version = b"" if version is None else b',"version":%d' % version

    def know(self, names: Iterable[str]) -> None:
        """Takes undeclared fields for known: they are left out and counted, and no page misfits because of them."""
        new = [name for name in names if name not in {*self._undeclared, *self._types} and not _ODD.search(name)]
        if new and len(self._undeclared) + len(new) <= _MOST_UNDECLARED:
            self._undeclared = (*self._undeclared, *new)
            self.form = self._compiled()

    def _compiled(self) -> Form:
        types = {**self._types, **dict.fromkeys(self._undeclared, Any)}
        kept = {name: _kept(kind, as_value=name == self._cursor) for name, kind in types.items()}
        return Form(
            kept,
            required=[name for name in self._keys if name in self._own],
            checked={name: self._own.get(name, Any) for name, kind in kept.items() if kind is msgspec.Raw},
            left_out=[*self._dropped, *self._undeclared],
            undeclared=self._undeclared,
            cursor=self._cursor,
            cursor_types=fitting.python_types(self._own.get(self._cursor or "", Any)),
        )

    def of(self, records: Sequence[Mapping[str, Any]]) -> Block:
        """Records that are objects, typed.

        Raises:
            MisfitError: They do not fit.
        """
        form = self.form
        try:
            return form.block(form.decoder.decode(_encoder.encode(records)))
        except (msgspec.MsgspecError, ValueError, TypeError, OverflowError, RecursionError) as error:
            raise MisfitError(str(error)) from None

    def given(self, values: Mapping[str, Any]) -> dict[str, msgspec.Raw]:
        """What the records of a page get from their parent, as it stands in each of them.

        Args:
            values: Values of the parent, by the names of the fields.

        Raises:
            MisfitError: A value is not what the schema says.
        """
        texts = {name: msgspec.Raw(_encoder.encode(values.get(name))) for name in self._given_names}
        try:
            self._given_decoder.decode(_encoder.encode(texts))
        except (msgspec.MsgspecError, ValueError) as error:
            raise MisfitError(str(error)) from None
        return {name: texts[name] for name in self._given}

    def encoded(
        self, form: Form, records: Sequence[Any], given: Mapping[str, msgspec.Raw], time_extracted: str
    ) -> Pieces:
        """The RECORD lines of typed records.

        Args:
            form: What the records are.
            records: Of a `Block`.
            given: What the parent gives.
            time_extracted: ISO 8601.
        """
        if not records:
            return ()
        form.finish(records, given)
        tail = b',"time_extracted":"%b"%b}\n' % (time_extracted.encode(), self._version)
        between = tail + self._head
        lines = _encoder.encode_lines(records).replace(b"\n", between)
        return self._head, memoryview(lines)[: -len(between)], tail


class Form:
    """What the records of a stream are: a type, and what it leaves to be checked.

    What is text, whole number or boolean is checked as it is read. All else stays bytes, as the API wrote it, and is
    checked field by field, over all records of a page at once.

    Args:
        kept: By field, the type in which it is read.
        required: Fields that must be there.
        checked: Fields that stay bytes, and the type that they must be of.
        left_out: Fields that are read and not written.
        undeclared: Fields that no schema knows.
        cursor: The field whose values a window needs, or None.
        cursor_types: What its values may be; None: anything.

    Attributes:
        record: The type of a record.
    """

    def __init__(  # noqa: PLR0913 (what is compiled, piece by piece)
        self,
        kept: Mapping[str, Any],
        *,
        required: Sequence[str],
        checked: Mapping[str, Any],
        left_out: Sequence[str],
        undeclared: Sequence[str],
        cursor: str | None,
        cursor_types: frozenset[type] | None,
    ) -> None:
        """Compiles the type."""
        attributes = {name: f"f{number}" for number, name in enumerate(kept)}
        fields = {attributes[name]: (name, kind) for name, kind in kept.items()}
        self.record = fitting.struct(fields, required, closed=True)
        out = set(left_out)
        self._columns = [
            _Column(self.record, attributes[name], kind, written=name not in out) for name, kind in checked.items()
        ]
        self._setters = {name: getattr(self.record, attribute).__set__ for name, attribute in attributes.items()}
        self._left_out = [name for name in kept if name in out]
        self._undeclared = {name: attrgetter(attributes[name]) for name in undeclared}
        self._cursor = attrgetter(attributes[cursor]) if cursor in attributes else None
        self._cursor_types = cursor_types

    @cached_property
    def decoder(self) -> msgspec.json.Decoder[Any]:
        """Reads a list of records."""
        return msgspec.json.Decoder(list[self.record], float_hook=Decimal)  # type: ignore[name-defined]

    def block(self, records: Sequence[Any]) -> Block:
        """The records of a page, if they fit.

        Raises:
            ValueError: They do not.
        """
        for column in self._columns:
            column.check(records)
        if self._cursor is None:
            return Block(records, (), self)
        cursors = list(map(self._cursor, records))
        types = set(map(type, cursors))
        if self._cursor_types is not None and not types <= self._cursor_types | {msgspec.UnsetType}:
            raise MisfitError("a cursor of another type")
        if msgspec.UnsetType in types:
            cursors = [None if value is msgspec.UNSET else value for value in cursors]
        return Block(records, cursors, self)

    def undeclared(self, records: Sequence[Any]) -> dict[str, int]:
        """How many of the records have which undeclared field."""
        absent = {name: list(map(get, records)).count(msgspec.UNSET) for name, get in self._undeclared.items()}
        return {name: len(records) - count for name, count in absent.items() if count < len(records)}

    def finish(self, records: Sequence[Any], given: Mapping[str, msgspec.Raw]) -> None:
        """Makes records what is written: without some fields, and with those of their parent."""
        for name in self._left_out:
            self._set(name, records, given.get(name, msgspec.UNSET))

    def _set(self, name: str, records: Sequence[Any], value: Any) -> None:
        deque(map(self._setters[name], records, repeat(value)), maxlen=0)


class _Column:
    """A field that stays bytes.

    Args:
        record: The type that has it.
        attribute: Its name there.
        kind: What it must be; Any: whatever it is.
        written: Whether it is written.
    """

    def __init__(self, record: type, attribute: str, kind: Any, *, written: bool) -> None:
        self._get = attrgetter(attribute)
        self._set = getattr(record, attribute).__set__
        self._firsts = fitting.first_bytes(kind)
        self._decoder = None if kind is Any or self._firsts else msgspec.json.Decoder(list[kind])
        self._written = written and not fitting.is_number(kind)

    def check(self, records: Sequence[Any]) -> None:
        """Checks the field in all records, and brings what would not stay on one line there.

        Raises:
            ValueError: It is something else, or no UTF-8.
        """
        values = list(map(self._get, records))
        try:
            texts = b",".join(values)
        except TypeError:  # it is not in all of them
            values = [value for value in values if value is not msgspec.UNSET]
            texts = b",".join(values)
        if self._firsts and not self._firsts.issuperset(map(_first, map(_bytes, values))):
            raise MisfitError("a value of another type")
        if self._decoder is not None:
            self._decoder.decode(b"[%b]" % texts)
        if not self._written:
            return
        if not texts.isascii():
            texts.decode()  # a byte that is no UTF-8 must not slip through unread
        if b"\n" in texts or b"\r" in texts:
            self._bring_on_one_line(records)

    def _bring_on_one_line(self, records: Sequence[Any]) -> None:
        for record in records:
            value = self._get(record)
            if value is not msgspec.UNSET:
                self._set(record, msgspec.Raw(msgspec.json.format(bytes(value), indent=-1)))


def _kept(fits: Any, *, as_value: bool) -> Any:
    """In which type a field is read: as bytes, except where its own type costs little or its value is needed."""
    if fits in fitting.CHEAP:
        return fits
    return Any if as_value else msgspec.Raw
