"""What is asked for the parents of the next page, while children of this one are still to be read?"""

from __future__ import annotations

import contextlib
import io
import json
import threading
from collections import defaultdict
from typing import Any

import pytest
from latency import serving_slowly
from scripted import Answer, Asked, Server, by_path, serving
from tapping import Run, api, made, outcome, resource, run

from tap_restgeneric.errors import ReplyError

WIDTHS = [1, 2, 8, 32]
PAGES, SIZE = 4, 3
SCHEMA = {"schema": {"properties": {"id": {"type": "integer"}, "at": {"type": "string", "format": "date"}}}}
CURSOR = {"type": "cursor", "cursor_param": "after", "cursor_path": "next"}
PARENTS = resource("parents", paginator=CURSOR, resource_=SCHEMA)
CHILDREN = resource("children", "/parents/{resources.parents.id}/children", resource_=SCHEMA)


def day(number: int) -> str:
    return f"2024-01-{number:02}"


def page_of(asked: Asked) -> int:
    return int(dict(asked.query).get("after", 0))


def parent_of(asked: Asked) -> int:
    return int(asked.path.split("/")[2])


def family(asked: Asked, pages: int = PAGES, size: int = SIZE) -> Any:
    """Pages of parents, 1, 2, 3, ..., a day each; two children of each; some for several parents at once."""
    if asked.path == "/toys":
        owners = [int(value) for value in dict(asked.query)["of"].split(",")]
        return {"items": [{"id": 100 * owner + each} for owner in owners for each in range(2)]}
    if "/children" in asked.path:
        return {"items": [{"id": 10 * parent_of(asked) + each, "at": day(each + 1)} for each in range(2)]}
    number = page_of(asked)
    first = 1 + size * number
    items = [{"id": each, "at": day(each)} for each in range(first, first + size)]
    return {"items": items, "next": number + 1 if number + 1 < pages else None}


def broken(*paths: str, body: Any = None):
    """The same with replies that are none."""

    def answer(asked: Asked) -> Any:
        return body or Answer(400, {"error": "no"}) if asked.target in paths else family(asked)

    return answer


# How early


class Holding(Server):
    """Answers one request when another one has come, or after a while.

    Attributes:
        came: Whether it came.
    """

    def __init__(self, held: str, until: str) -> None:
        super().__init__(family)
        self._held, self._until = held, until
        self._seen = threading.Event()
        self.came = False

    def answer_to(self, asked: Asked) -> Any:
        if asked.target == self._until:
            self._seen.set()
        if asked.target == self._held:
            self.came = self._seen.wait(2)
        return super().answer_to(asked)


@pytest.mark.parametrize(
    ("held", "until"),
    [(3, 4), (1, 4), (3, 6), (6, 7)],
    ids=["the last one", "the first one", "the whole next page", "the page behind"],
)
def test_children_of_the_next_page_are_asked_for_before_those_of_this_one_are_out(held, until):
    with serving(Holding(f"/parents/{held}/children", f"/parents/{until}/children")) as server:
        found = run({**api(server.url, PARENTS, CHILDREN), "concurrency": 8})

    assert server.came
    assert len(found.records("children")) == 2 * PAGES * SIZE


def test_a_sequential_client_asks_for_the_next_page_behind_the_last_child(serve):
    server = serve(family)
    run({**api(server.url, PARENTS, CHILDREN), "concurrency": 1})

    assert server.targets == [
        target
        for number in range(PAGES)
        for target in (
            f"/parents?after={number}" if number else "/parents",
            *(f"/parents/{parent}/children" for parent in range(1 + SIZE * number, 1 + SIZE * (number + 1))),
        )
    ]


def test_only_so_many_pages_are_held():
    """The first child keeps all others waiting; a page of one parent each would make room for very many."""

    class Stubborn(Server):
        def answer_to(self, asked: Asked) -> Any:
            if asked.path == "/parents/1/children":
                self.stopping.wait(1)
                self.meanwhile = [each.target for each in self.asked]
            return super().answer_to(asked)

    with serving(Stubborn(lambda asked: family(asked, pages=20, size=1))) as server:
        found = run({**api(server.url, PARENTS, CHILDREN), "concurrency": 8})

    assert len(found.records("children")) == 40
    pages = [target for target in server.meanwhile if target.startswith("/parents?")]
    assert 2 <= len(pages) <= 3  # two behind the one in hand, and the one that they lead to


