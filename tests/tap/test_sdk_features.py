"""Does what the SDK offers every tap work in this one?"""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from scripted import by_path
from tapping import api, made, resource, run

THINGS = {"items": [{"id": n, "name": f"name {n}", "o": {"a": {"b": n}}} for n in (1, 2, 3)]}
TREE = {"/p": THINGS, **{f"/p/{n}/c": {"items": [{"id": n * 10, "secret": "x"}]} for n in (1, 2, 3)}}


@pytest.fixture
def config(serve):
    return api(serve(by_path(TREE)).url, resource("p"), resource("c", "/p/{resources.p.id}/c"))


def test_stream_maps_change_rename_and_filter(config):
    maps = {
        "p": {"name": "name.upper()", "__filter__": "id < 3", "__alias__": "people"},
        "c": {"secret": None, "twice": "id * 2"},
    }
    found = run({**config, "stream_maps": maps})

    assert [record["name"] for record in found.records("people")] == ["NAME 1", "NAME 2"]
    assert found.records("c") == [{"id": 10, "twice": 20}, {"id": 20, "twice": 40}]
    assert "secret" not in found.schema("c")["schema"]["properties"]


def test_children_take_values_of_their_parent_as_the_api_gave_them(config):
    found = run({**config, "stream_maps": {"p": {"id": "id * 100", "name": "name"}}})

    assert [record["id"] for record in found.records("p")] == [100, 200, 300]
    assert [record["id"] for record in found.records("c")] == [10, 20, 30]


def test_a_stream_can_be_mapped_away(config):
    found = run({**config, "stream_maps": {"p": None}})

    assert found.of("RECORD", "p") == []


def test_nested_objects_can_be_flattened(config):
    found = run({**config, "flattening_enabled": True, "flattening_max_depth": 5})

    assert found.records("p")[0] == {"id": 1, "name": "name 1", "o__a__b": 1}
    assert "o__a__b" in found.schema("p")["schema"]["properties"]


def test_records_can_go_into_batches(config, tmp_path):
    batch = {"encoding": {"format": "jsonl", "compression": "gzip"}, "storage": {"root": f"file://{tmp_path}"}}
    found = run({**config, "batch_config": batch})
    written = {"p": [], "c": []}
    for message in found.of("BATCH"):
        for file in message["manifest"]:
            lines = gzip.decompress(Path(file.removeprefix("file://")).read_bytes()).splitlines()
            written[message["stream"]] += [json.loads(line)["id"] for line in lines]

    assert written == {"p": [1, 2, 3], "c": [10, 20, 30]}
    assert found.of("RECORD") == []
    assert {message["stream"] for message in found.of("SCHEMA")} == {"p", "c"}


REPLACING = {"emit_activate_version_messages": True}


def test_full_tables_can_be_replaced(config):
    found = run({**config, **REPLACING})
    (message,) = found.of("ACTIVATE_VERSION", "p")

    assert {record["version"] for record in found.of("RECORD", "p")} == {message["version"]}


def test_full_tables_of_children_can_be_replaced(config):
    found = run({**config, **REPLACING})
    (message,) = found.of("ACTIVATE_VERSION", "c")

    assert {record["version"] for record in found.of("RECORD", "c")} == {message["version"]}


def test_a_test_run_reads_one_record_per_stream(config):
    tap = made(config)

    assert tap.run_connection_test()


def test_settings_that_the_sdk_knows_are_declared():
    from tap_restgeneric.tap import TapRestGeneric  # noqa: PLC0415

    declared = TapRestGeneric.config_jsonschema["properties"]
    TapRestGeneric.append_builtin_config(TapRestGeneric.config_jsonschema)

    assert {"stream_maps", "flattening_enabled", "batch_config", "emit_activate_version_messages"} <= set(declared)
