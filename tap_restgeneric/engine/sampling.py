"""What do the records of a resource look like? A few of them, read the normal way, children over several parents."""

from __future__ import annotations

from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

from tap_restgeneric.engine import reading
from tap_restgeneric.engine.records import Record, batched_values, carried, child_values
from tap_restgeneric.engine.report import Tally
from tap_restgeneric.errors import RecordError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime
    from typing import TypeAlias

    from tap_restgeneric.dialect.exchange import Page
    from tap_restgeneric.dialect.relations import Node
    from tap_restgeneric.engine.client import Client

    Watch: TypeAlias = Callable[[Node, Page], None]

_STEPS = 4
"""Windows that are looked into beside the latest."""


@contextmanager
def _of(node: Node) -> Iterator[None]:
    """Errors inside name the stream."""
    try:
        yield
    except RecordError as error:
        raise RecordError(f"stream {node.name!r}: {error}") from error


class Sampler:
    """Reads the first records of resources; those of a parent are read once for all its children.

    Args:
        nodes: The resources by name.
        client: Exchanges calls for replies.
        size: Records a resource is sampled for.
        start_date: Lower bound of incremental resources without one of their own.
        now: Gives the moment to which an open window reads.
        watch: Sees every page that is read.
    """

    def __init__(  # noqa: PLR0913 (the outside world, piece by piece)
        self,
        nodes: Mapping[str, Node],
        client: Client,
        *,
        size: int,
        start_date: str | None,
        now: Callable[[], datetime],
        watch: Watch | None = None,
    ) -> None:
        """Nothing was read yet."""
        self._nodes = nodes
        self._client = client
        self._size = size
        self._start_date = start_date
        self._now = now
        self._watch = watch
        self._read: dict[str, list[Record]] = {}

    def records(self, node: Node) -> list[Record]:
        """The first records of a resource.

        Raises:
            RestGenericError: They could not be read.
        """
        if node.name not in self._read:
            self._read[node.name] = list(islice(self._records(node), self._size))
        return self._read[node.name]

    def _records(self, node: Node) -> Iterator[Record]:
        tally = Tally(node.name)
        if node.batch and node.parent:
            for piece in batched_values(node, self.records(self._nodes[node.parent]), tally):
                yield from self._of_partitions(node, piece, None, tally)
            return
        for parent in self.records(self._nodes[node.parent]) if node.parent else [None]:
            if node.request is None:
                yield from carried(node.rows(parent or {}), node, parent)
                continue
            values = child_values(node, parent, tally) if parent is not None else {}
            if values is not None:
                yield from self._of_partitions(node, values, parent, tally)

    def _of_partitions(
        self, node: Node, values: dict[str, Any], parent: Record | None, tally: Tally
    ) -> Iterator[Record]:
        for partition in node.partitions():
            with _of(node):
                windows = list(self._windows(node))
            for window in windows:
                for page in reading.pages(node, self._client, {**values, **partition, **window}, tally):
                    if self._watch:
                        self._watch(node, page)
                    with _of(node):
                        records = carried(page.records, node, parent)
                    yield from records

    def _windows(self, node: Node) -> Iterator[dict[str, Any]]:
        """The windows to look into: of many steps the latest, where there is most likely something, and the first."""
        if node.incremental is None:
            yield node.sync_token.changes(None).values() if node.sync_token else {}
            return
        steps = list(node.incremental.window(None, self._start_date).steps(self._now()))
        for step in [steps[-1], *steps[:-1][:_STEPS]]:
            yield step.values()
