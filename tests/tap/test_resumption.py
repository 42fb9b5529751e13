"""Where does a full table go on that was interrupted?"""

from __future__ import annotations

import json
from contextlib import redirect_stdout
from datetime import datetime, timedelta, timezone
from io import StringIO
from typing import Any

import pytest
from scripted import Answer, Asked
from tapping import Run, api, made, resource, run

from tap_restgeneric.errors import RestGenericError

SCHEMA = {"schema": {"properties": {"id": {"type": "integer"}}}}
PAGES = 5
BROKEN = Answer(400, {"error": "broken"})


def numbered(asked: Asked) -> int:
    """The number of the page that a request asks for, whatever it calls it."""
    given = dict(asked.query)
    for name, number in (("after", int), ("cursor", int), ("page", int), ("offset", lambda text: int(text) // 2)):
        if name in given:
            return number(given[name])
    return 0


class Api:
    """Five pages of two records, the children of each, and a page that may be out of order."""

    def __init__(self, broken: int | None = None) -> None:
        self.broken = broken

    def __call__(self, asked: Asked) -> Any:
        if "/children" in asked.path:
            return {"items": [{"id": int(asked.path.split("/")[2]) * 10}]}
        number = numbered(asked)
        if number == self.broken:
            return BROKEN
        ids = [2 * number, 2 * number + 1] if number < PAGES else []
        more = number + 1 < PAGES
        link = f"/things?page={number + 1}" if more else None
        return {"items": [{"id": each} for each in ids], "next": number + 1 if more else None, "link": link}


PAGINATORS = {
    "cursor": {"type": "cursor", "cursor_param": "after", "cursor_path": "next"},
    "page": {"type": "page_number"},
    "offset": {"type": "offset", "limit": 2},
    "next URL": {"type": "json_link", "next_url_path": "link"},
}


def things(paginator: Any, **more: Any) -> dict[str, Any]:
    return resource("things", paginator=paginator, resource_=SCHEMA, **more)


CHILDREN = resource("children", "/things/{resources.things.id}/children", resource_=SCHEMA)


def interrupted(config: dict[str, Any], **kwargs: Any) -> Run:
    """A run that an error ends."""
    out = StringIO()
    tap = made(config, **kwargs)
    with redirect_stdout(out), pytest.raises(RestGenericError):
        tap.sync_all()
    return Run(tap, [json.loads(line) for line in out.getvalue().splitlines()])


def ids(found: Run, stream: str = "things") -> list[int]:
    return [record["id"] for record in found.records(stream)]


@pytest.fixture
def broken(serve):
    """An API whose fourth page is out of order, and its settings."""
    script = Api(broken=3)
    server = serve(script)

    def config(paginator: Any = PAGINATORS["cursor"], *more: Any, **settings: Any) -> dict[str, Any]:
        return {**api(server.url, things(paginator), *more), **settings}

    config.script, config.server = script, server
    return config


@pytest.mark.parametrize("concurrency", [1, 8])
@pytest.mark.parametrize("paginator", PAGINATORS.values(), ids=PAGINATORS)
def test_the_next_run_goes_on_where_the_last_one_stopped(broken, paginator, concurrency):
    config = broken(paginator, concurrency=concurrency)
    first = interrupted(config)
    broken.script.broken = None
    second = run(config, state=first.state)

    assert ids(first) == [0, 1, 2, 3, 4, 5]
    assert ids(second) == [6, 7, 8, 9]
    assert second.state == {"bookmarks": {"things": {}}}


def test_a_run_that_comes_to_its_end_is_not_gone_on_with(broken):
    broken.script.broken = None
    first = run(broken())

    assert ids(run(broken(), state=first.state)) == list(range(10))


def test_a_detected_paginator_is_remembered(broken):
    config = broken("auto", concurrency=1)
    first = interrupted(config)
    broken.script.broken = None

    assert ids(run(config, state=first.state)) == [6, 7, 8, 9]


@pytest.mark.parametrize(
    ("age", "within", "read"),
    [
        (timedelta(hours=11), None, [6, 7, 8, 9]),
        (timedelta(hours=13), None, list(range(10))),
        (timedelta(hours=13), 14 * 3600, [6, 7, 8, 9]),
        (timedelta(), 0, list(range(10))),
    ],
)
def test_a_place_is_not_kept_for_ever(broken, age, within, read):
    settings = {} if within is None else {"resume_within": within}
    state = interrupted(broken()).state
    state["bookmarks"]["things"]["position"]["at"] = (datetime.now(timezone.utc) - age).isoformat()
    broken.script.broken = None

    assert ids(run(broken(**settings), state=state)) == read


def test_no_place_is_kept_where_none_is_wanted(broken):
    assert interrupted(broken(resume_within=0)).state == {"bookmarks": {"things": {}}}


def test_another_definition_begins_anew(broken):
    state = interrupted(broken()).state
    broken.script.broken = None
    other = {**api(broken.server.url, things(PAGINATORS["cursor"], params={"q": "x"}))}

    assert ids(run(other, state=state)) == list(range(10))


@pytest.mark.parametrize(
    "spoiled", [{"at": "yesterday"}, {"page": {"number": 3}}, {"part": -1}, {"part": "x"}, {"of": 7}]
)
def test_a_place_that_says_nothing_begins_anew(broken, spoiled):
    state = interrupted(broken()).state
    state["bookmarks"]["things"]["position"].update(spoiled)
    broken.script.broken = None

    assert ids(run(broken(), state=state)) == list(range(10))


def test_a_refresh_begins_anew(broken):
    state = interrupted(broken()).state
    broken.script.broken = None

    assert ids(run(broken(full_refresh=True), state=state)) == list(range(10))


def test_a_refresh_of_the_children_begins_with_the_first_parent(broken):
    state = interrupted(broken(PAGINATORS["cursor"], CHILDREN)).state
    broken.script.broken = None
    found = run(broken(PAGINATORS["cursor"], CHILDREN, full_refresh=["children"]), state=state)

    assert ids(found, "children") == [each * 10 for each in range(10)]


def test_the_place_moves_when_the_children_are_out(broken):
    config = broken(PAGINATORS["cursor"], CHILDREN)
    first = interrupted(config)
    known = []
    for message in first.messages:
        if message["type"] == "RECORD" and message["stream"] == "children":
            known.append(message["record"]["id"])
        if place := message.get("value", {}).get("bookmarks", {}).get("things", {}).get("position"):
            assert known[: 2 * place["page"]["value"]] == [each * 10 for each in range(2 * place["page"]["value"])]
    broken.script.broken = None
    second = run(config, state=first.state)

    assert ids(second, "children") == [60, 70, 80, 90]


@pytest.mark.parametrize("refusal", [Answer(410, {"error": "the cursor is gone"}), {"items": []}])
def test_a_place_that_the_api_does_not_know_any_more_costs_a_whole_run(serve, refusal):
    pages = Api(broken=3)
    asked_from_there = []

    def script(asked):
        if numbered(asked) == 3 and pages.broken is None and not asked_from_there:
            asked_from_there.append(asked)
            return refusal
        return pages(asked)

    config = api(serve(script).url, things(PAGINATORS["cursor"]))
    first = interrupted(config)
    pages.broken = None
    second = run(config, state=first.state)

    assert ids(second) == list(range(10))
    (warning,) = second.warnings("things")
    assert warning.startswith("where the last run stopped nothing is found, so everything is read")


def test_values_of_parameters_that_were_read_are_not_read_again(serve):
    parts = {"a": Api(), "b": Api(broken=2), "c": Api()}
    server = serve(lambda asked: parts[asked.path.rpartition("/")[2]](asked))
    stream = resource("things", "/things/{org}", paginator=PAGINATORS["cursor"], resource_=SCHEMA)
    config = {**api(server.url, stream), "parameters": {"org": ["a", "b", "c"]}}
    first = interrupted(config)
    parts["b"].broken = None
    second = run(config, state=first.state)

    assert ids(first) == [*range(10), 0, 1, 2, 3]
    assert ids(second) == [*range(4, 10), *range(10)]


def test_a_place_holds_no_secret(serve):
    links = {0: "/things?page=1&session=hidden-in-the-link", 1: None}

    def script(asked):
        number = numbered(asked)
        return BROKEN if number else {"items": [{"id": 1}], "link": links[number]}

    config = {
        **api(serve(script).url, things(PAGINATORS["next URL"], params={"session": "{secrets.session}"})),
        "secrets": {"session": "hidden-in-the-link"},
    }

    assert interrupted(config).state == {"bookmarks": {"things": {}}}


def test_the_second_half_belongs_to_the_version_of_the_first(broken):
    config = broken(PAGINATORS["cursor"], CHILDREN, emit_activate_version_messages=True)
    first = interrupted(config)
    broken.script.broken = None
    state = first.state
    version = state["bookmarks"]["things"]["position"]["version"] = 1_700_000_000
    second = run(config, state=state)

    assert first.of("ACTIVATE_VERSION") == []
    assert {message["version"] for message in second.of("RECORD")} == {version}
    assert {(message["stream"], message["version"]) for message in second.of("ACTIVATE_VERSION")} == {
        ("things", version),
        ("children", version),
    }
