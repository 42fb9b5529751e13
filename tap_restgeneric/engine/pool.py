"""Which exchanges run at once?"""

from __future__ import annotations

import threading
from collections import deque
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Answer = TypeVar("Answer")
Answer_co = TypeVar("Answer_co", covariant=True)


class Pending(Protocol[Answer_co]):
    """Something that was asked for."""

    def result(self) -> Answer_co:
        """What came of it, once it is there; raises what it raised."""

    def drop(self) -> None:
        """Nobody wants it any more: it is not begun, if it was not yet."""


class _Later(Generic[Answer]):
    """A task that runs when its result is wanted: the way of a client that does one thing after another."""

    def __init__(self, task: Callable[[], Answer]) -> None:
        self._task = task

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

    Workers die with the pool or the process: nothing that was read ahead keeps either alive.

    Args:
        width: Tasks at once, 1 or more.
    """

    def __init__(self, width: int) -> None:
        """No worker is there before there is a task for it."""
        self.width = width
        self._tasks: SimpleQueue[_Running[Any] | None] = SimpleQueue()
        self._workers = 0
        self._lock = threading.Lock()

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
            if self._workers < self.width:
                self._workers += 1
                name = f"exchange-{self._workers}"
                threading.Thread(target=_work, args=(self._tasks,), name=name, daemon=True).start()
        self._tasks.put(running)
        return running

    def __del__(self) -> None:
        for _ in range(self._workers):
            self._tasks.put(None)


def _work(tasks: SimpleQueue[_Running[Any] | None]) -> None:
    while (task := tasks.get()) is not None:
        task.run()
        del task  # what it holds would live until there is another


ONE_BY_ONE = Pool(1)
"""Every exchange when its reply is wanted."""


def run_side_by_side(tasks: Sequence[Callable[[], None]], width: int) -> list[BaseException]:
    """Runs tasks, so many at once, in threads of their own; the first error stops those that have not begun.

    Returns:
        The errors, in the order in which they came, after what was running has come to its end.
    """
    waiting = deque(tasks)
    errors: list[BaseException] = []

    def work() -> None:
        while not errors:
            try:
                task = waiting.popleft()
            except IndexError:
                return
            try:
                task()
            except BaseException as error:  # noqa: BLE001 (raised below, in the caller)
                errors.append(error)

    threads = [threading.Thread(target=work, name=f"stream-{n}", daemon=True) for n in range(min(width, len(tasks)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():
            thread.join(timeout=1)  # in pieces, so that signals are heard
    return errors
