"""Which exchanges run at once?"""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from typing_extensions import override

from tap_restgeneric.errors import RestGenericError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Generator, Iterable, Sequence

_GLANCE = 0.2
"""Seconds between two looks at what goes on outside."""

Answer = TypeVar("Answer")
Answer_co = TypeVar("Answer_co", covariant=True)


class Pending(Protocol[Answer_co]):
    """Something that was asked for."""

    @property
    def is_there(self) -> bool:
        """Whether nobody has to wait for it any more."""

    def result(self) -> Answer_co:
        """What came of it, once it is there; raises what it raised."""

    def drop(self) -> None:
        """Nobody wants it any more: it is not begun, if it was not yet."""


class _Later(Generic[Answer]):
    """A task that runs when its result is wanted: the way of a client that does one thing after another."""

    def __init__(self, task: Callable[[], Answer]) -> None:
        self._task = task

    @property
    def is_there(self) -> bool:
        return False

    def result(self) -> Answer:
        return self._task()

    def drop(self) -> None:
        """Nothing was begun."""


class _Running(Generic[Answer]):
    """A task in the hands of a worker."""

    def __init__(self, task: Callable[[], Answer]) -> None:
        self._task = task
        self._done = threading.Event()
        self._error: BaseException | None = None
        self._dropped = False

    @property
    def is_there(self) -> bool:
        return self._done.is_set()

    def drop(self) -> None:
        self._dropped = True

    def run(self) -> None:
        if self._dropped:
            return
        try:
            self._answer = self._task()
        except BaseException as error:  # noqa: BLE001 (whoever wants the result gets it)
            self._error = error
        self._done.set()

    def result(self) -> Answer:
        self._done.wait()
        if self._error is not None:
            raise self._error
        return self._answer


class Pool:
    """Runs tasks, so many at once; a pool of one runs each when its result is wanted, in the caller.

    There are no more workers than tasks at once. They die with the pool or the process: nothing that was read ahead
    keeps either alive.

    Args:
        width: Tasks at once, 1 or more.

    Attributes:
        holds: Answers that one reader may hold or wait for, if it knows what to ask for.
    """

    def __init__(self, width: int) -> None:
        """No worker is there before there is a task for it."""
        self.width = width
        self.holds = 4 * width
        self._lock = threading.Lock()
        self._begin()

    def _begin(self) -> None:
        """No worker, and nothing that one left is for another."""
        self._tasks: SimpleQueue[_Running[Any] | None] = SimpleQueue()
        self._workers: list[threading.Thread] = []
        self._idle = threading.Semaphore(0)

    @property
    def reads_ahead(self) -> bool:
        """Whether tasks run before their results are wanted."""
        return self.width > 1

    def submit(self, task: Callable[[], Answer]) -> Pending[Answer]:
        """Takes a task; the result is wanted later."""
        if not self.reads_ahead:
            return _Later(task)
        running = _Running(task)
        with self._lock:
            self._tasks.put(running)  # before a worker looks for it, who else would count as idle
            if not self._idle.acquire(blocking=False) and len(self._workers) < self.width:
                name = f"exchange-{len(self._workers) + 1}"
                worker = threading.Thread(target=_work, args=(self._tasks, self._idle), name=name, daemon=True)
                worker.start()
                self._workers.append(worker)
        return running

    def close(self, seconds: float = 0) -> None:
        """Lets the workers go: idle ones at once, others behind the exchange they are in.

        Args:
            seconds: How long to wait for them.
        """
        with self._lock:
            workers, tasks = self._workers, self._tasks
            self._begin()
        for _ in workers:
            tasks.put(None)
        end = time.monotonic() + seconds
        for worker in workers:
            worker.join(max(0, end - time.monotonic()))

    def __del__(self) -> None:
        for _ in self._workers:
            self._tasks.put(None)


def _work(tasks: SimpleQueue[_Running[Any] | None], idle: threading.Semaphore) -> None:
    while (task := _next(tasks, idle)) is not None:
        task.run()
        del task  # what it holds would live until there is another


