"""When are the children of records read?"""

from __future__ import annotations

from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING

from singer_sdk.exceptions import AbortedSyncFailedException, AbortedSyncPausedException

from tap_restgeneric.errors import RestGenericError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tap_restgeneric.engine.records import Record
    from tap_restgeneric.streams.parts import Job
    from tap_restgeneric.streams.stream import ResourceStream


class Children:
    """The streams that are read for the records of another one.

    Args:
        stream: The parent; what is selected below it is known by now.
    """

    def __init__(self, stream: ResourceStream) -> None:
        """Nothing is read."""
        self._stream = stream
        self._singly = [child for child in stream.children if child.node.batch is None]
        self._batched = [child for child in stream.children if child.node.batch is not None]

    @property
    def window(self) -> int:
        """How many jobs may begin before their turn."""
        pool = self._stream.pool
        return 2 * pool.width if (self._singly or self._batched) and pool.reads_ahead else 0

    @property
    def are_single(self) -> bool:
        """Whether nothing is left to be read for a record when its own jobs are done."""
        return not self._batched

    def jobs(self, records: Sequence[Record]) -> Iterator[Job]:
        """Record by record, for each of its children; then those that take many records at once."""
        if not (self._singly or self._batched):
            return iter(())
        kept = [record for record in records if self._stream.stream_maps[0].get_filter_result(record)]
        return chain(
            (job for record in kept for child in self._singly for job in child.parts.jobs([record])),
            (job for child in self._batched for job in child.parts.jobs(kept)),
        )


def read(job: Job) -> None:
    """Reads what a record of the parent leads to; a child that fails may be left out for the rest of the run."""
    if job.stream.failure or job.stream.extent.is_reached:
        job.drop()
        return
    try:
        with suppress(AbortedSyncFailedException, AbortedSyncPausedException):
            job.stream.read_for(job.parent, job.parts)
    except RestGenericError as error:
        if not job.stream.is_left_out_by(error):
            raise
