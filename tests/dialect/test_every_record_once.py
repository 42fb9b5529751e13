"""Does every kind of paginator read every record once and in order, whatever the size of the pages?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from walking import URL, page_of, paginator_of, reply_of

from tap_restgeneric.dialect.exchange import Call, Position
from tap_restgeneric.dialect.jsonpath.selectors import Selector
from tap_restgeneric.dialect.paging.paginators import Paginator

if TYPE_CHECKING:
    from collections.abc import Callable

THINGS = Selector.parse("items")

# Where an API reads a parameter; None if it was not sent there.


def _in_query(call, name):
    return dict(call.params).get(name)


def _in_header(call, name):
    return call.headers.get(name)


def _in_json(call, name):
    value = call.json
    for key in name.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _in_form(call, name):
    return dict(call.data).get(name)


@dataclass
class Slice:
    """A page of an API.

    Attributes:
        begin: The number of its first record.
        end: The number of the first record behind it.
        held: How many records the API holds.
        size: The page size it keeps to.
    """

    begin: int
    end: int
    held: int
    size: int

    @property
    def more(self):
        return self.end < self.held


@dataclass
class Kind:
    """An API that pages in one way, and the paginator for it.

    Attributes:
        block: The paginator.
        says: What a page says about the next one: fields of the body, and headers.
        begin: The number of the first record that a call asks for.
        call: What its calls have beside the URL.
        limit: Whether the paginator has to be told the size of a page.
    """

    block: dict[str, Any]
    says: Callable[[Slice], tuple[dict[str, Any], dict[str, str]]]
    begin: Callable[[Call, int], int]
    call: dict[str, Any] = field(default_factory=dict)
    limit: bool = False


def _nothing(_):
    return {}, {}


def _total(page):
    return {"total": page.held}, {}


def _pages(page):
    return {"total": -(-page.held // page.size)}, {}


def _flag(page):
    return {"more": page.more}, {}


def _cursor(page):
    return {"next_cursor": f"c{page.end}" if page.more else None}, {}


def _link(page):
    return {"next": f"?from={page.end}" if page.more else ""}, {}


def _link_header(page):
    return {}, {"link": f'<{URL}?from={page.end}>; rel="next"'} if page.more else {}


def _cursor_header(page):
    return {}, {"x-next": f"c{page.end}"} if page.more else {}


def _pages_in_words(page):
    return {"total_pages": -(-page.held // page.size), "page": page.begin // page.size + 1}, {}


def _offset_in_words(page):
    return {"total": page.held, "offset": page.begin, "limit": page.size}, {}


def _skipped(read, name="offset"):
    """Begins behind as many records as the call says, at the first if it says nothing."""
    return lambda call, _: int(read(call, name) or 0)


def _numbered(read, name="page", base=1):
    def begin(call, size):
        number = read(call, name)
        return 0 if number is None else (int(number) - base) * size

    return begin


def _after(read, name="cursor"):
    return lambda call, _: int((read(call, name) or "c0").removeprefix("c"))


def _linked(call, _):
    return int(call.url.partition("from=")[2] or 0)


CURSOR = {"type": "cursor", "cursor_path": "next_cursor"}
TOTAL = {"total_path": "total", "stop_after_empty_page": False}
FLAG = {"total_path": None, "has_more_path": "more", "stop_after_empty_page": False}
OFFSET, PAGE = {"type": "offset"}, {"type": "page_number", "base_page": 1}
POST = {"method": "POST", "json": {"filter": {"open": True}}}
FORM = {"method": "POST", "data": {"open": "yes"}}

KINDS = {
    "json_link": Kind({"type": "json_link"}, _link, _linked),
    "json_link of a POST": Kind({"type": "json_link"}, _link, _linked, POST),
    "header_link": Kind({"type": "header_link"}, _link_header, _linked),
    "header_cursor": Kind({"type": "header_cursor", "cursor_key": "X-Next"}, _cursor_header, _after(_in_query)),
    "header_cursor into the body": Kind(
        {"type": "header_cursor", "cursor_key": "X-Next", "send_in": "body"}, _cursor_header, _after(_in_json), POST
    ),
    "cursor": Kind({**CURSOR, "cursor_param": "cursor"}, _cursor, _after(_in_query)),
    "cursor with a flag": Kind(
        {**CURSOR, "cursor_param": "cursor", "has_more_path": "more"},
        lambda page: ({**_flag(page)[0], **_cursor(page)[0]}, {}),
        _after(_in_query),
    ),
    "cursor of a POST": Kind({**CURSOR, "cursor_param": "cursor"}, _cursor, _after(_in_json), POST),
    "cursor deep in a body": Kind({**CURSOR, "cursor_body_path": "a.b"}, _cursor, _after(_in_json, "a.b"), POST),
    "cursor in a form": Kind({**CURSOR, "cursor_param": "cursor"}, _cursor, _after(_in_form), FORM),
    "cursor in a header": Kind(
        {**CURSOR, "cursor_param": "X-C", "send_in": "header"}, _cursor, _after(_in_header, "X-C")
    ),
    "cursor that is a link": Kind({"type": "cursor", "cursor_path": "next"}, _link, _linked),
    "cursor of the last record": Kind(
        {"type": "cursor", "cursor_path": "items[-1].id", "cursor_param": "after", "stop_after_empty_page": True},
        _nothing,
        lambda call, _: int(_in_query(call, "after") or 0),
    ),
    "page_number": Kind(PAGE, _nothing, _numbered(_in_query)),
    "page_number from 0": Kind({"type": "page_number"}, _nothing, _numbered(_in_query, base=0)),
    "page_number with a total": Kind({**PAGE, **TOTAL}, _pages, _numbered(_in_query)),
    "page_number with a flag": Kind({**PAGE, **FLAG}, _flag, _numbered(_in_query)),
    "page_number in a body": Kind({**PAGE, "page_body_path": "a.page"}, _nothing, _numbered(_in_json, "a.page"), POST),
    "page_number in a form": Kind({**PAGE, "send_in": "body"}, _nothing, _numbered(_in_form), FORM),
    "page_number in a header": Kind(
        {**PAGE, "page_param": "X-P", "send_in": "header"}, _nothing, _numbered(_in_header, "X-P")
    ),
    "offset": Kind(OFFSET, _nothing, _skipped(_in_query), limit=True),
    "offset with a total": Kind({**OFFSET, **TOTAL}, _total, _skipped(_in_query), limit=True),
    "offset with a flag": Kind({**OFFSET, **FLAG}, _flag, _skipped(_in_query), limit=True),
    "offset in a body": Kind(
        {**OFFSET, "offset_body_path": "a.skip", "limit_body_path": "a.take"},
        _nothing,
        _skipped(_in_json, "a.skip"),
        POST,
        limit=True,
    ),
    "offset in a form": Kind({**OFFSET, "send_in": "body"}, _nothing, _skipped(_in_form), FORM, limit=True),
    "auto, a link": Kind({"type": "auto"}, _link, _linked),
    "auto, a link in a header": Kind({"type": "auto"}, _link_header, _linked),
    "auto, a cursor": Kind({"type": "auto"}, _cursor, _after(_in_query)),
    "auto, pages": Kind({"type": "auto"}, _pages_in_words, _numbered(_in_query)),
    "auto, an offset": Kind({"type": "auto"}, _offset_in_words, _skipped(_in_query)),
}


def answered(kind, call, records, size):
    """The reply of an API to a call."""
    begin = kind.begin(call, size)
    found = records[begin : begin + size]
    body, headers = kind.says(Slice(begin, begin + size, len(records), size))
    return reply_of({"items": found, **body}, headers, url=call.url)


def read(paginator, call, answer):
    """What a paginator makes of an API."""
    following, records = paginator.first(), []
    while isinstance(following, Position):
        reply = answer(paginator.at(call, following))
        page = page_of(paginator, call, following, reply, THINGS)
        records += page.records
        paginator = paginator.settled(page)
        following = paginator.after(page)
    return records


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@settings(max_examples=40)
@given(held=st.integers(0, 25), size=st.integers(1, 9), limit=st.integers(1, 9))
def test_every_record_is_read_once_and_in_order(kind, held, size, limit):
    records = [{"id": number} for number in range(1, held + 1)]
    paginator = paginator_of({**kind.block, **({"limit": limit} if kind.limit else {})})
    size = min(size, limit) if kind.limit else size  # an API gives no more than it is asked for, but it may give less
    assert read(paginator, Call(url=URL, **kind.call), lambda call: answered(kind, call, records, size)) == records


@settings(max_examples=10)
@given(held=st.integers(0, 25))
def test_a_single_page_is_read_once(held):
    records = [{"id": number} for number in range(held)]
    assert read(paginator_of("single_page"), Call(url=URL), lambda _: reply_of({"items": records})) == records


def test_no_kind_of_paginator_is_left_out():
    tried = {kind.block["type"] for kind in KINDS.values()} | {"single_page"}
    assert tried == {block.model_fields["type"].default for block in get_args(Paginator)}
