"""What does the SDK see of a resource? A Stream: what is asked of it, its rooms answer."""

from __future__ import annotations

import time
from contextlib import ExitStack
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import Stream
from typing_extensions import override

from tap_restgeneric.engine.pool import ONE_BY_ONE, Pool
from tap_restgeneric.engine.records import Record, never_found
from tap_restgeneric.streams.course import Course, Delivered
from tap_restgeneric.streams.door import Door
from tap_restgeneric.streams.parts import Part, Parts
from tap_restgeneric.streams.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence

    from singer_sdk.helpers.types import Context
    from singer_sdk.metrics import Counter

    from tap_restgeneric.dialect.relations import Node
    from tap_restgeneric.discovery import Shape
    from tap_restgeneric.engine.report import Tally
    from tap_restgeneric.tap import TapRestGeneric

PARENT, PARTS = "parent", "parts"
"""Under these names the context of a child holds the record of its parent, and what is read for it."""


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
        self.door = Door(self, tap)
        self.parts = Parts(self, tap)
        self.progress = Progress(self, tap)
        self._announced = False
        self._metrics = ExitStack()
        self._counter: Counter | None = None
        self._reported = False

    # What its rooms ask for

    @property
    def tally(self) -> Tally:
        """What happened to this stream."""
        return self._tap.report.tally(self.name)

    @property
    def children(self) -> list[ResourceStream]:
        """The streams that are read for its records."""
        return [child for child in self.child_streams if isinstance(child, ResourceStream)]

    @property
    def pool(self) -> Pool:
        """Where exchanges run; a test run, which ends after a few records, reads nothing ahead."""
        return self._tap.pool if self.ABORT_AT_RECORD_COUNT is None else ONE_BY_ONE

    @property
    def version(self) -> int | None:
        """The version of the table that its records belong to; None: the target keeps what it has."""
        return self._stream_version

    @cached_property
    def reads_changes(self) -> bool:
        """Whether it, or a stream above it, goes on where the last run ended."""
        node = self.node
        while not node.reads_changes and node.parent:
            node = self._tap.source.nodes[node.parent]
        return node.reads_changes

    def write(self, record: Record) -> None:
        """Writes a record as the SDK does it: selection, types, maps."""
        self._write_record_message(record)

    def written(self, records: int) -> None:
        """Notes that records have gone out of which a STATE has not told yet."""
        self.state_manager.is_flushed = self.state_manager.is_flushed and not records

    def write_state(self) -> None:
        """Writes a STATE message, if there is news."""
        self._write_state_message()

    def full(self, records: int) -> None:
        """Ends a test run, which has all that it may take."""
        self._count(records)
        self._check_max_record_limit(current_record_index=self.ABORT_AT_RECORD_COUNT or 0)

    def begin_sequence(self) -> None:
        """Forgets which children were asked for, where only changes are read: what comes again may have changed."""
        if self.reads_changes:
            for child in self.children:
                child.parts.forget()

    def read_for(self, parent: Record, parts: Sequence[Part]) -> None:
        """Reads the records that belong to one record of the parent."""
        if self.get_batch_config(self.config):
            self.sync({PARENT: parent, PARTS: parts})
            return
        for _ in self._sync_records({PARENT: parent, PARTS: parts}):
            pass

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
    def replication_method(self) -> str:
        """What the catalog says; else what the source says, also where no field of the records is a replication key."""
        reads_changes = self.node.reads_changes and not self.forced_replication_method
        return "INCREMENTAL" if reads_changes else super().replication_method

    @property
    @override
    def emit_activate_version_messages(self) -> bool:
        """Whether the target may delete what a run does not bring: not where it brings only what has changed."""
        chosen = self.node.reads_changes and self.parent_stream_type is None
        return super().emit_activate_version_messages and (chosen or not self.reads_changes)

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
        self.progress.write(at_once=True)

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
            self.progress.write(at_once=context is None)

    def _blocks(self, context: Mapping[str, Any], *, write: bool) -> Iterator[Delivered]:
        parent = context.get(PARENT)
        course = Course(self, parent, write=write)
        if self.node.request is None:
            return course.rows()
        return course.through(context[PARTS] if PARTS in context else self.parts.of(parent))

    # Beginning and end

    @property
    def _tree(self) -> list[ResourceStream]:
        return [stream for stream in self.descendent_streams if isinstance(stream, ResourceStream)]

    @property
    def _replaces_table(self) -> bool:
        return self.replication_method == "FULL_TABLE" and self.emit_activate_version_messages

    def begin(self) -> None:
        """Writes the SCHEMA, unless it is out already, and opens the metrics."""
        self.parts.forget()
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
