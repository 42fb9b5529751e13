"""What do the records of a resource look like? A few of them, read the normal way, children over several parents."""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from tap_restgeneric.engine.pool import ONE_BY_ONE, Eager, Pending, Pool, ahead
from tap_restgeneric.engine.reading import Reading
from tap_restgeneric.engine.records import Record, batched_values, carried, child_values
from tap_restgeneric.engine.report import Tally
from tap_restgeneric.errors import RecordError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime
    from typing import TypeAlias

    from tap_restgeneric.dialect.exchange import Page
    from tap_restgeneric.dialect.relations import Node
    from tap_restgeneric.engine.client import Client

    Watch: TypeAlias = Callable[[Node, Page], None]

_AHEAD = 8
"""Sequences of requests whose first pages are asked for before their turn."""
_STEPS = 4
"""Windows that are looked into beside the latest."""


@contextmanager
def _of(node: Node) -> Iterator[None]:
    """Errors inside name the stream."""
    try:
        yield
    except RecordError as error:
        raise RecordError(f"stream {node.name!r}: {error}") from error


@dataclass(frozen=True)
class _Sequence:
    """A sequence of requests, and the record of the parent that it belongs to."""

    reading: Reading
    parent: Record | None

    def begin(self) -> None:
        self.reading.begin()

    def drop(self) -> None:
        self.reading.drop()


class Sampler:
    """Reads the first records of resources; those of a parent are read once for all its children.

    Args:
        nodes: The resources by name.
        client: Exchanges calls for replies.
        size: Records a resource is sampled for.
        start_date: Lower bound of incremental resources without one of their own.
        now: Gives the moment to which an open window reads.
        watch: Sees every page that is read.
        pool: Runs exchanges side by side.
        keeps: Whether a sync follows, which need not ask for the same again.
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
        pool: Pool = ONE_BY_ONE,
        keeps: bool = False,
    ) -> None:
        """Nothing was read yet."""
        self._nodes = nodes
        self._client = client
        self._size = size
        self._start_date = start_date
        self._now = now
        self._watch = watch
        self._pool = pool
        self._keeps = keeps
        self._read: dict[str, list[Record]] = {}
        self._begun: dict[str, Pending[list[Record]]] = {}

    def begin(self, nodes: Sequence[Node]) -> None:
        """Begins to read the records of resources side by side.

        Args:
            nodes: The resources, parents first: a child waits for its parent, which has begun by then.
        """
        if not self._pool.reads_ahead:
            return
        together = Pool(len(self._nodes) + 1)  # they wait for each other and for exchanges, which have the real pool
        for node in nodes:
            for needed in (*self._above(node), node):
                if needed.name not in self._begun:
                    self._begun[needed.name] = together.submit(partial(self._sample, needed))

    def _above(self, node: Node) -> list[Node]:
        parent = self._nodes[node.parent] if node.parent else None
        return [*self._above(parent), parent] if parent else []

    def records(self, node: Node) -> list[Record]:
        """The first records of a resource.

        Raises:
            RestGenericError: They could not be read.
        """
        begun = self._begun.get(node.name)
        if begun is not None:
            return begun.result()
        if node.name not in self._read:
            self._read[node.name] = self._sample(node)
        return self._read[node.name]

    def _sample(self, node: Node) -> list[Record]:
        return list(islice(self._records(node), self._size))

    def _records(self, node: Node) -> Iterator[Record]:
        parents = self.records(self._nodes[node.parent]) if node.parent else [None]
        if node.request is None:
            for parent in parents:
                yield from carried(node.rows(parent or {}), node, parent)
            return
        with closing(ahead(self._readings(node, parents), _AHEAD if self._pool.reads_ahead else 0)) as readings:
            for one in readings:
                for page in one.reading.pages():
                    if self._watch:
                        self._watch(node, page)
                    if self._keeps:
                        self._client.replies.keep(page.call, page.reply)
                    with _of(node):
                        records = carried(page.records, node, one.parent)
                    yield from records

    def _readings(self, node: Node, parents: Sequence[Record | None]) -> Iterator[_Sequence]:
        """The sequences of requests of a resource, and the record of the parent that each belongs to."""
        tally = Tally(node.name)
        whole = Reading(node, self._client, {}, tally, Eager(self._pool))
        for values, parent in self._asked_with(node, parents, tally):
            for partition in node.partitions():
                with _of(node):
                    windows = list(self._windows(node))
                for window in windows:
                    yield _Sequence(whole.anew({**values, **partition, **window}), parent)

    def _asked_with(
        self, node: Node, parents: Sequence[Record | None], tally: Tally
    ) -> Iterator[tuple[dict[str, Any], Record | None]]:
        """The values that the records of the parent give."""
        records = [parent for parent in parents if parent is not None]
        if node.batch:
            yield from ((piece, None) for piece in batched_values(node, records, tally))
        elif node.parent:
            found = ((child_values(node, parent, tally), parent) for parent in records)
            yield from ((values, parent) for values, parent in found if values is not None)
        else:
            yield {}, None

    def _windows(self, node: Node) -> Iterator[dict[str, Any]]:
        """The windows to look into: of many steps the latest, where there is most likely something, and the first."""
        if node.incremental is None:
            yield node.sync_token.changes(None).values() if node.sync_token else {}
            return
        steps = list(node.incremental.window(None, self._start_date).steps(self._now()))
        for step in [steps[-1], *steps[:-1][:_STEPS]]:
            yield step.values()
