"""Do the five documents, and the built-in definitions made from them, bring in all that the APIs hold?"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest
from tapping import run

DOCUMENTS = {
    "recruiting": "000.txt",
    "ci": "001.txt",
    "commerce": "002.txt",
    "helpdesk": "003.txt",
    "telephony": "004.txt",
}
COUNTS = {"recruiting": 14, "ci": 12, "commerce": 3, "helpdesk": 3, "telephony": 13}
AGAIN = {"calls", "call_legs"}
"""Their pages begin at the second the one before ended with, so records of that second come again."""


def settings(sandbox, api, source):
    return {
        "source": source,
        "client": {"base_url": sandbox.url(api)},
        "secrets": sandbox.credentials(api),
        "parameters": sandbox.parameters(api),
    }


def document(api):
    return str(Path(__file__).parent / "documents" / DOCUMENTS[api])


@pytest.fixture(scope="module")
def ran(sandbox):
    """The tap after a sync of an API, by its document or as a built-in one, and what it asked for."""

    @cache
    def sync(api, source):
        sandbox.forget()
        found = run(settings(sandbox, api, source))
        return found, [asked for asked in sandbox.requests if asked.api == api]

    return sync


def texts(records):
    return [json.dumps(record, sort_keys=True) for record in records]


def expected(sandbox, api, stream, *, built_in):
    truth = sandbox.truth(api, stream)
    if stream == "ivr_menus" and not built_in:
        return [{key: value for key, value in menu.items() if key != "ivr_id"} for menu in truth]
    if stream == "ivr_routes" and not built_in:
        # The document's selector leads to the routes directly in an ivr, not to those in its menus.
        direct = [route for route in truth if route["ivr_menu_id"] is None]
        return [{k: v for k, v in route.items() if k not in {"ivr_id", "ivr_menu_id"}} for route in direct]
    if stream == "ivr_routes":
        # The route of no menu has no menu: whether that is a null or nothing is the same to a table.
        return [{k: v for k, v in route.items() if k != "ivr_menu_id" or v is not None} for route in truth]
    return truth


STREAMS = [
    (api, stream)
    for api, streams in {
        "recruiting": (
            "applications archive_reasons candidate_tags candidates custom_fields departments "
            "feedback_form_definitions interview_schedules job_postings jobs locations offers sources users"
        ),
        "ci": (
            "context self_ids self_collaborations me projects pipelines specific_project jobs workflow "
            "insights_metrics insights_branches workflow_jobs"
        ),
        "commerce": "customers locations shifts",
        "helpdesk": "account customers custom_fields",
        "telephony": (
            "addresses agents_activity agents_overview greeting_categories greetings phone_numbers call_legs calls "
            "current_queue_activity account_overview ivrs ivr_menus ivr_routes"
        ),
    }.items()
    for stream in streams.split()
]


@pytest.mark.parametrize("api", COUNTS)
@pytest.mark.parametrize("built_in", [True, False], ids=["built-in", "document"])
def test_an_api_has_the_streams_of_its_document(ran, api, built_in):
    found, _ = ran(api, api if built_in else document(api))

    assert sorted(found.tap.streams) == sorted(stream for of, stream in STREAMS if of == api)
    assert len(found.tap.streams) == COUNTS[api]


@pytest.mark.parametrize(("api", "stream"), STREAMS)
@pytest.mark.parametrize("built_in", [True, False], ids=["built-in", "document"])
def test_the_records_are_those_that_the_api_holds(sandbox, ran, api, stream, built_in):
    found, _ = ran(api, api if built_in else document(api))
    got = texts(found.records(stream))
    truth = texts(expected(sandbox, api, stream, built_in=built_in))

    assert len(truth) > 0
    assert set(got) == set(truth)
    assert stream in AGAIN or len(got) == len(truth)


@pytest.mark.parametrize("api", COUNTS)
@pytest.mark.parametrize("built_in", [True, False], ids=["built-in", "document"])
def test_no_request_is_refused(ran, api, built_in):
    _, asked = ran(api, api if built_in else document(api))

    assert {each.status for each in asked} == {200}


BOTH = pytest.mark.parametrize("built_in", [True, False], ids=["built-in", "document"])


@BOTH
def test_recruiting_is_asked_by_post_with_cursor_and_limit_in_the_body(ran, built_in):
    _, asked = ran("recruiting", "recruiting" if built_in else document("recruiting"))
    applications = [each for each in asked if each.path == "/v1/applications"]

    assert {(each.method, each.query) for each in asked} == {("POST", ())}
    assert [sorted(each.json) for each in applications[:2]] == [["limit"], ["cursor", "limit"]]
    assert {each.json["limit"] for each in asked} == {100}


@BOTH
def test_ci_gets_its_page_token_in_the_query_and_its_key_in_a_header(ran, built_in):
    _, asked = ran("ci", "ci" if built_in else document("ci"))
    later = [each for each in asked if each.path == "/v2/pipeline" and each.query]

    assert {each.headers.get("api_key") for each in asked} == {"ci-token-9b27e0"}
    assert len(later) > 0
    assert {tuple(name for name, _ in each.query) for each in later} == {("page-token",)}


@BOTH
def test_commerce_gets_cursor_and_limit_in_the_query_of_a_get(ran, built_in):
    _, asked = ran("commerce", "commerce" if built_in else document("commerce"))
    customers = [[name for name, _ in each.query] for each in asked if each.path == "/customers"]

    assert customers[-3:] == [["limit"], ["limit", "cursor"], ["limit", "cursor"]]
    assert {dict(each.query)["limit"] for each in asked if each.method == "GET"} == {"100"}


@BOTH
def test_commerce_gets_the_cursor_of_shifts_in_the_body(ran, built_in):
    _, asked = ran("commerce", "commerce" if built_in else document("commerce"))
    shifts = [each for each in asked if each.path == "/labor/shifts/search"]

    assert {(each.method, each.query) for each in shifts} == {("POST", ())}
    assert [("cursor" in (each.json or {})) for each in shifts][-2:] == [False, True]


@BOTH
def test_commerce_is_asked_for_one_token(ran, built_in):
    _, asked = ran("commerce", "commerce" if built_in else document("commerce"))
    tokens = [each for each in asked if each.path == "/oauth2/token"]

    assert len(tokens) == 1
    assert len({each.headers["authorization"] for each in asked if each not in tokens}) == 1


@BOTH
def test_helpdesk_is_asked_for_fifty_at_a_time(ran, built_in):
    _, asked = ran("helpdesk", "helpdesk" if built_in else document("helpdesk"))
    lists = [dict(each.query) for each in asked if each.path != "/v1/account"]

    assert {each["limit"] for each in lists} == {"50"}
    assert [each.query for each in asked if each.path == "/v1/account"][-1] == ()
    assert sum("cursor" in each for each in lists) >= 5


@BOTH
def test_telephony_is_followed_with_the_key_once(ran, built_in):
    _, asked = ran("telephony", "telephony" if built_in else document("telephony"))
    names = [[name for name, _ in each.query] for each in asked]

    assert {each.count("api_key") for each in names} == {1}
    assert {dict(each.query)["api_key"] for each in asked} == {"telephony+key/40=b&7"}
    assert max(each.count("start_time") for each in names) == 1
    assert any("page" in each for each in names)


def test_the_rows_of_menus_and_routes_share_the_requests_of_ivrs(ran):
    _, asked = ran("telephony", "telephony")

    assert len([each for each in asked if each.path == "/v1/ivr"]) == 1


@pytest.mark.parametrize("api", COUNTS)
def test_built_in_schemas_are_complete(ran, api):
    found, _ = ran(api, api)

    # Of undeclared fields, and of types that are other than the schema says.
    assert [w for stream in found.tap.streams for w in found.warnings(stream) if w.startswith("field ")] == []


@pytest.mark.parametrize("api", COUNTS)
def test_built_in_apis_are_read_without_false_alarms(ran, api):
    found, _ = ran(api, api)
    warnings = {stream: found.warnings(stream) for stream in found.tap.streams if found.warnings(stream)}
    polled = ["the next link repeats the URL just read"]

    assert warnings == ({"calls": polled, "call_legs": polled} if api == "telephony" else {})


@pytest.mark.parametrize("api", COUNTS)
def test_built_in_apis_are_discovered_without_a_request(sandbox, api):
    from tapping import made  # noqa: PLC0415

    sandbox.forget()
    made(settings(sandbox, api, api))

    assert sandbox.requests == []


def test_the_second_run_of_helpdesk_asks_for_less(sandbox, ran):
    first, asked = ran("helpdesk", "helpdesk")
    sandbox.forget()
    # Reading ahead asks for a page more than it takes.
    second = run({**settings(sandbox, "helpdesk", "helpdesk"), "concurrency": 1}, state=first.state)
    latest = max(sandbox.truth("helpdesk", "customers"), key=lambda each: _moment(each["updated_datetime"]))

    assert len([each for each in asked if each.path == "/v1/customers"]) == 6
    assert len([each for each in sandbox.requests if each.path == "/v1/customers"]) == 1
    assert latest["id"] in {each["id"] for each in second.records("customers")}
    assert 0 < len(second.records("customers")) < 10
    assert second.state["bookmarks"]["customers"] == first.state["bookmarks"]["customers"]


def _moment(written):
    return written.replace(" ", "T").removesuffix("+00:00")


@pytest.mark.parametrize("stream", ["calls", "call_legs"])
def test_the_second_run_of_telephony_asks_for_less(sandbox, ran, stream):
    first, asked = ran("telephony", "telephony")
    sandbox.forget()
    second = run(settings(sandbox, "telephony", "telephony"), state=first.state)
    path = {"calls": "/v1/stats/incremental/calls", "call_legs": "/v1/stats/incremental/legs"}[stream]
    before = [dict(each.query) for each in asked if each.path == path]
    after = [dict(each.query) for each in sandbox.requests if each.path == path]
    truth = sandbox.truth("telephony", stream)
    latest = max(record["updated_at"] for record in truth)

    assert "start_time" not in before[0]
    assert len(before) > 3
    assert len(after) == 1
    assert after[0]["start_time"].isdecimal()
    assert {each["id"] for each in second.records(stream)} == {
        each["id"] for each in truth if each["updated_at"] == latest
    }
    assert second.state["bookmarks"][stream] == {"replication_key": "updated_at", "replication_key_value": latest}


def test_a_start_date_is_sent_as_seconds(sandbox):
    sandbox.forget()
    config = {**settings(sandbox, "telephony", "telephony"), "start_date": "2023-11-20T16:03:44Z"}
    found = run(config)
    starts = [dict(each.query).get("start_time") for each in sandbox.requests if each.path.endswith("/calls")]
    truth = {each["id"] for each in sandbox.truth("telephony", "calls") if each["updated_at"] >= "2023-11-20T16:03:44Z"}

    assert starts[0] == "1700496224"
    assert {each["id"] for each in found.records("calls")} == truth
    assert 0 < len(truth) < len(sandbox.truth("telephony", "calls"))