def test_no_page_is_read_before_its_turn_where_no_children_are_wanted(serve):
    server = serve(family)
    tap = made({**api(server.url, PARENTS), "concurrency": 8})
    server.asked.clear()
    with contextlib.redirect_stdout(io.StringIO()):
        records = tap.streams["parents"].get_records(None)
        first = next(iter(records))

    assert first["id"] == 1
    assert tap.report.tallies["parents"].pages == 1


# The same lines


def changing(asked: Asked) -> Any:
    """Two parents that come again and again, a little later each time."""
    if asked.path != "/parents":
        return family(asked)
    number = page_of(asked)
    items = [{"id": 1 + each % 2, "at": day(1 + 3 * number + each)} for each in range(3)]
    return {"items": items, "next": number + 1 if number < 2 else None}


TOYS = resource(
    "toys",
    params={"of": {"type": "resolve", "resource": "parents", "field": "id", "batch_size": 2}},
    resource_=SCHEMA,
)
SINCE = {"cursor_path": "at", "row_order": "asc"}
SORTED = resource("parents", paginator=CURSOR, resource_=SCHEMA, incremental=SINCE)
CHANGING = resource("parents", paginator=CURSOR, resource_=SCHEMA, incremental={"cursor_path": "at"})
NEW = resource(
    "children", "/parents/{resources.parents.id}/children", resource_=SCHEMA, incremental={"cursor_path": "at"}
)
LEAVES = resource("leaves", "/parents/{resources.children.id}/children", resource_=SCHEMA)


@pytest.mark.parametrize(
    ("resources", "settings", "script"),
    [
        ([PARENTS, CHILDREN, TOYS], {}, family),
        ([SORTED, NEW], {}, family),
        ([PARENTS, CHILDREN, LEAVES], {}, family),
        ([PARENTS, CHILDREN, TOYS], {"on_stream_error": "continue"}, broken("/parents/5/children")),
        ([SORTED, NEW], {}, broken("/parents?after=2")),
        ([SORTED, NEW], {}, broken("/parents?after=2", body={"items": [{"id": 7}], "next": 3})),
        ([PARENTS, CHILDREN], {}, broken("/parents?after=1", body={"items": [{"id": None}], "next": 2})),
        ([PARENTS, CHILDREN], {}, broken("/parents?after=1", body={"items": [7], "next": 2})),
        ([PARENTS, CHILDREN, TOYS], {}, broken("/parents/5/children")),
        ([CHANGING, NEW], {}, changing),
        ([PARENTS, CHILDREN], {"max_pages": 2}, family),
        ([PARENTS, CHILDREN], {"max_records": 5}, family),
        ([PARENTS, {**CHILDREN, "max_records": 7}], {}, family),
    ],
    ids=[
        "batched children",
        "incremental",
        "three levels",
        "a child is left out",
        "a page fails",
        "a page without cursor values",
        "a page without keys",
        "a page without objects",
        "a child fails",
        "parents change while they are read",
        "two pages",
        "five records",
        "seven children",
    ],
)
def test_the_lines_do_not_depend_on_concurrency(resources, settings, script):
    def lines(width):
        with serving_slowly(script, 0.01) as server:
            found, error = outcome(made({**api(server.url, *resources), **settings, "concurrency": width}))
        streams = defaultdict(list)
        for message in found.of("RECORD"):
            streams[message["stream"]].append(message["record"])
        last = [json.dumps(state).split(', "of"')[0] for state in found.states[-1:]]
        return dict(streams), last, type(error), str(error).replace(server.url, "")

    one = lines(1)
    assert one[0]["parents"]
    assert [lines(width) for width in WIDTHS[1:]] == [one] * 3


# What STATE says


def promised(messages: list[dict[str, Any]], place) -> dict[Any, set[int]]:
    """What every place in state says of the parents, and the children that were out when it first did."""
    out: set[int] = set()
    found: dict[Any, set[int]] = {}
    for message in messages:
        if message["type"] == "RECORD" and message["stream"] == "children":
            out.add(message["record"]["id"])
        if message["type"] == "STATE":
            found.setdefault(place(message["value"]["bookmarks"].get("parents", {})), set(out))
    return found


