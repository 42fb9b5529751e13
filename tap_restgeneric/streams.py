"""One Stream class per resource: how its records, and those of its children, become Singer messages."""

from __future__ import annotations

import copy
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing, nullcontext, suppress
from datetime import datetime, timezone
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import Stream
from singer_sdk.exceptions import AbortedSyncFailedException, AbortedSyncPausedException
from singer_sdk.mapper import SameRecordTransform
from typing_extensions import override

from tap_restgeneric.bookmarks import Bookmark, Bookmarks, last_value
from tap_restgeneric.engine.client import SyncTokenRejectedError
from tap_restgeneric.engine.contract import Contract
from tap_restgeneric.engine.lines import Lines, MisfitError
from tap_restgeneric.engine.pool import ONE_BY_ONE, Pool
from tap_restgeneric.engine.reading import Reading
from tap_restgeneric.engine.records import (
    Record,
    batched_values,
    carried,
    child_values,
    never_found,
    requested,
    windowed,
)
from tap_restgeneric.engine.remembered import Remembered
from tap_restgeneric.engine.rows import Rows
from tap_restgeneric.errors import ConfigError, RestGenericError
from tap_restgeneric.parts import Part, ahead

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping

    from singer_sdk.helpers.types import Context
    from singer_sdk.metrics import Counter

    from tap_restgeneric.dialect.exchange import Page
    from tap_restgeneric.dialect.progress.incremental import Window
    from tap_restgeneric.dialect.progress.sync_tokens import Changes
    from tap_restgeneric.dialect.relations import Node
    from tap_restgeneric.discovery import Shape
    from tap_restgeneric.engine.report import Tally
    from tap_restgeneric.tap import TapRestGeneric

PARENT, PARTS = "parent", "parts"
"""Under these names the context of a child holds the record of its parent, and what is read for it."""

_MANY_PARTITIONS = 100
_MANY_PARENTS = 100_000
_TOP = 2
_STATE_SECONDS = 5.0


Job = tuple["ResourceStream", Record, list[Part]]
Delivered = tuple[int, Sequence[Record]]
"""How many records were delivered, and those of them that are objects."""


