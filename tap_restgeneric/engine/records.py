"""Which records does a page give, and what do they carry?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from tap_restgeneric.dialect.jsonpath.selectors import MISSING
from tap_restgeneric.dialect.records import processing
from tap_restgeneric.errors import ApiError, RecordError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tap_restgeneric.dialect.progress.incremental import Window
    from tap_restgeneric.dialect.relations import Node
    from tap_restgeneric.engine.report import Tally

Record = dict[str, Any]
AnyRecord = TypeVar("AnyRecord")

_KINDS = {str: "a text", bool: "true or false", list: "a list", type(None): "null"}


def carried(found: Iterable[Any], node: Node, parent: Mapping[str, Any] | None) -> list[Record]:
    """Records with the fields of their parent that they carry, after the processing steps of the resource.

    Raises:
        RecordError: Something that was selected is no object, or a step fails.
    """
    taken = {name: (parent or {}).get(source) for name, source in node.carried.items()}
    records = []
    for number, record in enumerate(found, 1):
        if not isinstance(record, dict):
            kind = _KINDS.get(type(record), "a number")
            raise RecordError(
                f"record {number} of a page is {kind}, not an object: does data_selector lead to objects?"
            )
        records.append({**record, **taken} if taken else record)
    steps = node.resource.processing_steps
    return processing.applied(steps, records) if steps else records


def windowed(
    records: Sequence[AnyRecord], values: Sequence[Any], window: Window, tally: Tally
) -> tuple[Sequence[AnyRecord], Window]:
    """The records that belong to a window.

    Args:
        records: Objects, or typed records, of a page or of a piece of it.
        values: The cursor value of each.
        window: What the run asks for, as far as it has come.
        tally: Learns of records out of order.

    Returns:
        The records, and the window after them.
    """
    passed = window.passed(values)
    if passed is not None:
        return records, _in_order(passed, tally)
    holds = [window.holds(value) for value in values]
    kept = records if all(holds) else [record for record, held in zip(records, holds, strict=True) if held]
    tally.outside += len(records) - len(kept)
    block = window.block
    if block.on_cursor_value_missing == "exclude" and any(value is None or value is MISSING for value in values):
        tally.warn(f"records without {block.cursor_path} are left out (on_cursor_value_missing: exclude)")
    after = window
    for value, held in zip(values, holds, strict=True):
        if held:
            after = after.advanced(value)
    return kept, _in_order(after, tally)


def _in_order(window: Window, tally: Tally) -> Window:
    """The window; where it has met records out of order, that is said."""
    if window.disordered:
        tally.warn("records are not in the order that row_order says: no bookmark before the end of the stream")
    return window


def child_values(node: Node, record: Mapping[str, Any], tally: Tally) -> dict[str, Any] | None:
    """The values a record of the parent gives to a child's placeholders; None if the child is skipped for it."""
    values = node.parent_values(record)
    tally.parents += 1
    tally.parent_fields |= {name for name, value in values.items() if value is not MISSING}
    tally.parent_fields |= {source for source in node.carried.values() if source in record}
    absent = [name for name, value in values.items() if value is None or value is MISSING]
    if not absent:
        return values
    tally.warn(f"skipped for parents whose {', '.join(absent)} is null or missing")
    return None


def batched_values(node: Node, records: Sequence[Record], tally: Tally) -> Iterator[dict[str, Any]]:
    """The values that records of the parent give to a child which asks for several of them at once, each once."""
    (name,) = node.fields
    found = (child_values(node, record, tally) for record in records)
    distinct = {repr(values[name]): values[name] for values in found if values is not None}
    for piece in node.batch.cut(list(distinct.values())) if node.batch else ():
        yield {name: piece}


def requested(node: Node, parent: Mapping[str, Any], above: Node) -> str | None:
    """What the requests of a child for a record of its parent, and their records, depend on.

    Args:
        node: The child.
        parent: The record.
        above: The resource of the parent.

    Returns:
        Equal texts for equal requests; None if there are none.
    """
    values = list(node.parent_values(parent).values())
    if node.request is None or any(value is None or value is MISSING for value in values):
        return None
    taken = [parent.get(source, MISSING) for source in node.carried.values()]
    return repr((values, taken, _version(parent, above)))


def _version(record: Mapping[str, Any], node: Node) -> Any:
    """What tells a record from an earlier state of it, where only changes are read."""
    if node.incremental:
        return node.incremental.value(record)
    return record if node.reads_changes else None


def never_found(node: Node, tally: Tally) -> None:
    """Raises an error if a field of the parent was in none of its records.

    Raises:
        ApiError: It was.
    """
    if not tally.parents:
        return
    named = {name: f"{{{name}}}" for name in node.fields}
    named |= {source: f"{source!r} of include_from_parent" for source in node.carried.values()}
    lost = [text for name, text in named.items() if name not in tally.parent_fields]
    if lost:
        raise ApiError(f"stream {node.name!r}: {lost[0]} is in none of the {tally.parents} records of {node.parent!r}")
