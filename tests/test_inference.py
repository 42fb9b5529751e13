"""What do these records look like: a table of samples and their schemas, and what holds for all samples."""

import json
from copy import deepcopy
from decimal import Decimal

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_restgeneric.inference import ANYTHING, DEEPEST, SCALARS, infer, merge, widen

TEXT = {"type": ["string", "null"]}
INTEGER = {"type": ["integer", "null"]}
NUMBER = {"type": ["number", "null"]}
BOOLEAN = {"type": ["boolean", "null"]}
DATE_TIME = {"type": ["string", "null"], "format": "date-time"}
FREE = {"type": ["object", "null"], "additionalProperties": True}
PLAIN_ARRAY = {"type": ["array", "null"]}
OBJECT_OR_ARRAY = {"type": ["object", "array", "null"]}
UUID = "1b4e28ba-2fa1-11d2-883f-0016d3cca42{}"


def record(**fields):
    return {"type": "object", "properties": fields}


def an_object(**fields):
    return {"type": ["object", "null"], "properties": fields}


def an_array(items):
    return {"type": ["array", "null"], "items": items}


FIELDS = {
    "texts": (["a", "b"], TEXT),
    "texts and null": (["a", None], TEXT),
    "only null": ([None, None], TEXT),
    "integers": ([1, -2, None], INTEGER),
    "the largest integers of 64 bits": ([2**63 - 1, -(2**63)], INTEGER),
    "an integer beyond 64 bits": ([1, 2**63], SCALARS),
    "a negative integer beyond 64 bits": ([-(2**63) - 1], SCALARS),
    "decimals": ([Decimal("1.5")], NUMBER),
    "decimals that look whole": ([Decimal("1.0")], NUMBER),
    "integers and decimals": ([1, Decimal("1.5"), 2], NUMBER),
    "floats": ([1.5], NUMBER),
    "booleans": ([True, None, False], BOOLEAN),
    "booleans are no integers": ([True, 1], SCALARS),
    "texts and integers": (["a", 1], SCALARS),
    "texts, decimals and booleans": (["a", Decimal("1.5"), True, None], SCALARS),
    "date-times": (["2024-01-31T08:00:00Z", None, "2024-01-31T08:00:00.123456789+02:00"], DATE_TIME),
    "date-times without a zone": (["2024-01-31T08:00:00", "2024-01-31T08:00:00.5"], DATE_TIME),
    "a leap day": (["2024-02-29T23:59:59-23:59"], DATE_TIME),
    "a date-time and another text": (["2024-01-31T08:00:00Z", ""], TEXT),
    "a date-time and an integer": (["2024-01-31T08:00:00Z", 1], SCALARS),
    "dates": (["2024-01-31"], TEXT),
    "a day that is not": (["2023-02-29T00:00:00Z"], TEXT),
    "an hour that is not": (["2024-01-31T24:00:00Z"], TEXT),
    "a leap second": (["2024-06-30T23:59:60Z"], TEXT),
    "a zone that is not": (["2024-01-31T08:00:00+24:00"], TEXT),
    "a compact zone": (["2024-01-31T08:00:00+0100"], TEXT),
    "a blank for the T": (["2024-01-31 08:00:00Z"], TEXT),
    "small letters": (["2024-01-31t08:00:00z"], TEXT),
    "no seconds": (["2024-01-31T08:00Z"], TEXT),
    "digits of another script": (["\uff12\uff10\uff12\uff14-01-31T08:00:00Z"], TEXT),
    "a date-time with a line feed": (["2024-01-31T08:00:00Z\n"], TEXT),
    "numbers in texts": (["1", "2.5"], TEXT),
    "booleans in texts": (["true", "false"], TEXT),
    "objects": (
        [{"b": 1}, None, {"a": "x", "b": Decimal("0.5")}],
        an_object(b=NUMBER, a=TEXT),
    ),
    "objects in objects": ([{"a": {"b": {"c": True}}}], an_object(a=an_object(b=an_object(c=BOOLEAN)))),
    "a field that is null in an object": ([{"a": None}], an_object(a=TEXT)),
    "empty objects": ([{}, {}], FREE),
    "an empty object and another": ([{}, {"a": 1}], an_object(a=INTEGER)),
    "an object and a text": ([{"a": 1}, "x"], ANYTHING),
    "an object and an array": ([{"a": 1}, [1]], OBJECT_OR_ARRAY),
    "an array and a text": ([["a"], "b"], ANYTHING),
    "an object, an array and a boolean": ([{"a": 1}, [1], True], ANYTHING),
    "keys that are numbers": ([{"7": {"a": 1}}, {"12": {"a": 1}}], FREE),
    "keys that are UUIDs": ([{UUID.format(n): n} for n in range(3)], FREE),
    "keys that are long hexadecimal ids": ([{"507f1f77bcf86cd799439011": 1}], FREE),
    "keys that are days": ([{"2024-01-30": 1, "2024-01-31": 2}], FREE),
    "keys that are mostly numbers": ([{"total": 1, "1": 1, "2": 1, "3": 1, "4": 1, "5": 1}], FREE),
    "a few numbers among the keys": ([{"total": 1, "404": 1}], an_object(**{"total": INTEGER, "404": INTEGER})),
    "other keys in every record": ([{f"branch-{n}": {"ok": True}} for n in range(10)], FREE),
    "other keys in every record, values of several types": (
        [{f"option_{n}": n if n % 2 else "x"} for n in range(10)],
        an_object(**{f"option_{n}": INTEGER if n % 2 else TEXT for n in range(10)}),
    ),
    "other keys, but few": (
        [{f"key_{n}": 1} for n in range(9)],
        an_object(**{f"key_{n}": INTEGER for n in range(9)}),
    ),
    "many keys, the same in every record": (
        [{f"key_{n}": 1 for n in range(40)}] * 4,
        an_object(**{f"key_{n}": INTEGER for n in range(40)}),
    ),
    "arrays of texts": ([["a"], [], None, ["b", None]], an_array(TEXT)),
    "arrays of integers": ([[1], [2, None]], an_array(INTEGER)),
    "arrays of booleans": ([[True]], an_array(BOOLEAN)),
    "arrays of date-times": ([["2024-01-31T08:00:00Z"], ["2024-01-31T08:00:00Z"]], an_array(DATE_TIME)),
    "arrays of objects": ([[{"a": 1}], [{"b": "x"}, None]], an_array(an_object(a=INTEGER, b=TEXT))),
    "arrays of empty objects": ([[{}]], an_array(FREE)),
    "arrays of decimals": ([[1, Decimal("2.5")]], PLAIN_ARRAY),
    "arrays of integers beyond 64 bits": ([[1, 2**64]], PLAIN_ARRAY),
    "arrays of several types": ([[1, "a"]], PLAIN_ARRAY),
    "arrays of one type each": ([[1], ["a"]], PLAIN_ARRAY),
    "arrays of arrays": ([[[1], [2, 3]]], PLAIN_ARRAY),
    "arrays of nulls": ([[None]], PLAIN_ARRAY),
    "empty arrays": ([[], []], PLAIN_ARRAY),
}


