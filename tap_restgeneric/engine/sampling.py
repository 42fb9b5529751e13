"""What do the records of a resource look like? A few of them, read the normal way, children over several parents."""

from __future__ import annotations

import threading
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from tap_restgeneric.engine.pool import ONE_BY_ONE, Eager, Pool, ahead
from tap_restgeneric.engine.reading import Reading, policy
from tap_restgeneric.engine.records import Record, batched_values, carried, child_values
from tap_restgeneric.engine.report import Tally
from tap_restgeneric.errors import RecordError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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


class _Sequence(Struct, frozen=True):
    """A sequence of requests, and the record of the parent that it belongs to."""

    reading: Reading
    parent: Record | None

    def begin(self) -> None:
        self.reading.begin()

    def drop(self) -> None:
        self.reading.drop()


class _Sample:
    """The first records of a resource; whoever goes through them waits for those that are still to come.

    Args:
        records: All of them.
        size: How many are wanted.
    """

    def __init__(self, records: Iterator[Record], size: int) -> None:
        """Nothing was read."""
        self._wanted = islice(records, size)
        self._come: list[Record] = []
        self._over = False
        self._error: BaseException | None = None
        self._news = threading.Condition()

    def read(self) -> None:
        """Reads them."""
        try:
            for record in self._wanted:
                with self._news:
                    self._come.append(record)
                    self._news.notify_all()
        except BaseException as error:  # noqa: BLE001 (whoever wants the records gets it)
            self._error = error
        with self._news:
            self._over = True
            self._news.notify_all()

    def __iter__(self) -> Iterator[Record]:
        place = 0
        while self._has(place):
            yield self._come[place]
            place += 1

    def _has(self, place: int) -> bool:
        """Whether there is a record at a place, once that is known."""
        with self._news:
            self._news.wait_for(lambda: len(self._come) > place or self._over)
        if place < len(self._come):
            return True
        if self._error is not None:
            raise self._error
        return False


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
        ahead: Requests that may go out although no sample needs them, since a sync follows that does; None: none
            follows.
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
        ahead: int | None = None,
    ) -> None:
        """Nothing was read yet."""
        self._nodes = nodes
        self._client = client
        self._size = size
        self._start_date = start_date
        self._now = now
        self._watch = watch
        self._pool = pool
        self._ahead = ahead
        self._samples: dict[str, _Sample] = {}

    def begin(self, nodes: Sequence[Node]) -> None:
        """Begins to read the records of resources side by side, unless it has begun.

        Args:
            nodes: The resources, parents first: a child waits for its parent, which has begun by then.
        """
        if not self._pool.reads_ahead:
            return
        needed = {above.name: above for node in nodes for above in (*self._above(node), node)}
        for node in needed.values():
            if node.name in self._samples:
                continue
            sample = self._samples[node.name] = _Sample(self._records(node, len(needed)), self._size)
            threading.Thread(target=sample.read, name=f"sample-{node.name}", daemon=True).start()

    def _above(self, node: Node) -> list[Node]:
        parent = self._nodes[node.parent] if node.parent else None
        return [*self._above(parent), parent] if parent else []

    def records(self, node: Node) -> list[Record]:
        """The first records of a resource.

        Raises:
            RestGenericError: They could not be read.
        """
        return list(self._of(node))

    def _of(self, node: Node) -> _Sample:
        """The sample of a resource, as far as it is there."""
        if node.name not in self._samples:
            self._samples[node.name] = _Sample(self._records(node), self._size)
            self._samples[node.name].read()
        return self._samples[node.name]

    def _records(self, node: Node, together: int = 1) -> Iterator[Record]:
        """The records of a resource.

        Args:
            node: The resource.
            together: How many resources are read side by side.
        """
        parents = self._of(self._nodes[node.parent]) if node.parent else [None]
        if node.request is None:
            for parent in parents:
                yield from carried(node.rows(parent or {}), node, parent)
            return
        is_whole = node.resource.max_records is None and node.resource.max_pages is None
        more = (self._ahead or 0) // together if is_whole and self._pool.reads_ahead else 0
        rules = replace(policy(node), keeps=self._ahead is not None)
        pool = Eager(self._pool, 0 if node.parent else more, is_shared=more > 0)
        whole = Reading(node, self._client, {}, Tally(node.name), pool, rules=rules)
        window = max(_AHEAD, more) if self._pool.reads_ahead else 0
        with closing(ahead(self._readings(whole, node, parents), window)) as readings:
            for one in readings:
                for page in one.reading.pages():
                    if self._watch:
                        self._watch(node, page)
                    with _of(node):
                        records = carried(page.records, node, one.parent)
                    yield from records

    def _readings(self, whole: Reading, node: Node, parents: Iterable[Record | None]) -> Iterator[_Sequence]:
        """The sequences of requests of a resource, and the record of the parent that each belongs to."""
        for values, parent in self._asked_with(node, parents, Tally(node.name)):
            for partition in node.partitions():
                with _of(node):
                    windows = list(self._windows(node))
                for window in windows:
                    yield _Sequence(whole.anew({**values, **partition, **window}), parent)

    def _asked_with(
        self, node: Node, parents: Iterable[Record | None], tally: Tally
    ) -> Iterator[tuple[dict[str, Any], Record | None]]:
        """The values that the records of the parent give."""
        records = (parent for parent in parents if parent is not None)
        if node.batch:
            yield from ((piece, None) for piece in batched_values(node, list(records), tally))
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
