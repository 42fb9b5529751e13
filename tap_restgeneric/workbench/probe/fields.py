"""Which fields of records are their key, and which say when they changed?"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

from tap_restgeneric.dialect.progress import instants

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Record = dict[str, Any]

_SURE = ("id", "_id", "uuid", "guid", "key")
_USUAL = ("code", "sku", "slug", "number")
_BEGINNING = 4
"""Fields at the beginning of a record among which a key is looked for that only its place speaks for."""
_ID = re.compile(r"(?:^|_|[-.])(id|uuid|guid|key|code|no|number)$|[a-z](Id|ID|Uuid|Key|Code|No|Number)$")
_CHANGED = re.compile(r"(updat|modif|chang|edit|touch|last_?seen|sync)", re.IGNORECASE)
_MADE = re.compile(r"(creat|insert|added|date|time|occur|start|_at$|At$|_on$|^ts$|^at$|posted|issued)", re.IGNORECASE)
_EPOCH = range(946_684_800, 4_102_444_800)
"""Seconds of the years 2000 to 2099."""


@dataclass(frozen=True)
class Key:
    """The key of records.

    Attributes:
        names: Its fields; none if nothing tells each record from all others.
        sure: Whether its name says so too, rather than only the records that were seen.
    """

    names: tuple[str, ...] = ()
    sure: bool = False

    @property
    def alone(self) -> str | None:
        """The one field it has."""
        return self.names[0] if len(self.names) == 1 else None


def key(records: Sequence[Record], resource: str) -> Key:
    """The key of records, which tells each from all others.

    A field that merely happens to differ in the records that were seen is none: a target would take records for one.
    """
    if not records:
        return Key()
    names = [name for name in records[0] if all(_is_identity(record.get(name)) for record in records)]
    own = [
        f"{form}{gap}{word}" for form in _singular(resource) for gap in ("", "_") for word in (*_SURE[2:], "id", "code")
    ]
    sure = sorted(
        (name for name in names if name.lower() in (*_SURE, *own)),
        key=lambda name: [*_SURE[:2], *own, *_SURE[2:]].index(name.lower()),
    )
    begins = [name for name in names if _ID.search(name) and name in list(records[0])[:_BEGINNING]]
    usual = [name for name in names if name.lower() in _USUAL]
    singles = [(name,) for name in (*sure, *usual, *(name for name in begins if name == next(iter(records[0]))))]
    pairs = combinations(begins, 2) if len(records) > 1 else ()
    groups: Sequence[tuple[str, ...]] = (*singles, *pairs)
    found = next((group for group in groups if _tells(records, group)), ())
    return Key(found, sure=len(found) == 1 and found[0] in sure)


def _singular(resource: str) -> Iterator[str]:
    word = resource.lower().rpartition("_")[2]
    for form in (resource.lower(), word):
        yield form
        if form.endswith("ies"):
            yield form[:-3] + "y"
        yield form.removesuffix("es")
        yield form.removesuffix("s")


def _is_identity(value: Any) -> bool:
    return isinstance(value, (str, int)) and not isinstance(value, bool) and value != ""


def _tells(records: Sequence[Record], names: Sequence[str]) -> bool:
    return len({tuple(repr(record[name]) for name in names) for record in records}) == len(records)


@dataclass(frozen=True)
class Cursor:
    """A field that says when a record changed, or was made.

    Attributes:
        name: The field.
        changes: Whether it moves when the record changes.
    """

    name: str
    changes: bool


def cursors(records: Sequence[Record]) -> list[Cursor]:
    """The fields that can be a replication key, the likeliest first."""
    if not records:
        return []
    names = [name for name in records[0] if all(is_moment(record.get(name)) for record in records)]
    changed = [Cursor(name, changes=True) for name in names if _CHANGED.search(name)]
    made = [Cursor(name, changes=False) for name in names if _MADE.search(name) and not _CHANGED.search(name)]
    return [*changed, *made]


def is_moment(value: Any) -> bool:
    """Whether a value names a moment: a date, a date-time, or seconds or milliseconds since the epoch."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value in _EPOCH or value // 1000 in _EPOCH
    moment = instants.instant(value)
    return moment is not None and int(moment.timestamp()) in _EPOCH


def order(value: Any) -> float:
    """A moment as a number, to be compared."""
    moment = instants.instant(value)
    return moment.timestamp() if moment else float(value)
