"""What does a resource look like over the defaults? The rows are in cases/merging.yaml."""

import copy
from pathlib import Path

import pytest
import yaml

from tap_restgeneric.dialect.merging import laid_over, stands_in_defaults, with_defaults

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "merging.yaml").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_resource_over_defaults(case):
    merged = with_defaults(case["defaults"], case["entry"])
    assert merged == case["merged"]
    assert list(merged["endpoint"].get("params") or {}) == list(case["merged"]["endpoint"].get("params") or {})


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_nothing_passed_in_is_changed(case):
    before = copy.deepcopy(case)
    with_defaults(case["defaults"], case["entry"])
    assert case == before


def test_a_resource_laid_over_another_keeps_its_path():
    known = {"name": "x", "endpoint": {"path": "p", "method": "POST"}}
    assert laid_over(known, {"name": "x", "endpoint": {"method": "GET"}}) == {
        "name": "x",
        "endpoint": {"path": "p", "method": "GET"},
    }


DEFAULTS = {
    "primary_key": 5,
    "endpoint": {"params": {"a": 1, "b": 2}, "headers": {"A": 1}, "paginator": {"type": "offset"}},
    "columns": {"a": {"data_type": "odd"}},
}
ENTRY = {
    "name": "x",
    "endpoint": {"params": {"b": 3}, "headers": {"B": 2}, "json": {}},
    "columns": {"a": {"nullable": True}},
}
WRITTEN_IN_DEFAULTS = {
    ("primary_key",): True,
    ("name",): False,
    ("selected",): False,
    ("endpoint", "params", "a"): True,
    ("endpoint", "params", "b"): False,
    ("endpoint", "headers", "A"): False,
    ("endpoint", "headers", "B"): False,
    ("endpoint", "json", "a"): False,
    ("endpoint", "paginator"): True,
    ("endpoint", "paginator", "limit"): True,
    ("endpoint", "path"): False,
    ("columns", "a", "data_type"): True,
    ("columns", "a", "nullable"): False,
    (): False,
}


@pytest.mark.parametrize(("steps", "in_defaults"), WRITTEN_IN_DEFAULTS.items(), ids=str)
def test_where_a_key_of_a_merged_resource_was_written(steps, in_defaults):
    assert stands_in_defaults(DEFAULTS, ENTRY, steps) is in_defaults
