"""Which paginators does a first reply speak for?"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tap_restgeneric.dialect.paging import clues, detection

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from tap_restgeneric.dialect.exchange import Page
    from tap_restgeneric.dialect.paging.clues import Clue, Keys
    from tap_restgeneric.workbench.probe.start import Start

Block = dict[str, Any]

_HEADER = re.compile(r"^(?:x-)?(?:next|continuation)-?(page|cursor|token|offset|id)?$|^(?:x-)?cursor-?next$")
_NUMBERED = re.compile(r"^next_?(page|offset|skip|start)(_?(number|index|at))?$", re.IGNORECASE)
_PAGES = ("page", "page_number", "pageNumber", "pageNo", "page_no", "pg", "p", "page[number]", "current_page")
_OFFSETS = {"offset", "skip", "start", "startat", "start_at"}
_SIZES = {"limit", "count", "page_size", "per_page", "maxresults", "max_results", "size", "top", "take"}
_CURSORS = ("cursor", "after", "page_token", "next", "token", "starting_after")


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
        if seen is None or not value.strip():
            continue
        numbered = value.strip().isdigit()
        for param in dict.fromkeys(("page", "cursor") if numbered else (seen[1] or "cursor", *_CURSORS)):
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
    return keys if _is_number(value) and value and _NUMBERED.match(keys[-1].replace("-", "_")) else None


def _params(keys: Keys, value: Any, start: Start) -> Sequence[str]:
    """Names of the parameter that may take a cursor, the likeliest first."""
    name = keys[-1]
    bare = re.sub(r"^(next|end)[-_]?", "", name, flags=re.IGNORECASE)
    bare = bare[:1].lower() + bare[1:] if bare else ""
    usual = ("page", "offset") if isinstance(value, int) else _CURSORS
    spelled = (bare, bare.replace("_", "-"), re.sub(r"_(\w)", lambda found: found[1].upper(), bare))
    names = (*start.positions, *spelled, "after" if keys[-2:] == ("next", "after") else "", name, *usual)
    return [name for name in dict.fromkeys(names) if name]


def _by_pages(fields: Sequence[Clue], start: Start) -> Iterator[Guess]:
    """A number of pages, and where they begin."""
    block = detection.by_page(list(fields))
    if block is None:
        return
    total = str(block.total_path)
    for param in _page_params(fields, start):
        reason = f"{total} counts the pages, the first is {block.base_page}, and {param} takes the number"
        yield Guess(page_block(param, block.base_page, total), reason)


def _page_params(fields: Sequence[Clue], start: Start) -> list[str]:
    given = [name for name in start.positions if "page" in name.lower()]
    repeated = [keys[-1] for keys, value in fields if keys[-1] in _PAGES[:-1] and isinstance(value, int)]
    return list(dict.fromkeys([*given, *repeated, "page", "page_number", "p"]))


def _by_offset(fields: Sequence[Clue], page: Page, start: Start) -> Iterator[Guess]:
    """How many entries are left out, beside how many there are."""
    numbers = {keys[-1]: (keys, value) for keys, value in fields if _is_number(value)}
    offset, total = _named(numbers, _OFFSETS), _named(numbers, detection.TOTAL_ENTRIES)
    if offset is None or total is None:
        return
    limit = _named(numbers, _SIZES)
    size = start.size or (limit or "limit", (numbers[limit][1] if limit else 0) or page.entries)
    for param in dict.fromkeys((*start.positions, offset)):
        block = offset_block(param, size, numbers[offset][1], detection.path_of(numbers[total][0]))
        yield Guess(block, f"{offset} and {total} stand beside each other, and {param} takes how many to leave out")


def _named(numbers: Mapping[str, Any], words: Collection[str]) -> str | None:
    return next((name for name in numbers if name.lower() in words), None)


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def offset_block(param: str, size: tuple[str, int], first: int, total_path: str | None) -> Block:
    """An offset paginator; `size` is the name of the parameter for the page size, and its value."""
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
        block = page_block(param, number[1])
        yield Guess(block, f"the reply says {number[0]}: {number[1]}, and {param} takes the number")


def page_block(param: str, base: int, total_path: str | None = None) -> Block:
    """A paginator of numbered pages."""
    named = {} if param == "page" else {"page_param": param}
    return {"type": "page_number", "base_page": base, **named, "total_path": total_path}


def _by_last_record(fields: Sequence[Clue], page: Page, selector: str) -> Iterator[Guess]:
    """A flag says that there is more, and nothing else how to get it: the last record may be the cursor."""
    flag = next(filter(None, map(clues.flag, fields)), None)
    named = any(clues.token(one) or _numbered(one) or clues.link(one) for one in fields)
    if flag is None or named or not page.records or "id" not in page.records[-1]:
        return
    numbers = {keys[-1].lower() for keys, value in fields if _is_number(value)}
    if numbers & {"page", "offset", "skip", "page_number", "pagenumber"}:
        return
    more = detection.path_of(flag)
    for param in ("starting_after", "after"):
        block = {"type": "cursor", "cursor_path": f"{selector}[-1].id", "cursor_param": param, "has_more_path": more}
        yield Guess(block, f"{more} says that there is more, and {param} takes the id of the last record", told=False)
