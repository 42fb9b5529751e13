"""How far has a stream come, and when does STATE say so?"""

from __future__ import annotations

import time
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tap_restgeneric.streams.bookmarks import Bookmark, Bookmarks, last_value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_restgeneric.dialect.progress.incremental import Window
    from tap_restgeneric.dialect.progress.sync_tokens import Changes
    from tap_restgeneric.streams.stream import ResourceStream
    from tap_restgeneric.tap import TapRestGeneric

_MANY_PARTITIONS = 100
_STATE_SECONDS = 5.0


class Progress:
    """The state of a stream.

    Args:
        stream: The stream.
        tap: Holds the one output, which is also the lock of the state.
    """

    def __init__(self, stream: ResourceStream, tap: TapRestGeneric) -> None:
        """No STATE was written."""
        self._stream = stream
        self._tap = tap
        self._written = 0.0

    @cached_property
    def _bookmarks(self) -> Bookmarks:
        with self._tap.output:  # the state is shared, and somebody may be writing it
            state = self._stream.stream_state
        return Bookmarks(state)

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
        last = None if self._begins_anew else last_value(bookmark, str(block.cursor_path))
        return block.window(last, self._tap.start_date_for(stream.node, stream.schema))

    def changes(self, bookmark: Bookmark) -> Changes | None:
        """What a run asks for, if the API gives tokens."""
        node = self._stream.node
        if node.sync_token is None:
            return None
        last = None if self._begins_anew else last_value(bookmark, node.sync_token.name)
        return node.sync_token.changes(last, node.auth.unsigned if node.auth else str)

    @property
    def _begins_anew(self) -> bool:
        """Whether the catalog wants everything of a stream that could give what is new."""
        return self._stream.forced_replication_method == "FULL_TABLE"

    def advance(self, bookmark: Bookmark, come: Window | Changes) -> None:
        """Moves a bookmark as far as the stream has come; a test run, which ends somewhere, moves none."""
        stream = self._stream
        if come.bookmark is None or not stream.selected or stream.ABORT_AT_RECORD_COUNT is not None:
            return
        with self._tap.output:
            if self._bookmarks.advance(bookmark, *come.bookmark):
                stream.state_manager.is_flushed = False

    def write(self, *, at_once: bool = False) -> None:
        """Writes a STATE message: after a page, but not often where state is large, so that all of them stay linear."""
        if not at_once and len(self._bookmarks) > _MANY_PARTITIONS:
            now = time.monotonic()
            if now - self._written < _STATE_SECONDS:
                return
            self._written = now
        with self._tap.output:
            self._stream.write_state()
