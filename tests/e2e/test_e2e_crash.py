"""Is the database right after the tap, the target or both were killed? A small part of `make crash RUNS=200`."""

from __future__ import annotations

import sys

import pytest
from shell import run

from demo.project import CHECKOUT

pytestmark = pytest.mark.slow

COMMAND = CHECKOUT / "tests" / "crash" / "crash_meltano.py"


def test_nothing_is_lost_when_processes_are_killed(installed):
    done = run(sys.executable, COMMAND, 3, cwd=CHECKOUT, PYTHONPATH=f"{CHECKOUT}:{CHECKOUT / 'tests'}")

    assert done.returncode == 0, done.stdout + done.stderr[-4000:]
    assert "3 runs hit" in done.stdout
    assert done.stdout.endswith(", 0 wrong\n")
