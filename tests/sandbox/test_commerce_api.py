from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone

import pytest
import requests

from tap_restgeneric.sandbox import Options, running

SEARCH = "/labor/shifts/search"


def token(sandbox, **form):
    return requests.post(f"{sandbox.url('commerce')}/oauth2/token", data=form, timeout=9)


def client(sandbox):
    return {name: sandbox.credentials("commerce")[name] for name in ("client_id", "client_secret")}


def status(sandbox, access_token):
    headers = {"Authorization": f"Bearer {access_token}"}
    return requests.get(f"{sandbox.url('commerce')}/locations", headers=headers, timeout=9).status_code


def test_the_cursor_in_the_query_of_a_get_leads_through_every_record(commerce, sandbox):
    pages = [commerce("GET", "/customers", params={"limit": 70}).json()]
    while "cursor" in pages[-1] and len(pages) < 9:
        pages.append(commerce("GET", "/customers", params={"limit": 70, "cursor": pages[-1]["cursor"]}).json())

    assert [len(page["customers"]) for page in pages] == [70, 70, 70, 70, 20]
    assert [record for page in pages for record in page["customers"]] == sandbox.truth("commerce", "customers")


def test_a_limit_beyond_the_largest_page_is_cut_down(commerce):
    assert len(commerce("GET", "/customers", params={"limit": 500}).json()["customers"]) == 100


def test_the_cursor_in_the_body_of_a_post_leads_through_every_record(commerce, sandbox):
    first = commerce("POST", SEARCH, json={}).json()
    second = commerce("POST", SEARCH, json={"cursor": first["cursor"], "limit": 150}).json()

    assert list(second) == ["shifts"]
    assert first["shifts"] + second["shifts"] == sandbox.truth("commerce", "shifts")


def test_the_cursor_in_the_query_of_a_post_gives_page_one_for_ever(commerce):
    first = commerce("POST", SEARCH).json()

    assert len(first["shifts"]) == 200
    assert commerce("POST", SEARCH, params={"cursor": first["cursor"], "limit": 10}).json() == first


def test_shifts_can_be_sorted(commerce, sandbox):
    body = {"limit": 2, "query": {"sort": {"field": "UPDATED_AT", "order": "DESC"}}}

    assert commerce("POST", SEARCH, json=body).json()["shifts"] == sandbox.truth("commerce", "shifts")[:-3:-1]


def test_locations_never_have_a_cursor(commerce, sandbox):
    reply = commerce("GET", "/locations", params={"limit": 1, "cursor": "nonsense"})

    assert reply.json() == {"locations": sandbox.truth("commerce", "locations")}


def test_an_empty_answer_has_no_records_key(http):
    with running(options=Options(size=0, unavailable_every=0, refused_every=0)) as empty:
        http.params = {"api_key": empty.credentials("commerce")["api_key"]}

        assert http.get(f"{empty.url('commerce')}/customers").json() == {}
        assert http.post(f"{empty.url('commerce')}{SEARCH}", json={}).json() == {}


def test_two_times_of_one_record_are_written_differently(sandbox):
    record = sandbox.truth("commerce", "customers")[0]

    assert (record["created_at"], record["updated_at"]) == ("2023-11-20T16:53:44.72Z", "2023-11-20T16:54:44Z")


@pytest.mark.parametrize(
    ("method", "path", "kwargs"),
    [
        ("GET", "/customers", {"params": {"cursor": "nonsense"}}),
        ("GET", "/customers", {"params": {"limit": "many"}}),
        ("POST", SEARCH, {"json": {"cursor": "nonsense"}}),
        ("POST", SEARCH, {"json": {"limit": "200"}}),
        ("POST", SEARCH, {"json": []}),
        ("POST", SEARCH, {"data": "{", "headers": {"Content-Type": "application/json"}}),
    ],
)
def test_a_wrong_request_is_refused(commerce, method, path, kwargs):
    reply = commerce(method, path, **kwargs)

    assert (reply.status_code, reply.json()["errors"][0]["category"]) == (400, "INVALID_REQUEST_ERROR")


def test_client_credentials_give_a_token_that_works(sandbox):
    now = datetime.now(timezone.utc)
    answer = token(sandbox, grant_type="client_credentials", **client(sandbox)).json()
    ends = datetime.strptime(answer["expires_at"], "%Y-%m-%dT%H:%M:%S%z")

    assert set(answer) == {"access_token", "token_type", "expires_at", "expires_in"}
    assert (answer["token_type"], answer["expires_in"]) == ("bearer", 3600)
    assert abs(ends - now - timedelta(hours=1)) < timedelta(seconds=5)
    assert status(sandbox, answer["access_token"]) == 200


def test_the_client_may_come_as_basic(sandbox):
    url = f"{sandbox.url('commerce')}/oauth2/token"
    auth = tuple(client(sandbox).values())

    assert requests.post(url, data={"grant_type": "client_credentials"}, auth=auth, timeout=9).status_code == 200


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({"grant_type": "client_credentials", "client_secret": "wrong"}, (401, "invalid_client")),
        ({"grant_type": "password"}, (400, "unsupported_grant_type")),
        ({"grant_type": "refresh_token", "refresh_token": "wrong"}, (400, "invalid_grant")),
    ],
)
def test_a_wrong_grant_gets_no_token(sandbox, form, expected):
    reply = token(sandbox, **{**client(sandbox), **form})

    assert (reply.status_code, reply.json()["error"]) == expected


def test_an_expired_token_is_refused(http):
    with running(options=Options(token_life=1, unavailable_every=0, refused_every=0)) as sandbox:
        access_token = token(sandbox, grant_type="client_credentials", **client(sandbox)).json()["access_token"]
        before = status(sandbox, access_token)
        time.sleep(1.05)

        assert (before, status(sandbox, access_token)) == (200, 401)


def test_a_refresh_token_can_be_used_again_and_again(sandbox):
    grant = {"grant_type": "refresh_token", **client(sandbox)}
    first = sandbox.credentials("commerce")["refresh_token"]
    answers = [token(sandbox, **grant, refresh_token=first).json() for _ in range(2)]

    assert [answer["refresh_token"] for answer in answers] == [first, first]
    assert status(sandbox, answers[1]["access_token"]) == 200


def test_a_rotating_refresh_token_works_only_once():
    options = Options(rotate_refresh_tokens=True, token_expires_in=False, unavailable_every=0, refused_every=0)
    with running(options=options) as sandbox:
        grant = {"grant_type": "refresh_token", **client(sandbox)}
        first = sandbox.credentials("commerce")["refresh_token"]
        answer = token(sandbox, **grant, refresh_token=first).json()

        assert "expires_in" not in answer
        assert token(sandbox, **grant, refresh_token=first).status_code == 400
        assert token(sandbox, **grant, refresh_token=answer["refresh_token"]).status_code == 200


@pytest.mark.parametrize(
    "place",
    [
        lambda key: {"headers": {"Authorization": f"Bearer {key}"}},
        lambda key: {"headers": {"X-Api-Key": key}},
        lambda key: {"headers": {"api_key": key}},
        lambda key: {"params": {"api_key": key}},
    ],
)
def test_the_api_key_is_taken_in_several_places(sandbox, place):
    key, url = sandbox.credentials("commerce")["api_key"], f"{sandbox.url('commerce')}/locations"

    assert requests.get(url, **place(key), timeout=9).status_code == 200
    assert requests.get(url, **place("wrong"), timeout=9).json()["errors"][0]["code"] == "UNAUTHORIZED"
