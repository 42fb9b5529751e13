"""Does the tap keep its promise whatever an API replies? The short form of `make chaos`."""

from __future__ import annotations

import pytest
from hostile.chaos import ROWS, SHORT, Table
from hostile.nursery import Nursery


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    with Nursery() as nursery:
        yield Table(nursery, tmp_path_factory.mktemp("chaos"))


def test_the_table_is_as_long_as_it_should_be():
    assert len(ROWS) > 200
    assert len({row.name for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", SHORT, ids=lambda row: row.name)
def test_it_ends_in_bounds_with_one_clear_message_all_delivered_and_no_secret(table, row):
    assert table.broken(row) == []
