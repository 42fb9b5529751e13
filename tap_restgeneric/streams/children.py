"""When are the children of records read?"""

from __future__ import annotations

from contextlib import closing, suppress
from itertools import chain
from typing import TYPE_CHECKING

from singer_sdk.exceptions import AbortedSyncFailedException, AbortedSyncPausedException

from tap_restgeneric.engine.pool import ahead
from tap_restgeneric.errors import RestGenericError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tap_restgeneric.engine.records import Record
    from tap_restgeneric.streams.parts import Job
    from tap_restgeneric.streams.stream import ResourceStream


def read_children(stream: ResourceStream, records: Sequence[Record], past: Callable[[Record], None]) -> None:
    """Reads the children of records, in their order; the first requests of the next ones are out meanwhile.

    Args:
        stream: The parent.
        records: Of the parent.
        past: Called behind a record for which, and for all before which, nothing is left to be read.
    """
    children = [child for child in stream.children if child.selected or child.has_selected_descendents]
    if not children:
        return
    kept = [record for record in records if stream.stream_maps[0].get_filter_result(record)]
    window = 2 * stream.pool.width if stream.pool.reads_ahead else 0
    singly = all(child.node.batch is None for child in children)
    before: Record | None = None
    with closing(ahead(_jobs(children, kept), window)) as jobs:
        for job in jobs:
            if singly and before is not None and job.parent is not before:
                past(before)
            _read(job)
            before = job.parent


def _read(job: Job) -> None:
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


def _jobs(children: Sequence[ResourceStream], records: Sequence[Record]) -> Iterator[Job]:
    """Record by record, for each of its children; then those that take many records at once."""
    singly = [child for child in children if child.node.batch is None]
    batched = [child for child in children if child.node.batch is not None]
    return chain(
        (job for record in records for child in singly for job in child.parts.jobs([record])),
        (job for child in batched for job in child.parts.jobs(records)),
    )
