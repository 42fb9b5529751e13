"""Does `restgeneric preview` show records, and with --trace how they came?"""

from __future__ import annotations

import json
import re

import pytest
from rich.console import Console
from scripted import Answer, by_path
from tapping import api, resource

PAGES = {"": {"items": [{"id": 1, "n": 1.5}, {"id": 2, "n": None}], "next": "b"}, "b": {"items": [{"id": 3}]}}


@pytest.fixture
def server(serve, written):
    server = serve(by_path({"/orders": lambda asked: PAGES[dict(asked.query).get("after", "")]}))
    paginator = {"type": "cursor", "cursor_path": "next", "cursor_param": "after"}
    auth = {"type": "api_key", "name": "X-K", "api_key": "abc"}
    written("source.yaml", api(server.url, resource("orders", paginator=paginator), auth=auth))
    return server


def seen(text):
    """A text without colours."""
    return re.sub(r"\x1b\[[\d;]*m", "", text)


def test_records_are_json_lines_where_no_terminal_is(command, server):
    done = command("preview", "orders")

    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {"id": 1, "n": 1.5},
        {"id": 2, "n": None},
        {"id": 3},
    ]


def test_no_more_is_read_than_is_shown(command, server):
    done = command("preview", "source.yaml", "orders", "-n", "2")

    assert (len(done.stdout.splitlines()), server.targets) == (2, ["/orders"])


def test_records_are_a_table_on_a_terminal(command, server, monkeypatch):
    monkeypatch.setattr(Console, "is_terminal", True)
    lines = [line.rstrip() for line in seen(command("preview", "orders").stdout).splitlines()]

    assert [line.split() for line in lines if line][:5] == [
        ["id", "n"],
        ["─" * 11],
        ["1", "1.5"],
        ["2", "null"],
        ["3"],
    ]
    assert "3 records" in lines


def test_columns_that_do_not_fit_are_named_below_the_table(command, serve, written, monkeypatch):
    monkeypatch.setattr(Console, "is_terminal", True)
    monkeypatch.setenv("COLUMNS", "80")
    record = {"id": 1, "a": "x" * 30, "b": "y" * 90, "c": 1}
    server = serve(by_path({"/orders": {"items": [record]}}))
    written("source.yaml", api(server.url, resource("orders")))
    out = seen(command("preview", "orders").stdout)

    assert "1 record; not shown: b, c" in out
    assert all(len(line) <= 80 for line in out.splitlines())


def test_the_trace_shows_every_exchange(command, server):
    done = command("preview", "orders", "--trace")
    told = [line for line in done.stderr.splitlines() if not line.startswith("< content-")]

    assert [line.split("  ")[0] for line in told] == [
        f"> GET {server.url}/orders",
        "> X-K: ***",
        "< 200",
        "= 2 records selected at items",
        "= goes on with cursor 'b'",
        "",
        f"> GET {server.url}/orders?after=b",
        "> X-K: ***",
        "< 200",
        "= 1 record selected at items",
        "= stops: no next in the reply",
        "",
    ]


def test_the_trace_masks_secrets_by_value(command, serve, written):
    def mirror(asked):
        return Answer(200, {"items": []}, {"X-Echo": asked.headers["authorization"], "Set-Cookie": "session=xyz"})

    server = serve(by_path({"/orders": mirror}))
    orders = resource("orders", method="POST", json={"password": "pw", "note": "bearer-token-1"})
    written("source.yaml", api(server.url, orders, auth={"type": "bearer", "token": "bearer-token-1"}))
    done = command("preview", "orders", "--trace")

    assert '> {"password": "***", "note": "***"}' in done.stderr
    assert not [secret for secret in ("bearer-token-1", "pw", "xyz") if secret in done.output]


def test_the_trace_is_there_when_the_request_fails(command, serve, written):
    server = serve(by_path({}))
    written("source.yaml", api(server.url, resource("orders")))
    traced, plain = command("preview", "orders", "--trace"), command("preview", "orders")

    assert (traced.exit_code, plain.exit_code) == (1, 1)
    assert traced.stderr.startswith(f"> GET {server.url}/orders\n< 404  ")
    assert plain.stderr.endswith("next: restgeneric preview orders --trace  shows the exchanges\n")


def test_what_a_terminal_would_obey_is_not_written(command, serve, written, monkeypatch):
    monkeypatch.setattr(Console, "is_terminal", True)
    server = serve(by_path({"/orders": {"items": [{"id": "\x1b]0;mine\x07[bold]"}]}}))
    written("source.yaml", api(server.url, resource("orders")))
    out = command("preview", "orders").stdout

    assert "\N{REPLACEMENT CHARACTER}]0;mine\N{REPLACEMENT CHARACTER}[bold]" in out


def test_exactly_one_stream_is_named(command, server):
    assert command("preview", "source.yaml").stderr == "STREAM: name one stream: orders\n"
