"""Which exchanges run at once, and how far ahead of the pages that are wanted?"""

from __future__ import annotations

import threading
import time
from itertools import islice

import pytest
from latency import serving_slowly
from rig import Rig
from scripted import Answer

from tap_restgeneric.engine.pool import Eager, Pool, ahead, run_side_by_side
from tap_restgeneric.engine.reading import Reading
from tap_restgeneric.errors import ReplyError

COUNTED = {"type": "offset", "limit": 2, "total_path": "total"}
ASSUMED = {"type": "offset", "limit": 2}
NUMBERED = {"type": "page_number", "total_path": "total"}
CURSOR = {"type": "cursor", "cursor_param": "after", "cursor_path": "next"}


def number(asked) -> int:
    return int(dict(asked.query).get("offset") or dict(asked.query).get("page") or dict(asked.query).get("after") or 0)


def entries(asked):
    """Forty entries, by offset, page or cursor."""
    first = number(asked) if "offset" in dict(asked.query) else 2 * number(asked)
    items = [{"id": each} for each in range(first, min(40, first + 2))]
    total = 20 if "page" in dict(asked.query) else 40
    return {"items": items, "total": total, "next": number(asked) + 1 if first < 38 else None}


def reading(server, pool, paginator) -> Reading:
    rig = Rig(server.url, paginator=paginator, data_selector="items", error_handler={"max_retries": 0})
    return Reading(rig.node, rig.client, {}, rig.tally, pool)


def ids(pages) -> list[int]:
    return [record["id"] for page in pages for record in page.records]


# The pool


def test_a_task_runs_before_its_result_is_wanted():
    ran = threading.Event()
    Pool(2).submit(ran.set)

    assert ran.wait(5)


def test_a_pool_of_one_runs_a_task_when_its_result_is_wanted():
    ran = []
    pending = Pool(1).submit(lambda: ran.append("task"))
    ran.append("wanted")
    pending.result()

    assert ran == ["wanted", "task"]


