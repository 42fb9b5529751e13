"""How does the client treat an API that has too much to do?"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from rig import QuickClock, Rig
from scripted import Answer, Server, serving

from tap_restgeneric.engine.gate import Gates
from tap_restgeneric.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scripted import Asked


class Strict(Server):
    """Refuses what it does not like, at once; answers the rest with its `n`, after a while.

    Args:
        likes: Whether a request is answered, from it and the number of those under way, itself included.
        busy: The refusal.
        seconds: Time that an answer takes.

    Attributes:
        arrived: When each request came.
        under_way: How many requests were in its hands, itself included, when each came.
        refused: The numbers of the requests that were refused.
    """

    def __init__(self, likes: Callable[[Asked, int], bool], busy: Answer, seconds: float) -> None:
        super().__init__([])
        self._likes = likes
        self._busy = busy
        self._seconds = seconds
        self._inside = 0
        self._entering = threading.Lock()
        self.arrived: list[float] = []
        self.under_way: list[int] = []
        self.refused: list[int] = []

    def answer_to(self, asked: Asked) -> Any:
        number = int(dict(asked.query)["n"])
        with self._entering:
            self._inside += 1
            self.arrived.append(time.monotonic())
            self.under_way.append(self._inside)
            likes = self._likes(asked, self._inside)
        try:
            if likes:
                time.sleep(self._seconds)
                return {"n": number}
            self.refused.append(number)
            return self._busy
        finally:
            with self._entering:
                self._inside -= 1


@contextmanager
def strict(
    likes: Callable[[Asked, int], bool], busy: Answer | None = None, seconds: float = 0.01
) -> Iterator[tuple[Strict, Rig]]:
    """A strict server, and a client of it in whose time a second takes a fiftieth."""
    with serving(Strict(likes, busy or Answer(429), seconds)) as server:
        yield server, Rig(server.url, clock=QuickClock(50), error_handler={"max_retries": 1})


def numbers(count: int) -> list[Any]:
    return [{"n": number} for number in range(count)]


@pytest.mark.parametrize("status", [429, 503])
def test_an_api_that_bears_two_at_once_is_read_in_whole(status):
    with strict(lambda _, inside: inside <= 2, Answer(status), seconds=0.005) as (server, rig):
        assert rig.ask_at_once(150) == numbers(150)

    # Fourteen of the first sixteen cannot be helped.
    assert len(server.refused) < 14 + 150 * 0.1
    assert not rig.tally.warnings


def test_an_api_that_bears_so_many_in_a_time_is_read_in_whole():
    seen: list[float] = []

    def likes(*_: Any) -> bool:
        now = time.monotonic()
        seen[:] = [each for each in seen if each > now - 0.2]
        seen.extend([now] * (len(seen) < 10))
        return bool(seen) and seen[-1] == now

    # A fifth of a second is ten seconds of the client's time.
    with strict(likes, Answer(429, headers={"Retry-After": "10"}), seconds=0) as (server, rig):
        assert rig.ask_at_once(60) == numbers(60)

    assert len(server.refused) < 30
    assert not rig.tally.warnings


def test_a_refusal_beside_others_uses_up_no_retry():
    first = threading.Barrier(4)

    def answer(asked: Asked) -> Any:
        return Answer(429) if len(server.asked) <= 4 else {"n": int(dict(asked.query)["n"])}

    class Together(Server):
        def answer_to(self, asked: Asked) -> Any:
            if len(self.asked) < 4:
                first.wait(5)
            return super().answer_to(asked)

    with serving(Together(answer)) as server:
        rig = Rig(server.url, clock=QuickClock(50), error_handler={"max_retries": 1})
        bodies = rig.ask_at_once(4)

    assert bodies == numbers(4)
    assert rig.tally.retries == 4


def test_what_is_refused_alone_too_is_given_up_whatever_else_goes_on():
    with strict(lambda asked, _: dict(asked.query)["n"] != "3") as (server, rig):
        with pytest.raises(UnavailableError, match="gave up after"):
            rig.ask_at_once(60, width=4)

        # Once beside others, which does not count, and twice alone.
        assert server.refused.count(3) in (2, 3)


def test_what_was_refused_goes_alone():
    with strict(lambda asked, inside: inside == 1 or dict(asked.query)["n"] != "9", seconds=0.02) as (server, rig):
        assert rig.ask_at_once(40) == numbers(40)

    assert server.refused in ([], [9])


@pytest.mark.parametrize("status", [429, 503])
def test_nobody_asks_before_the_time_that_the_api_names_and_then_one_begins(status):
    refused = threading.Event()

    def likes(*_: Any) -> bool:
        first = not refused.is_set() and len(server.arrived) == 8
        if first:
            refused.set()
        return not first

    with strict(likes, Answer(status, headers={"Retry-After": "25"})) as (server, rig):
        assert rig.ask_at_once(40, width=8) == numbers(40)
        gaps = [after - before for before, after in zip(server.arrived, server.arrived[1:], strict=False)]

    pause = gaps.index(max(gaps))
    assert gaps[pause] >= 0.49
    assert server.under_way[pause + 1 :][:2] == [1, 1]


def test_the_tap_grows_wide_again_with_success():
    with strict(lambda asked, _: not (dict(asked.query)["n"] == "5" and len(server.refused) == 0), seconds=0.03) as (
        server,
        rig,
    ):
        assert rig.ask_at_once(200, width=8) == numbers(200)

    assert max(server.under_way[-60:]) >= 6


def test_another_host_is_not_held_back(serve):
    slow, quick = serve([Answer(429, headers={"Retry-After": "100"})]), serve(lambda _: {})
    rig = Rig(slow.url, client={"allowed_hosts": ["localhost"]}, error_handler={"max_retries": 0})
    with pytest.raises(UnavailableError):
        rig.ask()
    begun = rig.clock.time
    call = rig.call()
    rig.ask(type(call)(url=quick.url.replace("127.0.0.1", "localhost") + "/things"))

    assert rig.clock.time == begun


def test_who_waits_for_a_limit_of_its_own_keeps_no_place_in_a_narrow_lane():
    with strict(lambda _, inside: inside <= 1, seconds=0.005) as (server, rig):
        limited = Rig(server.url, clock=rig.clock, resource={"rate_limit": {"requests": 1, "seconds": 1000}})
        limited.client = rig.client
        limited.ask(limited.call().with_param("n", 0))
        waiting = threading.Thread(target=limited.ask, args=[limited.call().with_param("n", 0)], daemon=True)
        waiting.start()

        assert rig.ask_at_once(30, width=8) == numbers(30)
        assert waiting.is_alive()


def test_those_who_wait_for_room_burn_no_time():
    begin = threading.Event()
    gates = Gates(sleep=time.sleep, now=time.monotonic)
    gates.leave(gates.enter("host", ()), well=False, hold=0)
    held = gates.enter("host", ())

    def waits() -> None:
        begin.wait()
        gates.leave(gates.enter("host", ()), well=True)

    threads = [threading.Thread(target=waits) for _ in range(20)]
    for thread in threads:
        thread.start()
    begin.set()
    time.sleep(0.1)
    before = time.process_time()
    time.sleep(0.3)
    spent = time.process_time() - before
    gates.leave(held, well=True)
    for thread in threads:
        thread.join(5)

    assert spent < 0.1
    assert not any(thread.is_alive() for thread in threads)