@pytest.mark.parametrize(("values", "schema"), FIELDS.values(), ids=FIELDS)
def test_infers_a_field(values, schema):
    assert infer([{"x": value} for value in values]) == record(x=schema)


def test_nothing_sampled_gives_no_fields():
    assert infer([]) == record()


def test_records_with_ids_as_keys_are_still_records():
    assert infer([{"1": "a", "2": "b"}]) == record(**{"1": TEXT, "2": TEXT})


def test_fields_stand_in_the_order_of_their_first_appearance():
    schema = infer([{"b": 1, "o": {"z": 1}}, {"a": 1, "b": 2, "o": {"y": 1, "z": 2}}])
    assert (list(schema["properties"]), list(schema["properties"]["o"]["properties"])) == (["b", "o", "a"], ["z", "y"])


def nested(levels, value):
    for _ in range(levels):
        value = {"a": value}
    return value


def test_objects_are_free_below_the_deepest_level():
    schema = infer([nested(DEEPEST + 5, 1)])
    for _ in range(DEEPEST):
        schema = schema["properties"]["a"]
    assert schema == FREE


def test_what_was_kept_below_the_deepest_level_is_free_once_samples_reach_it():
    kept = INTEGER
    for _ in range(DEEPEST + 1):
        kept = an_object(a=kept)
    assert refused(widen(record(a=kept), [nested(DEEPEST + 2, "x")]), [nested(DEEPEST + 2, "x")]) == []