class ResourceStream(Stream):
    """A stream of one resource. Its subclasses, one per resource, are made by `stream_class`."""

    node: ClassVar[Node]
    _tap: TapRestGeneric

    def __init__(self, tap: TapRestGeneric, shape: Shape) -> None:
        """A stream of a known shape."""
        super().__init__(tap, schema=shape.schema, name=self.node.name)
        # The base class forgets what the class said: keys are set behind its back.
        self.primary_keys = shape.primary_key
        self.replication_key = shape.replication_key
        self._announced = False
        self._state_written = 0.0
        self._metrics = ExitStack()
        self._counter: Counter | None = None
        self._requested = Remembered(_MANY_PARENTS)
        self._reported = False

    @property
    def tally(self) -> Tally:
        """What happened to this stream."""
        return self._tap.report.tally(self.name)

    @property
    def _below(self) -> list[ResourceStream]:
        return [child for child in self.child_streams if isinstance(child, ResourceStream)]

    @property
    def _replaces_table(self) -> bool:
        return self.replication_method == "FULL_TABLE" and self.emit_activate_version_messages

    @property
    def _tree(self) -> list[ResourceStream]:
        return [stream for stream in self.descendent_streams if isinstance(stream, ResourceStream)]

    @property
    def _pool(self) -> Pool:
        """Where exchanges run; a test run, which ends after a few records, reads nothing ahead."""
        return self._tap.pool if self.ABORT_AT_RECORD_COUNT is None else ONE_BY_ONE

    # What the SDK asks for

    @property
    @override
    def effective_schema(self) -> dict[str, Any]:
        """The schema of the stream, which was made from that of a catalog if one was passed in."""
        return self.schema

    @override
    def get_records(self, context: Context | None) -> Iterator[Record]:
        yield from self._sync_records(context, write_messages=False)

    @property
    @override
    def emit_activate_version_messages(self) -> bool:
        """Whether the target may delete what a run does not bring: not where it brings only what has changed."""
        chosen = self.replication_key is not None and self.parent_stream_type is None
        return super().emit_activate_version_messages and (chosen or not self._reads_changes)

    @override
    def get_replication_key_signpost(self, context: Context | None = None) -> None:
        return None

    @override
    def _write_schema_message(self) -> None:
        if not self._announced:
            self._announced = True
            with self._tap.output:
                super()._write_schema_message()

    @override
    def finalize_state_progress_markers(self, state: dict[str, Any] | None = None) -> None:
        self._write_state(at_once=True)

    @override
    def _sync_records(
        self, context: Context | None = None, *, write_messages: bool = True
    ) -> Generator[Record, Any, Any]:
        """Reads the stream: every page is written, then the children of its records, then the state moves.

        Args:
            context: None for all of a root stream; `{"parent": record}` for a child of one record.
            write_messages: Whether RECORD messages are written; a batch writer takes the records instead.

        Yields:
            Each record, as it was before the target's business (maps, flattening).
        """
        begun = time.perf_counter()
        if context is None:
            for stream in (self, *self._tree):
                stream.begin()
        try:
            for count, records in self._blocks(context or {}, write=write_messages):
                self._count(count)
                yield from records
        finally:
            self.tally.seconds += time.perf_counter() - begun
        if context is None:
            for stream in (self, *self._tree):
                stream.end()
        if write_messages:
            self._write_state(at_once=context is None)

    def begin(self) -> None:
        """Writes the SCHEMA, unless it is out already, and opens the metrics."""
        self._requested.clear()
        self._reported = False
        if not self.selected:
            return
        self._write_schema_message()
        if self.parent_stream_type and self._replaces_table:
            # A root stream does so in `sync`, which is not called for children.
            self._stream_version = self._initialized_at // 1000
            self._write_activate_version_message(self._stream_version)
        self._counter = self._metrics.enter_context(self.get_record_counter())
        self._metrics.enter_context(self.get_sync_timer())

    def end(self) -> None:
        """Closes the metrics, and says what is to be said of a stream when it is over."""
        self._metrics.close()
        never_found(self.node, self.tally)
        self.tally.over()
        self._report()

    def broken_off(self, error: Exception) -> None:
        """Closes the metrics of a stream and its children that an error stopped, and says how far they came."""
        for stream in (self, *self._tree):
            stream._metrics.__exit__(type(error), error, error.__traceback__)  # noqa: SLF001
            if not stream._reported:  # noqa: SLF001
                stream.tally.stops["an error"] += 1
                stream._report()  # noqa: SLF001

    def _report(self) -> None:
        self._reported = True
        if self.selected or self.has_selected_descendents:
            self._tap.logger.info("stream %r: %s", self.name, self.tally.line())

    def _count(self, records: int) -> None:
        self.tally.records += records
        if self._counter is not None and records:
            self._counter.increment(records)

    # What happens to a sequence of pages

    def _blocks(self, context: Mapping[str, Any], *, write: bool) -> Iterator[Delivered]:
        parent = context.get(PARENT)
        if self.node.request is None:
            self._begin_sequence()
            self.tally.matched = self.tally.matched or self.node.has_rows(parent or {})
            self.tally.unmatched = "expand: no record of the parent has a list there"
            yield self._delivered(carried(self.node.rows(parent or {}), self.node, parent), "its rows", write=write)
            return
        for part in context[PARTS] if PARTS in context else self.parts(parent):
            yield from self._part(part, parent, write=write)

    def parts(self, parent: Record | None) -> list[Part]:
        """The sequences of requests for one record of the parent (or for a root stream), nothing asked for yet."""
        if self.node.request is None:
            return []
        values = child_values(self.node, parent, self.tally) if parent is not None else {}
        return [] if values is None else self._parts(values)

    def _parts(self, values: dict[str, Any]) -> list[Part]:
        return [part for own in self.node.partitions() for part in self._made({**values, **own})]

    def jobs(self, parents: Sequence[Record]) -> Iterator[Job]:
        """What is to be read for records of the parent: for each of them, or for batches of them."""
        new = [parent for parent in parents if not self._repeats(parent)]
        if self.node.batch is None:
            yield from ((self, parent, self.parts(parent)) for parent in new)
            return
        for values in batched_values(self.node, new, self.tally):
            yield self, {}, self._parts(values)

    def _repeats(self, parent: Record) -> bool:
        """Whether the same was asked for an earlier record of the parent, which had not changed in between."""
        request = requested(self.node, parent, self._tap.source.nodes[self.node.parent or ""])
        if request is None or not self._requested.again(request):
            return False
        self.tally.repeats()
        return True

    def _begin_sequence(self) -> None:
        """Forgets which children were asked for, where only changes are read: what comes again may have changed."""
        if self._reads_changes:
            for child in self._below:
                child._requested.clear()  # noqa: SLF001

    @cached_property
    def _reads_changes(self) -> bool:
        node = self.node
        while not node.reads_changes and node.parent:
            node = self._tap.source.nodes[node.parent]
        return node.reads_changes

    def _made(self, values: dict[str, Any]) -> Iterator[Part]:
        """The parts of one partition: one, or one for each step of its window."""
        bookmark = self._bookmarks.of(self.node.context(values)) if self.node.reads_changes else {}
        reading = Reading(self.node, self._tap.client, values, self.tally, self._pool, lines=self._lines)
        window, changes = self._window(bookmark), self._changes(bookmark)
        if window is None:
            yield Part(reading.anew(changes.values()) if changes else reading, bookmark, None, changes)
            return
        for step in window.steps(self._tap.now()):
            yield Part(reading.anew(step.values()), bookmark, step)

    def _part(self, part: Part, parent: Record | None, *, write: bool) -> Iterator[Delivered]:
        try:
            yield from self._read(part, parent, write=write)
        except SyncTokenRejectedError as error:
            self.tally.warn(f"the sync token of the last run was rejected, so everything is read: {error}")
            yield from self._read(part.anew(), parent, write=write)

    def _read(self, part: Part, parent: Record | None, *, write: bool) -> Iterator[Delivered]:
        window, changes = part.window, part.changes
        self._begin_sequence()
        for page in part.reading.pages():
            written = self._written(page, parent, window) if write else None
            if written is None:
                records, window, done = self._taken(page, parent, window)
                yield self._delivered(records, page.position, write=write)
            else:
                count, window, done = written
                yield count, ()
            changes = self._known(changes, page)
            if window and window.block.row_order == "asc" and not window.disordered:
                self._advance(part.bookmark, window)
            if write:
                self._write_state()
            if done:
                self.tally.stops["past the window"] += 1
                break
        if changes and changes.lost:
            self.tally.warn(changes.lost)
        if come := window.closed() if window else changes:
            self._advance(part.bookmark, come)
            if write:
                self._write_state()

    def _known(self, changes: Changes | None, page: Page) -> Changes | None:
        """What is known of the next token behind a page."""
        try:
            return changes and changes.after(page)
        except RestGenericError as error:
            raise self._on(page.position, error) from error

    def _taken(
        self, page: Page, parent: Record | None, window: Window | None
    ) -> tuple[Sequence[Record], Window | None, bool]:
        """The records of a page that are wanted, the window behind them, and whether it is done."""
        try:
            records = carried(page.records, self.node, parent)
            if window is None:
                return records, None, False
            values = [window.block.cursor_path.first(record) for record in records]
            kept, after, done = windowed(records, values, window, self.tally)
        except RestGenericError as error:
            raise self._on(page.position, error) from error
        return kept, after, done

    def _delivered(self, records: Sequence[Record], place: object, *, write: bool) -> Delivered:
        """Writes records, then those of their children; gives their number and what was written."""
        room = self._room()
        taken = records[:room]
        with self._tap.output if write else nullcontext():
            delivered = [self._message(record, place, write=write) for record in taken] if self.selected else []
        self._children(taken)
        if room is not None and len(records) > room:
            self._count(len(delivered))
            self._check_max_record_limit(current_record_index=self.ABORT_AT_RECORD_COUNT or 0)
        return len(delivered), delivered

    def _message(self, record: Record, place: object, *, write: bool) -> Record:
        """One record on the SDK's own path."""
        own = copy.deepcopy(record) if self.child_streams else record
        try:
            self._contract.enforce(own)
        except RestGenericError as error:
            raise self._on(place, error) from error
        if write:
            self._write_record_message(own)
        return own

    # The fast path

    @cached_property
    def _lines(self) -> Lines | None:
        """The compiled record path; None where something needs records as objects."""
        maps = self.stream_maps
        plain = len(maps) == 1 and type(maps[0]) is SameRecordTransform and not maps[0].flattening_enabled
        wanted = self.selected and self.ABORT_AT_RECORD_COUNT is None and not self.child_streams
        policy = self.config.get("undeclared_fields") or "warn"
        nested = any(len(breadcrumb) > _TOP and not chosen for breadcrumb, chosen in self.mask.items())
        cursor = self.node.incremental.cursor_path if self.node.incremental else None
        properties = self.effective_schema["properties"]
        endpoint = self.node.resource.endpoint
        unread = not self.node.resource.processing_steps and endpoint.response_format == "json"
        simple = unread and not nested and not self.get_batch_config(self.config) and policy != "collect"
        readable = cursor is None or (str(cursor) in properties and str(cursor) not in self.node.carried)
        if not (plain and wanted and simple and readable):
            return None
        with suppress(ValueError):  # a name that cannot be compiled: quotes, backslashes
            return Lines(
                self.name,
                properties,
                dropped=[name for name in properties if not self.mask["properties", name]],
                keys=self.primary_keys,
                cursor=str(cursor) if cursor else None,
                carried=list(self.node.carried),
                version=self._stream_version,
            )
        return None

    def _written(
        self, page: Page, parent: Record | None, window: Window | None
    ) -> tuple[int, Window | None, bool] | None:
        """Writes a page whose records were typed on the way; None if they do not fit, for the path that knows all."""
        block = page.records.block if isinstance(page.records, Rows) else None
        if block is None or self._lines is None:
            return None
        try:
            given = self._lines.given({name: (parent or {}).get(source) for name, source in self.node.carried.items()})
        except MisfitError:
            return None
        records, done = block.records, False
        if window:
            try:
                records, window, done = windowed(records, block.cursors, window, self.tally)
            except RestGenericError as error:
                raise self._on(page.position, error) from error
        time_extracted = datetime.now(timezone.utc).isoformat()
        with self._tap.output:
            self._tap.write_lines(self._lines.encoded(records, given, time_extracted))
            self.state_manager.is_flushed = self.state_manager.is_flushed and not records
        return len(records), window, done

    def _room(self) -> int | None:
        """How many more records a test run may take; None: no limit."""
        if self.ABORT_AT_RECORD_COUNT is None:
            return None
        return max(0, self.ABORT_AT_RECORD_COUNT - self.tally.records)

    @cached_property
    def _contract(self) -> Contract:
        policy = self.config.get("undeclared_fields") or "warn"
        return Contract(self.schema, self.primary_keys, policy, self.tally)

    def _on(self, position: object, error: RestGenericError) -> RestGenericError:
        return error if isinstance(error, ConfigError) else type(error)(f"stream {self.name!r}, {position}: {error}")

    # Children

    def _children(self, records: Sequence[Record]) -> None:
        """Reads the children of records, in their order; the first requests of the next ones are out meanwhile."""
        children = [child for child in self._below if child.selected or child.has_selected_descendents]
        if not children:
            return
        kept = [record for record in records if self.stream_maps[0].get_filter_result(record)]
        singly = [child for child in children if child.node.batch is None]
        jobs = chain(
            (job for record in kept for child in singly for job in child.jobs([record])),
            (job for child in children if child not in singly for job in child.jobs(kept)),
        )
        with closing(ahead(jobs, 2 * self._pool.width if self._pool.reads_ahead else 0)) as begun:
            for child, record, parts in begun:
                with suppress(AbortedSyncFailedException, AbortedSyncPausedException):
                    child.read_for(record, parts)

    def read_for(self, parent: Record, parts: list[Part]) -> None:
        """Reads the records that belong to one record of the parent."""
        if self.get_batch_config(self.config):
            self.sync({PARENT: parent, PARTS: parts})
            return
        for _ in self._sync_records({PARENT: parent, PARTS: parts}):
            pass

    # State

    @cached_property
    def _bookmarks(self) -> Bookmarks:
        with self._tap.output:  # the state is shared, and somebody may be writing it
            state = self.stream_state
        return Bookmarks(state)

    def _window(self, bookmark: Bookmark) -> Window | None:
        block = self.node.incremental
        if block is None:
            return None
        full = self.replication_key is not None and self.forced_replication_method == "FULL_TABLE"
        last = None if full else last_value(bookmark, str(block.cursor_path))
        return block.window(last, self._tap.start_date_for(self.node, self.schema))

    def _changes(self, bookmark: Bookmark) -> Changes | None:
        block = self.node.sync_token
        return None if block is None else block.changes(last_value(bookmark, str(block.token_path)))

    def _advance(self, bookmark: Bookmark, come: Window | Changes) -> None:
        """Moves a bookmark as far as the stream has come; a test run, which ends somewhere, moves none."""
        if come.bookmark is None or not self.selected or self.ABORT_AT_RECORD_COUNT is not None:
            return
        with self._tap.output:
            if self._bookmarks.advance(bookmark, *come.bookmark):
                self.state_manager.is_flushed = False

    def _write_state(self, *, at_once: bool = False) -> None:
        """Writes a STATE message: after a page, but not often where state is large, so that all of them stay linear."""
        if not at_once and len(self._bookmarks) > _MANY_PARTITIONS:
            now = time.monotonic()
            if now - self._state_written < _STATE_SECONDS:
                return
            self._state_written = now
        with self._tap.output:
            self._write_state_message()


def stream_class(node: Node, parent: type[ResourceStream] | None) -> type[ResourceStream]:
    """The class of one resource's stream; the SDK links parents by class."""
    members = {
        "name": node.name,
        "node": node,
        "parent_stream_type": parent,
        "selected_by_default": node.resource.selected,
    }
    title = "".join(word.capitalize() for word in node.name.replace("-", "_").split("_"))
    return type(f"{title}Stream", (ResourceStream,), members)
