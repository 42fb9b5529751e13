"""When may the next request go out?"""

from __future__ import annotations

import time

import pytest
from rig import QuickClock, Rig
from scripted import Answer

LIMITS = [(1, 1), (3, 10), (10, 60), (4, 0.3), (2, 0.1)]


def most_in_a_window(times: list[float], seconds: float) -> int:
    return max(sum(begin <= time < begin + seconds for time in times) for begin in times)


def timed(serve, answers=(), **kwargs):
    """A rig, and the times at which its requests arrived."""
    times, scripted = [], iter(answers)

    def answer(_):
        times.append(rig.clock.time)
        return next(scripted, {})

    rig = Rig(serve(answer).url, **kwargs)
    return rig, times


@pytest.mark.parametrize(("requests", "seconds"), LIMITS)
@pytest.mark.parametrize("where", ["tap", "client", "resource"])
def test_no_window_ever_holds_more_than_the_limit(serve, where, requests, seconds):
    limit = {"requests": requests, "seconds": seconds}
    places = {
        "tap": {"rate_limit": limit},
        "client": {"client": {"rate_limit": limit}},
        "resource": {"resource": {"rate_limit": limit}},
    }
    rig, times = timed(serve, **places[where])
    for turn in range(requests * 3 + 1):
        rig.ask()
        rig.clock.time += seconds / 7 * (turn % 3)

    assert len(times) == requests * 3 + 1
    # A millionth is left to the rounding of a large clock.
    assert most_in_a_window(times, seconds * (1 - 1e-6)) <= requests


def test_a_limit_costs_nothing_while_it_is_not_reached(serve):
    rig, _ = timed(serve, rate_limit={"requests": 5, "seconds": 60})
    for _ in range(5):
        rig.ask()

    assert rig.clock.slept == []


def test_retries_count_against_the_limit(serve):
    limit = {"requests": 2, "seconds": 100}
    rig, times = timed(serve, [Answer(500)] * 3, rate_limit=limit)
    rig.ask()

    assert len(times) == 4
    assert most_in_a_window(times, 99.9) == 2


def test_limits_of_tap_client_and_resource_hold_together(serve):
    rig, times = timed(
        serve,
        rate_limit={"requests": 5, "seconds": 10},
        client={"rate_limit": {"requests": 7, "seconds": 60}},
        resource={"rate_limit": {"requests": 2, "seconds": 3}},
    )
    for _ in range(20):
        rig.ask()

    assert most_in_a_window(times, 9.99) <= 5
    assert most_in_a_window(times, 59.9) <= 7
    assert most_in_a_window(times, 2.99) <= 2


def test_a_request_that_was_held_back_counts_from_when_it_went_out(serve):
    # What waits at one limit must not have been counted by another long before.
    rig, times = timed(
        serve, [Answer(429, headers={"Retry-After": "9"})], resource={"rate_limit": {"requests": 2, "seconds": 10}}
    )
    for _ in range(5):
        rig.ask()

    assert most_in_a_window(times, 9.99) <= 2


@pytest.mark.parametrize("latency", [0, 0.01, 0.5, 3])
def test_a_tenth_of_the_limit_is_lost_at_most_however_slow_the_api_is(serve, latency):
    def answer(_):
        # Half of it on the way there.
        times.append(rig.clock.time + latency / 2)
        rig.clock.time += latency
        return {}

    times = []
    rig = Rig(serve(answer).url, rate_limit={"requests": 20, "seconds": 10})
    for _ in range(100):
        rig.ask()

    assert most_in_a_window(times, 9.99) <= 20
    assert times[-1] - times[0] <= max(4 * 10, 99 * latency) * 1.1


def arriving(serve, **kwargs):
    """A rig in true time, and when its requests arrived."""
    times = []

    def answer(_):
        times.append(time.monotonic())
        return {}

    return Rig(serve(answer).url, clock=QuickClock(1), **kwargs), times


def test_many_at_once_keep_to_the_limit(serve):
    rig, times = arriving(serve, rate_limit={"requests": 20, "seconds": 2})
    rig.ask_at_once(40)

    assert len(times) == 40
    assert most_in_a_window(times, 2) <= 20


def test_limits_of_tap_client_and_resource_hold_together_for_many_at_once(serve):
    rig, times = arriving(
        serve,
        rate_limit={"requests": 10, "seconds": 3},
        client={"rate_limit": {"requests": 7, "seconds": 2}},
        resource={"rate_limit": {"requests": 3, "seconds": 0.8}},
    )
    rig.ask_at_once(13)

    assert most_in_a_window(times, 3) <= 10
    assert most_in_a_window(times, 2) <= 7
    assert most_in_a_window(times, 0.8) <= 3
