from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from tap_restgeneric.sandbox import Options, running

QUIET = {"unavailable_every": 0, "refused_every": 0}
LEGS = "/v1/stats/incremental/legs"


def test_next_page_is_a_whole_url_and_null_at_the_end(telephony, sandbox, http):
    first = telephony("/v1/stats/agents_activity").json()
    second = http.get(first["next_page"]).json()

    assert first["next_page"] == f"{sandbox.url('telephony')}/v1/stats/agents_activity?page=2"
    assert (second["next_page"], first["count"], second["count"]) == (None, 120, 120)
    assert second["previous_page"] == f"{sandbox.url('telephony')}/v1/stats/agents_activity?page=1"
    assert first["agents_activity"] + second["agents_activity"] == sandbox.truth("telephony", "agents_activity")


def test_next_page_names_the_host_that_was_asked(telephony, sandbox):
    address = sandbox.address.replace("127.0.0.1", "localhost")
    key = sandbox.credentials("telephony")["api_key"]
    reply = requests.get(f"{address}/telephony/v1/stats/agents_activity", params={"api_key": key}, timeout=9)

    assert reply.json()["next_page"] == f"{address}/telephony/v1/stats/agents_activity?page=2"


@pytest.mark.parametrize(("name", "resource"), [("legs", "call_legs"), ("calls", "calls")])
def test_incremental_pages_hold_every_record_and_never_end(telephony, sandbox, http, name, resource):
    pages = [telephony(f"/v1/stats/incremental/{name}").json()]
    for _ in range(9):
        pages.append(http.get(pages[-1]["next_page"]).json())
    found = {record["id"]: record for page in pages for record in page[name]}

    assert list(found.values()) == sandbox.truth("telephony", resource)
    assert pages[-1] == pages[-2]
    assert pages[-1]["count"] == 3


def test_start_time_is_inclusive(telephony, sandbox):
    last = sandbox.truth("telephony", "call_legs")[-3:]
    page = telephony(LEGS, start_time=1700499164).json()

    assert {leg["updated_at"] for leg in last} == {"2023-11-20T16:52:44Z"}
    assert (page["legs"], page["count"], page["end_time"]) == (last, 3, 1700499164)


def test_a_poll_of_the_future_is_empty_and_still_has_a_next_page(telephony, sandbox):
    assert telephony(LEGS, start_time=1800000000).json() == {
        "legs": [],
        "count": 0,
        "end_time": 1800000000,
        "next_page": f"{sandbox.url('telephony')}{LEGS}?start_time=1800000000",
    }


def test_a_start_time_given_twice_is_refused(telephony):
    assert telephony(LEGS, start_time=[1, 2]).status_code == 400


def test_a_start_time_that_is_no_epoch_is_refused(telephony):
    assert telephony(LEGS, start_time="2023-11-20T16:53:44Z").status_code == 400


def test_the_strict_api_wants_a_start_time(http):
    with running(options=Options(strict=True, **QUIET), apis=["telephony"]) as sandbox:
        http.params = {"api_key": sandbox.credentials("telephony")["api_key"]}

        assert http.get(sandbox.url("telephony") + LEGS).status_code == 400
        assert http.get(sandbox.url("telephony") + LEGS, params={"start_time": 0}).status_code == 200


@pytest.mark.parametrize(("echoes", "names"), [(False, ["start_time"]), (True, ["api_key", "start_time"])])
def test_next_page_has_the_key_only_where_the_api_echoes_it(http, echoes, names):
    with running(options=Options(telephony_echoes_key=echoes, **QUIET), apis=["telephony"]) as sandbox:
        key = sandbox.credentials("telephony")["api_key"]
        following = http.get(sandbox.url("telephony") + LEGS, params={"api_key": key}).json()["next_page"]
    query = parse_qsl(urlsplit(following).query)

    assert [name for name, _ in query] == names
    assert dict(query).get("api_key", key) == key


def test_the_incremental_endpoints_have_a_limit_of_their_own(http):
    with running(options=Options(telephony_requests=2, **QUIET), apis=["telephony"]) as sandbox:
        http.params = {"api_key": sandbox.credentials("telephony")["api_key"]}
        replies = [http.get(sandbox.url("telephony") + LEGS) for _ in range(3)]
        other = http.get(f"{sandbox.url('telephony')}/v1/addresses")

    assert [reply.status_code for reply in replies] == [200, 200, 429]
    assert (replies[2].headers["Retry-After"], other.status_code) == ("30", 200)


@pytest.mark.parametrize("resource", ["agents_overview", "current_queue_activity", "account_overview"])
def test_statistics_are_one_object_under_their_name(telephony, sandbox, resource):
    assert telephony(f"/v1/stats/{resource}").json() == {resource: sandbox.truth("telephony", resource)[0]}


def test_menus_and_routes_are_inside_the_ivrs_and_some_routes_directly(telephony, sandbox):
    ivrs = telephony("/v1/ivr").json()["ivrs"]
    menus = [{**menu, "ivr_id": ivr["id"]} for ivr in ivrs for menu in ivr["menus"]]
    below = [
        {**route, "ivr_id": menu["ivr_id"], "ivr_menu_id": menu["id"]} for menu in menus for route in menu["routes"]
    ]
    direct = [{**route, "ivr_id": ivr["id"], "ivr_menu_id": None} for ivr in ivrs for route in ivr.get("routes", [])]
    routes = sandbox.truth("telephony", "ivr_routes")

    assert ivrs == sandbox.truth("telephony", "ivrs")
    assert menus == sandbox.truth("telephony", "ivr_menus")
    assert [route for route in routes if route["ivr_menu_id"] is not None] == below
    assert [route for route in routes if route["ivr_menu_id"] is None] == direct
    assert (len(below), len(direct)) == (18, 8)
    assert len({route["id"] for route in routes}) == len(routes)


def test_ids_of_calls_are_beyond_what_a_float_holds(telephony):
    ids = [call["id"] for call in telephony("/v1/stats/incremental/calls").json()["calls"]]

    assert ids[:2] == [9007199254740993, 9007199254740994]


@pytest.mark.parametrize(
    ("place", "status"),
    [
        (lambda key: {"params": {"api_key": key}}, 200),
        (lambda key: {"headers": {"Authorization": f"Bearer {key}"}}, 200),
        (lambda key: {"auth": ("agent@example.com/token", key)}, 200),
        (lambda key: {"auth": ("agent@example.com", key)}, 401),
        (lambda key: {"headers": {"api_key": key}}, 401),
        (lambda _key: {"params": {"api_key": "wrong"}}, 401),
        (lambda _key: {}, 401),
    ],
)
def test_the_key_is_taken_in_some_places_only(sandbox, place, status):
    url, key = f"{sandbox.url('telephony')}/v1/addresses", sandbox.credentials("telephony")["api_key"]

    assert requests.get(url, **place(key), timeout=9).status_code == status
