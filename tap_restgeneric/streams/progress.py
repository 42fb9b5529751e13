"""How far has a stream come, and when does STATE say so?"""

from __future__ import annotations

import time
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tap_restgeneric.dialect.progress import instants
from tap_restgeneric.streams.bookmarks import Bookmark, Bookmarks, last_value

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tap_restgeneric.dialect.progress.incremental import Window
    from tap_restgeneric.dialect.progress.sync_tokens import Changes
    from tap_restgeneric.streams.parts import Part
    from tap_restgeneric.streams.stream import ResourceStream
    from tap_restgeneric.tap import TapRestGeneric


class Progress:
    """The bookmarks of a stream.

    Args:
        stream: The stream.
        tap: Holds the one output, which is also the lock of the state.
    """

    def __init__(self, stream: ResourceStream, tap: TapRestGeneric) -> None:
        """Nothing was read."""
        self._stream = stream
        self._tap = tap
        self._begun = 0.0
        self._frozen = False
        self._waiting: list[tuple[Part, Window | Changes]] = []

    @cached_property
    def _bookmarks(self) -> Bookmarks:
        with self._tap.output:  # the state is shared, and somebody may be writing it
            state = self._stream.stream_state
        return Bookmarks(state, self._moment if self._reads_all_partitions else None)

    @property
    def _reads_all_partitions(self) -> bool:
        """Whether every run that comes to its end has read all there are, up to the time at which it began."""
        block = self._stream.node.incremental
        forward = block is not None and block.last_value_func == "max" and block.end_value is None
        return forward and not any(parent.reads_changes for parent in self._stream.above)

    def _moment(self, value: Any) -> datetime | None:
        block = self._stream.node.incremental
        return instants.moment(value, counted=block is not None and block.convert in {"epoch", "epoch_ms"})

    def begin(self) -> None:
        """Notes that a run begins."""
        self._begun = time.monotonic()
        self._frozen = False
        self._waiting.clear()

    def freeze(self) -> None:
        """Moves nothing any more in this run: something below failed, and the next run has to come by again."""
        self._frozen = True

    @property
    def is_told(self) -> bool:
        """Whether state follows what is read: not in a test run, which ends somewhere."""
        return self._stream.ABORT_AT_RECORD_COUNT is None and not self._frozen

    def bookmark(self, values: Mapping[str, Any]) -> Bookmark:
        """The bookmark of a sequence of requests; that of a full table is empty."""
        node = self._stream.node
        return self._bookmarks.of(node.context(values)) if node.reads_changes else {}

    def window(self, bookmark: Bookmark) -> Window | None:
        """The records that a run asks for, if the stream is incremental."""
        stream = self._stream
        block = stream.node.incremental
        if block is None:
            return None
        last = None if self._begins_anew else last_value(self._bookmarks.before(bookmark), str(block.cursor_path))
        return block.window(last, self._tap.start_date_for(stream.node, stream.schema))

    def changes(self, bookmark: Bookmark) -> Changes | None:
        """What a run asks for, if the API gives tokens."""
        node = self._stream.node
        if node.sync_token is None:
            return None
        last = None if self._begins_anew else last_value(self._bookmarks.before(bookmark), node.sync_token.name)
        return node.sync_token.changes(last, node.auth.unsigned if node.auth else str)

    @property
    def _begins_anew(self) -> bool:
        """Whether the catalog wants everything of a stream that could give what is new."""
        return self._stream.forced_replication_method == "FULL_TABLE"

    def advance(self, part: Part, come: Window | Changes) -> None:
        """Moves a bookmark as far as the stream has come."""
        if come.bookmark is None or not (self._stream.selected and self.is_told):
            return
        with self._tap.output:
            if self._bookmarks.advance(part.bookmark, *come.bookmark):
                self._stream.has_news(state=True)

    def take_back(self, part: Part) -> None:
        """Moves a bookmark back to where a part began: its records were not in the order they were said to be in."""
        if not self.is_told:
            return
        with self._tap.output:
            if part.window and part.window.bookmark:
                self._bookmarks.advance(part.bookmark, *part.window.bookmark)
            else:
                self._bookmarks.take_back(part.bookmark)
            self._stream.has_news(state=True)

    def over(self, part: Part, come: Window | Changes, *, out: bool) -> None:
        """Moves a bookmark behind a part that was read.

        Args:
            part: The part.
            come: How far it has come.
            out: Whether all of it is out; records of a batch are when its file was announced: see `settle`.
        """
        if out:
            self.advance(part, come)
        else:
            self._waiting.append((part, come))

    def settle(self) -> None:
        """Moves the bookmarks behind parts whose batches were announced."""
        for part, come in self._waiting:
            self.advance(part, come)
        self._waiting.clear()

    def ended(self, part: Part) -> None:
        """Notes that all of a part was read."""
        self._bookmarks.ended(part.bookmark)

    def end(self) -> None:
        """Notes that all of the stream was read in this run: one bookmark may do for very many partitions."""
        if not self.is_told or not self._stream.node.reads_changes:
            return
        with self._tap.output:
            if self._bookmarks.all_read(time.monotonic() - self._begun, self._tap.now()):
                self._stream.has_news(state=True)

    def write(self, *, at_once: bool = False) -> None:
        """Writes a STATE message: at the end of a stream, and else where one is due."""
        with self._tap.output:
            if at_once or self._tap.pace.due:
                self._stream.write_state()
