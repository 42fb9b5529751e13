"""Does a process that runs the tap again and again grow? A small part of `make soak`."""

from __future__ import annotations

from soak import soak


def test_runs_leave_nothing_behind():
    before, after = soak(90, warm=36)

    assert after.threads <= before.threads
    assert after.descriptors <= before.descriptors
    assert after.objects < before.objects + 2_000
