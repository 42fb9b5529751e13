"""Is the output the same, however many exchanges are in flight?"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import signal
import tracemalloc
from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from command import ended, start
from latency import serving_slowly
from scripted import Answer
from tapping import api, made, resource
from twice import Written, written

from tap_restgeneric.errors import ReplyError

WIDTHS = [1, 2, 8, 32]
DAY_ONE = datetime.fromisoformat("2024-01-01T00:00:00+00:00")


@pytest.fixture(autouse=True, scope="module")
def _quiet():
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


# An API with every way to go on


def moment(number: int) -> str:
    return (DAY_ONE + timedelta(hours=number)).isoformat()


def things(first: int, count: int) -> list[dict[str, Any]]:
    return [{"id": each, "at": moment(each), "price": 1.5 * each} for each in range(first, first + count)]


def by_cursor(asked):
    number = int(dict(asked.query).get("after", 0))
    return {"items": things(10 * number, 10), "next": number + 1 if number < 6 else None}


def by_page(asked):
    number = int(dict(asked.query)["page"])
    return {"items": things(5 * number, 5 if number < 9 else 2), "total": 10}


def by_offset(asked):
    number = int(dict(asked.query)["offset"])
    return {"items": things(number, min(4, 46 - number)), "total": 46}


def grown(asked):
    """Children of children: `/trees`, `/trees/3/boughs`, `/trees/3/boughs/31/leaves`."""
    ids = [int(part) for part in asked.path.split("/") if part.isdigit()]
    above = ids[-1] * 10 if ids else 0
    if asked.path == "/trees":
        number = int(dict(asked.query).get("after", 0))
        return {"items": things(1 + 4 * number, 4), "next": number + 1 if number < 2 else None}
    return {"items": things(above, above % 4)}


def answers(asked):
    known = {"/events": by_cursor, "/numbered": by_page, "/counted": by_offset}
    return known.get(asked.path, grown)(asked)


CURSOR = {"type": "cursor", "cursor_param": "after", "cursor_path": "next"}
SINCE = {"cursor_path": "at", "row_order": "asc", "initial_value": DAY_ONE.isoformat()}
SCHEMA = {
    "properties": {
        "id": {"type": "integer"},
        "at": {"type": "string", "format": "date-time"},
        "price": {"type": ["number", "null"]},
    }
}


def stream(name, path=None, *, carried=(), **endpoint):
    outer = {"schema": SCHEMA, "include_from_parent": list(carried)} if carried else {"schema": SCHEMA}
    return resource(name, path, resource_=outer, **endpoint)


EVENTS = stream("events", paginator=CURSOR, incremental=SINCE)
NUMBERED = stream("numbered", paginator={"type": "page_number", "total_path": "total"})
COUNTED = stream("counted", paginator={"type": "offset", "limit": 4, "total_path": "total"})
TREES = stream("trees", paginator=CURSOR)
BOUGHS = stream("boughs", "/trees/{resources.trees.id}/boughs", incremental=SINCE, carried=["id"])
LEAVES = stream("leaves", "/trees/{resources.boughs._trees_id}/boughs/{resources.boughs.id}/leaves", carried=["at"])
ALL = [EVENTS, NUMBERED, COUNTED, TREES, BOUGHS, LEAVES]


def lines_by_stream(found: Written) -> dict[str, list[bytes]]:
    """SCHEMA and RECORD lines of each stream, without the time."""
    lines = defaultdict(list)
    for line, message in zip(found.lines, found.messages, strict=True):
        if message["type"] != "STATE":
            lines[message["stream"]].append(re.sub(rb',"time_extracted":"[^"]*"', b"", line))
    return dict(lines)


@pytest.fixture(scope="module")
def runs():
    """The same API read with each width: what was written, what was asked, and how many requests met."""
    found = {}
    for width in WIDTHS:
        with serving_slowly(answers, 0.015) as server:
            output = written({**api(server.url, *ALL), "concurrency": width})
            found[width] = (output, server.targets, server.most)
    return found


def test_the_output_is_what_the_api_holds(runs):
    records = {
        name: [line for line in lines if b'"RECORD"' in line] for name, lines in lines_by_stream(runs[1][0]).items()
    }
    boughs = [number * 10 + each for number in range(1, 13) for each in range(number * 10 % 4)]

    assert {name: len(lines) for name, lines in records.items()} == {
        "events": 70,
        "numbered": 47,
        "counted": 46,
        "trees": 12,
        "boughs": len(boughs),
        "leaves": sum(bough * 10 % 4 for bough in boughs),
    }


@pytest.mark.parametrize("width", WIDTHS[1:])
def test_the_lines_of_each_stream_do_not_depend_on_concurrency(runs, width):
    assert lines_by_stream(runs[width][0]) == lines_by_stream(runs[1][0])


@pytest.mark.parametrize("width", WIDTHS)
def test_no_state_is_ahead_of_the_records(runs, width):
    """Behind a STATE line no record comes that it says was delivered, and the one that it names stands before it."""
    before: dict[Any, list[str]] = defaultdict(list)
    promised: dict[Any, str] = {}
    for message in runs[width][0].messages:
        if message["type"] == "RECORD":
            record = message["record"]
            place = (message["stream"], str(record.get("_trees_id")))
            assert record["at"] > promised.get(place, "")
            before[place].append(record["at"])
        if message["type"] == "STATE":
            for name, bookmark in message["value"]["bookmarks"].items():
                for part in bookmark.get("partitions", [bookmark] if "replication_key" in bookmark else []):
                    place = (name, str(part.get("context", {}).get("_trees_id")))
                    assert part["replication_key_value"] in [SINCE["initial_value"], *before[place]]
                    promised[place] = part["replication_key_value"]

    assert ("events", "None") in promised
    assert len(promised) > 5


@pytest.mark.parametrize("width", WIDTHS)
def test_the_last_state_does_not_depend_on_concurrency(runs, width):
    last, sequential = (runs[each][0].of("STATE", None)[-1]["value"]["bookmarks"] for each in (width, 1))

    assert last == sequential


def sequential_targets() -> list[str]:
    trees = [(number, f"/trees?after={number}" if number else "/trees") for number in range(3)]
    below = {
        number: [
            target
            for tree in range(1 + 4 * number, 5 + 4 * number)
            for target in (
                f"/trees/{tree}/boughs",
                *(f"/trees/{tree}/boughs/{tree * 10 + each}/leaves" for each in range(tree * 10 % 4)),
            )
        ]
        for number, _ in trees
    }
    return [
        *(f"/counted?offset={number}&limit=4" for number in range(0, 46, 4)),
        *(f"/events?after={number}" if number else "/events" for number in range(7)),
        *(f"/numbered?page={number}" for number in range(10)),
        *(target for number, page in trees for target in (page, *below[number])),
    ]


def test_one_exchange_at_a_time_is_a_sequential_client(runs):
    _, targets, most = runs[1]

    assert targets == sequential_targets()
    assert most == 1


@pytest.mark.parametrize("width", WIDTHS[1:])
def test_no_more_exchanges_are_in_flight_than_allowed(runs, width):
    assert 1 < runs[width][2] <= width


@pytest.mark.parametrize("width", WIDTHS[1:])
def test_nothing_is_asked_for_that_a_sequential_client_does_not_need(runs, width):
    assert sorted(runs[width][1]) == sorted(sequential_targets())


# When something goes wrong


def broken_at(page: str):
    def answer(asked):
        return Answer(400, {"error": "no"}) if asked.target == page else answers(asked)

    return answer


def ids(found: Written, name: str) -> list[int]:
    return [int(message["record"]["id"][1]) for message in found.of("RECORD", name)]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    ("one", "broken", "delivered"),
    [
        (EVENTS, "/events?after=3", range(30)),
        (NUMBERED, "/numbered?page=6", range(30)),
        (COUNTED, "/counted?offset=20&limit=4", range(20)),
    ],
    ids=["a cursor", "a page number", "an offset"],
)
def test_all_before_a_failing_page_is_delivered(width, one, broken, delivered):
    with serving_slowly(broken_at(broken), 0.005) as server:
        found = written({**api(server.url, one), "concurrency": width})

    assert (ids(found, one["name"]), found.error) == (list(delivered), ReplyError)


@pytest.mark.parametrize("width", WIDTHS)
def test_all_before_a_failing_child_is_delivered(width):
    with serving_slowly(broken_at("/trees/3/boughs"), 0.005) as server:
        found = written({**api(server.url, TREES, BOUGHS), "concurrency": width})

    assert (ids(found, "trees"), ids(found, "boughs"), found.error) == ([1, 2, 3, 4], [10, 11], ReplyError)


def test_a_failing_stream_leaves_the_others_intact():
    with serving_slowly(broken_at("/events?after=3"), 0.005) as server:
        found = written({**api(server.url, EVENTS, COUNTED, NUMBERED), "concurrency": 8})

    assert (ids(found, "events"), ids(found, "counted"), ids(found, "numbered")) == (
        list(range(30)),
        list(range(46)),
        list(range(47)),
    )
    assert found.error is ReplyError


def test_the_error_of_a_stream_is_that_of_the_process(tmp_path):
    with serving_slowly(broken_at("/events?after=3"), 0.005) as server:
        config = tmp_path / "config.json"
        config.write_text(json.dumps({**api(server.url, EVENTS, COUNTED), "concurrency": 8}))
        found = ended(start("--config", config))

    assert found.code == 1
    assert len(found.records("events")) == 30
    assert len(found.records("counted")) == 46


def endless(asked):
    return {**by_cursor(asked), "next": int(dict(asked.query).get("after", 0)) + 1}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_leaves_whole_lines(tmp_path, number):
    streams = [stream(f"s{each}", paginator=CURSOR, incremental=SINCE) for each in range(6)]
    with serving_slowly(endless, 0.001) as server:
        config = tmp_path / "config.json"
        config.write_text(json.dumps({**api(server.url, *streams), "concurrency": 8}))
        with start("--config", config) as process:
            out = "".join(process.stdout.readline() for _ in range(200))
            process.send_signal(number)
            out += process.stdout.read()

    assert process.returncode == 128 + number
    assert out.endswith("\n")
    assert {json.loads(line)["type"] for line in out.splitlines()} == {"SCHEMA", "RECORD", "STATE"}


# Memory


def peak(config: dict[str, Any]) -> int:
    """Bytes that a run holds at most."""
    tap = made(config)
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, contextlib.redirect_stdout(nowhere):
        tracemalloc.start()
        try:
            tap.sync_all()
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize("paginator", [CURSOR, NUMBERED["endpoint"]["paginator"]], ids=["cursor", "total"])
def test_memory_does_not_grow_with_the_number_of_pages(serve, paginator):
    items = json.dumps(things(0, 800))

    def peak_of(pages):
        def answer(asked):
            server.asked.clear()  # or the memory of the server would be seen
            number = int(dict(asked.query).get("after", dict(asked.query).get("page", 0)))
            following = number + 1 if number + 1 < pages else "null"
            own = items.replace('"id": 0', f'"id": {1000 + number}', 1)
            return Answer(200, f'{{"items": {own}, "next": {following}, "total": {pages}, "page": {number}}}')

        server = serve(answer)
        return peak({**api(server.url, stream("things", paginator=paginator)), "concurrency": 4})

    # A short run does not always meet the moment at which most is in flight.
    few, many = max(peak_of(60) for _ in range(3)), peak_of(400)
    print(f"peak of 400 pages: {many / few:.2f} x that of 60 ({few / 1e6:.1f} MB)")  # noqa: T201

    assert many < 2 * few
