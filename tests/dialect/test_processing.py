"""What becomes of a record before it is delivered? Steps and records give records."""

from __future__ import annotations

import copy
import json
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from tap_restgeneric.dialect.blocks import path_text, problems_of
from tap_restgeneric.dialect.records.processing import ProcessingSteps, applied
from tap_restgeneric.errors import RecordError

CASES = json.loads((Path(__file__).parent / "cases" / "processing.json").read_text(), parse_float=Decimal)

parse = TypeAdapter(ProcessingSteps).validate_python


def named(kind):
    return [pytest.param(case, id=case["case"]) for case in CASES[kind]]


@pytest.mark.parametrize("case", named("steps"))
def test_steps_change_records(case):
    assert applied(parse(case["steps"]), case["records"]) == case["gives"]


@pytest.mark.parametrize("case", named("steps"))
def test_the_records_themselves_stay_as_they_are(case):
    before = copy.deepcopy(case["records"])
    applied(parse(case["steps"]), case["records"])
    assert case["records"] == before


@pytest.mark.parametrize("case", named("failures"))
def test_a_step_that_cannot_be_done_says_where_and_why(case):
    with pytest.raises(RecordError) as failed:
        applied(parse(case["steps"]), [case["record"]])
    assert str(failed.value) == case["message"]


def problems(steps):
    with pytest.raises(ValidationError) as refused:
        parse(steps)
    found = problems_of(refused.value, steps, lambda where: path_text(("processing_steps", *where)))
    return [str(problem) for problem in found]


@pytest.mark.parametrize("case", named("mistakes"))
def test_a_mistake_is_found_when_the_source_is_loaded(case):
    assert problems(case["steps"]) == case["problems"]


def test_a_python_function_is_no_step():
    (problem,) = problems([{"map": str.upper}])
    assert problem == (
        "$.processing_steps[0]: map is a Python function, and a source is never run: "
        "write which fields to set, remove, rename, cast or parse_dates"
    )


def test_a_constant_is_not_shared_between_records():
    one, other = applied(parse([{"map": {"set": {"l": []}}}]), [{}, {}])
    one["l"].append(1)
    assert other == {"l": []}


def test_the_schema_allows_one_key_in_a_step():
    step = TypeAdapter(ProcessingSteps).json_schema()["$defs"]["Step"]
    assert (step["minProperties"], step["maxProperties"]) == (1, 1)


def test_the_schema_allows_flatten_in_short():
    flatten = TypeAdapter(ProcessingSteps).json_schema()["$defs"]["Flatten"]
    assert [kind["type"] for kind in flatten["anyOf"]] == ["object", "array", "string"]
