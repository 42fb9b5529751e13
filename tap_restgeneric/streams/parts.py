"""What is to be read for a stream, in which pieces?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tap_restgeneric.engine.reading import Reading
from tap_restgeneric.engine.records import Record, batched_values, child_values, requested
from tap_restgeneric.engine.remembered import Remembered

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tap_restgeneric.dialect.progress.incremental import Window
    from tap_restgeneric.dialect.progress.sync_tokens import Changes
    from tap_restgeneric.streams.bookmarks import Bookmark
    from tap_restgeneric.streams.stream import ResourceStream
    from tap_restgeneric.tap import TapRestGeneric

_MANY_PARENTS = 100_000


@dataclass(frozen=True)
class Part:
    """One sequence of requests of a stream.

    Attributes:
        reading: Its pages.
        bookmark: Its state, in the SDK's layout.
        window: What it asks for, if the stream is incremental.
        changes: What it asks for, if the API gives tokens.
        number: Which it is of those that are read one after another.
    """

    reading: Reading
    bookmark: Bookmark
    window: Window | None
    changes: Changes | None = None
    number: int = 0

    def anew(self) -> Part:
        """The same without what is left of the last run: from its first page, without its token; nothing asked for."""
        changes = self.changes and self.changes.everything()
        return replace(self, reading=self.reading.anew(changes.values() if changes else {}), changes=changes)


@dataclass(frozen=True)
class Job:
    """What is read for a record of the parent, or for a batch of them.

    Attributes:
        stream: The child.
        parent: The record; empty for a batch.
        parts: Its sequences of requests.
    """

    stream: ResourceStream
    parent: Record
    parts: Sequence[Part]

    def begin(self) -> None:
        """Asks for the first page."""
        for part in self.parts[:1]:
            part.reading.begin()

    def drop(self) -> None:
        """Gives up what was asked for before its turn."""
        for part in self.parts:
            part.reading.drop()


class Parts:
    """The sequences of requests of a stream.

    Args:
        stream: The stream.
        tap: Has the client and the source.
    """

    def __init__(self, stream: ResourceStream, tap: TapRestGeneric) -> None:
        """Nothing was asked for."""
        self._stream = stream
        self._tap = tap
        self._requested = Remembered(_MANY_PARENTS)

    def of(self, parent: Record | None) -> list[Part]:
        """What is read for one record of the parent (or for a root stream), nothing asked for yet."""
        stream = self._stream
        if stream.node.request is None:
            return []
        values = child_values(stream.node, parent, stream.tally) if parent is not None else {}
        return [] if values is None else self._with(values)

    def jobs(self, parents: Sequence[Record]) -> Iterator[Job]:
        """What is read for records of the parent: for each of them, or for batches of them."""
        stream = self._stream
        if stream.failure or stream.extent.is_reached:
            return
        new = [parent for parent in parents if not self._repeats(parent)]
        if stream.node.batch is None:
            yield from (Job(stream, parent, self.of(parent)) for parent in new)
            return
        for values in batched_values(stream.node, new, stream.tally):
            yield Job(stream, {}, self._with(values))

    def forget(self) -> None:
        """Forgets for which parents something was asked: what comes again may have changed."""
        self._requested.clear()

    def _repeats(self, parent: Record) -> bool:
        """Whether the same was asked for an earlier record of the parent, which had not changed in between."""
        node = self._stream.node
        request = requested(node, parent, self._tap.source.nodes[node.parent or ""])
        if request is None or not self._requested.again(request):
            return False
        self._stream.tally.repeats()
        return True

    def _with(self, values: dict[str, Any]) -> list[Part]:
        partitions = self._stream.node.partitions()
        parts = (part for own in partitions for part in self._of_partition({**values, **own}))
        return [replace(part, number=number) for number, part in enumerate(parts)]

    @cached_property
    def _reading(self) -> Reading:
        """Its requests, with no placeholder filled."""
        stream = self._stream
        openers = stream.door.typed.openers
        return Reading(stream.node, self._tap.client, {}, stream.tally, stream.pool, openers=openers)

    def _of_partition(self, values: dict[str, Any]) -> Iterator[Part]:
        """The parts of one partition: one, or one for each step of its window."""
        _stream, progress = self._stream, self._stream.progress
        bookmark = progress.bookmark(values)
        reading = self._reading.anew(values)
        window, changes = progress.window(bookmark), progress.changes(bookmark)
        if window is None:
            yield Part(reading.anew(changes.values()) if changes else reading, bookmark, None, changes)
            return
        for step in window.steps(self._tap.now()):
            yield Part(reading.anew(step.values()), bookmark, step)
