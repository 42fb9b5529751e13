"""What does each stream give when it is asked for one page?"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from tap_restgeneric.dialect.exchange import Stop
from tap_restgeneric.dialect.jsonpath.selectors import detect
from tap_restgeneric.engine import reading
from tap_restgeneric.engine.records import batched_values, carried, child_values
from tap_restgeneric.engine.report import Tally
from tap_restgeneric.errors import RestGenericError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tap_restgeneric.dialect.exchange import Next, Page
    from tap_restgeneric.dialect.relations import Node
    from tap_restgeneric.workbench.bench import Bench

Record = dict[str, Any]
_PARENTS = 3
"""Records of a parent that a stream is asked for, until one gives records."""


@dataclass(frozen=True)
class Look:
    """What came of one request for a stream.

    Attributes:
        stream: Its name.
        status: HTTP status, or a dash.
        time: How long it took, in words.
        records: How many there were, in words.
        outcome: What the tap would do behind this page, or why it could not be read.
        failed: Whether it could not.
        remarks: What a person should look at.
    """

    stream: str
    status: str = "-"
    time: str = "-"
    records: str = "-"
    outcome: str = ""
    failed: bool = False
    remarks: Sequence[str] = ()


@dataclass
class _Seen:
    """The pages and records of streams, as far as they were looked at."""

    pages: dict[str, Page] = field(default_factory=dict)
    records: dict[str, list[Record]] = field(default_factory=dict)


def looks(bench: Bench) -> list[Look]:
    """One look at each stream, parents first."""
    seen = _Seen()
    known = bench.known_schemas()
    return [_look(bench, node, seen, known.get(name)) for name, node in bench.source.nodes.items()]


def _look(bench: Bench, node: Node, seen: _Seen, schema: Mapping[str, Any] | None) -> Look:
    if node.parent and not seen.records.get(node.parent):
        return Look(node.name, outcome=f"not asked: no record of {node.parent} to ask for")
    begun = len(bench.exchanges)
    try:
        seen.records[node.name] = _first(bench, node, seen)
    except RestGenericError as error:
        return Look(node.name, *_answer(bench, begun), outcome=str(error), failed=True)
    records = seen.records[node.name]
    page = seen.pages.get(node.name)
    outcome = "rows of its parent" if page is None else after(node, page)
    remarks = _remarks(node, records, page, schema)
    return Look(node.name, *_answer(bench, begun), records=str(len(records)), outcome=outcome, remarks=remarks)


def _first(bench: Bench, node: Node, seen: _Seen) -> list[Record]:
    """The records of the first page of a stream; a child is asked about a few parents until one has records."""
    if node.request is None:
        parents = seen.records[node.parent or ""]
        return [row for parent in parents for row in carried(node.rows(parent), node, parent)]
    records: list[Record] = []
    for values, parent in islice(_openings(bench, node, seen), _PARENTS):
        page = next(reading.pages(node, bench.client, values, Tally(node.name)), None)
        if page is None:
            continue
        seen.pages[node.name] = page
        records = carried(page.records, node, parent)
        if records:
            break
    return records


def _openings(bench: Bench, node: Node, seen: _Seen) -> Iterator[tuple[dict[str, Any], Record | None]]:
    """The values that a first request of a stream can be made of, and the record of the parent they come from."""
    tally = Tally(node.name)
    own = next(node.partitions())
    window = _window(bench, node)
    if not node.parent:
        yield {**own, **window}, None
        return
    parents = seen.records[node.parent]
    if node.batch:
        yield from (({**piece, **own, **window}, None) for piece in batched_values(node, parents, tally))
        return
    for parent in parents:
        values = child_values(node, parent, tally)
        if values is not None:
            yield {**values, **own, **window}, parent


def _window(bench: Bench, node: Node) -> dict[str, Any]:
    """The latest window of an incremental stream: where there is most likely something."""
    if node.incremental is None:
        return node.sync_token.changes(None).values() if node.sync_token else {}
    *_, latest = node.incremental.window(None, bench.config.get("start_date")).steps(bench.now())
    return latest.values()


def _answer(bench: Bench, begun: int) -> tuple[str, str]:
    """Status and time of the last exchange, if there was one."""
    exchanges = bench.exchanges[begun:]
    if not exchanges:
        return "-", "-"
    last = exchanges[-1]
    return str(last.reply.status) if last.reply else "none", f"{last.seconds * 1000:.0f} ms"


def following(node: Node, page: Page) -> Next:
    """What comes behind a page, as the tap reads it.

    Raises:
        RestGenericError: The reply does not say it in a form that can be read.
    """
    return node.paginator.settled(page).after(page)


def after(node: Node, page: Page) -> str:
    """What comes behind a page, in words."""
    try:
        found = following(node, page)
    except RestGenericError as error:
        return str(error)
    return f"stops: {found.reason}" if isinstance(found, Stop) else f"goes on with {found}"


def _remarks(node: Node, records: Sequence[Record], page: Page | None, schema: Mapping[str, Any] | None) -> list[str]:
    found = []
    if page is not None:
        with suppress(RestGenericError):
            following_page = following(node, page)
            found += [following_page.warning] if isinstance(following_page, Stop) and following_page.warning else []
        if not page.matched:
            found.append(f"data_selector {node.selector or detect(page.reply.body)} matches nothing")
    if records:
        found += [
            f"primary_key {name!r} is in no record" for name in node.resource.primary_key if _absent(name, records)
        ]
    if schema is None:
        return found
    new = dict.fromkeys(name for record in records for name in record if name not in schema.get("properties", {}))
    new_fields = [name for name in new if name not in node.carried]
    return [*found, f"fields not in the schema: {', '.join(new_fields)}"] if new_fields else found


def _absent(name: str, records: Sequence[Record]) -> bool:
    return all(record.get(name) is None for record in records)
