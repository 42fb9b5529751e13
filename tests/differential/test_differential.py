from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from comparison import rows

ROWS = rows()
SAME = [row for row in ROWS if not row.differs and not row.refused]
WITH_PAGES = [row for row in SAME if row.table in {"detection", "incremental", "paging", "parents"} and not row.bug]


def _table(found):
    return [
        pytest.param(row, id=row.row, marks=[pytest.mark.xfail(strict=True, reason=row.bug)] if row.bug else [])
        for row in found
    ]


@pytest.mark.parametrize("row", _table(SAME))
def test_both_read_the_same_records_with_the_same_requests(row, dlt, here):
    theirs, ours = dlt.runs(row), here.runs(row)
    assert [run.error for run in theirs] == [None] * len(row.runs)
    assert ours == theirs
    assert bool(theirs[-1].records) is (row.nothing is None)


@pytest.mark.parametrize("row", _table(row for row in ROWS if row.refused))
def test_both_refuse(row, dlt, here):
    theirs, ours = dlt.runs(row)[-1], here.runs(row)[-1]
    assert [theirs.unmet({"error": row.refused["dlt"]}), ours.unmet({"error": row.refused["here"]})] == [[], []]


@pytest.mark.parametrize("row", _table(row for row in ROWS if row.differs))
def test_they_differ_as_decided(row, dlt, here):
    *theirs_before, theirs = dlt.runs(row)
    *ours_before, ours = here.runs(row)
    assert [theirs.unmet(row.differs["dlt"]), ours.unmet(row.differs["here"])] == [[], []]
    assert ours_before == theirs_before
    assert ours != theirs


@pytest.mark.parametrize("row", _table(WITH_PAGES))
def test_many_exchanges_at_a_time_read_the_same_records(row, dlt, here):
    at_once = replace(row, settings={**row.settings, "concurrency": 8})
    assert [run.records for run in here.runs(at_once)] == [run.records for run in dlt.runs(row)]


def test_every_difference_says_why():
    unexplained = [row.row for row in ROWS if row.differs and {"why", "design", "dlt", "here"} != set(row.differs)]
    assert unexplained == []


def test_no_row_is_named_twice():
    assert [name for name, count in Counter(row.row for row in ROWS).items() if count > 1] == []
