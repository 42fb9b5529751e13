"""Does the server of the benchmarks speak as the scenarios expect, and is every peer told the same?"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from benchmarks import measuring, records
from benchmarks.competitors import PEERS
from benchmarks.scenarios import SCENARIOS, Load

NAMES = [scenario.name for scenario in SCENARIOS]


@pytest.fixture(scope="module")
def server():
    with measuring.serving(500, parents=3) as address:
        yield address


def load(name, server, **changes):
    scenario = next(each for each in SCENARIOS if each.name == name)
    return Load(replace(scenario, **changes), f"{name}-test", server)


def page(load, path, **query):
    with urlopen(f"{load.url}/{path}?{urlencode(query)}") as reply:
        return json.load(reply)


def status(load, offset):
    try:
        page(load, "records_0", offset=offset)
    except HTTPError as error:
        return error.code
    return 200


def ids(page):
    return [each["id"] for each in page["data"]]


def test_pages_form_a_chain_and_stand_at_their_offsets(server):
    one = load("S2c", server, records=250, wait=0)
    first, second, last = (
        page(one, "records_0", limit=100),
        page(one, "records_0", limit=100, cursor="c100"),
        page(one, "records_0", limit=100, offset=200),
    )

    assert [ids(first), ids(second), ids(last)] == [list(range(1, 101)), list(range(101, 201)), list(range(201, 251))]
    assert [(each["next"], each["total"]) for each in (first, second, last)] == [
        ("c100", 250),
        ("c200", 250),
        (None, 250),
    ]


def test_records_are_as_their_schema_says_and_as_they_were_made(server):
    found = page(load("S1", server, records=2), "records_0")["data"]

    assert found == [json.loads(json.dumps(records.record(number))) for number in range(2)]
    assert set(found[0]) == set(records.RECORD["properties"])


def test_every_parent_has_children_of_its_own(server):
    one = load("S3", server, parents=3, children=2, wait=0)
    parents = page(one, "parents")

    assert ids(parents) == [1, 2, 3]
    assert [ids(page(one, f"parents/{number}/children")) for number in ids(parents)] == [[1, 2], [3, 4], [5, 6]]


def test_since_leaves_out_what_is_older(server):
    found = page(load("S1i", server, records=10), "records_0", since=records.record(7)["updated_at"])

    assert ids(found) == [8, 9, 10]


def test_some_requests_fail_once(server):
    one = load("S7", server, records=500, page=1, wait=0, manner=("fail=0.5",))
    statuses = [status(one, offset) for offset in (*range(20), *range(20))]

    assert set(statuses[:20]) == {200, 429, 500}
    assert statuses[20:] == [200] * 20
    assert measuring.counted_by(one) == {
        "requests": 40,
        "failed": 40 - statuses.count(200),
        "most_at_once": 1,
        "open": 0,
    }


def test_bodies_are_compressed_for_those_who_take_it(server):
    one = load("S1z", server, records=1)
    with urlopen(Request(f"{one.url}/records_0", headers={"Accept-Encoding": "gzip"})) as reply:
        assert reply.headers["Content-Encoding"] == "gzip"


def test_the_tap_reads_all_that_a_scenario_holds(server, tmp_path):
    one = load("S3", server, parents=3, children=2, wait=0)
    tap = next(peer for peer in PEERS if peer.name == "tap")
    taken = measuring.took(tap.command(one, Path(sys.executable).parent, tmp_path) or [])

    assert (taken.problem, taken.records) == ("", one.scenario.expected)


@pytest.mark.parametrize("peer", PEERS, ids=[peer.name for peer in PEERS])
@pytest.mark.parametrize("name", NAMES)
def test_a_peer_is_told_what_to_read_or_says_that_it_cannot(name, peer, server, tmp_path):
    one = load(name, server)
    told = peer.command(one, tmp_path, tmp_path)

    assert told is None or any(one.run in file.read_text() for file in tmp_path.iterdir())
