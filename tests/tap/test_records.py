"""What is promised about records, and what happens where the API does not keep it?"""

from __future__ import annotations

import logging

import pytest
from scripted import by_path
from tapping import api, made, resource, run

from tap_restgeneric.errors import RecordError

PAGED = {"type": "cursor", "cursor_param": "after", "cursor_path": "next"}
KNOWN = {"schema": {"properties": {"id": {"type": ["integer", "null"]}, "name": {"type": ["string", "null"]}}}}
SURPRISE = {"items": [{"id": 1, "name": "a"}, {"id": 2, "name": "b", "new": 1, "newer": {"x": 2}}, {"id": 3, "new": 2}]}


def things(serve, records, *, settings=None, resource_=KNOWN, **endpoint):
    server = serve(by_path({"/things": records}))
    return {**api(server.url, resource("things", resource_=resource_, **endpoint)), **(settings or {})}


# Fields the schema does not know


def test_undeclared_fields_are_dropped_with_one_warning_each(serve, caplog):
    with caplog.at_level(logging.WARNING):
        found = run(things(serve, SURPRISE))

    assert found.records("things") == [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}, {"id": 3}]
    assert [each.split(":")[0] for each in found.warnings("things")] == [
        "field 'new' is not in the schema",
        "field 'newer' is not in the schema",
    ]
    assert dict(found.tap.report.tallies["things"].undeclared) == {"new": 2, "newer": 1}
    assert len([each for each in caplog.records if "'new'" in each.getMessage()]) == 1


def test_undeclared_fields_are_counted_in_the_report(serve, caplog):
    with caplog.at_level(logging.INFO):
        run(things(serve, SURPRISE))

    (line,) = [each.getMessage() for each in caplog.records if "undeclared fields" in each.getMessage()]
    assert "'new': 2" in line
    assert "'newer': 1" in line


def test_undeclared_fields_can_be_collected(serve):
    found = run(things(serve, SURPRISE, settings={"undeclared_fields": "collect"}))

    assert found.records("things") == [
        {"id": 1, "name": "a"},
        {"id": 2, "name": "b", "_sdc_undeclared": {"new": 1, "newer": {"x": 2}}},
        {"id": 3, "_sdc_undeclared": {"new": 2}},
    ]
    assert found.schema("things")["schema"]["properties"]["_sdc_undeclared"]["type"] == ["object", "null"]


def test_undeclared_fields_can_be_an_error(serve):
    with pytest.raises(RecordError, match=r"stream 'things'.*field 'new' is not in the schema"):
        run(things(serve, SURPRISE, settings={"undeclared_fields": "fail"}))


def test_nested_objects_keep_what_the_api_adds_to_them(serve):
    known = {"schema": {"properties": {"id": {"type": "integer"}, "o": {"type": "object", "properties": {"a": {}}}}}}
    found = run(things(serve, {"items": [{"id": 1, "o": {"a": 1, "b": 2}}]}, resource_=known))

    assert found.records("things") == [{"id": 1, "o": {"a": 1, "b": 2}}]


# Keys


@pytest.mark.parametrize(("record", "state"), [({"id": None, "name": "x"}, "null"), ({"name": "x"}, "missing")])
def test_a_record_without_its_key_is_an_error_that_names_the_stream(serve, record, state):
    with pytest.raises(RecordError, match=f"stream 'things'.*primary key 'id' is {state} in a record"):
        run(things(serve, {"items": [{"id": 1}, record]}))


def test_a_record_without_its_key_is_an_error_that_names_the_page(serve):
    pages = {None: {"items": [{"id": 1}], "next": "A"}, "A": {"items": [{"name": "x"}]}}
    config = things(serve, lambda asked: pages[dict(asked.query).get("after")], paginator=PAGED)

    with pytest.raises(RecordError, match=r"stream 'things', cursor 'A': primary key 'id' is missing"):
        run(config)