def _next(tasks: SimpleQueue[_Running[Any] | None], idle: threading.Semaphore) -> _Running[Any] | None:
    """The next task, for which somebody may have to wait: then no other worker is begun for it."""
    try:
        return tasks.get_nowait()
    except Empty:
        idle.release()
        return tasks.get()


class _Wanted(Generic[Answer]):
    """Something that is wanted by somebody else, too."""

    def __init__(self, pending: Pending[Answer]) -> None:
        self._pending = pending
        self.result = pending.result

    @property
    def is_there(self) -> bool:
        return self._pending.is_there

    def drop(self) -> None:
        """It runs all the same."""


class Eager(Pool):
    """The workers of another pool, for those who ask for few things, but at once.

    Args:
        pool: Has the workers.
        ahead: Pages of a known total that may be asked for before they are wanted.
        is_shared: Whether somebody else asks for the same soon: then nothing is given up.
    """

    def __init__(self, pool: Pool, ahead: int = 0, *, is_shared: bool = False) -> None:
        """No worker of its own."""
        super().__init__(ahead)
        self.holds = ahead
        self._pool = pool
        self._is_shared = is_shared

    @property
    @override
    def reads_ahead(self) -> bool:
        return self.width > 0

    @override
    def submit(self, task: Callable[[], Answer]) -> Pending[Answer]:
        pending = self._pool.submit(task)
        return _Wanted(pending) if self._is_shared else pending


ONE_BY_ONE = Pool(1)
"""Every exchange when its reply is wanted."""


class Begun(Protocol):
    """Something whose first exchange may run before its turn."""

    def begin(self) -> object:
        """Asks for the first page."""

    def drop(self) -> None:
        """Gives up what was asked for and not read."""


AnyBegun = TypeVar("AnyBegun", bound=Begun)


def ahead(
    items: Iterable[AnyBegun], window: int, enough: Callable[[Collection[AnyBegun]], bool] = lambda _: False
) -> Generator[AnyBegun, None, None]:
    """Items in order; the first exchanges of so many behind the one in hand are out already.

    Args:
        items: Each is made when it may begin; if that fails, the error comes behind those that were made.
        window: Items that may begin before their turn; 0: none.
        enough: Whether those that wait are enough, although there is room for more.
    """
    waiting: deque[AnyBegun] = deque()
    failure: RestGenericError | None = None
    try:
        try:
            for item in items:
                if window:
                    with suppress(RestGenericError):  # it comes again when its turn comes, with the stream's name
                        item.begin()
                waiting.append(item)
                while len(waiting) > window or enough(waiting):
                    yield waiting.popleft()
        except RestGenericError as error:
            failure = error
        while waiting:
            yield waiting.popleft()
        if failure:
            raise failure
    finally:
        for item in waiting:
            item.drop()


def run_side_by_side(
    tasks: Sequence[Callable[[], None]],
    width: int,
    *,
    go_on: bool = False,
    watch: Callable[[], None] = lambda: None,
) -> list[BaseException]:
    """Runs tasks, so many at once, in threads of their own.

    Args:
        tasks: What to run.
        width: How many at once.
        go_on: Whether tasks begin although another one has failed.
        watch: Called several times a second in the caller; what it raises is raised at once, whatever still runs.

    Returns:
        The errors, in the order in which they came, after what was running has come to its end.
    """
    waiting = deque(tasks)
    errors: list[BaseException] = []

    def work() -> None:
        while go_on or not errors:
            try:
                task = waiting.popleft()
            except IndexError:
                return
            try:
                task()
            except BaseException as error:  # noqa: BLE001 (raised in the caller)
                errors.append(error)

    threads = [threading.Thread(target=work, name=f"stream-{n}", daemon=True) for n in range(min(width, len(tasks)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():
            thread.join(timeout=_GLANCE)  # in pieces, so that signals are heard
            watch()
    return errors
