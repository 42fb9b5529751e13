"""A call goes out, a reply comes back."""

import codecs
from decimal import Decimal

import pytest
from walking import reply_of, shown

from tap_restgeneric.dialect.exchange import Call, Reply, origin, without_query
from tap_restgeneric.dialect.jsonpath.selectors import Path
from tap_restgeneric.dialect.paging.detection import path_of
from tap_restgeneric.dialect.records import columns
from tap_restgeneric.dialect.replies.bodies import describe
from tap_restgeneric.errors import ReplyError

CALL = Call(url="https://api.test/things", params=(("a", 1), ("b", 2)), headers={"X-A": "a"})

CHANGED = {
    "a new parameter": (CALL.with_param("c", 3), "GET /things?a=1&b=2&c=3 X-A: a"),
    "a parameter in its old place": (CALL.with_param("a", 3), "GET /things?a=3&b=2 X-A: a"),
    "a new header": (CALL.with_header("X-B", "b"), "GET /things?a=1&b=2 X-A: a X-B: b"),
    "a header in another case": (CALL.with_header("x-a", "b"), "GET /things?a=1&b=2 x-a: b"),
    "without a header": (CALL.without_header("x-a"), "GET /things?a=1&b=2"),
    "a key of no body": (CALL.with_json(("a",), 1), 'GET /things?a=1&b=2 X-A: a {"a": 1}'),
    "a key deep in no body": (CALL.with_json(("a", "b"), 1), 'GET /things?a=1&b=2 X-A: a {"a": {"b": 1}}'),
    "a field of no form": (CALL.with_field("a", 1), "GET /things?a=1&b=2 X-A: a form a=1"),
}


@pytest.mark.parametrize(("call", "text"), CHANGED.values(), ids=CHANGED)
def test_a_call_is_changed_by_copy(call, text):
    assert shown(call) == text
    assert shown(CALL) == "GET /things?a=1&b=2 X-A: a"


ORIGINS = {
    "https://api.test/x?y": "https://api.test:443",
    "https://API.test:443": "https://api.test:443",
    "http://api.test": "http://api.test:80",
    "http://user:password@api.test:8080/": "http://api.test:8080",
    "https://[::1]/": "https://::1:443",
}


@pytest.mark.parametrize(("url", "expected"), ORIGINS.items())
def test_origin(url, expected):
    assert origin(url) == expected


def test_a_message_shows_no_query():
    assert without_query("https://api.test/things?api_key=x#y") == "https://api.test/things"


def raw(content, content_type="application/json"):
    return Reply(url="https://api.test", status=200, headers={"content-type": content_type}, content=content)


BODIES = {
    "an object": (raw(b'{"a": [1, null, true]}'), {"a": [1, None, True]}),
    "numbers as they are written": (
        raw(b"[1.10, 1e3, 12345678901234567890123]"),
        [Decimal("1.10"), Decimal("1E+3"), 12345678901234567890123],
    ),
    "nothing": (raw(b""), None),
    "blanks": (raw(b" \r\n"), None),
    "null": (raw(b"null"), None),
    "a byte order mark": (raw(codecs.BOM_UTF8 + b"[1]"), [1]),
    "Latin-1": (raw('["ü"]'.encode("latin-1"), "application/json; charset=ISO-8859-1"), ["ü"]),
    "a charset in quotes": (raw('["ü"]'.encode("latin-1"), 'application/json; charset="latin-1"'), ["ü"]),
    "ASCII that is UTF-8": (raw('["ü"]'.encode(), "text/plain; charset=us-ascii"), ["ü"]),
}


@pytest.mark.parametrize(("reply", "body"), BODIES.values(), ids=BODIES)
def test_body(reply, body):
    assert reply.body == body


@pytest.mark.parametrize(
    "reply",
    [raw(b"<p>", "text/html"), raw(b"[NaN]"), raw(b"[1"), raw(b"[" * 100_000), raw(b"[1]", "text/plain; charset=hex")],
    ids=["a page", "NaN", "cut off", "too deep", "no charset"],
)
def test_a_body_that_is_no_json_is_an_error_that_shows_it(reply):
    with pytest.raises(ReplyError) as raised:
        reply.body  # noqa: B018
    assert describe(reply) in str(raised.value)


DESCRIBED = {
    "a page": (raw(b"<p>\n  Sign  in</p>", "text/html"), "status 200, text/html, body: <p> Sign in</p>"),
    "nothing": (raw(b""), "status 200, application/json, body: (empty)"),
    "no content type": (reply_of([1], status=418), "status 418, no content type, body: [1]"),
    "a charset that does not exist": (raw(b"a", "x; charset=klingon"), "status 200, x; charset=klingon, body: a"),
    "a charset of no text": (raw(b"a", "x; charset=zip"), "status 200, x; charset=zip, body: a"),
    "a charset that cannot replace": (raw(b"a\xff", "x; charset=idna"), "status 200, x; charset=idna, body: a\ufffd"),
    "bytes that are no text": (raw(b"a\xff"), "status 200, application/json, body: a\ufffd"),
    "a long body": (raw(b"a" * 1000), f"status 200, application/json, body: {'a' * 200}…"),
}


@pytest.mark.parametrize(("reply", "text"), DESCRIBED.values(), ids=DESCRIBED)
def test_a_reply_is_described_whatever_it_holds(reply, text):
    assert describe(reply) == text


@pytest.mark.parametrize("keys", [("a",), ("a", "b-c"), ("@odata.next",), ("a", "b c", "d"), ("it's",), ("$", "ü")])
def test_the_path_of_a_detected_key_finds_it(keys):
    body = 7
    for key in reversed(keys):
        body = {key: body}
    assert Path.parse(path_of(keys)).first(body) == 7


COLUMNS = {
    "hints by field": (
        {"a": {"data_type": "bigint"}, "b": {"nullable": False}},
        {"a": {"type": ["integer", "null"]}},
    ),
    "hints with a name": (
        [{"name": "a", "data_type": "timestamp"}],
        {"a": {"type": ["string", "null"], "format": "date-time"}},
    ),
    "nothing": (None, {}),
}


@pytest.mark.parametrize(("hints", "schemas"), COLUMNS.values(), ids=COLUMNS)
def test_columns_give_types(hints, schemas):
    assert columns.properties(columns.checked(hints)) == schemas
