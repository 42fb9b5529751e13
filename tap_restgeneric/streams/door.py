"""What of a page is written, and how? All records leave through here: typed where they fit, else as the SDK does it."""

from __future__ import annotations

import copy
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tap_restgeneric.engine.contract import Contract
from tap_restgeneric.engine.records import Record, carried, windowed
from tap_restgeneric.errors import ConfigError, RestGenericError
from tap_restgeneric.streams.typed import TypedPage, TypedPath

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tap_restgeneric.dialect.exchange import Page
    from tap_restgeneric.dialect.progress.incremental import Window
    from tap_restgeneric.streams.stream import ResourceStream
    from tap_restgeneric.tap import TapRestGeneric


_PIECE = 5_000
"""Records of a page that are written at once, where the state may move behind any of them."""
ROWS = "its rows"
"""Where records were met that stand inside a record of the parent."""


@dataclass(frozen=True)
class Piece:
    """Records of a page that are wanted, before they are written.

    Attributes:
        records: Typed ones, or objects.
        window: The window behind them.
        done: Whether no later page can hold more.
        taken: The records as objects, for their children; of objects, those that are written.
        page: Where they were typed; None: they are objects.
    """

    records: Sequence[Any]
    window: Window | None = None
    done: bool = False
    taken: Sequence[Record] = ()
    page: TypedPage | None = None


@dataclass(frozen=True)
class Out:
    """What has gone out.

    Attributes:
        count: Records delivered.
        delivered: Those of them that are objects, as they were before maps and flattening.
        full: Whether a test run has all that it may take, and there was more.
    """

    count: int
    delivered: Sequence[Record] = ()
    full: bool = False


class Door:
    """Where the records of a stream leave.

    Args:
        stream: The stream.
        tap: Holds the one output.
    """

    def __init__(self, stream: ResourceStream, tap: TapRestGeneric) -> None:
        """Nothing has left."""
        self._stream = stream
        self._tap = tap
        self.typed = TypedPath(stream)

    def pieces(self, page: Page, parent: Record | None, window: Window | None, *, write: bool) -> Iterator[Piece]:
        """What is wanted of a page, in pieces behind each of which the state may move.

        Args:
            page: As it was read.
            parent: The record of the parent that it belongs to.
            window: What the run asks for, as far as it has come.
            write: Whether RECORD messages will be written; else the records are delivered alone.

        Raises:
            RestGenericError: With the stream and the page in its message.
        """
        try:
            typed = self.typed.page(page, parent) if write else None
            if typed is None:
                yield from self._objects(page.records, parent, window, write=write)
                return
            beside = carried(page.records, self._stream.node, parent) if self._stream.children else ()
            yield from self._typed(self._stream.extent.cut(typed.records), beside, typed, window)
        except RestGenericError as error:
            raise self.on(page.position, error) from error

    def rows(self, found: Iterable[Any], parent: Record | None, *, write: bool) -> Iterator[Piece]:
        """What is wanted of rows that stand inside a record of the parent."""
        try:
            yield from self._objects(list(found), parent, None, write=write)
        except RestGenericError as error:
            raise self.on(ROWS, error) from error

    def out(self, piece: Piece, position: object, *, write: bool) -> Out:
        """Writes a piece, or delivers its records alone.

        Args:
            piece: Of a page.
            position: Of that page.
            write: Whether RECORD messages are written.

        Raises:
            RestGenericError: With the stream and the page in its message.
        """
        try:
            return self._one_by_one(piece, write=write) if piece.page is None else self._at_once(piece, piece.page)
        except RestGenericError as error:
            raise self.on(position, error) from error

    def on(self, position: object, error: RestGenericError) -> RestGenericError:
        """An error of a record or a reply, with the stream and the page it was met on."""
        if isinstance(error, ConfigError):
            return error
        return type(error)(f"stream {self._stream.name!r}, {position}: {error}")

    def _wanted(
        self, records: Sequence[Any], values: Sequence[Any], window: Window | None, page: TypedPage | None = None
    ) -> Iterator[Piece]:
        """The records of a page that belong to the window, in pieces."""
        if window is None:
            yield Piece(records, page=page)
            return
        in_pieces = window.block.row_order == "asc" and not self._stream.child_streams
        size = _PIECE if in_pieces else len(records)
        last = max(0, len(records) - 1)
        done = window.done(values)
        for begin in range(0, last + 1, max(size, 1)):
            end = begin + size
            kept, window = windowed(records[begin:end], values[begin:end], window, self._stream.tally)
            yield Piece(kept, window, done=done and end > last, page=page)

    def _objects(
        self, found: Sequence[Any], parent: Record | None, window: Window | None, *, write: bool
    ) -> Iterator[Piece]:
        """The wanted records of a page that are objects: typed after all, if they fit."""
        records = carried(self._stream.extent.cut(found), self._stream.node, parent)
        values = [window.block.value(record) for record in records] if window else ()
        typed = self.typed.objects(records, values, parent) if write else None
        if typed is not None:
            yield from self._typed(typed.records, records, typed, window)
            return
        for piece in self._wanted(records, values, window):
            yield replace(piece, taken=piece.records[: self._room])

    def _typed(
        self, records: Sequence[Any], beside: Sequence[Record], page: TypedPage, window: Window | None
    ) -> Iterator[Piece]:
        """The wanted records of a page that are typed; their children, if there are any, get the objects beside."""
        cursors = page.cursors[: len(records)]
        if not self._stream.children:
            yield from self._wanted(records, cursors, window, page)
            return
        for piece in self._wanted(list(zip(records, beside, strict=False)), cursors, window, page):
            typed, taken = [record for record, _ in piece.records], [each for _, each in piece.records]
            yield replace(piece, records=typed, taken=taken)

    def _at_once(self, piece: Piece, page: TypedPage) -> Out:
        """Writes typed records."""
        lines = self.typed.encoded(piece.records, page)
        with self._tap.output:
            self._tap.output.write(*lines)
            self._passed(len(piece.records))
        return Out(len(piece.records))

    def _one_by_one(self, piece: Piece, *, write: bool) -> Out:
        """Writes records that are objects on the SDK's own path."""
        with self._tap.output if write else nullcontext():
            delivered = [self._one(record, write=write) for record in piece.taken] if self._stream.selected else []
            self._passed(len(delivered))
        self.typed.know(self._stream.tally.undeclared)
        return Out(len(delivered), delivered, full=len(piece.records) > len(piece.taken))

    def _passed(self, records: int) -> None:
        self._tap.pace.passed(records)
        if records:
            self._stream.has_news(state=False)

    @property
    def _room(self) -> int | None:
        """How many more records a test run may take; None: no limit."""
        limit = self._stream.ABORT_AT_RECORD_COUNT
        return None if limit is None else max(0, limit - self._stream.tally.records)

    def _one(self, record: Record, *, write: bool) -> Record:
        """One record on the SDK's own path."""
        own = copy.deepcopy(record) if self._stream.child_streams else record
        self._contract.enforce(own)
        if write:
            self._stream.write(own)
        return own

    @cached_property
    def _contract(self) -> Contract:
        stream = self._stream
        policy = stream.config.get("undeclared_fields") or "warn"
        return Contract(stream.schema, stream.primary_keys, policy, stream.tally)
