"""Who asks: block, call and token give the signed call."""

from dataclasses import replace

import pytest
from pydantic import TypeAdapter, ValidationError

from tap_restgeneric.dialect.auth.schemes import Auth, Token
from tap_restgeneric.dialect.exchange import Call
from tap_restgeneric.errors import CredentialError

BASE_URL = "https://api.example.com/v1/"
NOW = 1_700_000_000.0
CALL = Call(url="https://api.example.com/v1/orders", params=(("page", 2),), headers={"Accept": "application/json"})
TOKEN = Token(access_token="tok-1", expires_at=NOW + 3600, lifetime=3600, refresh_token="ref-1")
CLIENT = {
    "type": "oauth2_client_credentials",
    "access_token_url": "https://login.example.com/token",
    "client_id": "the-id",
    "client_secret": "the-secret",
}
PASSWORD = {"type": "oauth2_password", "access_token_url": "oauth/token", "username": "ann", "password": "pass-word"}
LOGIN = {"type": "session_login", "login_url": "/login", "json": {"user": "ann", "password": "pass-word"}}
BASIC = {"type": "http_basic", "username": "ann", "password": "pass-word"}
DIGEST = {"type": "digest", "username": "ann", "password": "pass-word"}
KEY_IN_QUERY = {"type": "api_key", "name": "key", "api_key": "a b&c", "location": "query"}
COOKIE = {"type": "api_key", "name": "sid", "api_key": "secret-key", "location": "cookie"}

parse = TypeAdapter(Auth).validate_python


def with_headers(**headers):
    return replace(CALL, headers={**CALL.headers, **headers})


SIGNED = {
    "bearer": ({"type": "bearer", "token": "tok"}, CALL, None, with_headers(Authorization="Bearer tok")),
    "a header the resource has is replaced, whatever its case": (
        {"type": "bearer", "token": "tok"},
        replace(CALL, headers={"authorization": "old"}),
        None,
        replace(CALL, headers={"Authorization": "Bearer tok"}),
    ),
    "basic": (BASIC, CALL, None, with_headers(Authorization="Basic YW5uOnBhc3Mtd29yZA==")),
    "basic in UTF-8, with an empty password": (
        {**BASIC, "username": "ü", "password": ""},
        CALL,
        None,
        with_headers(Authorization="Basic w7w6"),
    ),
    "digest leaves it to the transport": (DIGEST, CALL, None, CALL),
    "key in Authorization": ({"type": "api_key", "api_key": "k"}, CALL, None, with_headers(Authorization="k")),
    "key in another header, with a prefix": (
        {"type": "api_key", "name": "X-Key", "api_key": "k", "prefix": "Token "},
        CALL,
        None,
        with_headers(**{"X-Key": "Token k"}),
    ),
    "key in the query": (KEY_IN_QUERY, CALL, None, replace(CALL, params=(("page", 2), ("key", "a b&c")))),
    "param is another word for query": (
        {**KEY_IN_QUERY, "location": "param"},
        CALL,
        None,
        replace(CALL, params=(("page", 2), ("key", "a b&c"))),
    ),
    "a param of the name of the key is replaced in its place": (
        KEY_IN_QUERY,
        replace(CALL, params=(("key", "old"), ("page", 2), ("key", "older"))),
        None,
        replace(CALL, params=(("key", "a b&c"), ("page", 2))),
    ),
    "a key that a link carries is replaced there and sent once": (
        KEY_IN_QUERY,
        replace(
            CALL, url="https://api.example.com/v1/orders?a=%20b&key=old&page=3&key=older#x", params=(("key", "o"),)
        ),
        None,
        replace(CALL, url="https://api.example.com/v1/orders?a=%20b&key=a%20b%26c&page=3#x", params=()),
    ),
    "a longer name is another parameter": (
        KEY_IN_QUERY,
        Call(url="https://h/x?keys=1&mykey=2"),
        None,
        Call(url="https://h/x?keys=1&mykey=2", params=(("key", "a b&c"),)),
    ),
    "cookie": (COOKIE, CALL, None, with_headers(Cookie="sid=secret-key")),
    "a cookie beside others": (
        COOKIE,
        replace(CALL, headers={"cookie": "a=1; sid=old; b=2"}),
        None,
        replace(CALL, headers={"Cookie": "a=1; b=2; sid=secret-key"}),
    ),
    "oauth2": (CLIENT, CALL, TOKEN, with_headers(Authorization="Bearer tok-1")),
    "oauth2 with a given token": (
        {**CLIENT, "access_token": "given"},
        CALL,
        None,
        with_headers(Authorization="Bearer given"),
    ),
    "oauth2 with a given token that was renewed": (
        {**CLIENT, "access_token": "given"},
        CALL,
        TOKEN,
        with_headers(Authorization="Bearer tok-1"),
    ),
    "session": (LOGIN, CALL, TOKEN, with_headers(Authorization="Bearer tok-1")),
    "session with its own header": (
        {**LOGIN, "name": "X-Session"},
        CALL,
        TOKEN,
        with_headers(**{"X-Session": "tok-1"}),
    ),
    "session with its own prefix": ({**LOGIN, "prefix": ""}, CALL, TOKEN, with_headers(Authorization="tok-1")),
    "several at once": (
        {"type": "multi", "auths": [KEY_IN_QUERY, CLIENT, COOKIE]},
        CALL,
        TOKEN,
        replace(
            with_headers(Authorization="Bearer tok-1", Cookie="sid=secret-key"),
            params=(("page", 2), ("key", "a b&c")),
        ),
    ),
}