def of_parents(last: int) -> set[int]:
    return {10 * parent + each for parent in range(1, last + 1) for each in range(2)}


@pytest.fixture
def _eager(monkeypatch):
    """STATE whenever there is news."""
    monkeypatch.setattr("tap_restgeneric.streams.pace.SECONDS", 0.0)


@pytest.mark.usefixtures("_eager")
@pytest.mark.parametrize("width", WIDTHS)
def test_the_position_of_a_page_is_told_when_all_before_it_is_out(width):
    with serving_slowly(family, 0.01) as server:
        found = run({**api(server.url, PARENTS, CHILDREN), "concurrency": width})
    places = promised(found.messages, lambda state: state.get("position", {}).get("page", {}).get("value"))

    assert {page: places[page] for page in (1, 2, 3)} == {page: of_parents(SIZE * page) for page in (1, 2, 3)}


@pytest.mark.usefixtures("_eager")
@pytest.mark.parametrize("width", WIDTHS)
def test_the_bookmark_of_a_parent_is_told_when_its_children_are_out(width):
    with serving_slowly(family, 0.01) as server:
        found = run({**api(server.url, SORTED, CHILDREN), "concurrency": width})
    places = promised(found.messages, lambda state: state.get("replication_key_value"))
    places.pop(None, None)

    assert places == {day(parent): of_parents(parent) for parent in range(1, 1 + PAGES * SIZE)}


@pytest.mark.usefixtures("_eager")
@pytest.mark.parametrize("width", WIDTHS)
def test_an_error_of_the_next_page_comes_when_this_one_is_out_and_told(width):
    with serving_slowly(broken("/parents?after=1"), 0.01) as server:
        found, error = outcome(made({**api(server.url, PARENTS, CHILDREN), "concurrency": width}))

    assert isinstance(error, ReplyError)
    assert str(error).startswith("stream 'parents': ")
    assert {record["id"] for record in found.records("children")} == of_parents(SIZE)
    assert found.state["bookmarks"]["parents"]["position"]["page"]["value"] == 1


@pytest.mark.usefixtures("_eager")
@pytest.mark.parametrize("width", WIDTHS[::2])
@pytest.mark.parametrize("parents", [PARENTS, SORTED], ids=["a position", "a bookmark"])
def test_a_run_that_goes_on_from_any_state_loses_nothing(serve, parents, width):
    config = {**api(serve(family).url, parents, CHILDREN), "concurrency": width}
    messages = run(config).messages
    stops = [number for number, message in enumerate(messages) if message["type"] == "STATE"]

    assert len(stops) > PAGES - 1
    for stop in stops:
        out = Run(None, messages[:stop])
        later = run(config, state=messages[stop]["value"])
        for name, count in (("parents", PAGES * SIZE), ("children", 2 * PAGES * SIZE)):
            assert len({record["id"] for each in (out, later) for record in each.records(name)}) == count


def test_what_was_asked_early_is_dropped_when_a_child_fails():
    with serving_slowly(broken("/parents/1/children"), 0.005) as server:
        found, error = outcome(made({**api(server.url, PARENTS, CHILDREN), "concurrency": 2}))
        asked = server.settled(1)

    assert isinstance(error, ReplyError)
    assert found.records("children") == []
    assert asked < 1 + PAGES * SIZE


def test_a_token_that_is_not_taken_costs_a_whole_run_with_children(serve):
    def changes(asked: Asked) -> Any:
        if dict(asked.query).get("token") == "old":
            return Answer(410, {"error": "expired"})
        return {**family(asked), "token": "new"}

    tokens = {"type": "token", "token_path": "token", "token_param": "token", "rejected": {"status_code": 410}}
    parents = resource("parents", paginator=CURSOR, resource_=SCHEMA, incremental=tokens)
    server = serve(by_path({"/parents": changes, **{f"/parents/{n}/children": family for n in range(1, 13)}}))
    state = {"bookmarks": {"parents": {"replication_key": "token", "replication_key_value": "old"}}}
    found = run({**api(server.url, parents, CHILDREN), "concurrency": 8}, state=state)

    assert [record["id"] for record in found.records("parents")] == list(range(1, 13))
    assert {record["id"] for record in found.records("children")} == of_parents(12)
    assert found.state["bookmarks"]["parents"]["replication_key_value"] == "new"
