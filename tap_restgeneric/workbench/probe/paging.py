"""How does the API page? Guessed from the first reply, and proved by a second page that has other records."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from tap_restgeneric.dialect.exchange import Stop
from tap_restgeneric.dialect.paging import clues, detection
from tap_restgeneric.dialect.paging.paginators import AnyPaginator
from tap_restgeneric.errors import RestGenericError
from tap_restgeneric.workbench.probe.asking import fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tap_restgeneric.dialect.exchange import Page
    from tap_restgeneric.dialect.paging.clues import Clue, Keys
    from tap_restgeneric.workbench.probe.asking import Asker
    from tap_restgeneric.workbench.probe.start import Start

Block = dict[str, Any]
_paginator: TypeAdapter[Any] = TypeAdapter(AnyPaginator)

_HEADER = re.compile(r"^(?:x-)?(?:next|continuation)-?(page|cursor|token|offset|id)?$|^(?:x-)?cursor-?next$")
_NUMBERED = re.compile(r"^next_?(page|offset|skip|start)(_?(number|index|at))?$", re.IGNORECASE)
_PAGES = ("page", "page_number", "pageNumber", "pageNo", "page_no", "pg", "p", "page[number]", "current_page")
_SHIFTS = ("offset", "skip", "start", "startAt", "start_index", "from", "_start", "$skip")
"""Names under which an API may take how many records to leave out."""
_ENOUGH = 3
"""Records that a page must have for a shift to be seen."""


@dataclass(frozen=True)
class Guess:
    """A paginator that may be right.

    Attributes:
        block: As it would be written.
        reason: What speaks for it.
        told: Whether the reply itself says so, rather than nothing speaking against it.
    """

    block: Block
    reason: str
    told: bool = True


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
        return Found(
            told[0].block,
            f"{told[0].reason}; not proved: no second page with other records came",
            proved=False,
            pages=(first,),
        )
    if len(first.records) < _ENOUGH:
        return Found(
            None,
            f"{len(first.records)} records and nothing about more: found at run time",
            proved=False,
            pages=(first,),
        )
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
    verdict = compared(first, second, key)
    if verdict != "other":
        return None
    return Found(guess.block, f"{guess.reason}; proved: {_told(second)}", proved=True, pages=(first, second))  # type: ignore[arg-type]


_LINKED = frozenset({"json_link", "header_link", "header_cursor", "cursor"})


def _placed(first: Page, paginator: Any) -> Page:
    return replace(first, position=paginator.first())


def _told(page: Page | None) -> str:
    return f"a second page has {len(page.records) if page else 0} other records"


def compared(first: Page, second: Page | None, key: str | None) -> str:
    """`none`, `empty`, `same`, `overlap` or `other`: how a second page stands to the first."""
    if second is None:
        return "none"
    if not second.records:
        return "empty"
    before = {fingerprint(record, key) for record in first.records}
    after = {fingerprint(record, key) for record in second.records}
    return "same" if before == after else "overlap" if before & after else "other"


# What the reply tells


def guesses(page: Page, start: Start, selector: str) -> Iterator[Guess]:
    """The paginators that a first reply speaks for, the likeliest first."""
    fields = list(clues.fields(page.reply.body))
    settled = detection.detected(page)
    if settled.type == "header_link":
        yield Guess({"type": "header_link"}, "a Link header has rel=next")
    if settled.type == "json_link":
        path = settled.model_dump(mode="json")["next_url_path"]
        yield Guess({"type": "json_link", "next_url_path": path}, f"{path} holds the URL of the next page")
    yield from _by_header(page)
    yield from _by_token(fields, start)
    yield from _by_pages(fields, start)
    yield from _by_offset(fields, page, start)
    yield from _by_number(fields, start)
    yield from _by_last_record(fields, page, selector)


def _by_header(page: Page) -> Iterator[Guess]:
    for name, value in page.reply.headers.items():
        seen = _HEADER.match(name)
        if seen and value.strip():
            names = (
                ("page", "cursor")
                if value.strip().isdigit()
                else (seen[1] or "cursor", "cursor", "page_token", "after")
            )
            for param in dict.fromkeys(names):
                block = {"type": "header_cursor", "cursor_key": name, "cursor_param": param}
                yield Guess(block, f"the header {name} holds the next cursor, and the parameter {param} takes it")


def _by_token(fields: Sequence[Clue], start: Start) -> Iterator[Guess]:
    flag = next(filter(None, map(clues.flag, fields)), None)
    more = {"has_more_path": detection.path_of(flag)} if flag else {}
    for one in fields:
        keys = clues.token(one) or _numbered(one)
        if keys is None:
            continue
        path = detection.path_of(keys)
        for param in _params(keys, one[1], start):
            block = {"type": "cursor", "cursor_path": path, "cursor_param": param, **more}
            yield Guess(block, f"{path} holds the next cursor, and the parameter {param} takes it")


def _numbered(one: Clue) -> Keys | None:
    keys, value = one
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return keys if is_number and value and _NUMBERED.match(keys[-1].replace("-", "_")) else None


def _params(keys: Keys, value: Any, start: Start) -> Sequence[str]:
    """Names of the parameter that may take a cursor, the likeliest first."""
    name = keys[-1]
    bare = re.sub(r"^(next|end)[-_]?", "", name, flags=re.IGNORECASE)
    bare = bare[:1].lower() + bare[1:] if bare else ""
    usual = (
        ("page", "offset")
        if isinstance(value, int)
        else ("cursor", "after", "page_token", "next", "token", "starting_after")
    )
    names = (*start.positions, bare, "after" if keys[-2:] == ("next", "after") else "", name, *usual)
    return [name for name in dict.fromkeys(names) if name]


def _by_pages(fields: Sequence[Clue], start: Start) -> Iterator[Guess]:
    block = detection.by_page(list(fields))
    if block is None:
        return
    shown = block.model_dump(mode="json", exclude_defaults=False)
    for param in _page_params(fields, start):
        named = {} if param == "page" else {"page_param": param}
        found_block = {
            "type": "page_number",
            "base_page": shown["base_page"],
            **named,
            "total_path": shown["total_path"],
        }
        yield Guess(
            found_block,
            f"{shown['total_path']} counts the pages, the first is {shown['base_page']}, and {param} takes the number",
        )


def _page_params(fields: Sequence[Clue], start: Start) -> list[str]:
    echoed = [keys[-1] for keys, value in fields if keys[-1] in _PAGES and isinstance(value, int)]
    names = [
        *(name for name in start.positions if "page" in name.lower()),
        *(n for n in echoed if n != "current_page"),
        "page",
        "page_number",
        "p",
    ]
    return list(dict.fromkeys(names))


def _by_offset(fields: Sequence[Clue], page: Page, start: Start) -> Iterator[Guess]:
    numbers = {
        keys[-1]: (keys, value) for keys, value in fields if isinstance(value, int) and not isinstance(value, bool)
    }
    offset = next(
        (name for name in numbers if name.lower() in {"offset", "skip", "start", "startat", "start_at"}), None
    )
    total = next((name for name in numbers if name.lower() in detection.TOTAL_ENTRIES), None)
    if offset is None or total is None:
        return
    limit = next(
        (
            name
            for name in numbers
            if name.lower()
            in {"limit", "count", "page_size", "per_page", "maxresults", "max_results", "size", "top", "take"}
        ),
        None,
    )
    size = start.size or (limit or "limit", numbers[limit][1] if limit and numbers[limit][1] else page.entries)
    for param in dict.fromkeys((*start.positions, offset)):
        block = _offset_block(param, size, numbers[offset][1], detection.path_of(numbers[total][0]))
        yield Guess(block, f"{offset} and {total} stand beside each other, and {param} takes how many to leave out")


def _offset_block(param: str, size: tuple[str, int], first: int, total_path: str | None) -> Block:
    return {
        "type": "offset",
        "limit": size[1],
        **({"offset": first} if first else {}),
        **({} if param == "offset" else {"offset_param": param}),
        **({} if size[0] == "limit" else {"limit_param": size[0]}),
        "total_path": total_path,
    }


def _by_number(fields: Sequence[Clue], start: Start) -> Iterator[Guess]:
    """A page number that the reply repeats, without a number of pages beside it."""
    number = next(((keys[-1], value) for keys, value in fields if keys[-1] in _PAGES and isinstance(value, int)), None)
    if number is None or detection.by_page(list(fields)) is not None:
        return
    for param in _page_params(fields, start):
        block = _page_block(param, number[1])
        yield Guess(block, f"the reply says {number[0]}: {number[1]}, and {param} takes the number")


def _page_block(param: str, base: int) -> Block:
    named = {} if param == "page" else {"page_param": param}
    return {"type": "page_number", "base_page": base, **named, "total_path": None}


def _by_last_record(fields: Sequence[Clue], page: Page, selector: str) -> Iterator[Guess]:
    """A flag says that there is more, and nothing else how to get it: the last record may be the cursor."""
    flag = next(filter(None, map(clues.flag, fields)), None)
    named = any(clues.token(one) or _numbered(one) or clues.link(one) for one in fields)
    if flag is None or named or not page.records or "id" not in page.records[-1]:
        return
    numbers = {keys[-1].lower() for keys, value in fields if isinstance(value, int) and not isinstance(value, bool)}
    if numbers & {"page", "offset", "skip", "page_number", "pagenumber"}:
        return
    more = detection.path_of(flag)
    for param in ("starting_after", "after"):
        block = {"type": "cursor", "cursor_path": f"{selector}[-1].id", "cursor_param": param, "has_more_path": more}
        yield Guess(block, f"{more} says that there is more, and {param} takes the id of the last record", told=False)


# What only trying tells


def _by_trying(asker: Asker, first: Page, start: Start, key: str | None) -> Found:
    """Sends parameters that APIs are used to, each with a value of its own: how the records move tells which counts."""
    shifts = {name: number for number, name in enumerate(_SHIFTS, 1) if number < len(first.records)}
    tried = asker.tried(_with(asker, {"page": 2, **shifts}))
    if tried is None:
        tried = asker.tried(_with(asker, {"page": 2}))
        shifts = {}
    verdict = compared(first, tried, key)
    if tried is not None and verdict == "other":
        return _numbered_pages(asker, first, tried, key)
    shift = _shift(first, tried, key)
    name = next((name for name, number in shifts.items() if number == shift), None)
    if tried is not None and name is not None:
        size = start.size or ("limit", first.entries)
        guess = Guess(_offset_block(name, size, 0, None), f"with {name}={shift} the records move by {shift}")
        outcome = _proved(asker, first, guess, key)
        return outcome or Found(guess.block, guess.reason, proved=True, pages=(first,))
    return Found({"type": "single_page"}, _WHOLE, proved=False, pages=(first,))


_WHOLE = "nothing speaks of more pages, and page=2, offset and the like change nothing: this is all"


def _numbered_pages(asker: Asker, first: Page, second: Page, key: str | None) -> Found:
    """`page=2` gives other records: is the first page 1 or 0?"""
    one = asker.tried(_with(asker, {"page": 1}))
    base = 0 if compared(first, one, key) == "other" else 1
    shown = "page=1 gives the first page" if base else "page=1 gives other records too, so that the first is 0"
    pages = (first, second) if base or one is None else (first, one, second)
    return Found(
        _page_block("page", base), f"page=2 gives other records, and {shown}; proved", proved=True, pages=pages
    )


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