@pytest.mark.parametrize(("block", "call", "token", "signed"), SIGNED.values(), ids=SIGNED)
def test_signs(block, call, token, signed):
    assert parse(block).sign(call, token) == signed


def test_signing_changes_neither_the_call_nor_its_headers():
    call = replace(CALL, headers={"Cookie": "a=1"})
    parse({"type": "multi", "auths": [COOKIE, KEY_IN_QUERY, BASIC]}).sign(call)
    assert call == replace(CALL, headers={"Cookie": "a=1"})


@pytest.mark.parametrize("block", [CLIENT, PASSWORD, LOGIN])
def test_nothing_is_signed_before_there_is_a_token(block):
    with pytest.raises(CredentialError, match="no token yet from"):
        parse(block).sign(CALL, None)


@pytest.mark.parametrize(
    ("url", "unsigned"),
    [
        ("https://h/x?page=2&key=K&b=%2F+1", "https://h/x?page=2&b=%2F+1"),
        ("https://h/x?key=K", "https://h/x"),
        ("https://h/x?keys=K", "https://h/x?keys=K"),
        ("https://h/x", "https://h/x"),
    ],
)
@pytest.mark.parametrize("block", [KEY_IN_QUERY, {"type": "multi", "auths": [BASIC, KEY_IN_QUERY]}])
def test_a_url_out_of_a_reply_is_kept_without_the_key(block, url, unsigned):
    assert parse(block).unsigned(url) == unsigned


def test_a_header_key_takes_nothing_from_a_url():
    block = {"type": "api_key", "name": "key", "api_key": "k"}
    assert parse(block).unsigned("https://h/x?key=1") == "https://h/x?key=1"


SECRETS = {
    "bearer": ({"type": "bearer", "token": "tok"}, ["tok"]),
    "basic": (BASIC, ["ann", "pass-word"]),
    "basic, empty password": ({**BASIC, "password": ""}, ["ann"]),
    "digest": (DIGEST, ["ann", "pass-word"]),
    "api key": (KEY_IN_QUERY, ["a b&c"]),
    "oauth2": (
        {
            **CLIENT,
            "refresh_token": "ref-0",
            "access_token": "given",
            "scope": "read",
            "access_token_request_data": {"grant_type": "x", "assertion": "signed", "more": [{"pin": 1234}, True]},
        },
        ["signed", "1234", "given", "the-secret", "ref-0"],
    ),
    "password": (PASSWORD, ["ann", "pass-word"]),
    "session": ({**LOGIN, "headers": {"X-App": "app-key"}}, ["ann", "pass-word", "app-key"]),
    "several": ({"type": "multi", "auths": [BASIC, {"type": "bearer", "token": "tok"}]}, ["ann", "pass-word", "tok"]),
}


@pytest.mark.parametrize(("block", "secrets"), SECRETS.values(), ids=SECRETS)
def test_knows_its_secrets(block, secrets):
    assert parse(block).secrets() == secrets


@pytest.mark.parametrize(("block", "secrets"), SECRETS.values(), ids=SECRETS)
def test_its_repr_shows_no_secret(block, secrets):
    assert [secret for secret in secrets if secret in repr(parse(block))] == []


