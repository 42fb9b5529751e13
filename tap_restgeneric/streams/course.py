"""In which order does a stream go? A page goes out, then the children of its records, then the state moves."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from tap_restgeneric.engine.client import SyncTokenRejectedError
from tap_restgeneric.engine.records import Record
from tap_restgeneric.errors import ReplyError, RestGenericError
from tap_restgeneric.streams.children import read_children

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tap_restgeneric.dialect.exchange import Page
    from tap_restgeneric.dialect.progress.incremental import Window
    from tap_restgeneric.dialect.progress.sync_tokens import Changes
    from tap_restgeneric.streams.door import Out
    from tap_restgeneric.streams.parts import Part
    from tap_restgeneric.streams.stream import ResourceStream

Delivered = tuple[int, Sequence[Record]]
"""How many records were delivered, and those of them that are objects."""


class Course:
    """One way through a stream: all of it, or what belongs to one record of its parent.

    Args:
        stream: The stream.
        parent: The record of the parent, or None.
        write: Whether RECORD and STATE messages are written; a batch writer takes the records instead.
    """

    def __init__(self, stream: ResourceStream, parent: Record | None, *, write: bool) -> None:
        """Nothing was read."""
        self._stream = stream
        self._parent = parent
        self._write = write

    def through(self, parts: Sequence[Part]) -> Iterator[Delivered]:
        """Reads sequences of requests one after another."""
        for part in parts:
            if self._stream.extent.is_reached:
                return
            yield from self._part(part)

    def rows(self) -> Iterator[Delivered]:
        """Takes rows that stand inside the record of the parent, which needs no request."""
        stream, parent = self._stream, self._parent or {}
        stream.begin_sequence()
        stream.tally.matched = stream.tally.matched or stream.node.has_rows(parent)
        stream.tally.unmatched = "expand: no record of the parent has a list there"
        for out in stream.door.rows(stream.node.rows(parent), self._parent, write=self._write):
            yield self._followed(out, lambda _: None)

    def _part(self, part: Part) -> Iterator[Delivered]:
        """Reads a part; from its beginning, if the API does not know any more where the last run stopped."""
        try:
            yield from self._read(part)
        except SyncTokenRejectedError as error:
            self._stream.tally.warn(f"the sync token of the last run was rejected, so everything is read: {error}")
            yield from self._read(part.anew())
        except ReplyError as error:
            if not part.reading.resumes:
                raise
            self._stream.tally.warn(f"where the last run stopped nothing is found, so everything is read: {error}")
            yield from self._read(part.anew())

    def _read(self, part: Part) -> Iterator[Delivered]:
        stream, window, changes, done = self._stream, part.window, part.changes, False
        stream.begin_sequence()
        for page in part.reading.pages():
            for out in stream.door.page(page, self._parent, window, write=self._write):
                yield self._followed(out, partial(self._past, part, window, out))
                window, done = self._moved(part, window, out.window), out.done
            stream.extent.page()
            if stream.extent.is_reached:
                return
            changes = self._known(changes, page)
            if self._write:
                stream.resumption.reached(part)
                stream.progress.write()
            if done:
                stream.tally.stops["past the window"] += 1
                break
        self._over(part, window, changes)

    def _moved(self, part: Part, before: Window | None, window: Window | None) -> Window | None:
        """The window behind a piece of a page; the bookmark follows where records come in order."""
        progress = self._stream.progress
        if window is None or before is None or window.block.row_order != "asc" or not self._write:
            return window
        if not window.disordered:
            progress.advance(part, window)
            progress.write()
        elif not before.disordered:
            progress.take_back(part)
        return window

    def _past(self, part: Part, before: Window | None, out: Out, record: Record) -> None:
        """Moves the bookmark behind a record whose children are out, though those of the rest of its page are not."""
        if before is not None and out.window is not None and not out.window.disordered:
            self._moved(part, before, before.advanced(before.block.value(record)))

    def _over(self, part: Part, window: Window | None, changes: Changes | None) -> None:
        """Moves the bookmark behind a part of which all is out."""
        stream = self._stream
        if changes and changes.lost:
            stream.tally.warn(changes.lost)
        if not part.reading.ignored:
            stream.progress.ended(part)
        if come := window.closed() if window else changes:
            stream.progress.over(part, come, out=self._write)
            if self._write:
                stream.progress.write()

    def _followed(self, out: Out, past: Callable[[Record], None]) -> Delivered:
        """What has gone out, when its children are out too."""
        read_children(self._stream, out.taken, past)
        if out.full:
            self._stream.full(out.count)
        return out.count, out.delivered

    def _known(self, changes: Changes | None, page: Page) -> Changes | None:
        """What is known of the next token behind a page."""
        try:
            return changes and changes.after(page)
        except RestGenericError as error:
            raise self._stream.door.on(page.position, error) from error
