"""How does the API page? Guessed from the first reply, and proved by a second page that has other records."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from tap_restgeneric.dialect.exchange import Stop
from tap_restgeneric.dialect.paging.paginators import AnyPaginator
from tap_restgeneric.errors import RestGenericError
from tap_restgeneric.workbench.probe.asking import fingerprint
from tap_restgeneric.workbench.probe.guesses import Block, Guess, guesses, offset_block, page_block

if TYPE_CHECKING:
    from tap_restgeneric.dialect.exchange import Page
    from tap_restgeneric.workbench.probe.asking import Asker
    from tap_restgeneric.workbench.probe.start import Start

_paginator: TypeAdapter[Any] = TypeAdapter(AnyPaginator)

_SHIFTS = ("offset", "skip", "start", "startAt", "start_index", "from", "_start", "$skip")
"""Names under which an API may take how many records to leave out."""
_ENOUGH = 3
"""Records that a page must have for a shift to be seen."""


@dataclass(frozen=True)
class Found:
    """What is known about paging in the end.

    Attributes:
        block: The paginator; None: left to be found at run time, when there is a second page.
        reason: What was seen, and why it was chosen.
        proved: Whether a second page was read and had other records.
        pages: The pages that were read.
    """

    block: Block | None
    reason: str
    proved: bool
    pages: tuple[Page, ...]


def found(asker: Asker, first: Page, start: Start, key: str | None) -> Found:
    """How the API pages.

    Args:
        asker: Asks for more pages.
        first: The first page.
        start: What the URL says.
        key: The field that tells records apart, as far as the first page shows.
    """
    told = list(guesses(first, start, str(asker.selector)))
    for guess in told:
        if asker.left <= 0:
            break
        outcome = _proved(asker, first, guess, key)
        if outcome is not None:
            return outcome
    if told and told[0].told:
        reason = f"{told[0].reason}; not proved: no second page with other records came"
        return Found(told[0].block, reason, proved=False, pages=(first,))
    if len(first.records) < _ENOUGH:
        reason = f"{len(first.records)} records and nothing about more: found at run time"
        return Found(None, reason, proved=False, pages=(first,))
    return _by_trying(asker, first, start, key)


def _proved(asker: Asker, first: Page, guess: Guess, key: str | None) -> Found | None:
    """What comes of a guess; None if it is wrong."""
    paginator = _paginator.validate_python(guess.block)
    try:
        following = paginator.after(first if guess.block["type"] in _LINKED else _placed(first, paginator))
    except RestGenericError:
        return None
    if isinstance(following, Stop):
        reason = f"{guess.reason}; not proved: the first page is all there is"
        return Found(guess.block, reason, proved=False, pages=(first,)) if guess.told else None
    second = asker.tried(paginator.at(asker.call, following))
    # Where the API itself leads to the next page, it may begin with the last records of the one before.
    fitting = ("other", "overlap") if guess.block["type"] in _LINKED else ("other",)
    if second is None or compared(first, second, key) not in fitting:
        return None
    new = {fingerprint(one, key) for one in second.records} - {fingerprint(one, key) for one in first.records}
    reason = f"{guess.reason}; proved: a second page has {len(new)} other records"
    if len(new) < len(second.records):
        reason += f", and {len(second.records) - len(new)} that the first has too"
    return Found(guess.block, reason, proved=True, pages=(first, second))


_LINKED = frozenset({"json_link", "header_link", "header_cursor", "cursor"})


def _placed(first: Page, paginator: Any) -> Page:
    return replace(first, position=paginator.first())


def compared(first: Page, second: Page | None, key: str | None) -> str:
    """`none`, `empty`, `same`, `overlap` or `other`: how a second page stands to the first."""
    if second is None:
        return "none"
    if not second.records:
        return "empty"
    before = {fingerprint(record, key) for record in first.records}
    after = {fingerprint(record, key) for record in second.records}
    return "same" if before == after else "overlap" if before & after else "other"


# What only trying tells


def _by_trying(asker: Asker, first: Page, start: Start, key: str | None) -> Found:
    """Sends parameters that many APIs take: a page number, then offsets that differ, so that the shift tells which."""
    second = asker.tried(_with(asker, {"page": 2}))
    verdict = compared(first, second, key)
    if second is not None and verdict in ("other", "empty"):
        return _numbered_pages(asker, first, second, key)
    shifts = {name: number for number, name in enumerate(_SHIFTS, 1) if number < len(first.records)}
    shift = _shift(first, asker.tried(_with(asker, shifts)), key)
    name = next((name for name, number in shifts.items() if number == shift), None)
    if name is not None:
        block = offset_block(name, start.size or ("limit", first.entries), 0, None)
        guess = Guess(block, f"with {name}={shift} the records move by {shift}")
        return _proved(asker, first, guess, key) or Found(block, guess.reason, proved=False, pages=(first,))
    if len(first.records) % _ROUND == 0:
        return Found(None, f"{len(first.records)} records, and {_NOTHING}; {_SUSPICIOUS}", proved=False, pages=(first,))
    return Found({"type": "single_page"}, f"{_NOTHING}: this is all", proved=False, pages=(first,))


_ROUND = 5
_NOTHING = "nothing speaks of more pages; page=2, offset and the like change nothing"
_SUSPICIOUS = "so round a number may be a page: look up how the API pages; a run warns as long as nothing says it"


def _numbered_pages(asker: Asker, first: Page, second: Page, key: str | None) -> Found:
    """`page=2` gives other records, or none any more: is the first page 1 or 0?"""
    one = asker.tried(_with(asker, {"page": 1}))
    base = 1 if one is None or compared(first, one, key) == "same" else 0
    shown = "page=1 gives the first page" if base else "page=1 does not give the first page, so that it is 0"
    seen = (first, second) if base or one is None else (first, one, second)
    if not second.records and not (one and one.records and not base):
        return Found(page_block("page", base), f"page=2 is empty, and {shown}", proved=False, pages=(first,))
    reason = f"page=2 gives other records, and {shown}; proved"
    return Found(page_block("page", base), reason, proved=True, pages=seen)


def _with(asker: Asker, params: dict[str, Any]) -> Any:
    call = asker.call
    for name, value in params.items():
        call = call.with_param(name, value)
    return call


def _shift(first: Page, second: Page | None, key: str | None) -> int:
    """How many records of the first page stand before the beginning of the second; 0 if it begins elsewhere."""
    if second is None or not second.records:
        return 0
    marks = [fingerprint(record, key) for record in first.records]
    mark = fingerprint(second.records[0], key)
    return marks.index(mark) if mark in marks else 0