def test_a_key_that_no_sampled_record_has_is_not_announced(serve, caplog):
    with caplog.at_level(logging.WARNING):
        found = run(things(serve, {"items": [{"name": "a"}, {"name": "b"}]}, resource_={}))

    assert found.schema("things")["key_properties"] == []
    assert found.records("things") == [{"name": "a"}, {"name": "b"}]
    assert [each.getMessage() for each in caplog.records if "primary_key" in each.getMessage()] == [
        "stream 'things': primary_key 'id' is in none of 2 sampled records: the stream is announced without a key"
    ]


def test_several_keys_are_announced_in_their_order(serve):
    records = {"items": [{"id": 1, "a": 1, "b": 2}]}
    found = run(things(serve, records, resource_={"primary_key": ["b", "a"]}))

    assert found.schema("things")["key_properties"] == ["b", "a"]


def test_without_records_the_key_and_cursor_stand_in_the_schema(serve):
    found = run(things(serve, {"items": []}, resource_={}, incremental={"cursor_path": "changed"}))

    assert found.schema("things")["key_properties"] == ["id"]
    assert sorted(found.schema("things")["schema"]["properties"]) == ["changed", "id"]


# Other shapes


def test_records_that_are_no_objects_are_an_error(serve):
    with pytest.raises(RecordError, match=r"stream 'things', the first page: record 2 of a page is a text"):
        run(things(serve, {"items": [{"id": 1}, "two"]}))


def test_a_selector_that_matches_nothing_is_a_warning_with_the_keys_there_are(serve):
    found = run(things(serve, {"data": [{"id": 1}], "meta": {}}))

    (warning,) = found.warnings("things")
    assert warning.startswith("data_selector items matches nothing; the body has ")
    assert "data" in warning


def test_numbers_are_written_as_the_api_wrote_them(serve):
    known = {"schema": {"properties": {"id": {"type": "integer"}, "price": {"type": "number"}}}}
    records = {"items": [{"id": 9007199254740993, "price": 0.1}]}
    found = run(things(serve, records, resource_=known))

    assert found.records("things") == [{"id": 9007199254740993, "price": 0.1}]


def test_a_type_that_the_schema_does_not_say_is_a_warning(serve):
    found = run(things(serve, {"items": [{"id": 1, "name": 5}, {"id": 2, "name": 6}]}))

    assert len(found.records("things")) == 2
    assert len(found.warnings("things")) == 1
    assert "'name'" in found.warnings("things")[0]


def test_every_stream_ends_with_a_line_and_the_run_with_a_summary(serve, caplog):
    with caplog.at_level(logging.INFO):
        run(things(serve, {"items": [{"id": 1}, {"id": 2}]}))
    lines = [each.getMessage() for each in caplog.records if each.name == "tap-restgeneric"]

    assert any("stream 'things': 2 records, 1 pages, 1 requests, 0 retries" in line for line in lines)
    assert any("ended: single_page" in line for line in lines)
    assert lines[-1].startswith("1 streams, 2 records, 1 requests, 0 retries, 0 warnings")


@pytest.mark.parametrize("catalogued", [False, True])
def test_objects_in_a_list_of_which_nothing_is_known_are_kept_whole(serve, catalogued):
    schema = {"properties": {"id": {"type": "integer"}, "tags": {"type": "array", "items": {"type": "object"}}}}
    records = {"items": [{"id": 1, "tags": [{"a": {"b": 1}}, {}]}, {"id": 2, "tags": None, "new": 1}]}
    config = things(serve, records, resource_={"primary_key": "id", "schema": schema})
    catalog = made(config).catalog_dict if catalogued else None
    if catalog:
        catalog["streams"][0]["schema"]["properties"] = schema["properties"]

    assert run(config, catalog=catalog).records("things") == [
        {"id": 1, "tags": [{"a": {"b": 1}}, {}]},
        {"id": 2, "tags": None},
    ]
