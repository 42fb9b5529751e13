"""What does the SDK see of a resource? A Stream: what is asked of it, its rooms answer."""

from __future__ import annotations

import logging
import time
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import Stream
from typing_extensions import override

from tap_restgeneric.engine.pool import ONE_BY_ONE, Pool
from tap_restgeneric.engine.records import Record, never_found
from tap_restgeneric.streams.course import Course, Delivered
from tap_restgeneric.streams.door import Door
from tap_restgeneric.streams.extent import Extent
from tap_restgeneric.streams.meters import Meters
from tap_restgeneric.streams.parts import Part, Parts
from tap_restgeneric.streams.progress import Progress
from tap_restgeneric.streams.resumption import Resumption

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence

    from singer_sdk.helpers._batch import BatchConfig
    from singer_sdk.helpers.types import Context

    from tap_restgeneric.dialect.relations import Node
    from tap_restgeneric.discovery import Shape
    from tap_restgeneric.engine.report import Tally
    from tap_restgeneric.errors import RestGenericError
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
        self.extent = Extent(self, tap)
        self.door = Door(self, tap)
        self.parts = Parts(self, tap)
        self.progress = Progress(self, tap)
        self.resumption = Resumption(self, tap)
        self.failure: RestGenericError | None = None
        self._announced = False
        self.meters = Meters(self)
        self._reported = False

    # What its rooms ask for

    @property
    def tally(self) -> Tally:
        """What happened to this stream."""
        return self._tap.report.tally(self.name)

    @property
    def children(self) -> list[ResourceStream]:
        """The streams that are read for its records."""
        below = [child for child in self.child_streams if isinstance(child, ResourceStream)]
        return [child for child in below if child.selected or child.has_selected_descendents]

    @property
    def pool(self) -> Pool:
        """Where exchanges run; where only a few records are wanted, nothing is read ahead."""
        return ONE_BY_ONE if self.extent.is_limited or self.ABORT_AT_RECORD_COUNT is not None else self._tap.pool

    @property
    def version(self) -> int | None:
        """The version of the table that its records belong to; None: the target keeps what it has."""
        return self._stream_version

    @property
    def replaces_tables(self) -> bool:
        """Whether targets are told to delete what a whole run does not bring."""
        return super().emit_activate_version_messages

    @cached_property
    def above(self) -> tuple[Node, ...]:
        """The resources above it: its parent, the parent of that, ..."""
        nodes = self._tap.source.nodes
        parent = nodes.get(self.node.parent or "")
        found = []
        while parent is not None:
            found.append(parent)
            parent = nodes.get(parent.parent or "")
        return tuple(found)

    @property
    def tree(self) -> list[ResourceStream]:
        """The streams below it."""
        return [stream for stream in self.descendent_streams if isinstance(stream, ResourceStream)]

    @cached_property
    def reads_changes(self) -> bool:
        """Whether it, or a stream above it, goes on where the last run ended."""
        return any(node.reads_changes for node in (self.node, *self.above))

    def write(self, record: Record) -> None:
        """Writes a record as the SDK does it: selection, types, maps."""
        self._write_record_message(record)

    def has_news(self, *, state: bool) -> None:
        """Notes that there is something of which no STATE has told yet.

        Args:
            state: Whether the state has changed, and not only records have gone out.
        """
        self.state_manager.is_flushed = False
        if state:
            self._tap.pace.changed()

    def write_state(self) -> None:
        """Writes a STATE message, if there is news."""
        if not self.state_manager.is_flushed:
            self._write_state_message()
            self._tap.pace.wrote(self._tap.states.size)

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

    @override
    def log(self, message: str, *args: Any, level: int = logging.INFO, **kwargs: Any) -> None:
        """What the SDK says of the stream, but for `An unhandled error occurred`: the command says which, once."""
        if level < logging.ERROR:
            super().log(message, *args, level=level, **kwargs)

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
            self._begin_all()
        try:
            for count, records in self._blocks(context or {}, write=write_messages):
                self._count(count)
                yield from records
        finally:
            self.tally.seconds += time.perf_counter() - begun
        if context is None:
            self._end_all()
        if write_messages:
            self.progress.write(at_once=context is None)

    @override
    def _sync_batches(self, batch_config: BatchConfig, context: Context | None = None) -> None:
        super()._sync_batches(batch_config, context)
        self.progress.settle()

    def _blocks(self, context: Mapping[str, Any], *, write: bool) -> Iterator[Delivered]:
        parent = context.get(PARENT)
        course = Course(self, parent, write=write)
        if self.node.request is None:
            return course.rows()
        return course.through(context[PARTS] if PARTS in context else self.resumption.left(self.parts.of(parent)))

    # Beginning and end

    @property
    def _replaces_table(self) -> bool:
        return self.replication_method == "FULL_TABLE" and self.emit_activate_version_messages

    @override
    def _write_activate_version_message(self, full_table_version: int) -> None:
        """Not at the beginning, where the SDK does it: a run that breaks off must not delete what it did not bring."""

    def _begin_all(self) -> None:
        self.resumption.begin()
        for stream in (self, *self.tree):
            stream.begin(self.resumption.version)

    def begin(self, version: int) -> None:
        """Writes the SCHEMA, unless it is out already, and opens the metrics.

        Args:
            version: Of the table, if it is replaced.
        """
        self.parts.forget()
        self.progress.begin()
        self.extent.begin()
        self._reported = False
        if not self.selected:
            return
        self._write_schema_message()
        self._stream_version = version if self._replaces_table else None
        self.meters.begin()

    def _end_all(self) -> None:
        whole = not self.resumption.is_taken
        self.resumption.over()
        failed = {below for stream in self.tree if stream.failure for below in (stream, *stream.tree)}
        for stream in (self, *self.tree):
            if stream not in failed:
                stream.end(whole=whole)

    def end(self, *, whole: bool) -> None:
        """Closes the metrics, and says what is to be said of a stream when it is over.

        Args:
            whole: Whether all of it was read in this run, and not a part of it in an earlier one.
        """
        self.meters.end()
        never_found(self.node, self.tally)
        if whole and self.extent.is_whole:
            self.progress.end()
        if self._stream_version is not None and self.extent.is_whole:
            with self._tap.output:
                super()._write_activate_version_message(self._stream_version)
        self.tally.over()
        self._report()

    def is_left_out_by(self, error: RestGenericError) -> bool:
        """Whether an error in a child ends the child alone; what is above it moves no further in state then."""
        if self._tap.config.get("on_stream_error") != "continue":
            return False
        self.failure = error
        self.broken_off(error)
        for node in self.above:
            self._tap.resource_streams[node.name].progress.freeze()
        return True

    def broken_off(self, error: Exception) -> None:
        """Closes the metrics of a stream and its children that an error stopped, and says how far they came."""
        self.tally.failure = str(error).partition("\n")[0].removeprefix(f"stream {self.name!r}: ")
        for stream in (self, *self.tree):
            stream.meters.end(error)
            if not stream._reported:  # noqa: SLF001
                stream.tally.stops["an error"] += 1
                stream._report()  # noqa: SLF001

    def _report(self) -> None:
        self._reported = True
        if self.selected or self.has_selected_descendents:
            self._tap.logger.info("stream %r: %s", self.name, self.tally.line())

    def _count(self, records: int) -> None:
        self.tally.records += records
        self.meters.count(records)


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
