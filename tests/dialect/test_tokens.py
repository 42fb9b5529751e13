"""Which token do the credentials get: the request that asks for it, and the token or the exact error in the reply."""

import json
import math
from datetime import datetime, timezone

import pytest
from pydantic import TypeAdapter

from tap_restgeneric.dialect.auth.schemes import Auth, Token
from tap_restgeneric.dialect.exchange import Call, Reply
from tap_restgeneric.errors import CredentialError

BASE_URL = "https://api.example.com/v1/"
NOW = 1_700_000_000.0
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
COOKIE = {"type": "api_key", "name": "sid", "api_key": "secret-key", "location": "cookie"}

parse = TypeAdapter(Auth).validate_python


def reply(body):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    url = "https://login.example.com/token?tenant=7"
    return Reply(url=url, status=200, headers={"content-type": "application/json"}, content=content)


def asked(form, url="https://login.example.com/token", **headers):
    return Call(method="POST", url=url, headers={"Accept": "application/json", **headers}, data=form)


ID = {"client_id": "the-id", "client_secret": "the-secret"}
REFRESHING = {**CLIENT, "refresh_token": "ref-0"}
TOKEN_CALLS = {
    "client credentials": (CLIENT, None, asked({**ID, "grant_type": "client_credentials"})),
    "client credentials do not take a refresh token that nobody configured": (
        CLIENT,
        TOKEN,
        asked({**ID, "grant_type": "client_credentials"}),
    ),
    "id and secret in the header": (
        {**CLIENT, "client_auth": "basic"},
        None,
        asked({"grant_type": "client_credentials"}, Authorization="Basic dGhlLWlkOnRoZS1zZWNyZXQ="),
    ),
    "scope, audience and further fields, which win": (
        {
            **CLIENT,
            "scope": "read write",
            "audience": "https://api",
            "access_token_request_data": {"grant_type": "custom", "tenant": 7, "scope": None},
        },
        None,
        asked({**ID, "grant_type": "custom", "audience": "https://api", "tenant": 7}),
    ),
    "scopes as a list": (
        {**CLIENT, "scopes": ["read", "write"]},
        None,
        asked({**ID, "grant_type": "client_credentials", "scope": "read write"}),
    ),
    "refresh": (REFRESHING, None, asked({**ID, "grant_type": "refresh_token", "refresh_token": "ref-0"})),
    "refresh with the rotated token": (
        REFRESHING,
        TOKEN,
        asked({**ID, "grant_type": "refresh_token", "refresh_token": "ref-1"}),
    ),
    "a public client refreshes without a secret": (
        {key: value for key, value in REFRESHING.items() if key != "client_secret"},
        None,
        asked({"client_id": "the-id", "grant_type": "refresh_token", "refresh_token": "ref-0"}),
    ),
    "password, at a URL behind base_url": (
        PASSWORD,
        None,
        asked(
            {"grant_type": "password", "username": "ann", "password": "pass-word"},
            url="https://api.example.com/v1/oauth/token",
        ),
    ),
    "login": (
        LOGIN,
        TOKEN,
        Call(
            method="POST",
            url="https://api.example.com/v1/login",
            headers={"Accept": "application/json"},
            json={"user": "ann", "password": "pass-word"},
        ),
    ),
    "login by a form, with a header": (
        {"type": "session_login", "login_url": "https://id.example.com/in", "method": "put", "data": {"u": "ann"}}
        | {"headers": {"X-App": "7"}},
        None,
        Call(
            method="PUT",
            url="https://id.example.com/in",
            headers={"Accept": "application/json", "X-App": "7"},
            data={"u": "ann"},
        ),
    ),
    "several at once ask for the one that fetches": (
        {"type": "multi", "auths": [BASIC, CLIENT]},
        None,
        asked({**ID, "grant_type": "client_credentials"}),
    ),
    "basic needs none": (BASIC, None, None),
    "digest needs none": (DIGEST, None, None),
    "several that need none": ({"type": "multi", "auths": [BASIC, COOKIE]}, None, None),
}


@pytest.mark.parametrize(("block", "previous", "call"), TOKEN_CALLS.values(), ids=TOKEN_CALLS)
def test_asks_for_a_token(block, previous, call):
    assert parse(block).token_call(BASE_URL, previous, NOW) == call


GIVEN = {
    "none": (CLIENT, None),
    "a token": ({**CLIENT, "access_token": "given"}, Token(access_token="given")),
    "a token and what renews it": (
        {**REFRESHING, "access_token": "given"},
        Token(access_token="given", refresh_token="ref-0"),
    ),
    "one of several": (
        {"type": "multi", "auths": [BASIC, {**CLIENT, "access_token": "given"}]},
        Token(access_token="given"),
    ),
    "no type for tokens": (BASIC, None),
}


@pytest.mark.parametrize(("block", "token"), GIVEN.values(), ids=GIVEN)
def test_a_token_may_be_given(block, token):
    assert parse(block).given() == token


def good_for(seconds, access_token="t", refresh_token=None):
    return Token(
        access_token=access_token,
        expires_at=NOW + seconds,
        lifetime=seconds,
        refresh_token=refresh_token,
    )


