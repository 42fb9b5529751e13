"""Does the demo notice what is not as it should be?"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from datetime import datetime, timezone
from decimal import Decimal

import pytest
from shell import clean

from demo.comparison import compare
from demo.definitions import resources
from demo.project import CHECKOUT

RECORD = {
    "id": "a",
    "madeAt": "2026-01-01T01:00:00.500+01:00",
    "price": 1.5,
    "on": True,
    "tags": ["x", None],
    "inside": {"n": 1, "deep": [{"m": None}]},
    "gone": None,
}
IN_POSTGRES = {
    "id": "a",
    "made_at": datetime.fromisoformat("2026-01-01T00:00:00.500"),
    "price": Decimal("1.50"),
    "on": True,
    "tags": ["x", None],
    "inside": {"deep": [{"m": None}], "n": 1},
    "gone": None,
    "_sdc_sequence": 7,
}
IN_DUCKDB = {
    "id": "a",
    "madeat": datetime(2026, 1, 1, 0, 0, 0, 500000, tzinfo=timezone.utc),
    "price": 1.5,
    "on": True,
    "tags": '["x", null]',
    "inside": '{"n": 1, "deep": [{"m": null}]}',
}


@pytest.mark.parametrize("row", [IN_POSTGRES, IN_DUCKDB], ids=["postgres", "duckdb"])
def test_a_record_equals_its_row_in_the_form_a_database_gives_it(row):
    assert compare([RECORD], [row]).agrees


@pytest.mark.parametrize(
    "change",
    [
        {"id": "b"},
        {"made_at": datetime.fromisoformat("2026-01-01T01:00:00.500")},
        {"price": Decimal("1.51")},
        {"on": None},
        {"on": 1},
        {"tags": ["x"]},
        {"inside": {"n": 1, "deep": []}},
        {"gone": "here"},
    ],
)
def test_a_changed_value_is_a_difference(change):
    assert not compare([RECORD], [{**IN_POSTGRES, **change}]).agrees


@pytest.mark.parametrize("rows", [None, [], [IN_POSTGRES, IN_POSTGRES], [IN_POSTGRES, {**IN_POSTGRES, "id": "b"}]])
def test_missing_doubled_and_surplus_rows_are_a_difference(rows):
    assert not compare([RECORD], rows).agrees


def test_a_table_without_a_key_holds_each_record_once_per_run():
    assert compare([RECORD], [IN_POSTGRES, IN_POSTGRES], times=2).agrees
    assert not compare([RECORD], [IN_POSTGRES], times=2).agrees


def test_a_request_belongs_to_the_resource_whose_path_it_asked_for(sandbox):
    by_name = {resource.name: resource for resource in resources("ci")}
    pattern = by_name["workflow_jobs"].path
    assert pattern.fullmatch("/v2/workflow/7f-3c/job")
    assert not pattern.fullmatch("/v2/workflow/7f-3c")


@pytest.mark.slow
def is_gone(group):
    """Whether a group of processes ends within five seconds: the last of them may take a moment."""
    for _ in range(50):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


def test_an_interrupted_demo_stops_what_it_started(installed, tmp_path):
    demo = subprocess.Popen(
        [sys.executable, "-m", "demo", "duckdb"],
        cwd=CHECKOUT,
        env=clean(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    said = [demo.stdout.readline()]
    while "first run" not in said[-1]:
        said.append(demo.stdout.readline())
        assert said[-1], "".join(said)
    address = said[0].split()[1].removeprefix("http://")

    os.kill(demo.pid, signal.SIGTERM)
    demo.communicate(timeout=60)

    assert demo.returncode == 143
    host, _, port = address.partition(":")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), timeout=5)
    assert is_gone(demo.pid)