@pytest.mark.parametrize(
    ("block", "origins"),
    [
        (BASIC, set()),
        (CLIENT, {"https://login.example.com:443"}),
        (PASSWORD, {"https://api.example.com:443"}),
        ({**LOGIN, "login_url": "http://id.example.com:8080/in"}, {"http://id.example.com:8080"}),
        ({"type": "multi", "auths": [BASIC, CLIENT]}, {"https://login.example.com:443"}),
    ],
)
def test_knows_the_origins_the_user_wrote(block, origins):
    assert parse(block).origins(BASE_URL) == origins


@pytest.mark.parametrize(
    ("block", "digest"),
    [
        (DIGEST, ("ann", "pass-word")),
        ({"type": "multi", "auths": [COOKIE, DIGEST]}, ("ann", "pass-word")),
        (BASIC, None),
    ],
)
def test_digest_is_left_to_the_transport(block, digest):
    assert parse(block).digest == digest


@pytest.mark.parametrize("block", [BASIC, {**CLIENT, "access_token_request_data": {"a": [1]}}, LOGIN])
def test_equal_blocks_share_a_token(block):
    assert {parse(block): TOKEN}[parse(block)] is TOKEN


SECRET = "se\ncret"
LINE_FEED = "must not hold a line feed or another control character: a header cannot carry it"
LATIN = "must not hold characters outside Latin-1: a header cannot carry them"
BLANK = "must not begin or end with a blank: a header cannot carry it"
MISTAKES = {
    "a token with a line feed": ({"type": "bearer", "token": SECRET}, f"Value error, {LINE_FEED}"),
    "a token outside Latin-1": ({"type": "bearer", "token": "s€cret"}, f"Value error, {LATIN}"),
    "a token with a blank": ({"type": "bearer", "token": "secret "}, f"Value error, {BLANK}"),
    "an empty token": ({"type": "bearer", "token": ""}, "String should have at least 1 character"),
    "a header key with a line feed": ({"type": "api_key", "api_key": SECRET}, f"Value error, api_key {LINE_FEED}"),
    "a cookie with a semicolon": (
        {**COOKIE, "api_key": "a;b"},
        "Value error, api_key must not hold blanks, quotes, commas or semicolons: a cookie cannot carry them",
    ),
    "a name that is none": (
        {"type": "api_key", "name": "X Key", "api_key": "k"},
        "Value error, name 'X Key' is no name of a header",
    ),
    "a prefix in the query": (
        {**KEY_IN_QUERY, "prefix": "Token "},
        "Value error, prefix stands before the key in a header, but location is 'query'",
    ),
    "no id": (
        {key: value for key, value in CLIENT.items() if key != "client_id"},
        "Value error, client_id is required, but missing",
    ),
    "no secret": (
        {key: value for key, value in CLIENT.items() if key != "client_secret"},
        "Value error, client_secret is required, but missing (only a refresh_token can do without)",
    ),
    "scope twice": ({**CLIENT, "scope": "a", "scopes": "b"}, "Value error, scope and scopes exclude each other"),
    "basic without an id": (
        {**PASSWORD, "client_auth": "basic"},
        "Value error, client_auth 'basic' needs a client_id",
    ),
    "a token URL of another kind": (
        {**CLIENT, "access_token_url": "ftp://h/t"},
        "Value error, must be a URL: absolute (https://...), or a path behind base_url",
    ),
    "two bodies": (
        {**LOGIN, "data": {"a": 1}},
        "Value error, json and data exclude each other: a request has one body",
    ),
    "two that fetch": (
        {"type": "multi", "auths": [CLIENT, LOGIN]},
        "Value error, only one of auths may fetch a token",
    ),
    "two digests": ({"type": "multi", "auths": [DIGEST, DIGEST]}, "Value error, only one of auths may be digest"),
    "an unknown key": ({**BASIC, "pasword": "x"}, "unknown key (did you mean 'password'?)"),
}


@pytest.mark.parametrize(("block", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_refused_without_showing_a_secret(block, message):
    with pytest.raises(ValidationError) as caught:
        parse(block)
    assert [line["msg"] for line in caught.value.errors()] == [message]


def test_a_key_in_the_query_may_hold_anything():
    assert parse({**KEY_IN_QUERY, "api_key": "ключ\n"}).sign(Call(url="https://h/")).params == (("key", "ключ\n"),)
