"""Does `restgeneric plan` show what a sync would ask for, and ask for nothing?"""

from __future__ import annotations

import pytest
from scripted import by_path
from tapping import api, resource


@pytest.fixture
def server(serve):
    return serve(by_path({}))


def orders(**incremental):
    block = {"cursor_path": "at", **incremental}
    return resource("orders", params={"since": "{incremental.start_value}"}, incremental=block)


def shown(command, written, config, *args):
    written("config.json", config)
    return command("plan", "--config", "config.json", *args).stdout.splitlines()


def test_the_plan_is_the_first_requests_and_none_is_sent(command, written, server):
    auth = {"type": "api_key", "name": "key", "location": "query", "api_key": "abc"}
    lines = resource("lines", "/orders/{resources.orders.id}/lines")
    search = resource("search", method="POST", json={"q": 1}, paginator={"type": "page_number", "base_page": 1})
    config = {**api(server.url, orders(), lines, search, auth=auth), "start_date": "2024-05-01T00:00:00Z"}

    assert shown(command, written, config) == [
        "orders  incremental by at",
        f"  GET {server.url}/orders?since=2024-05-01T00%3A00%3A00Z",
        "  signed: api_key, query key",
        "  lines  full table",
        "    GET /orders/{resources.orders.id}/lines  for each record of orders",
        "search  full table",
        f'  POST {server.url}/search?page=1  {{"q": 1}}',
        "  signed: api_key, query key",
    ]
    assert server.asked == []


def test_the_plan_begins_where_the_state_ends(command, written, server):
    bookmark = {"replication_key": "at", "replication_key_value": "2024-06-01"}
    written("state.json", {"bookmarks": {"orders": bookmark}})

    assert shown(command, written, api(server.url, orders()), "--state", "state.json")[1] == (
        f"  GET {server.url}/orders?since=2024-06-01"
    )


def test_a_stream_with_parameters_has_a_request_for_each(command, written, server):
    config = {**api(server.url, resource("a", "/{org}")), "parameters": {"org": list("abcdefg")}}
    planned = shown(command, written, config)

    assert planned == ["a  full table", *(f"  GET {server.url}/{org}" for org in "abcde"), "  ... and 2 more"]


def test_the_plan_names_the_request_for_a_token(command, written, server):
    secrets = {"client_id": "me", "client_secret": "secret-of-mine"}
    auth = {"type": "oauth2_client_credentials", "access_token_url": f"{server.url}/token", **secrets}
    planned = shown(command, written, api(server.url, resource("a"), auth=auth))

    assert planned[2:] == [
        f"  before it, for a token: POST {server.url}/token",
        "  signed: oauth2_client_credentials, header Authorization",
    ]


def test_bookmarks_of_children_are_counted(command, written, server):
    lines = resource(
        "lines",
        "/orders/{resources.orders.id}/lines",
        params={"since": "{incremental.start_value}"},
        incremental={"cursor_path": "at"},
    )
    partitions = [{"context": {"_orders_id": 1}, "replication_key": "at", "replication_key_value": "2024-06-01"}]
    written("state.json", {"bookmarks": {"lines": {"partitions": partitions}}})
    planned = shown(command, written, api(server.url, resource("orders"), lines), "--state", "state.json")

    assert planned[-1] == "    1 of them go on from their bookmark"
