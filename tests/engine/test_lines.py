"""Are the records of the fast path those of the SDK's own? Whatever the schema says, and whatever the API sends."""

from __future__ import annotations

import json
import logging
import re
from decimal import Decimal
from typing import Any

import pytest
from anything import cases
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st
from scripted import Answer, by_path, serving
from tapping import api, resource
from twice import Written, written, written_by_the_sdk

from tap_restgeneric.engine.rows import Rows
from tap_restgeneric.errors import RecordError, ReplyError
from tap_restgeneric.tap import TapRestGeneric

PAGED = {"type": "cursor", "cursor_param": "after", "cursor_path": "next"}


@pytest.fixture(autouse=True, scope="module")
def _quiet():
    """What warnings there are, the tallies tell."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture(scope="module")
def paged():
    """A server of two pages; the pages are to be set."""
    pages = []
    with serving(lambda asked: pages[1 if asked.query else 0]) as server:

        def start(first, second):
            pages[:] = [first, second]
            return server

        yield start


def catalog(config: dict[str, Any], deselected: list[tuple[str, ...]]) -> dict[str, Any]:
    """What the tap discovers, without some of it."""
    found = json.loads(json.dumps(TapRestGeneric(config=config).catalog_dict))
    for entry in (each for stream in found["streams"] for each in stream["metadata"]):
        if tuple(entry["breadcrumb"]) in deselected:
            entry["metadata"]["selected"] = False
    return found


def without_clock(message: dict[str, Any]) -> dict[str, Any]:
    """The version of a table is the moment at which the tap began; a state says when it was written."""
    for bookmark in message.get("value", {}).get("bookmarks", {}).values():
        for clock in ("at", "version"):
            bookmark.get("position", {}).pop(clock, None)
    return {**message, "version": "version" in message}


@settings(
    max_examples=100,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)
@given(case=cases(), catalogued=st.booleans())
def test_records_are_those_of_the_sdk_itself(paged, case, catalogued):
    incremental = {"incremental": case.incremental} if case.incremental else {}
    one = resource("things", paginator=PAGED, resource_={"schema": case.schema}, **incremental)
    config = {**api(paged(*case.pages).url, one), **case.settings}
    known = {"catalog": catalog(config, case.deselected)} if catalogued or case.deselected else {}
    fast, slow = written(config, **known), written_by_the_sdk(config, **known)

    event("typed" if fast.typed else "not typed")
    assert same(fast, slow)
    assert slow.typed == 0
    assert not any(re.search(rb"[\r\n]", line) for line in fast.lines)


def same(fast: Written, slow: Written) -> bool:
    assert [without_clock(each) for each in fast.messages] == [without_clock(each) for each in slow.messages]
    assert (fast.error, fast.warnings, fast.undeclared) == (slow.error, slow.warnings, slow.undeclared)
    return True


# What takes the fast path, and what does not


def one_stream(serve, items, properties=None, *, more=None, **endpoint):
    """Settings of a tap with one stream, whose one page has these items, as they are written."""
    server = serve(by_path({"/things": Answer(200, items if items.startswith("{") else f'{{"items": {items}}}')}))
    known = {"id": {"type": "integer"}, "x": {"type": ["string", "null"]}, **(properties or {})}
    return {
        **api(server.url, resource("things", resource_={"schema": {"properties": known}}, **endpoint)),
        **(more or {}),
    }


PLAIN = '[{"id": 1, "x": "a"}, {"id": 2}]'


def test_records_that_fit_are_typed(serve):
    assert written(one_stream(serve, PLAIN)).typed == 2


@pytest.mark.parametrize(
    ("name", "kind", "fits", "misfits"),
    [
        ("a text", "string", '"5"', "5"),
        ("a whole number", "integer", "9007199254740993", '"5"'),
        ("a number", "number", "0.10", '"5"'),
        ("a number that is none", "number", "5", '"NaN"'),
        ("a boolean", "boolean", "true", "1"),
        ("an object", "object", '{"a": 1}', "[]"),
        ("a list", "array", "[1]", "{}"),
        ("nothing", "null", "null", "0"),
        ("one of two", ["string", "integer"], "5", "true"),
    ],
)
def test_values_of_other_types_take_the_path_of_the_sdk(serve, name, kind, fits, misfits):
    fast, slow = (
        written(one_stream(serve, f'[{{"id": 1, "v": {value}}}]', {"v": {"type": kind}})) for value in (fits, misfits)
    )

    assert (fast.typed, fast.warnings.get("things")) == (1, {})
    assert (slow.typed, len(slow.warnings["things"])) == (0, 1)


BOOLEAN = {"type": ["boolean", "null"]}
OPEN = {"type": "object", "properties": {"b": BOOLEAN}, "additionalProperties": True}


@pytest.mark.parametrize(
    ("schema", "fits", "changed", "becomes"),
    [
        (BOOLEAN, "true", "1", True),
        (OPEN, '{"b": true, "z": 1}', '{"b": 0}', {"b": False}),
        ({"type": "array", "items": BOOLEAN}, "[true, null]", "[1]", [True]),
        ({"type": "array", "items": OPEN}, '[{"b": null}]', '[{"b": "x"}]', [{"b": True}]),
        ({**OPEN, "additionalProperties": False}, '{"b": true}', '{"b": true, "z": 1}', {"b": True}),
    ],
    ids=["a boolean", "in an object", "in a list", "in objects of a list", "in a closed object"],
)
def test_what_the_sdk_changes_takes_its_path(serve, schema, fits, changed, becomes):
    fast, slow = (
        written(one_stream(serve, f'[{{"id": 1, "v": {value}}}]', {"v": schema})) for value in (fits, changed)
    )

    assert (fast.typed, slow.typed) == (1, 0)
    assert slow.of("RECORD", "things")[0]["record"]["v"] == becomes


ASIDE = {
    "stream_maps": {"more": {"stream_maps": {"things": {"twice": "id * 2"}}}},
    "a stream that is mapped away": {"more": {"stream_maps": {"things": None}}},
    "flattening": {"more": {"flattening_enabled": True, "flattening_max_depth": 2}},
    "collect": {"more": {"undeclared_fields": "collect"}},
}


@pytest.mark.parametrize("aside", ASIDE.values(), ids=ASIDE.keys())
def test_what_needs_objects_is_read_as_objects(serve, aside):
    config = one_stream(serve, PLAIN, {"o": {"type": ["object", "null"]}}, **aside)
    fast = written(config)

    assert fast.typed == 0
    assert same(fast, written_by_the_sdk(config))


LATER = {
    "a cursor in an object": {"incremental": {"cursor_path": "o.at", "on_cursor_value_missing": "include"}},
    "a filter in a selector": {"data_selector": "items[?(@.id > 0)]"},
}


@pytest.mark.parametrize("later", LATER.values(), ids=LATER.keys())
def test_objects_are_typed_when_they_are_complete(serve, later):
    config = one_stream(serve, PLAIN, {"o": {"type": ["object", "null"]}}, **later)
    fast = written(config)

    assert fast.typed == 2
    assert same(fast, written_by_the_sdk(config))


def test_rows_in_records_are_typed(serve):
    server = serve(by_path({"/p": Answer(200, '{"items": [{"id": 1, "rows": [{"n": 1.50}, {"n": 2}]}]}')}))
    rows = {"name": "rows", "primary_key": "n", "expand": {"resource": "p", "rows": [{"path": "rows"}]}}
    config = api(server.url, resource("p"), rows)
    fast = written(config)

    assert fast.typed == 3
    assert same(fast, written_by_the_sdk(config))


def test_batches_are_made_of_objects(serve, tmp_path):
    batch = {"encoding": {"format": "jsonl", "compression": "none"}, "storage": {"root": f"file://{tmp_path}"}}
    found = written(one_stream(serve, PLAIN, more={"batch_config": batch}))

    assert (found.typed, len(found.of("BATCH", "things")), found.of("RECORD", "things")) == (0, 1, [])


def test_what_processing_steps_leave_is_typed(serve):
    config = one_stream(serve, PLAIN)
    config["resources"][0]["processing_steps"] = [{"filter": "record.id == 2"}]
    found = written(config)

    assert (found.typed, [record["record"]["id"][1] for record in found.of("RECORD", "things")]) == (1, [2])
    assert same(found, written_by_the_sdk(config))


def test_a_step_may_change_what_comes_from_the_parent(serve):
    server = serve(by_path({"/p": {"items": [{"id": 1}]}, "/p/1/c": {"items": [{"id": 2}]}}))
    child = resource("c", "/p/{resources.p.id}/c", resource_={"include_from_parent": ["id"]})
    child["processing_steps"] = [{"map": {"set": {"_p_id": "record._p_id + 10"}}}]
    config = api(server.url, resource("p"), child)
    found = written(config)

    assert [record["record"]["_p_id"][1] for record in found.of("RECORD", "c")] == [11]
    assert (found.typed, same(found, written_by_the_sdk(config))) == (2, True)


def test_a_name_that_cannot_be_compiled_is_no_obstacle(serve):
    config = one_stream(serve, '[{"id": 1, "q\\"": 2}]', {'q"': {"type": "integer"}})
    fast = written(config)

    assert fast.typed == 0
    assert same(fast, written_by_the_sdk(config))


def test_a_key_of_any_type_is_never_null(serve):
    config = one_stream(serve, '[{"id": null}]', {"id": {}})

    assert written(config).error is RecordError
    assert written(one_stream(serve, '[{"id": [1]}]', {"id": {"type": ["array", "string", "null"]}})).typed == 1


def test_a_stream_without_records_says_no_more_than_on_the_path_of_the_sdk(serve):
    config = one_stream(serve, "[]")

    assert same(written(config), written_by_the_sdk(config))


# What a child carries


CARRIED = ["1", "0", '"x"', "1.50", "null", "true", '{"b": 1}', "1e400"]


@pytest.mark.parametrize("kind", ["integer", ["string", "null"], "number", "boolean", "object"])
@pytest.mark.parametrize("selected", [True, False])
def test_what_is_carried_is_as_the_sdk_would_write_it(serve, kind, selected):
    parents = ",".join(f'{{"id": {number}, "v": {value}}}' for number, value in enumerate(CARRIED, 1))
    children = {
        f"/p/{number}/c": Answer(200, f'{{"items": [{{"id": {number}, "_p_v": "its own"}}, {{"id": 9}}]}}')
        for number in range(1, len(CARRIED) + 1)
    }
    server = serve(by_path({"/p": Answer(200, f'{{"items": [{parents}]}}'), **children}))
    known = {"schema": {"properties": {"id": {"type": "integer"}, "_p_v": {"type": kind}}}}
    carrying = resource("c", "/p/{resources.p.id}/c", resource_={**known, "include_from_parent": ["v"]})
    config = api(server.url, resource("p", resource_={"schema": {"properties": {"id": {"type": "integer"}}}}), carrying)
    places = [] if selected else [("properties", "_p_v")]
    fast, slow = (run(config, catalog=catalog(config, places)) for run in (written, written_by_the_sdk))

    assert fast.typed > 0
    assert same(fast, slow)
    assert any("_p_v" in record["record"] for record in fast.of("RECORD", "c")) == selected


# Records that are bytes, for those who look at the body


USES = {
    "len": len,
    "list": list,
    "last": lambda rows: next(reversed(rows)),
    "from the end": lambda rows: rows[-1],
    "part": lambda rows: rows[:1],
    "plus": lambda rows: rows + [3],  # noqa: RUF005 (what an expression does)
    "plus rows": lambda rows: [0] + rows,  # noqa: RUF005
    "in": lambda rows: 2 in rows,
    "equal": lambda rows: rows == [1, 2],
    "true": bool,
    "text": str,
}


@pytest.mark.parametrize("use", USES.values(), ids=USES.keys())
def test_rows_are_a_list_for_those_who_look_at_them(use):
    assert use(Rows(lambda: [1, 2])) == use([1, 2])


def test_an_expression_sees_the_records_of_a_body(serve):
    pages = [Answer(200, f'{{"items": {PLAIN}, "next": "A"}}'), Answer(200, '{"items": [{"id": 3}]}')]
    server = serve(lambda asked: pages[len(asked.query)])
    known = {"schema": {"properties": {"id": {"type": "integer"}, "x": {"type": "string"}}}}
    stop = {**PAGED, "stop_condition": "(response.items|last).id == 2"}
    found = written({**api(server.url, resource("things", paginator=stop, resource_=known)), "concurrency": 1})

    assert (found.typed, found.error, len(server.asked)) == (2, None, 1)


# Bytes that must not pass as they are


def test_a_pretty_body_stays_one_line_for_each_record(serve):
    pretty = json.dumps({"items": [{"id": 1, "o": {"a": [1, {"b": "x\n"}]}, "x": "a\r\nb"}]}, indent=4)
    found = written(one_stream(serve, pretty.replace("\n", "\r\n"), {"o": {"type": "object"}}))

    assert found.typed == 1
    assert found.of("RECORD", "things")[0]["record"] == {
        "id": ("number", 1),
        "o": {"a": [("number", 1), {"b": "x\n"}]},
        "x": "a\r\nb",
    }


@pytest.mark.parametrize("place", ['"x": "\udcff"', '"o": {"a": "\udcff"}', '"o": {"\udcff": 1}'])
def test_bytes_that_are_no_utf8_do_not_pass(serve, place):
    body = f'{{"items": [{{"id": 1, {place}}}]}}'.encode("utf-8", "surrogateescape")
    server = serve(by_path({"/things": Answer(200, body)}))
    known = {"schema": {"properties": {"id": {"type": "integer"}, "x": {"type": "string"}, "o": {"type": "object"}}}}
    found = written(api(server.url, resource("things", resource_=known)))

    assert (found.error, found.of("RECORD", "things")) == (ReplyError, [])


@pytest.mark.parametrize("body", ["[{]", '[{"id": 1}', '[{"id": 1}] x', '[{"id": 1, "x": "\\ud800"}]', '[{"id": NaN}]'])
def test_a_list_that_is_no_json_is_an_error_that_shows_the_body(serve, body):
    config = one_stream(serve, "{}", data_selector="$")
    config["client"]["base_url"] = serve(lambda _: Answer(200, body)).url

    with pytest.raises(ReplyError, match=r"the first page.*the body is not JSON .*; status 200, .*body: \["):
        TapRestGeneric(config=config).sync_all()


@pytest.mark.parametrize("body", ["", " ", "\r\n", "\ufeff"])
def test_an_empty_body_has_no_records(serve, body):
    config = one_stream(serve, "{}")
    config["client"]["base_url"] = serve(lambda _: Answer(200, body)).url
    found = written(config)

    assert (found.error, found.of("RECORD", "things")) == (None, [])


def test_numbers_are_written_as_the_api_wrote_them(serve):
    texts = ["1.10", "0.1000000000000000055511151231257827", "12345678901234567890123", "1E-7", "-0.0", "1e400"]
    items = ",".join(f'{{"id": {number}, "v": {text}}}' for number, text in enumerate(texts))
    found = written(one_stream(serve, f"[{items}]", {"v": {"type": "number"}}))
    undeclared = written(one_stream(serve, f'[{items}, {{"id": 9, "new": 1}}]', {"v": {"type": "number"}}))

    assert (found.typed, undeclared.typed) == (0, 0)  # 1e400 is beyond the check of the fast path
    for each in (found, undeclared):
        assert [str(record["record"]["v"][1]) for record in each.of("RECORD", "things")[:6]] == [
            str(Decimal(text)) for text in texts
        ]