def test_samples_may_be_nested_deeper_than_python_can_follow():
    inner = "x"
    for _ in range(5_000):
        inner = [inner]
    schema = infer([{"a": inner}])
    assert schema == record(a=PLAIN_ARRAY)


def test_a_value_that_is_not_json_is_refused():
    with pytest.raises(TypeError, match="a set is no JSON value"):
        infer([{"a": {1}}])


MERGED = {
    "the same": (TEXT, TEXT, TEXT),
    "integer and number": (INTEGER, NUMBER, NUMBER),
    "date-time and text": (DATE_TIME, TEXT, TEXT),
    "text and boolean": (TEXT, BOOLEAN, SCALARS),
    "scalars and integer": (SCALARS, INTEGER, SCALARS),
    "scalars and object": (SCALARS, an_object(a=TEXT), ANYTHING),
    "object and array": (FREE, PLAIN_ARRAY, OBJECT_OR_ARRAY),
    "object or array, and array": (OBJECT_OR_ARRAY, an_array(TEXT), OBJECT_OR_ARRAY),
    "object or array, and text": (OBJECT_OR_ARRAY, TEXT, ANYTHING),
    "anything and text": (ANYTHING, TEXT, ANYTHING),
    "objects": (an_object(a=INTEGER, b=TEXT), an_object(a=NUMBER, c=TEXT), an_object(a=NUMBER, b=TEXT, c=TEXT)),
    "a free object stays free": (FREE, an_object(a=INTEGER), FREE),
    "arrays of texts and integers": (an_array(TEXT), an_array(INTEGER), PLAIN_ARRAY),
    "arrays of objects": (
        an_array(an_object(a=TEXT)),
        an_array(an_object(b=TEXT)),
        an_array(an_object(a=TEXT, b=TEXT)),
    ),
    "a plain array stays plain": (PLAIN_ARRAY, an_array(TEXT), PLAIN_ARRAY),
    "not nullable, and nullable": ({"type": "string"}, TEXT, TEXT),
    "not nullable, both": ({"type": "integer"}, {"type": "number"}, {"type": "number"}),
    "without a type": ({}, TEXT, {}),
    "a type list that covers": (
        {"type": ["string", "integer", "null"]},
        INTEGER,
        {"type": ["string", "integer", "null"]},
    ),
}


@pytest.mark.parametrize(("one", "other", "merged"), MERGED.values(), ids=MERGED)
@pytest.mark.parametrize("swapped", [False, True])
def test_merges_fields(one, other, merged, swapped):
    one, other = (other, one) if swapped else (one, other)
    assert merge(record(x=one), record(x=other)) == record(x=merged)


def test_merging_keeps_the_order_of_the_first_and_appends_the_second():
    assert list(merge(record(b=TEXT, a=TEXT), record(a=TEXT, c=TEXT, b=TEXT))["properties"]) == ["b", "a", "c"]


def test_merging_leaves_both_as_they_were():
    one, other = record(o=an_object(a=INTEGER)), record(o=an_object(a=TEXT, b=SCALARS))
    before = deepcopy((one, other))
    merge(one, other)["properties"]["o"]["properties"]["b"]["anyOf"].clear()
    assert (one, other) == before


KEPT = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "orders",
    "type": "object",
    "properties": {
        "id": {"type": "integer", "description": "the key"},
        "day": {"type": ["string", "null"], "format": "date"},
        "at": {"type": ["string", "null"], "format": "date-time"},
        "price": {"type": ["number", "null"], "x-unit": "EUR"},
        "rates": {"type": ["array", "null"], "items": {"type": "number"}},
        "who": {"type": ["object", "null"], "properties": {"name": {"type": "string"}}, "additionalProperties": True},
        "tags": {"type": ["object", "null"], "additionalProperties": True},
    },
    "additionalProperties": True,
}


def test_a_kept_schema_that_takes_the_records_stays_as_it_was_written():
    agreeing = [
        {
            "id": 1,
            "at": "2024-01-31T08:00:00Z",
            "day": "2024-01-31",
            "price": 2,
            "who": {"name": "x"},
            "tags": {"a": 1},
        },
        {"id": 2, "at": None, "price": Decimal("2.5"), "who": {}, "tags": {}},
    ]
    assert json.dumps(widen(KEPT, agreeing), indent=2) == json.dumps(KEPT, indent=2)


