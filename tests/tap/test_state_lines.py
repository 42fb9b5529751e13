"""Does a STATE line say what the SDK's would?"""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from singer_sdk.helpers._state import StateWriter as OfTheSdk
from singer_sdk.singerlib.encoding.simple import SimpleSingerWriter

from tap_restgeneric.output import Output, StateWriter

STATES = {
    "nothing": {},
    "a text": {"bookmarks": {"a": {"replication_key_value": "2024-01-01T00:00:00Z"}}},
    "an integer": {"bookmarks": {"a": {"replication_key_value": 12}}},
    "an integer of 80 bits": {"bookmarks": {"a": {"replication_key_value": 2**79}}},
    "a fraction": {"bookmarks": {"a": {"replication_key_value": 1.5}}},
    "a fraction as it was read": {"bookmarks": {"a": {"replication_key_value": Decimal("0.10")}}},
    "null": {"bookmarks": {"a": {"replication_key_value": None}}},
    "letters": {"bookmarks": {"ä\u2028": {"replication_key_value": '"\\\n'}}},
    "half a character": {"bookmarks": {"a": {"replication_key_value": "\ud800"}}},
    "partitions": {"bookmarks": {"a": {"partitions": [{"context": {"p": 1}}, {"context": {"p": "1"}}]}}},
}


def parsed(text):
    return [json.loads(line, parse_float=Decimal) for line in text.split("\n") if line]


def writer(others=None):
    return StateWriter(Output(), others or OfTheSdk(SimpleSingerWriter()).write_state)


@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
def test_a_line_says_the_same(state, capfd):
    OfTheSdk(SimpleSingerWriter()).write_state(state)
    expected = capfd.readouterr().out
    writer().write_state(state)
    found = capfd.readouterr().out

    assert parsed(found) == parsed(expected)
    assert found.count("\n") == 1


def test_what_was_said_is_not_said_again(capfd):
    states = writer()
    state = {"bookmarks": {"a": {}}}
    for value in (1, 1, 2):
        state["bookmarks"]["a"]["x"] = value
        states.write_state(state)

    lines = capfd.readouterr().out.splitlines()
    assert [json.loads(line)["value"]["bookmarks"]["a"]["x"] for line in lines] == [1, 2]
    assert states.size == len(lines[-1])