IN_AN_HOUR = datetime.fromtimestamp(NOW + 3600, timezone.utc)
TOKEN_REPLIES = {
    "seconds": (CLIENT, {"access_token": "t", "expires_in": 600}, None, good_for(600)),
    "seconds as text": (CLIENT, {"access_token": "t", "expires_in": "600"}, None, good_for(600)),
    "seconds as a fraction": (CLIENT, {"access_token": "t", "expires_in": 600.5}, None, good_for(600.5)),
    "no seconds left": (CLIENT, {"access_token": "t", "expires_in": 0}, None, good_for(0)),
    "less than no seconds left": (CLIENT, {"access_token": "t", "expires_in": -5}, None, good_for(0)),
    "nothing said": (CLIENT, {"access_token": "t"}, None, good_for(3600)),
    "nothing said, default configured": (
        {**CLIENT, "default_token_expiration": 90},
        {"access_token": "t", "expires_in": None},
        None,
        good_for(90),
    ),
    "no number": (CLIENT, {"access_token": "t", "expires_in": "nan"}, None, good_for(3600)),
    "ISO end": (CLIENT, {"access_token": "t", "expires_at": IN_AN_HOUR.isoformat()}, None, good_for(3600)),
    "ISO end with Z": (
        CLIENT,
        {"access_token": "t", "expires_at": f"{IN_AN_HOUR:%Y-%m-%dT%H:%M:%SZ}"},
        None,
        good_for(3600),
    ),
    "end in seconds": (CLIENT, {"access_token": "t", "expires_at": NOW + 60}, None, good_for(60)),
    "end in milliseconds": (CLIENT, {"access_token": "t", "expires_at": (NOW + 60) * 1000}, None, good_for(60)),
    "end in the past": (CLIENT, {"access_token": "t", "expires_at": NOW - 60}, None, good_for(0)),
    "a new refresh token": (
        REFRESHING,
        {"access_token": "t", "expires_in": 9, "refresh_token": "ref-2"},
        TOKEN,
        good_for(9, refresh_token="ref-2"),
    ),
    "the old refresh token stays": (
        REFRESHING,
        {"access_token": "t", "expires_in": 9},
        TOKEN,
        good_for(9, refresh_token="ref-1"),
    ),
    "session": (LOGIN, {"token": "t"}, None, Token(access_token="t")),
    "session with a lifetime, deeper in the reply": (
        {**LOGIN, "token_path": "data.session.id", "token_lifetime": 120},
        {"data": {"session": {"id": 42}}},
        None,
        good_for(120, access_token="42"),
    ),
    "several at once": (
        {"type": "multi", "auths": [BASIC, CLIENT]},
        {"access_token": "t", "expires_in": 600},
        None,
        good_for(600),
    ),
}


@pytest.mark.parametrize(("block", "body", "previous", "token"), TOKEN_REPLIES.values(), ids=TOKEN_REPLIES)
def test_reads_a_token(block, body, previous, token):
    assert parse(block).token_from(reply(body), NOW, previous) == token


FROM = "no token from https://login.example.com/token: "
REFUSALS = {
    "keys, not values": (
        CLIENT,
        {"accessToken": "very-secret", "ok": True},
        "the reply has no 'access_token' (its keys: accessToken, ok)",
    ),
    "nothing in it": (CLIENT, {}, "the reply has no 'access_token' (its keys: none)"),
    "null": (CLIENT, {"access_token": None}, "the reply has no 'access_token' (its keys: access_token)"),
    "empty": (CLIENT, {"access_token": ""}, "the reply has no 'access_token' (its keys: access_token)"),
    "an OAuth error": (
        CLIENT,
        {"error": "invalid_grant", "error_description": "The refresh token is used up."},
        "invalid_grant: The refresh token is used up.",
    ),
    "an OAuth error without a description": (CLIENT, {"error": "invalid_client"}, "invalid_client"),
    "an error that is an object": (CLIENT, {"error": {"code": 7}}, "the reply has no 'access_token' (its keys: error)"),
    "a list": (CLIENT, ["very-secret"], "the reply is no JSON object"),
    "not JSON": (
        CLIENT,
        b"access_token=very-secret",
        "the reply is not JSON (status 200, application/json)",
    ),
    "a token with a line feed": (
        CLIENT,
        {"access_token": "very\nsecret"},
        "the 'access_token' must not hold a line feed or another control character: a header cannot carry it",
    ),
    "no session": (LOGIN, {"data": {"x": "very-secret"}}, "the reply has no token at token (its keys: data)"),
    "a session in a list": (LOGIN, ["very-secret"], "the reply has no token at token"),
}


@pytest.mark.parametrize(("block", "body", "message"), REFUSALS.values(), ids=REFUSALS)
def test_says_why_there_is_no_token(block, body, message):
    with pytest.raises(CredentialError) as caught:
        parse(block).token_from(reply(body), NOW, None)
    assert str(caught.value) == FROM + message


@pytest.mark.parametrize(
    ("lifetime", "last_fresh_second"),
    [(3600, 3539), (601, 540), (100, 89), (10, 8), (0, None), (math.inf, 10**12)],
)
def test_a_token_is_renewed_a_minute_or_a_tenth_of_its_life_early(lifetime, last_fresh_second):
    token = good_for(lifetime)
    if last_fresh_second is not None:
        assert token.fresh(NOW + last_fresh_second)
        last_fresh_second += 1
    assert token.fresh(NOW + (last_fresh_second or 0)) == math.isinf(lifetime)


def test_a_refused_token_is_stale_but_its_refresh_token_stays():
    expired = TOKEN.expired()
    assert (expired.fresh(0), expired.refresh_token) == (False, "ref-1")


def test_the_repr_of_a_token_shows_no_secret():
    assert repr(TOKEN) == "Token(expires_at=1700003600.0, lifetime=3600)"
