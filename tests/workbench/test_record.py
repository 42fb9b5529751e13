"""Does a recorded sync replay without network and without secrets?"""

from __future__ import annotations

import builtins
import json
import socket

import pytest
import yaml
from scripted import Answer, by_path, serving
from tapping import api, resource

SECRET = "a-secret-of-mine"


def pages(asked):
    """Three pages; links repeat what came in the query, as some APIs do."""
    page = int(dict(asked.query).get("page", 1))
    token = dict(asked.query).get("key", "")
    following = f"http://{asked.headers['host']}/orders?page_token=t{page}&page={page + 1}&key={token}"
    return {
        "items": [{"id": page, "sent": asked.headers.get("authorization")}],
        "next": following if page < 3 else None,
    }


ORDERS = resource("orders", paginator={"type": "json_link", "next_url_path": "next"})


def records(done):
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    return [message["record"] for message in messages if message["type"] == "RECORD"]


def recorded(command, written, script, *resources, **client):
    """What `record` said, the server gone afterwards; and the text of the cassette."""
    with serving(by_path(script)) as server:
        auth = {
            key: {**value, "access_token_url": f"{server.url}/token"} if "client_id" in value else value
            for key, value in client.items()
        }
        written("source.yaml", api(server.url, *resources, **auth))
        return command("record")


def test_a_sync_is_replayed_with_no_network(command, written, here):
    lines = resource("lines", "/orders/{resources.orders.id}/lines", resource_={"include_from_parent": ["id"]})
    script = {"/orders": pages, **{f"/orders/{n}/lines": {"items": [{"id": 10 * n}]} for n in (1, 2, 3)}}
    told = recorded(command, written, script, ORDERS, lines)
    (here / "source.yaml").unlink()
    done = command("replay", "cassette.yaml")

    assert told.stdout.splitlines()[0] == "6 exchanges in cassette.yaml"
    assert [record["id"] for record in records(done)] == [1, 10, 2, 20, 3, 30]


def test_what_is_not_in_the_cassette_fails_and_asks_nobody(command, written, here, monkeypatch):
    recorded(command, written, {"/orders": pages}, ORDERS)
    cassette = yaml.safe_load((here / "cassette.yaml").read_text())
    cassette["interactions"].pop()
    written("cassette.yaml", cassette)
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("the network was asked"))
    done = command("replay", "cassette.yaml")

    assert done.exit_code == 1
    assert "is not in the cassette" in done.stderr


CREDENTIALS = {
    "a bearer token": {"type": "bearer", "token": SECRET},
    "a user and a password": {"type": "http_basic", "username": "somebody", "password": SECRET},
    "a key in the query": {"type": "api_key", "name": "key", "api_key": SECRET, "location": "query"},
    "a short key in the query": {"type": "api_key", "name": "key", "api_key": "q7Z", "location": "query"},
    "a client of OAuth2": {"type": "oauth2_client_credentials", "client_id": "mine-77", "client_secret": "s3C"},
}


@pytest.mark.parametrize("name", CREDENTIALS)
def test_no_secret_is_in_the_cassette(command, written, here, name):
    auth = CREDENTIALS[name]
    token = Answer(200, {"access_token": "token-of-the-server", "expires_in": 3600}, {"Set-Cookie": "session=abcdefg"})
    recorded(command, written, {"/orders": pages, "/token": token}, ORDERS, auth=auth)
    text = (here / "cassette.yaml").read_text()
    (here / "source.yaml").unlink()
    done = command("replay", "cassette.yaml")

    secrets = [value for key, value in auth.items() if key in ("token", "password", "api_key", "client_secret")]
    assert not [secret for secret in [*secrets, "token-of-the-server", "session="] if secret in text]
    assert [record["id"] for record in records(done)] == [1, 2, 3], done.stderr


def test_a_replay_waits_for_nothing(command, written, here, monkeypatch):
    busy = iter([Answer(429, {}, {"Retry-After": "0.01"}), Answer(200, {"items": [{"id": 1}]})])
    slow = resource("orders", error_handler={"max_retries": 1})
    written_schema = {"schema": {"properties": {"id": {"type": "integer"}}}}
    recorded(command, written, {"/orders": lambda _: next(busy)}, {**slow, **written_schema})
    text = (here / "cassette.yaml").read_text()
    (here / "cassette.yaml").write_text(text.replace("'0.01'", "'90'"))
    monkeypatch.setattr("time.sleep", lambda seconds: pytest.fail(f"slept {seconds} s"))

    assert [record["id"] for record in records(command("replay", "cassette.yaml"))] == [1]


def test_windows_up_to_now_are_those_that_were_recorded(command, written):
    block = {
        "cursor_path": "at",
        "initial_value": "2024-01-01T00:00:00Z",
        "step": "P100D",
        "start_param": "a",
        "end_param": "b",
    }
    stepped = resource("orders", incremental=block)
    recorded(command, written, {"/orders": {"items": [{"id": 1, "at": "2024-01-01T00:00:00Z"}]}}, stepped)
    done = command("replay", "cassette.yaml")

    assert (done.exit_code, records(done)[0]["id"]) == (0, 1), done.stderr


def test_only_the_streams_that_are_named_are_recorded(command, written, serve):
    server = serve(by_path({"/orders": pages, "/tags": {"items": [{"id": 9}]}}))
    written("source.yaml", api(server.url, ORDERS, resource("tags")))
    command("record", "tags")
    done = command("replay", "cassette.yaml")

    assert [record["id"] for record in records(done)] == [9]


def test_a_cassette_is_written_over_only_where_that_is_said(command, written, here):
    recorded(command, written, {"/orders": pages}, ORDERS)
    again = command("record")

    assert (again.exit_code, "--force" in again.stderr) == (2, True)


def test_a_file_that_is_no_cassette_is_refused(command, written):
    written("notes.yaml", {"a": 1})

    assert command("replay", "notes.yaml").stderr == "CASSETTE: notes.yaml was not written by `restgeneric record`\n"


def test_without_the_library_it_says_what_to_install(command, written, here, monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name == "vcr":
            raise ModuleNotFoundError("No module named 'vcr'")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    done = recorded(command, written, {"/orders": pages}, ORDERS)

    assert (done.exit_code, "pip install 'tap-restgeneric[workbench]'" in done.stderr) == (1, True)


def test_a_sync_that_fails_leaves_a_cassette_that_fails_in_the_same_way(command, written):
    told = recorded(command, written, {"/orders": Answer(400, {"error": "the reason"})}, ORDERS)
    again = command("replay", "cassette.yaml")

    assert (told.exit_code, again.exit_code) == (1, 1)
    assert "cassette.yaml holds what came until then" in told.stderr
    assert 'status 400, application/json, body: {"error": "the reason"}' in again.stderr
