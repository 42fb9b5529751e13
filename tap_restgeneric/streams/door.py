"""What of a page is written, and how? All records leave through here: typed where they fit, else as the SDK does it."""

from __future__ import annotations

import copy
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from tap_restgeneric.engine.contract import Contract
from tap_restgeneric.engine.records import Record, carried, windowed
from tap_restgeneric.errors import ConfigError, RestGenericError
from tap_restgeneric.streams.typed import TypedPage, TypedPath

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from tap_restgeneric.dialect.exchange import Page
    from tap_restgeneric.dialect.progress.incremental import Window
    from tap_restgeneric.streams.stream import ResourceStream
    from tap_restgeneric.tap import TapRestGeneric


@dataclass(frozen=True, kw_only=True)
class Out:
    """What has gone out of a page.

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

    def page(self, page: Page, parent: Record | None, window: Window | None, *, write: bool) -> Out:
        """Writes what is wanted of a page.

        Args:
            page: As it was read.
            parent: The record of the parent that it belongs to.
            window: What the run asks for, as far as it has come.
            write: Whether RECORD messages are written; else the records are delivered alone.

        Raises:
            RestGenericError: With the stream and the page in its message.
        """
        try:
            typed = self.typed.page(page, parent, window) if write else None
            if typed is not None:
                return self._at_once(typed)
            records, window, done = self._wanted(carried(page.records, self._stream.node, parent), window)
        except RestGenericError as error:
            raise self.on(page.position, error) from error
        out = self._one_by_one(records, page.position, window, done=done, write=write)
        self.typed.know(self._stream.tally.undeclared)
        return out

    def rows(self, found: Iterable[Any], parent: Record | None, *, write: bool) -> Out:
        """Writes rows that stand inside a record of the parent."""
        return self._one_by_one(carried(found, self._stream.node, parent), "its rows", None, done=False, write=write)

    def on(self, position: object, error: RestGenericError) -> RestGenericError:
        """An error of a record or a reply, with the stream and the page it was met on."""
        if isinstance(error, ConfigError):
            return error
        return type(error)(f"stream {self._stream.name!r}, {position}: {error}")

    def _at_once(self, typed: TypedPage) -> Out:
        lines = self.typed.encoded(typed)
        with self._tap.output:
            self._tap.write_lines(*lines)
            self._stream.written(len(typed.records))
        return Out(count=len(typed.records), window=typed.window, done=typed.done)

    def _wanted(self, records: Sequence[Record], window: Window | None) -> tuple[Sequence[Record], Window | None, bool]:
        """The records that belong to the window, the window behind them, and whether it is done."""
        if window is None:
            return records, None, False
        values = [window.block.cursor_path.first(record) for record in records]
        return windowed(records, values, window, self._stream.tally)

    def _one_by_one(
        self, records: Sequence[Record], place: object, window: Window | None, *, done: bool, write: bool
    ) -> Out:
        room = self._room
        taken = records[:room]
        with self._tap.output if write else nullcontext():
            delivered = [self._one(record, place, write=write) for record in taken] if self._stream.selected else []
        full = room is not None and len(records) > room
        return Out(count=len(delivered), delivered=delivered, taken=taken, window=window, done=done, full=full)

    @property
    def _room(self) -> int | None:
        """How many more records a test run may take; None: no limit."""
        limit = self._stream.ABORT_AT_RECORD_COUNT
        return None if limit is None else max(0, limit - self._stream.tally.records)

    def _one(self, record: Record, place: object, *, write: bool) -> Record:
        """One record on the SDK's own path."""
        own = copy.deepcopy(record) if self._stream.child_streams else record
        try:
            self._contract.enforce(own)
        except RestGenericError as error:
            raise self.on(place, error) from error
        if write:
            self._stream.write(own)
        return own

    @cached_property
    def _contract(self) -> Contract:
        stream = self._stream
        policy = stream.config.get("undeclared_fields") or "warn"
        return Contract(stream.schema, stream.primary_keys, policy, stream.tally)
