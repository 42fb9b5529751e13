from __future__ import annotations

import time

import pytest
import requests

from tap_restgeneric.sandbox import Options, running
from tap_restgeneric.sandbox.data import instant


def test_the_next_cursor_leads_through_every_record_and_ends_with_null(helpdesk, sandbox):
    pages = [helpdesk("/v1/customers", limit=100).json()]
    while pages[-1]["meta"]["next_cursor"] is not None and len(pages) < 9:
        pages.append(helpdesk("/v1/customers", limit=100, cursor=pages[-1]["meta"]["next_cursor"]).json())

    assert [len(page["data"]) for page in pages] == [100, 100, 100]
    assert [record for page in pages for record in page["data"]] == sandbox.truth("helpdesk", "customers")


def test_a_page_has_thirty_records_unless_asked_otherwise(helpdesk):
    page = helpdesk("/v1/custom-fields").json()

    assert (len(page["data"]), page["object"], page["meta"]["prev_cursor"]) == (30, "list", None)


def test_the_previous_cursor_leads_back(helpdesk):
    first = helpdesk("/v1/customers").json()
    second = helpdesk("/v1/customers", cursor=first["meta"]["next_cursor"]).json()

    assert helpdesk("/v1/customers", cursor=second["meta"]["prev_cursor"]).json() == first


@pytest.mark.parametrize("params", [{"limit": 101}, {"limit": 0}, {"cursor": "nonsense"}, {"order_by": "name:desc"}])
def test_a_wrong_parameter_is_refused(helpdesk, params):
    reply = helpdesk("/v1/customers", **params)

    assert (reply.status_code, list(reply.json()["error"])) == (400, ["msg"])


def test_customers_can_be_read_newest_first(helpdesk, sandbox):
    page = helpdesk("/v1/customers", limit=100, order_by="updated_datetime:desc").json()
    times = sorted((instant(each["updated_datetime"]) for each in sandbox.truth("helpdesk", "customers")), reverse=True)

    assert [instant(each["updated_datetime"]) for each in page["data"]] == times[:100]


def test_times_have_no_zone_and_three_spellings(sandbox):
    written = [each["updated_datetime"] for each in sandbox.truth("helpdesk", "customers")]
    shapes = {(text[10], text[-6:] if text[-6] == "+" else "") for text in written}

    assert shapes == {("T", ""), (" ", ""), ("T", "+00:00")}


def test_the_account_is_one_object_without_an_id(helpdesk, sandbox):
    account = helpdesk("/v1/account").json()

    assert [account] == sandbox.truth("helpdesk", "account")
    assert "id" not in account


def test_custom_fields_can_be_asked_for_by_their_object_type(helpdesk, sandbox):
    page = helpdesk("/v1/custom-fields", object_type="Customer").json()

    assert page["data"] == sandbox.truth("helpdesk", "custom_fields")[1::2]


def test_the_strict_api_wants_an_object_type(http):
    with running(options=Options(strict=True), apis=["helpdesk"]) as sandbox:
        http.auth = tuple(sandbox.credentials("helpdesk").values())
        url = f"{sandbox.url('helpdesk')}/v1/custom-fields"

        assert http.get(url).status_code == 400
        assert http.get(url, params={"object_type": "Ticket"}).status_code == 200


def test_a_full_bucket_refuses_until_it_has_leaked(http):
    options = Options(helpdesk_requests=2, helpdesk_seconds=2, refused_every=0)
    with running(options=options, apis=["helpdesk"]) as sandbox:
        http.auth = tuple(sandbox.credentials("helpdesk").values())
        replies = [http.get(f"{sandbox.url('helpdesk')}/v1/account") for _ in range(3)]
        time.sleep(int(replies[2].headers["Retry-after"]))
        later = http.get(f"{sandbox.url('helpdesk')}/v1/account")

    assert [reply.status_code for reply in replies] == [200, 200, 429]
    assert [reply.headers["X-Account-Api-Call-Limit"] for reply in replies] == ["1/2", "2/2", "2/2"]
    assert [reply.headers["Retry-after"] for reply in replies] == ["1", "2", "1"]
    assert later.status_code == 200


@pytest.mark.parametrize("auth", [None, ("agent@example.com", "helpdesk"), ("wrong", "helpdesk:pass-3f90")])
def test_wrong_credentials_are_refused(sandbox, auth):
    reply = requests.get(f"{sandbox.url('helpdesk')}/v1/account", auth=auth, timeout=9)

    assert (reply.status_code, list(reply.json()["error"])) == (401, ["msg"])
