"""Where is the next page? Blocks and replies in, calls and records out; the rows are in cases/paginators.yaml."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from walking import BASE, URL, page_of, paginator_of, reply_of, walk

from tap_restgeneric.dialect.exchange import START, Call, Position, Stop
from tap_restgeneric.dialect.jsonpath.selectors import Selector
from tap_restgeneric.errors import ReplyError

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "paginators.yaml").read_text())
THINGS = Selector.parse("items")


def call_of(url="/things", params=None, **rest):
    return Call(url=f"{BASE}{url}", params=tuple((params or {}).items()), **rest)


def replies_of(case):
    return (
        [reply_of(body=body) for body in case["bodies"]]
        if "bodies" in case
        else [reply_of(**r) for r in case["replies"]]
    )


def walked(case):
    return walk(case["paginator"], call_of(**case.get("request", {})), replies_of(case), case.get("select", "$"))


def named(with_error):
    return [pytest.param(case, id=case["case"]) for case in CASES if ("error" in case) is with_error]


@pytest.mark.parametrize("case", named(with_error=False))
def test_paginator(case):
    found = walked(case)
    expected = (
        Position(**case["next"]) if "next" in case else Stop(case["stop"], case.get("warning"), case.get("doubt"))
    )
    assert (found.calls, [record["id"] for record in found.records], found.end) == (
        case["calls"],
        case["ids"],
        expected,
    )


@pytest.mark.parametrize("case", named(with_error=True))
def test_a_reply_that_a_paginator_cannot_read_is_an_error(case):
    with pytest.raises(ReplyError) as raised:
        walked(case)
    assert str(raised.value).startswith(case["error"])


def test_no_two_rows_have_one_name():
    names = [case["case"] for case in CASES]
    assert sorted(set(names)) == sorted(names)


SENT_AT = {
    "page_number": ({"type": "page_number"}, "GET", "'page' of the query"),
    "offset": ({"type": "offset", "limit": 1, "offset_param": "skip"}, "GET", "'skip' of the query"),
    "cursor": ({"type": "cursor"}, "GET", "'cursor' of the query"),
    "cursor of a POST": ({"type": "cursor", "limit": 1}, "POST", "'cursor' of the body"),
    "cursor in a header": ({"type": "cursor", "cursor_param": "X", "send_in": "header"}, "GET", "'X' of the headers"),
    "cursor in JSON": ({"type": "cursor", "cursor_body_path": "a.b"}, "POST", "'a.b' of the JSON body"),
    "header_cursor": ({"type": "header_cursor"}, "POST", "'cursor' of the query"),
    "json_link": ({"type": "json_link"}, "POST", "the URL of POST requests"),
}


@pytest.mark.parametrize(("block", "method", "place"), SENT_AT.values(), ids=SENT_AT)
def test_messages_say_where_a_position_is_sent(block, method, place):
    assert paginator_of(block).sent_at(call_of(method=method)) == place


KNOWN = {
    "pages up to a total": ({"type": "page_number", "base_page": 1, "total_path": "total"}, 5, 4, [2, 3, 4]),
    "pages up to a maximum": (
        {"type": "page_number", "base_page": 1, "total_path": "total", "maximum_page": 3},
        5,
        4,
        [2],
    ),
    "entries, in steps the first page proved": ({"type": "offset", "limit": 9, "total_path": "total"}, 2, 7, [2, 4, 6]),
    "nothing behind the last page": ({"type": "offset", "limit": 2, "total_path": "total"}, 2, 2, []),
    "nothing if the total is assumed": ({"type": "offset", "limit": 2}, 2, 7, []),
    "nothing if there is no total": ({"type": "offset", "limit": 2, "total_path": None}, 2, 7, []),
    "nothing behind a link": ({"type": "json_link"}, 2, 7, []),
    "nothing behind a cursor": ({"type": "cursor", "cursor_path": "total"}, 2, 7, []),
}


@pytest.mark.parametrize(("block", "entries", "total", "numbers"), KNOWN.values(), ids=KNOWN)
def test_what_may_be_read_ahead(block, entries, total, numbers):
    paginator = paginator_of(block)
    reply = reply_of({"items": [{}] * entries, "total": total})
    page = page_of(paginator, call_of(), paginator.first(), reply, THINGS)
    known = list(paginator.known_after(page))

    assert [position.value for position in known] == numbers
    assert {position.total for position in known} <= {total}


def test_the_first_of_what_may_be_read_ahead_is_what_comes_next():
    paginator = paginator_of({"type": "offset", "limit": 3, "total_path": "total"})
    page = page_of(paginator, call_of(), paginator.first(), reply_of({"items": [{}] * 3, "total": 8}), THINGS)
    assert next(paginator.known_after(page)) == paginator.after(page)


def test_positions_are_values():
    assert Position(kind="page", value=2, total=9) == Position(kind="page", value=2)
    assert {str(START), str(Position(kind="cursor", value="b")), str(Position(kind="page", value=2))} == {
        "the first page",
        "cursor 'b'",
        "page 2",
    }


@given(cursor=st.text(min_size=1))
def test_a_cursor_is_sent_as_the_api_gave_it(cursor):
    paginator = paginator_of({"type": "cursor", "cursor_path": "next", "cursor_param": "cursor"})
    reply = reply_of({"items": [], "next": cursor})
    following = paginator.after(page_of(paginator, Call(url=URL), START, reply, THINGS))
    assert dict(paginator.at(Call(url=URL), following).params) == {"cursor": cursor}
