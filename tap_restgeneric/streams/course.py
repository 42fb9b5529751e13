"""In which order does a stream go? A page goes out, then the children of its records, then the state moves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from tap_restgeneric.engine.client import SyncTokenRejectedError
from tap_restgeneric.engine.pool import ahead
from tap_restgeneric.engine.records import Record
from tap_restgeneric.errors import ReplyError, RestGenericError
from tap_restgeneric.streams.children import Children, read
from tap_restgeneric.streams.door import ROWS, Out

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from tap_restgeneric.dialect.exchange import Page, Position
    from tap_restgeneric.dialect.progress.incremental import Window
    from tap_restgeneric.dialect.progress.sync_tokens import Changes
    from tap_restgeneric.streams.door import Piece
    from tap_restgeneric.streams.parts import Job, Part
    from tap_restgeneric.streams.stream import ResourceStream

Delivered = tuple[int, Sequence[Record]]
"""How many records were delivered, and those of them that are objects."""
_MOST_PAGES = 2
"""Pages that are held behind the one in hand."""

Moves = Callable[["Window | None"], None]
"""Moves the bookmark to a window."""


class Step(NamedTuple):
    """What a stream does at one time; it is known before, and changes nothing before its turn.

    Attributes:
        take: Does it, and gives what is delivered by then.
        job: The child that is read; its first request may be out before.
        ends_page: Whether a page is out with it.
    """

    take: Callable[[], Iterable[Delivered] | None]
    job: Job | None = None
    ends_page: bool = False

    def begin(self) -> None:
        """Asks for the first page of a child."""
        if self.job:
            self.job.begin()

    def drop(self) -> None:
        """Gives up what was asked for before its turn."""
        if self.job:
            self.job.drop()


def _are_enough(steps: Iterable[Step]) -> bool:
    """Whether they hold so many pages that the next one stays where it is."""
    return sum(step.ends_page for step in steps) > _MOST_PAGES


class Course:
    """One way through a stream: all of it, or what belongs to one record of its parent.

    It is a row of steps, each taken in its turn. Where records have children, the steps of the next page are made while
    children of this one are still to be read: so first requests are in flight at a page's end, too.

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
        self._children = Children(stream)
        self._out = Out(0)

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
        pieces = stream.door.rows(stream.node.rows(parent), self._parent, write=self._write)
        yield from self._taken(step for piece in pieces for step in self._block(piece, ROWS, None, lambda _: None))

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
        self._stream.begin_sequence()
        yield from self._taken(self._steps(part))

    def _taken(self, steps: Generator[Step, None, None]) -> Iterator[Delivered]:
        """Takes steps in their order; each is made when its turn comes, unless children may begin before theirs."""
        window = self._children.window
        with closing(ahead(steps, window, _are_enough) if window else steps) as coming:
            for step in coming:
                yield from step.take() or ()

    def _steps(self, part: Part) -> Generator[Step, None, None]:
        """The steps through a part. Whatever they need of the page they belong to, they hold: later ones come early."""
        stream, window, changes, done = self._stream, part.window, part.changes, False
        for page in part.reading.pages():
            following = part.reading.following
            for piece in stream.door.pieces(page, self._parent, window, write=self._write):
                yield from self._block(piece, page.position, window, partial(self._moved, part, window))
                window, done = piece.window, piece.done
            yield Step(partial(self._behind, part, following, done=done), ends_page=True)
            if stream.extent.is_reached:  # seen in time: where there is a limit, nothing comes early
                return
            changes = self._known(changes, page)
            if done:
                break
        yield Step(partial(self._over, part, window, changes))

    def _block(self, piece: Piece, position: object, before: Window | None, moves: Moves) -> Iterator[Step]:
        """The steps through a piece of a page."""
        yield Step(partial(self._put, piece, position))
        past = partial(self._past, piece, before, moves)
        last: Record | None = None
        for job in self._children.jobs(piece.taken):
            over = last if self._children.are_single and job.parent is not last else None
            yield Step(partial(self._child, job, past, over), job)
            last = job.parent
        yield Step(partial(self._delivered, piece, moves))

    def _put(self, piece: Piece, position: object) -> None:
        """Writes a piece."""
        self._out = self._stream.door.out(piece, position, write=self._write)

    def _child(self, job: Job, past: Callable[[Record], None], over: Record | None) -> None:
        """Reads a child, behind a record of which all children are out."""
        if over is not None:
            past(over)
        read(job)

    def _delivered(self, piece: Piece, moves: Moves) -> Iterator[Delivered]:
        """Gives what has gone out, now that its children are out too."""
        out = self._out
        if out.full:
            self._stream.full(out.count)
        yield out.count, out.delivered
        moves(piece.window)

    def _behind(self, part: Part, following: Position | None, *, done: bool) -> None:
        """Says that all of a page is out."""
        stream = self._stream
        stream.extent.page()
        if stream.extent.is_reached:
            return
        if self._write:
            stream.resumption.reached(part, following)
            stream.progress.write()
        if done:
            stream.tally.stops["past the window"] += 1

    def _moved(self, part: Part, before: Window | None, window: Window | None) -> None:
        """Moves the bookmark behind a piece of a page, where records come in order."""
        progress = self._stream.progress
        if window is None or before is None or window.block.row_order != "asc" or not self._write:
            return
        if not window.disordered:
            progress.advance(part, window)
            progress.write()
        elif not before.disordered:
            progress.take_back(part)

    def _past(self, piece: Piece, before: Window | None, moves: Moves, record: Record) -> None:
        """Moves the bookmark behind a record whose children are out, though those of the rest of its page are not."""
        if before is not None and piece.window is not None and not piece.window.disordered:
            moves(before.advanced(before.block.value(record)))

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

    def _known(self, changes: Changes | None, page: Page) -> Changes | None:
        """What is known of the next token behind a page."""
        try:
            return changes and changes.after(page)
        except RestGenericError as error:
            raise self._stream.door.on(page.position, error) from error
