"""What of a page is written, and how? All records leave through here: typed where they fit, else as the SDK does it."""

from __future__ import annotations

import copy
from contextlib import nullcontext
from dataclasses import dataclass
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


@dataclass(frozen=True, kw_only=True)
class Out:
    """What has gone out of a page, or of a piece of it.

    Attributes:
        count: Records delivered.
        delivered: Those of them that are objects, as they were before maps and flattening.
        taken: The records of the page that are wanted, for their children.
        window: The window behind them.
        done: Whether no later page can hold more.
        full: Whether a test run has all that it may take, and there was more.
    """

    count: int
    delivered: Sequence[Record] = ()
    taken: Sequence[Record] = ()
    window: Window | None = None
    done: bool = False
    full: bool = False


@dataclass(frozen=True)
class Piece:
    """Records of a page that belong to the window, the window behind them, and whether no later page can hold more."""

    records: Sequence[Any]
    window: Window | None = None
    done: bool = False


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

    def page(self, page: Page, parent: Record | None, window: Window | None, *, write: bool) -> Iterator[Out]:
        """Writes what is wanted of a page, in pieces behind each of which the state may move.

        Args:
            page: As it was read.
            parent: The record of the parent that it belongs to.
            window: What the run asks for, as far as it has come.
            write: Whether RECORD messages are written; else the records are delivered alone.

        Raises:
            RestGenericError: With the stream and the page in its message.
        """
        try:
            typed = self.typed.page(page, parent) if write else None
            if typed is None:
                yield from self._objects(page.records, parent, window, write=write)
                return
            beside = carried(page.records, self._stream.node, parent) if self._has_children else None
            yield from self._at_once(self._stream.extent.cut(typed.records), beside, typed, window)
        except RestGenericError as error:
            raise self.on(page.position, error) from error

    def rows(self, found: Iterable[Any], parent: Record | None, *, write: bool) -> Iterator[Out]:
        """Writes rows that stand inside a record of the parent."""
        try:
            yield from self._objects(list(found), parent, None, write=write)
        except RestGenericError as error:
            raise self.on("its rows", error) from error

    def on(self, position: object, error: RestGenericError) -> RestGenericError:
        """An error of a record or a reply, with the stream and the page it was met on."""
        if isinstance(error, ConfigError):
            return error
        return type(error)(f"stream {self._stream.name!r}, {position}: {error}")

    def _wanted(self, records: Sequence[Any], values: Sequence[Any], window: Window | None) -> Iterator[Piece]:
        """The records of a page that belong to the window, in pieces."""
        if window is None:
            yield Piece(records)
            return
        in_pieces = window.block.row_order == "asc" and not self._stream.child_streams
        size = _PIECE if in_pieces else len(records)
        last = max(0, len(records) - 1)
        done = window.done(values)
        for begin in range(0, last + 1, max(size, 1)):
            end = begin + size
            kept, window = windowed(records[begin:end], values[begin:end], window, self._stream.tally)
            yield Piece(kept, window, done=done and end > last)

    @property
    def _has_children(self) -> bool:
        return any(child.selected or child.has_selected_descendents for child in self._stream.child_streams)

    def _objects(
        self, found: Sequence[Any], parent: Record | None, window: Window | None, *, write: bool
    ) -> Iterator[Out]:
        """Writes records that are objects: typed after all, if they fit."""
        records = carried(self._stream.extent.cut(found), self._stream.node, parent)
        values = [window.block.value(record) for record in records] if window else ()
        typed = self.typed.objects(records, values, parent) if write else None
        if typed is not None:
            yield from self._at_once(typed.records, records, typed, window)
            return
        for piece in self._wanted(records, values, window):
            yield self._one_by_one(piece, write=write)
        self.typed.know(self._stream.tally.undeclared)

    def _at_once(
        self, records: Sequence[Any], beside: Sequence[Record] | None, page: TypedPage, window: Window | None
    ) -> Iterator[Out]:
        """Writes typed records of a page; their children, if there are any, get the objects beside them."""
        wanted = records if not self._has_children else list(zip(records, beside or (), strict=False))
        for piece in self._wanted(wanted, page.cursors[: len(records)], window):
            taken: Sequence[Record] = ()
            typed = piece.records
            if self._has_children:
                typed, taken = [record for record, _ in piece.records], [each for _, each in piece.records]
            lines = self.typed.encoded(typed, page)
            with self._tap.output:
                self._tap.output.write(*lines)
                self._passed(len(typed))
            yield Out(count=len(typed), taken=taken, window=piece.window, done=piece.done)

    def _one_by_one(self, piece: Piece, *, write: bool) -> Out:
        room = self._room
        taken = piece.records[:room]
        with self._tap.output if write else nullcontext():
            delivered = [self._one(record, write=write) for record in taken] if self._stream.selected else []
            self._passed(len(delivered))
        full = room is not None and len(piece.records) > room
        return Out(
            count=len(delivered), delivered=delivered, taken=taken, window=piece.window, done=piece.done, full=full
        )

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
