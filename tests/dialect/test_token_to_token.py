"""What is read from one token of an API to the next, and where does the token go?"""

from __future__ import annotations

import json

import pytest

from tap_restgeneric.dialect.exchange import START, Call, Page, Reply
from tap_restgeneric.dialect.placeholders import OMIT
from tap_restgeneric.dialect.progress.sync_tokens import SyncToken
from tap_restgeneric.errors import ReplyError

URL = "https://api.test/things"


def block(**keys):
    return SyncToken.model_validate({"token_path": "sync.next", **keys})


def page(body):
    reply = Reply(url=URL, status=200, headers={}, content=json.dumps(body).encode())
    return Page(call=Call(url=URL), reply=reply, position=START, records=[])


def changes(*bodies, bookmark=None, **keys):
    found = block(**keys).changes(bookmark)
    for body in bodies:
        found = found.after(page(body))
    return found


def synced(token):
    return {"sync": {"next": token}}


# bodies of the pages, what state keeps
KEPT = {
    "no page": ([], None),
    "the only page": ([synced("a")], "a"),
    "the last page": ([synced(None), {}, synced("b")], "b"),
    "the last page that has one": ([synced("a"), synced("b"), {"sync": {}}], "b"),
    "a number": ([synced(17)], 17),
    "zero": ([synced(0)], 0),
    "null": ([synced(None)], None),
    "an empty text": ([synced("")], None),
    "not there": ([{"items": []}], None),
    "a body that is a list": ([[1]], None),
    "an empty body": ([None], None),
}


@pytest.mark.parametrize(("bodies", "token"), KEPT.values(), ids=KEPT)
def test_the_token_that_is_kept(bodies, token):
    assert changes(*bodies).bookmark == (None if token is None else ("sync.next", token))


def test_the_token_that_was_sent_is_not_kept_for_one_that_came():
    assert changes({}, bookmark="old").bookmark is None


@pytest.mark.parametrize(
    ("token", "kind"), [({"a": 1}, "an object"), (["a"], "a list"), (True, "a boolean"), (1.5, "a number")]
)
def test_what_is_no_token(token, kind):
    with pytest.raises(ReplyError) as raised:
        changes(synced(token))
    assert str(raised.value) == f"token_path sync.next gives {kind}, not a token"


LOST = {
    "a token": ([synced("a")], None),
    "no page": ([], None),
    "no token": ([{}], "token_path sync.next is on no page: the next run begins where this one began"),
    "a token on a page before": ([synced("a"), {}], None),
}


@pytest.mark.parametrize(("bodies", "warning"), LOST.values(), ids=LOST)
def test_a_token_that_never_came_is_worth_a_warning(bodies, warning):
    assert changes(*bodies).lost == warning


@pytest.mark.parametrize(("bookmark", "value"), [(None, OMIT), ("abc", "abc"), (0, 0)])
def test_the_placeholder_has_the_token_of_the_last_run(bookmark, value):
    assert changes(bookmark=bookmark).values() == {"incremental.start_value": value}


def test_everything_is_read_without_a_token_and_without_what_was_found():
    assert changes(synced("b"), bookmark="a").everything() == changes()


# keys, call, the call with the token
PLACED = {
    "the query of a GET": ({"token_param": "since"}, {}, {"params": (("since", "T"),)}),
    "in place of another": ({"token_param": "since"}, {"params": (("since", "x"),)}, {"params": (("since", "T"),)}),
    "the body of a POST": ({"token_param": "since"}, {"method": "POST"}, {"method": "POST", "json": {"since": "T"}}),
    "beside other keys": (
        {"token_param": "since"},
        {"method": "POST", "json": {"limit": 5}},
        {"method": "POST", "json": {"limit": 5, "since": "T"}},
    ),
    "a form": (
        {"token_param": "since"},
        {"method": "POST", "data": {"limit": 5}},
        {"method": "POST", "data": [("limit", 5), ("since", "T")]},
    ),
    "the query of a POST": (
        {"token_param": "since", "send_in": "query"},
        {"method": "POST"},
        {"method": "POST", "params": (("since", "T"),)},
    ),
    "the body of a GET": ({"token_param": "since", "send_in": "body"}, {}, {"json": {"since": "T"}}),
    "a header": ({"token_param": "X-Since", "send_in": "header"}, {}, {"headers": {"X-Since": "T"}}),
    "deep in the body": ({"token_body_path": "sync.from"}, {}, {"json": {"sync": {"from": "T"}}}),
    "only a placeholder": ({}, {}, {}),
}


@pytest.mark.parametrize(("keys", "call", "expected"), PLACED.values(), ids=PLACED)
def test_where_the_token_goes(keys, call, expected):
    placed = block(**keys).placed(Call(url=URL, **call), changes(bookmark="T").values())
    assert placed == Call(url=URL, **expected)


@pytest.mark.parametrize("values", [{}, changes().values()], ids=["nothing known", "a first run"])
def test_without_a_token_nothing_is_sent_and_nothing_rejected(values):
    found = block(token_param="since", rejected={"status_code": 410})
    assert found.placed(Call(url=URL), values) == Call(url=URL)
    assert found.rejection(values) is None


def test_a_token_that_is_sent_can_be_rejected():
    found = block(token_param="since", rejected={"status_code": 410})
    assert found.rejection(changes(bookmark="T").values()) == found.rejected


@pytest.mark.parametrize(
    ("rejected", "matches"),
    [
        ({"status_code": 410}, True),
        ({"status_code": 400}, False),
        ({"content": "expired"}, True),
        ({"condition": "response.code == 'sync_token_expired'"}, True),
        ({"status_code": 410, "condition": "response.code == 'other'"}, False),
    ],
)
def test_which_replies_reject_a_token(rejected, matches):
    reply = Reply(url=URL, status=410, headers={}, content=b'{"code": "sync_token_expired"}')
    assert block(token_param="since", rejected=rejected).rejected.matches(reply) is matches


def test_a_condition_that_cannot_be_asked_says_where_it_stands():
    reply = Reply(url=URL, status=200, headers={}, content=b'{"code": "x"}')
    with pytest.raises(ReplyError, match=r"^rejected: "):
        block(token_param="since", rejected={"condition": "response.error.code == 5"}).rejected.matches(reply)
