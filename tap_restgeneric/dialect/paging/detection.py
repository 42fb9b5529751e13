"""How does this API page? Read from its first reply.

The order is that of dlt: a `Link` header; a next URL in the body; a number of pages; a cursor; else a single page.
Beyond dlt: `offset`, `limit` and `total` beside each other; keys such as `cursor`; the number of the first page is
read rather than assumed; keys of single records (`next_billing_date`) are not taken for cursors.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

from requests.utils import parse_header_links

from tap_restgeneric.dialect.paging import clues
from tap_restgeneric.dialect.paging.counted import Offset, PageNumber
from tap_restgeneric.dialect.paging.cursors import Cursor
from tap_restgeneric.dialect.paging.linked import HeaderLink, JsonLink, SinglePage

if TYPE_CHECKING:
    from tap_restgeneric.dialect.exchange import Page
    from tap_restgeneric.dialect.paging.clues import Clue, Keys

Detected: TypeAlias = SinglePage | JsonLink | HeaderLink | Cursor | PageNumber | Offset

_TOTAL_PAGES = {"total_pages", "pages", "totalpages", "page_count", "pagecount", "last_page", "lastpage"}
TOTAL_ENTRIES = {"total", "total_count", "totalcount", "total_results", "totalresults", "total_items", "totalitems"}
_PAGE_NUMBERS = ("page", "page_number", "current_page", "currentpage", "pagenumber", "number", "index")
_BARE_KEY = re.compile(r"[A-Za-z_][\w-]*", re.ASCII)


def detected(page: Page) -> Detected:
    """The paginator that the first page of a stream asks for."""
    header = parse_header_links(page.reply.headers.get("link", ""))
    if any("next" in link.get("rel", "").split() for link in header):
        return HeaderLink()
    fields = list(clues.fields(page.reply.body))
    return _by_link(fields) or by_page(fields) or _by_offset(fields) or _by_cursor(fields) or SinglePage()


def _by_link(fields: list[Clue]) -> JsonLink | None:
    keys = next(filter(None, map(clues.link, fields)), None)
    return JsonLink.model_validate({"next_url_path": path_of(keys)}) if keys else None


def by_page(fields: list[Clue]) -> PageNumber | None:
    """The paginator of a reply that has a number of pages."""
    keys = _count(fields, _TOTAL_PAGES)
    if keys is None:
        return None
    beside = _numbers_beside(fields, keys)
    number = next((beside[name] for name in _PAGE_NUMBERS if name in beside), 1)
    return PageNumber.model_validate({"base_page": number, "total_path": path_of(keys)})


def _by_offset(fields: list[Clue]) -> Offset | None:
    keys = _count(fields, TOTAL_ENTRIES)
    beside = _numbers_beside(fields, keys) if keys else {}
    if keys is None or "offset" not in beside or not beside.get("limit"):
        return None
    return Offset.model_validate({"limit": beside["limit"], "offset": beside["offset"], "total_path": path_of(keys)})


def _by_cursor(fields: list[Clue]) -> Cursor | None:
    keys = next(filter(None, map(clues.token, fields)), None)
    return Cursor.model_validate({"cursor_path": path_of(keys), "cursor_param": "cursor"}) if keys else None


def _count(fields: list[Clue], names: set[str]) -> Keys | None:
    return next((keys for keys, value in fields if keys[-1].lower() in names and _is_count(value)), None)


def _numbers_beside(fields: list[Clue], keys: Keys) -> dict[str, int]:
    """The numbers in the object that holds the last of `keys`, by name in lower case."""
    return {other[-1].lower(): value for other, value in fields if other[:-1] == keys[:-1] and _is_count(value)}


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def path_of(keys: Keys) -> str:
    """The path of nested keys as a user would write it; keys with special characters are quoted."""
    text = "$"
    for key in keys:
        text += f".{key}" if _BARE_KEY.fullmatch(key) else f"[{key!r}]"
    return text.removeprefix("$.")
