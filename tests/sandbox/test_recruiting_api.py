from __future__ import annotations

import pytest


def test_the_cursor_in_the_body_leads_through_every_record(recruiting, sandbox):
    pages = [recruiting("applications", {"limit": 80})]
    while pages[-1]["moreDataAvailable"] and len(pages) < 9:
        pages.append(recruiting("applications", {"limit": 80, "cursor": pages[-1]["nextCursor"]}))

    assert [len(page["results"]) for page in pages] == [80, 80, 80, 60]
    assert [record for page in pages for record in page["results"]] == sandbox.truth("recruiting", "applications")


def test_an_empty_object_is_a_valid_first_body(recruiting, sandbox):
    assert recruiting("candidates", {})["results"] == sandbox.truth("recruiting", "candidates")[:100]


def test_a_cursor_in_the_query_gives_page_one_again(recruiting):
    first = recruiting("applications", {})

    assert recruiting("applications", {}, params={"cursor": first["nextCursor"], "limit": 5}) == first


def test_a_cursor_in_a_body_that_does_not_say_it_is_json_gives_page_one_again(recruiting):
    first = recruiting("applications", {})

    assert recruiting("applications", data={"cursor": first["nextCursor"]}) == first


def test_a_full_last_page_has_no_next_cursor(recruiting, sandbox):
    assert recruiting("users", {"limit": 100}) == {
        "success": True,
        "results": sandbox.truth("recruiting", "users"),
        "moreDataAvailable": False,
    }


def test_cursors_need_encoding_in_a_query(recruiting):
    assert recruiting("jobs", {"limit": 1})["nextCursor"].startswith("/+")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"limit": 101}, "invalid_limit"),
        ({"limit": 0}, "invalid_limit"),
        ({"limit": "100"}, "invalid_limit"),
        ({"cursor": "nonsense"}, "invalid_next_cursor"),
        ({"cursor": 7}, "invalid_next_cursor"),
        ({"syncToken": "nonsense"}, "sync_token_invalid"),
    ],
)
def test_a_wrong_body_is_a_failure_with_status_200(sandbox, http, body, error):
    key = sandbox.credentials("recruiting")["api_key"]
    reply = http.post(f"{sandbox.url('recruiting')}/v1/applications", json=body, auth=(key, key))

    assert (reply.status_code, reply.json()) == (200, {"success": False, "errors": [error]})


def test_a_cursor_of_another_list_is_refused(recruiting):
    foreign = recruiting("candidates", {})["nextCursor"]

    assert recruiting("applications", {"cursor": foreign})["errors"] == ["invalid_next_cursor"]


def test_created_after_is_in_milliseconds(recruiting, sandbox):
    every = sandbox.truth("recruiting", "applications")
    third = 1700499224720 + 2 * 3600 * 1000

    assert every[2]["createdAt"] == "2023-11-20T18:53:44.720Z"
    assert recruiting("applications", {"createdAfter": third, "limit": 2})["results"] == every[3:5]


def test_a_sync_token_gives_what_changed_since_which_is_nothing(recruiting):
    token = recruiting("jobs", {})["syncToken"]

    assert recruiting("jobs", {"syncToken": token})["results"] == []


@pytest.mark.parametrize("auth", [None, ("wrong", ""), ("recruiting-key-51c0", "wrong")])
def test_wrong_credentials_are_refused(sandbox, http, auth):
    reply = http.post(f"{sandbox.url('recruiting')}/v1/jobs", json={}, auth=auth)

    assert (reply.status_code, reply.json()["success"]) == (401, False)


def test_get_is_not_allowed(recruiting, sandbox, http):
    assert http.get(f"{sandbox.url('recruiting')}/v1/jobs").status_code == 405


def test_custom_field_values_have_no_common_type(sandbox):
    values = [
        field["value"] for record in sandbox.truth("recruiting", "applications") for field in record["customFields"]
    ]

    assert {type(value) for value in values} == {str, float, bool, list, dict, type(None)}
