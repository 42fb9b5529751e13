"""Which streams begin anew, as if they had no state?"""

from __future__ import annotations

import json

import pytest
from scripted import by_path
from tapping import api, resource, run

from tap_restgeneric import settings
from tap_restgeneric.errors import ConfigError
from tap_restgeneric.tap import TapRestGeneric

STREAMS = ["orders", "users"]
KNOWN = {"schema": {"properties": {"id": {"type": "integer"}, "at": {"type": "string", "format": "date-time"}}}}
EARLY, LATE = {"id": 1, "at": "2024-01-01T00:00:00Z"}, {"id": 2, "at": "2024-01-05T00:00:00Z"}


def bookmark(value):
    return {"replication_key": "at", "replication_key_value": value}


def incremental(name, path=None, **more):
    return resource(name, path, incremental={"cursor_path": "at", "start_param": "since", **more}, resource_=KNOWN)


def read(serve, full_refresh, *, state=None, answers=None, resources=None, **kwargs):
    """A run over a state that both streams have."""
    items = {"items": [EARLY, LATE]}
    server = serve(by_path(answers or {"/orders": items, "/users": items}))
    config = api(server.url, *(resources or [incremental(name) for name in STREAMS]))
    state = state or {"bookmarks": {name: bookmark("2024-01-03T00:00:00Z") for name in STREAMS}}
    return server, run({**config, "full_refresh": full_refresh, "concurrency": 1}, state=state, **kwargs)


def since(server):
    return {asked.path.strip("/"): dict(asked.query).get("since") for asked in server.asked}


LAST = "2024-01-03T00:00:00Z"
NAMED = {
    "nothing said": (None, {"orders": LAST, "users": LAST}),
    "false": (False, {"orders": LAST, "users": LAST}),
    "true": (True, {"orders": None, "users": None}),
    "one of them": (["orders"], {"orders": None, "users": LAST}),
    "both by name": (["users", "orders"], {"orders": None, "users": None}),
    "an empty list": ([], {"orders": LAST, "users": LAST}),
}


@pytest.mark.parametrize(("full_refresh", "asked"), NAMED.values(), ids=NAMED)
def test_streams_that_are_refreshed_ask_from_their_beginning(serve, full_refresh, asked):
    server, _ = read(serve, full_refresh)

    assert since(server) == asked


def test_a_refreshed_stream_gives_all_records_and_a_new_bookmark(serve):
    late = {"bookmarks": {"orders": bookmark("2030-01-01T00:00:00Z"), "users": bookmark("2024-01-05T00:00:00Z")}}
    _, found = read(serve, ["orders"], state=late)

    assert found.records("orders") == [EARLY, LATE]
    assert found.records("users") == [LATE]
    assert found.state == {
        "bookmarks": {"orders": bookmark("2024-01-05T00:00:00Z"), "users": bookmark("2024-01-05T00:00:00Z")}
    }


def test_no_state_of_a_refreshed_run_holds_an_old_bookmark(serve):
    _, found = read(serve, STREAMS)

    assert [state for state in found.states if LAST in json.dumps(state)] == []


def test_a_stream_without_records_loses_its_bookmark(serve):
    empty = {"/orders": {"items": []}, "/users": {"items": []}}
    _, found = read(serve, ["orders"], answers=empty)

    assert found.state == {"bookmarks": {"orders": {}, "users": bookmark(LAST)}}


def test_the_first_value_still_counts(serve):
    initial = [incremental(name, initial_value="2023-06-01T00:00:00Z") for name in STREAMS]
    server, _ = read(serve, STREAMS, resources=initial)

    assert since(server) == dict.fromkeys(STREAMS, "2023-06-01T00:00:00Z")


def test_the_bookmark_of_a_stream_that_is_not_selected_stays(serve):
    _, found = read(serve, STREAMS, resources=[incremental("orders"), {**incremental("users"), "selected": False}])

    assert found.state["bookmarks"]["users"] == bookmark(LAST)


def test_the_bookmarks_of_children_are_forgotten_too(serve):
    users = resource("users", resource_=KNOWN)
    orders = incremental("orders", "/o/{resources.users.id}")
    partitions = [{"context": {"_users_id": each}, **bookmark(LAST)} for each in (1, 2, 3)]
    answers = {"/users": {"items": [{"id": 1}, {"id": 2}]}, "/o/1": {"items": [EARLY]}, "/o/2": {"items": [LATE]}}
    server, found = read(
        serve,
        ["orders"],
        state={"bookmarks": {"orders": {"partitions": partitions}}},
        answers=answers,
        resources=[users, orders],
    )

    assert [dict(asked.query) for asked in server.asked] == [{}, {}, {}]
    assert found.state["bookmarks"]["orders"]["partitions"] == [
        {"context": {"_users_id": 1}, **bookmark(EARLY["at"])},
        {"context": {"_users_id": 2}, **bookmark(LATE["at"])},
    ]


# What may be written


@pytest.mark.parametrize(
    ("given", "names"),
    [
        *[(word, STREAMS) for word in ("true", "True", "1", "yes", "ON")],
        *[(word, []) for word in ("false", "False", "0", "no", "")],
        ("orders", ["orders"]),
        ('["orders"]', ["orders"]),
    ],
)
def test_the_setting_as_a_text(given, names):
    assert sorted(settings.refreshed(given, STREAMS)) == names


MISTAKES = {
    "a close name": (["users", "ordrs"], "$.full_refresh[1]: there is no stream 'ordrs' (did you mean 'orders'?)"),
    "no such name": (["x"], "$.full_refresh[0]: there is no stream 'x' (known: orders, users)"),
    "a name as a text": ("user", "$.full_refresh[0]: there is no stream 'user' (did you mean 'users'?)"),
    "a number": (5, "$.full_refresh: must be boolean or array or string or null, not a number"),
    "numbers": ([5], "$.full_refresh[0]: must be string, not a number"),
    "something else as a text": (
        '{"a": 1}',
        "$.full_refresh: must be true, false or a list of names of streams",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("given", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_reported(given, message):
    with pytest.raises(ConfigError) as raised:
        TapRestGeneric(config={**api("http://127.0.0.1:1", *STREAMS), "full_refresh": given})
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("text", "asked"), [("true", {"orders": None, "users": None}), ('["users"]', {"orders": LAST, "users": None})]
)
def test_the_setting_from_the_environment(serve, monkeypatch, text, asked):
    items = {"items": [EARLY, LATE]}
    server = serve(by_path({"/orders": items, "/users": items}))
    monkeypatch.setenv("TAP_RESTGENERIC_SOURCE", json.dumps(api(server.url, *map(incremental, STREAMS))))
    monkeypatch.setenv("TAP_RESTGENERIC_FULL_REFRESH", text)
    run({}, parse_env_config=True, state={"bookmarks": {name: bookmark(LAST) for name in STREAMS}})

    assert since(server) == asked
