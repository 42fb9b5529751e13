"""Which parameter makes the API give only what is new? Asked: each candidate gets a moment of its own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from tap_restgeneric.dialect.progress import instants
from tap_restgeneric.workbench.probe.asking import distinct, fingerprint
from tap_restgeneric.workbench.probe.fields import order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_restgeneric.dialect.exchange import Page
    from tap_restgeneric.workbench.probe.asking import Asker
    from tap_restgeneric.workbench.probe.fields import Cursor, Record

_PLAIN = ("updated_since", "updated_after", "since", "modified_since", "modified_after", "changed_since")
_DATED = ("start_date", "start_time", "from_date", "from")
_OF_STEM = ("{0}_since", "{0}_after", "{0}_from")
_OF_CAMEL_STEM = ("{0}Since", "{0}After", "{0}From")
_OF_FIELD = (
    *("{0}[gte]", "{0}__gte", "{0}_gte", "{0}_after", "{0}_since", "{0}_from", "min_{0}", "{0}_min"),
    *("filter[{0}][gte]", "{0}[gt]", "{0}__gt", "{0}.gte"),
)
_STEM = re.compile(r"_?(at|on|date|time|datetime|ts)$|(?<=[a-z])(At|On|Date|Time|DateTime)$")
_FEWEST = 4
"""Moments that must differ, so that what is left out shows."""


@dataclass(frozen=True)
class Filter:
    """What is known about asking for what is new.

    Attributes:
        param: The parameter.
        leaves_out: Whether records of the very moment that is asked for are left out; None: not known.
        reason: What was seen.
    """

    param: str
    leaves_out: bool | None
    reason: str


def found(asker: Asker, pages: Sequence[Page], cursor: Cursor, key: str | None) -> Filter | None:
    """The parameter that filters by a field; None if none was found.

    Args:
        asker: Asks.
        pages: The pages that were read, the first page first.
        cursor: The field.
        key: The field that tells records apart.
    """
    known = distinct(pages)
    # With one request left nothing can be confirmed: then no two names may have the same effect on the first page.
    once = asker.left == 1
    cutoffs = _cutoffs(pages[0].records if once else known, pages[0].records, cursor.name)
    if len(cutoffs) < _FEWEST:
        return None
    names = _names(cursor.name)[: len(cutoffs) if once else None]
    asked = {name: cutoffs[number % len(cutoffs)] for number, name in enumerate(names)}
    answer = asker.tried(_with(asker, asked))
    if answer is None:
        return _after_refusal(asker, asked, pages, cursor, key)
    window = _Window(known, len(pages[0].records), cursor.name, key)
    if not answer.records or window.marks(answer.records) == window.marks(pages[0].records):
        return None
    fitting = [name for name, value in asked.items() if window.fits(answer.records, value)]
    while fitting and asker.left > 0:
        confirmed = _confirmed(asker, window, fitting.pop(0), cutoffs)
        if confirmed:
            return confirmed
    if len(fitting) == 1:
        told = f"{fitting[0]} is the only parameter that explains what came when all were sent"
        return Filter(fitting[0], leaves_out=None, reason=told)
    return None


@dataclass(frozen=True)
class _Window:
    """The records that are known, in the order of the API, to tell what a filter must leave of them."""

    known: Sequence[Record]
    size: int
    field: str
    key: str | None

    def marks(self, records: Sequence[Record]) -> list[str]:
        """What tells records apart."""
        return [fingerprint(record, self.key) for record in records]

    def fits(self, records: Sequence[Record], value: Any, *, leaves_out: bool = False) -> bool:
        """Whether records are what a filter from a moment on leaves: of the known ones exactly those, in order."""
        kept = [one for one in self.known if self._counts(one, value, leaves_out=leaves_out)]
        known = set(self.marks(self.known))
        seen, expected = [mark for mark in self.marks(records) if mark in known], self.marks(kept)
        whole = seen == (expected[: len(seen)] if len(records) >= self.size else expected)
        return whole and all(self._counts(one, value, leaves_out=leaves_out) for one in records)

    def _counts(self, record: Record, value: Any, *, leaves_out: bool) -> bool:
        moment, bound = order(record[self.field]), order(value)
        return moment > bound if leaves_out else moment >= bound


def _cutoffs(known: Sequence[Record], first: Sequence[Record], field: str) -> list[Any]:
    """Moments between those of the records: whoever filters from one on leaves out some of the first page."""
    lowest = min(order(record[field]) for record in first)
    moments = sorted({order(record[field]): record[field] for record in known}.items())
    above = [value for moment, value in moments if moment >= lowest][:-1]
    later = [order(value) for _, value in moments]
    found = []
    for value in above:
        moved = instants.shifted(value, 1)
        found.append(value if order(moved) in later else moved)
    return [value for value in found if order(value) > lowest]


def _names(field: str) -> list[str]:
    stem = _STEM.sub("", field)
    stems = _OF_CAMEL_STEM if re.search(r"[a-z][A-Z]", field) else _OF_STEM
    forms = [form.format(stem) for form in stems], _PLAIN, [form.format(field) for form in _OF_FIELD], _DATED
    return list(dict.fromkeys(chain(*forms)))


def _confirmed(asker: Asker, window: _Window, name: str, cutoffs: Sequence[Any]) -> Filter | None:
    """Asks with one parameter alone, for the very moment of a record: that shows whether it counts, and how."""
    moments = sorted(order(value) for value in cutoffs)
    middle = moments[len(moments) // 2]
    value = min((record[window.field] for record in window.known), key=lambda each: abs(order(each) - middle))
    answer = asker.tried(_with(asker, {name: value}))
    if answer is None or not answer.records:
        return None
    for leaves_out in (False, True):
        if window.fits(answer.records, value, leaves_out=leaves_out):
            reason = f"asked with {name}={value}, the API left out what is older"
            return Filter(name, leaves_out=leaves_out, reason=reason)
    return None


def _after_refusal(
    asker: Asker, asked: dict[str, Any], pages: Sequence[Page], cursor: Cursor, key: str | None
) -> Filter | None:
    """An API that takes no unknown parameters may have said which it knows."""
    text = asker.last_text
    named = [name for name in asked if f'"{name}"' in text or f"'{name}'" in text or f"`{name}`" in text]
    # What it repeats may be all that it did not like: then the words say nothing.
    names = named if len(named) < len(asked) else []
    known = distinct(pages)
    window = _Window(known, len(pages[0].records), cursor.name, key)
    tries = (_confirmed(asker, window, name, list(asked.values())) for name in [*names, *asked][: asker.left])
    return next(filter(None, tries), None)


def _with(asker: Asker, params: dict[str, Any]) -> Any:
    call = asker.call
    for name, value in params.items():
        call = call.with_param(name, value)
    return call
