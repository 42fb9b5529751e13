"""Is the target right after a run was broken off? A small part of `make crash`, which tries every point and way."""

from __future__ import annotations

import pytest
from crash_driver import driving
from crash_faults import FAULTS
from crash_kinds import KINDS

PLACES = range(len(KINDS))
NAMES = [kind.name for kind in KINDS]


@pytest.mark.parametrize("place", PLACES, ids=NAMES)
def test_nothing_is_lost_wherever_a_run_stops(place):
    with driving(KINDS[place], (1, 16)[place % 2]) as driver:
        driver.lines(every=47)

    assert driver.wrong == []
    assert driver.counts["stopped after a line"] > 6


@pytest.mark.parametrize("place", PLACES, ids=NAMES)
def test_nothing_is_lost_however_an_exchange_fails(place):
    faults = [fault for fault in FAULTS[place % 4 :: 4] if not fault.slow or place % 4 == 0]
    with driving(KINDS[place], (16, 1)[place % 2]) as driver:
        driver.exchanges(faults, every=38, begin=place * 5)

    assert driver.wrong == []
    assert driver.counts["failed at an exchange"] >= len(faults)