WIDENED = {
    "a null in a key": ("id", [1, None], {"type": ["integer", "null"], "description": "the key"}),
    "a fraction in an integer": ("id", [Decimal("1.5")], {"type": "number", "description": "the key"}),
    "a text in an integer": ("id", ["x"], SCALARS),
    "another text in a date-time": ("at", ["never"], TEXT),
    "a new field in an object": (
        "who",
        [{"age": 7}],
        {
            "type": ["object", "null"],
            "properties": {"name": {"type": "string"}, "age": INTEGER},
            "additionalProperties": True,
        },
    ),
    "a null in an object": (
        "who",
        [{"name": None}],
        {"type": ["object", "null"], "properties": {"name": TEXT}, "additionalProperties": True},
    ),
    "a new field": ("new", [{"a": []}], an_object(a=PLAIN_ARRAY)),
    "a new field that is null": ("new", [None], TEXT),
    "a new field, never null": ("new", [1], INTEGER),
}


@pytest.mark.parametrize(("name", "values", "schema"), WIDENED.values(), ids=WIDENED)
def test_widens_a_kept_schema(name, values, schema):
    widened = widen(KEPT, [{name: value} for value in values])
    assert widened == {**KEPT, "properties": {**KEPT["properties"], name: schema}}


def test_widens_by_a_schema():
    assert widen(record(a=INTEGER), record(a=NUMBER, b=TEXT)) == record(a=NUMBER, b=TEXT)


def test_constraints_that_the_samples_do_not_have_are_dropped():
    kept = {
        **record(a={"type": "string", "enum": ["x"], "maxLength": 1}),
        "required": ["a"],
        "additionalProperties": False,
    }
    assert widen(kept, [{"a": "yy"}]) == record(a={"type": "string"})


def test_a_kept_schema_without_fields_learns_them():
    assert widen({"type": "object", "additionalProperties": True}, [{"a": 1}]) == {
        **record(a=INTEGER),
        "additionalProperties": True,
    }


SCALAR_VALUES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**66), 2**66)
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "x", "7", "2024-01-31", "2024-01-31T08:00:00Z"])
)
NAMES = st.sampled_from(["a", "b", "c", "1", "2", UUID.format(1)])
VALUES = st.recursive(
    SCALAR_VALUES,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(NAMES, below, max_size=4),
    max_leaves=8,
)
SAMPLES = st.lists(st.dictionaries(NAMES, VALUES, max_size=4), max_size=5)


# Validation is what takes the time, and how much of it a busy machine has says nothing about the code.
quickly = settings(max_examples=40, deadline=None)


def refused(schema, records):
    validator = jsonschema.Draft202012Validator(schema)
    return [sample for sample in records if not validator.is_valid(sample)]


@quickly
@given(SAMPLES)
def test_every_sample_is_valid_by_what_is_inferred(records):
    assert refused(infer(records), records) == []


@quickly
@given(SAMPLES, SAMPLES)
def test_a_merged_schema_accepts_the_samples_of_both(one, other):
    assert refused(merge(infer(one), infer(other)), one + other) == []


@quickly
@given(SAMPLES, SAMPLES)
def test_it_does_not_matter_which_comes_first(one, other):
    assert merge(infer(one), infer(other)) == merge(infer(other), infer(one))


@quickly
@given(SAMPLES, SAMPLES)
def test_merging_the_same_again_changes_nothing(one, other):
    first, second = infer(one), infer(other)
    merged = merge(first, second)
    assert [merge(first, first), merge(merged, second), merge(merged, first)] == [first, merged, merged]


@quickly
@given(SAMPLES, SAMPLES)
def test_widening_refuses_nothing_that_was_accepted_and_nothing_new(kept, records):
    assert refused(widen(infer(kept), records), kept + records) == []


@quickly
@given(SAMPLES)
def test_widening_by_what_was_inferred_from_changes_nothing(records):
    assert widen(infer(records), records) == infer(records)


@quickly
@given(SAMPLES)
def test_every_field_takes_null_and_none_is_required(records):
    names = {name for sample in records for name in sample}
    assert refused(infer(records), [dict.fromkeys(names), {}]) == []
