"""Does `restgeneric check` say what is wrong, and what a source will do?"""

from __future__ import annotations

import pytest
from scripted import Answer, by_path
from tapping import api, resource

ORDERS = [{"id": 1, "at": "2024-01-01T00:00:00Z", "customer_id": 7}]


@pytest.fixture
def source(serve, written):
    """A source of three streams: orders, the lines of each, and an archive that is not there."""
    server = serve(by_path({"/orders": {"items": ORDERS, "next": "t2"}, "/orders/1/lines": {"items": []}}))
    paginator = {"type": "cursor", "cursor_path": "next", "cursor_param": "after", "limit": 2}
    orders = resource(
        "orders",
        params={"status": "open", "since": "{incremental.start_value}"},
        headers={"X-Tenant": "acme"},
        incremental={"cursor_path": "at", "initial_value": "2024-01-01"},
        paginator=paginator,
    )
    lines = resource("lines", "/orders/{resources.orders.id}/lines", resource_={"include_from_parent": ["id"]})
    search = resource("archive", method="POST", json={"filter": {"old": True}}, data_selector=None)
    auth = {"type": "api_key", "name": "X-Key", "api_key": "key-of-mine-123"}
    written("source.yaml", api(server.url, orders, lines, search, auth=auth))
    return server


TREE = """\
orders  GET /orders
  key: id   replication: incremental by at, from 2024-01-01
  records: items   pages: cursor cursor_path=next cursor_param=after limit=2
  sends: query status = open
  sends: query since = {incremental.start_value}
  sends: header X-Tenant = acme
  sends: query after  (page position)
  sends: query limit = 2  (page size)
  sends: header X-Key = ***  (auth api_key)
  lines  GET /orders/{resources.orders.id}/lines
    key: id   replication: full table
    from the parent: _orders_id
    records: items   pages: single_page
    sends: path {resources.orders.id}
    sends: header X-Key = ***  (auth api_key)
archive  POST /archive
  key: id   replication: full table
  records: found in the first reply   pages: single_page
  sends: JSON body filter.old = True
  sends: header X-Key = ***  (auth api_key)
source.yaml: no mistake, 3 streams
"""


def test_the_streams_are_a_tree_that_says_where_everything_goes(command, source):
    done = command("check")

    assert (done.exit_code, done.stdout) == (0, TREE)
    assert done.stderr == "next: restgeneric check --live  asks each stream for one page\n"
    assert source.asked == []


def test_live_asks_each_stream_for_one_page(command, source):
    done = command("check", "source.yaml", "--live")
    shown = 'status 404, application/json, body: {"error": "no /archive"}'
    failure = f"stream 'archive': POST {source.url}/archive: {shown}"
    lines = [line.split("\t") for line in done.stdout.removeprefix(TREE).splitlines()]

    assert [(line[0], line[1], *line[3:]) for line in lines] == [
        ("stream", "status", "records", "what comes next"),
        ("orders", "200", "1", "goes on with cursor 't2'"),
        ("lines", "200", "0", "stops: single_page"),
        ("archive", "404", "-", failure),
    ]
    assert done.exit_code == 1
    assert done.stderr.endswith("next: restgeneric preview archive --trace  shows its exchanges\n")
    assert source.targets == ["/orders?status=open&since=2024-01-01&limit=2", "/orders/1/lines", "/archive"]


def test_live_says_which_fields_the_schema_does_not_know(command, serve, written):
    server = serve(by_path({"/orders": {"items": [{"id": 1, "new": 2}]}}))
    schema = {"properties": {"id": {"type": "integer"}}}
    keyless = resource("orders", resource_={"schema": schema, "primary_key": "uuid"})
    written("source.yaml", api(server.url, keyless))
    lines = command("check", "--live").stdout.splitlines()

    assert lines[-2:] == ["orders: primary_key 'uuid' is in no record", "orders: fields not in the schema: new"]


def test_live_says_that_a_child_has_no_parent_to_ask_for(command, serve, written):
    server = serve(by_path({"/orders": {"items": []}}))
    written("source.yaml", api(server.url, resource("orders"), resource("lines", "/o/{resources.orders.id}")))

    assert command("check", "--live").stdout.splitlines()[-1].split("\t") == [
        *("lines", "-", "-", "-"),
        "not asked: no record of orders to ask for",
    ]


def test_all_mistakes_come_at_once_with_their_paths(command, written):
    wrong = api("here", {"name": "a", "endpoint": {"path": "x", "pathh": 1}}, {"name": "b", "schema": "nope.json"})
    written("source.yaml", wrong)
    done = command("check", "source.yaml")

    assert done.exit_code == 2
    assert done.stdout == (
        "where\twhat is wrong\n"
        "$.client.base_url\tmust be an absolute URL (https://...)\n"
        "$.resources[0].endpoint.pathh\tunknown key (did you mean 'path'?)\n"
        "source.yaml: 2 mistakes\n"
    )


def test_a_schema_that_is_not_there_is_a_mistake_too(command, written):
    written("source.yaml", api("https://x.test", {"name": "b", "schema": "nope.json"}))
    done = command("check", "source.yaml")

    assert (done.exit_code, done.stdout.splitlines()[1].split("\t")[0]) == (2, "$.resources[0].schema")


def test_secrets_come_from_a_dot_env_as_meltano_reads_them(command, written, monkeypatch):
    monkeypatch.delenv("TAP_RESTGENERIC_SECRETS_TOKEN", raising=False)
    written("source.yaml", api("https://x.test", "a", auth={"type": "bearer", "token": "{secrets.token}"}))
    missing = command("check")
    written(".env", "TAP_RESTGENERIC_SECRETS_TOKEN=abcdefgh\n")
    given = command("check")
    monkeypatch.delenv("TAP_RESTGENERIC_SECRETS_TOKEN")

    assert [missing.exit_code, given.exit_code] == [2, 0]
    assert "TAP_RESTGENERIC_SECRETS_TOKEN" in missing.stdout


def test_without_a_source_the_command_says_how_to_get_one(command):
    done = command("check")

    assert done.exit_code == 2
    assert done.stderr == (
        "SOURCE: none is named, and there is no source.yaml here; `restgeneric init URL` writes one, "
        "`restgeneric apis` lists those that are built in\n"
    )


def test_a_short_secret_in_the_parameters_is_not_shown(command, serve, written):
    server = serve(lambda _: Answer(500, "no"))
    written("source.yaml", api(server.url, resource("orders", params={"api_key": "abc"})))

    assert "sends: query api_key = ***" in command("check").stdout


def test_live_looks_into_the_latest_window_from_the_start_date_on(command, serve, written):
    server = serve(by_path({"/orders": {"items": []}}))
    block = {"cursor_path": "at", "step": "P3650D", "start_param": "since", "end_param": "until"}
    config = {**api(server.url, resource("orders", incremental=block)), "start_date": "2024-05-01T00:00:00Z"}
    written("config.json", config)
    done = command("check", "--config", "config.json", "--live")

    assert done.exit_code == 0, done.output
    assert dict(server.asked[0].query)["since"] == "2024-05-01T00:00:00Z"