@pytest.mark.parametrize("width", [1, 4])
def test_the_error_of_a_task_comes_with_its_result(width):
    pending = Pool(width).submit(lambda: 1 // 0)

    with pytest.raises(ZeroDivisionError):
        pending.result()


def test_no_more_tasks_run_than_the_pool_is_wide():
    met = threading.Barrier(3)
    inside, most = [], []

    def task():
        inside.append(1)
        most.append(len(inside))
        met.wait(5)
        inside.pop()

    pool = Pool(3)
    for pending in [pool.submit(task) for _ in range(9)]:
        pending.result()

    assert max(most) == 3


def test_a_dropped_task_is_not_begun():
    hold, ran = threading.Event(), []
    pool = Pool(2)
    for _ in range(2):
        pool.submit(lambda: hold.wait(5))
    dropped, wanted = pool.submit(lambda: ran.append("dropped")), pool.submit(lambda: ran.append("wanted"))
    dropped.drop()
    hold.set()
    wanted.result()

    assert ran == ["wanted"]


def test_what_others_want_too_is_begun_although_it_was_dropped():
    begin, ran = threading.Event(), threading.Event()
    pool = Pool(2)
    for _ in range(2):
        pool.submit(lambda: begin.wait(5))
    Eager(pool, 1, is_shared=True).submit(ran.set).drop()
    begin.set()

    assert ran.wait(5)


def test_one_task_after_another_needs_one_worker():
    pool = Pool(8)
    names = set()
    for _ in range(20):
        pool.submit(lambda: names.add(threading.current_thread().name)).result()
        time.sleep(0.002)  # so that the worker waits again

    assert names == {"exchange-1"}


def test_a_task_does_not_wait_behind_one_that_takes_long():
    for _ in range(50):
        pool, over, ran = Pool(2), threading.Event(), threading.Event()
        pool.submit(lambda over=over: over.wait(5))
        time.sleep(0.001)
        pool.submit(ran.set)

        assert ran.wait(2)
        over.set()


def test_a_pool_that_was_closed_has_workers_again_for_what_comes_then():
    pool = Pool(4)
    for _ in range(3):
        assert [pool.submit(lambda: 1).result() for _ in range(8)] == [1] * 8
        time.sleep(0.002)  # so that the workers wait
        pool.close(1)


def test_workers_go_with_their_pool():
    pool = Pool(3)
    worker = pool.submit(threading.current_thread).result()
    del pool
    worker.join(5)

    assert not worker.is_alive()


def test_the_first_error_stops_what_has_not_begun():
    ran = []

    def failing():
        raise ReplyError("no")

    errors = run_side_by_side([failing, lambda: ran.append(1)], 1)

    assert ([type(error) for error in errors], ran) == ([ReplyError], [])


def test_what_is_running_beside_an_error_comes_to_its_end():
    begun, failed, ran = threading.Event(), threading.Event(), []

    def failing():
        begun.wait(5)
        failed.set()
        raise ReplyError("no")

    def working():
        begun.set()
        failed.wait(5)
        ran.append(1)

    errors = run_side_by_side([failing, working], 2)

    assert ([type(error) for error in errors], ran) == ([ReplyError], [1])


# Items that begin before their turn


class Item:
    """Tells what becomes of it."""

    def __init__(self, name, told):
        self._name, self._told = name, told

    def begin(self):
        self._told.append(f"begin {self._name}")

    def drop(self):
        self._told.append(f"drop {self._name}")


def items_until_an_error(count, told):
    yield from (Item(number, told) for number in range(count))
    raise ReplyError("no")


@pytest.mark.parametrize(("window", "before"), [(0, []), (2, ["begin 0", "begin 1", "begin 2"])])
def test_so_many_items_begin_before_their_turn(window, before):
    told = []
    coming = ahead(items_until_an_error(5, told), window)
    next(coming)

    assert told == before


@pytest.mark.parametrize("window", [0, 2, 9])
def test_an_error_in_making_items_comes_behind_those_that_were_made(window):
    came = []
    with pytest.raises(ReplyError):  # noqa: PT012 (what came before is what is asked)
        for item in ahead(items_until_an_error(5, []), window):
            came.append(item)  # noqa: PERF402 (a list of all would lose those before the error)

    assert len(came) == 5


def test_items_that_wait_may_be_enough_before_the_window_is_full():
    told = []
    coming = ahead(items_until_an_error(5, told), 9, lambda waiting: len(waiting) > 1)
    next(coming)

    assert told == ["begin 0", "begin 1"]


def test_what_had_no_turn_is_dropped():
    told = []
    coming = ahead(items_until_an_error(5, told), 2)
    next(coming)
    coming.close()

    assert told[3:] == ["drop 1", "drop 2"]


# How far ahead


@pytest.mark.parametrize(
    ("paginator", "width", "ahead"),
    [
        (CURSOR, 1, 0),
        (CURSOR, 8, 1),
        (NUMBERED, 1, 0),
        (NUMBERED, 4, 4),
        (COUNTED, 8, 8),
        (COUNTED, 32, 19),
        (ASSUMED, 8, 1),
    ],
)
def test_behind_the_first_page_so_many_are_asked_for(paginator, width, ahead):
    with serving_slowly(entries, 0.01) as server:
        pages = reading(server, Pool(width), paginator).pages()
        next(pages)

        assert server.settled(1 + ahead) == 1 + ahead
        assert server.most <= width
        pages.close()


@pytest.mark.parametrize("width", [1, 2, 8, 32])
@pytest.mark.parametrize("paginator", [CURSOR, NUMBERED, COUNTED, ASSUMED], ids=["cursor", "page", "offset", "assumed"])
def test_pages_come_in_order_and_once(paginator, width):
    with serving_slowly(entries, 0.01) as server:
        assert ids(reading(server, Pool(width), paginator).pages()) == list(range(40))
        assert len(server.targets) == len(set(server.targets)) == 20


def shrinking(asked):
    """Pages of one entry or two, though two are asked for."""
    first = number(asked)
    size = 1 + first // 3 % 2
    return {"items": [{"id": each} for each in range(first, min(40, first + size))], "total": 40}


def test_pages_that_wait_to_be_read_do_not_keep_others_from_being_asked_for():
    with serving_slowly(entries) as server:
        pages = reading(server, Pool(3), COUNTED).pages()
        for _ in islice(pages, 2):
            server.settled(0)  # all that was asked for is there
        asked = server.settled(6)
        pages.close()

    assert 1 + 3 + 3 <= asked <= 1 + Pool(3).holds + 2


def test_pages_of_uneven_size_are_not_asked_for_in_vain_again_and_again():
    with serving_slowly(shrinking, 0.005) as server:
        needed = sum(1 for _ in reading(server, Pool(1), COUNTED).pages())
        server.asked.clear()

        assert ids(reading(server, Pool(8), COUNTED).pages()) == list(range(40))
        assert needed <= server.settled(needed) <= needed + 8


def test_errors_of_pages_that_are_not_wanted_are_none():
    def ended(asked):
        return entries(asked) if number(asked) < 10 else Answer(404, {"error": "no such page"})

    with serving_slowly(ended, 0.01) as server:
        pages = reading(server, Pool(8), COUNTED).pages()

        assert ids(islice(pages, 4)) == list(range(8))
        pages.close()


@pytest.mark.parametrize("width", [1, 2, 8, 32])
@pytest.mark.parametrize("paginator", [CURSOR, COUNTED], ids=["cursor", "offset"])
def test_an_error_comes_behind_the_pages_before_it(paginator, width):
    def broken(asked):
        return Answer(400, {}) if asked.query and number(asked) in {6, 12} else entries(asked)

    with serving_slowly(broken, 0.005) as server:
        pages = reading(server, Pool(width), paginator).pages()

        assert ids(islice(pages, 6 if paginator is CURSOR else 3)) == list(range(12 if paginator is CURSOR else 6))
        with pytest.raises(ReplyError):
            next(pages)


@pytest.mark.parametrize("width", [1, 8])
def test_a_page_whose_next_place_makes_no_sense_is_given_before_the_error(width):
    def lost(asked):
        return {**entries(asked), "next": {"no": "cursor"} if number(asked) == 2 else number(asked) + 1}

    with serving_slowly(lost, 0.005) as server:
        pages = reading(server, Pool(width), CURSOR).pages()

        assert ids(islice(pages, 3)) == list(range(6))
        with pytest.raises(ReplyError, match="cursor_path next gives an object"):
            next(pages)
