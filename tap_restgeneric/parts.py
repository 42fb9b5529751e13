"""What is to be read for a stream, and how far ahead of its turn may it begin?"""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from tap_restgeneric.errors import RestGenericError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from tap_restgeneric.dialect.progress.incremental import Window
    from tap_restgeneric.dialect.progress.sync_tokens import Changes
    from tap_restgeneric.engine.reading import Reading
    from tap_restgeneric.engine.records import Record

Child = TypeVar("Child")


@dataclass(frozen=True)
class Part:
    """One sequence of requests of a stream.

    Attributes:
        reading: Its pages.
        bookmark: Its state, in the SDK's layout.
        window: What it asks for, if the stream is incremental.
        changes: What it asks for, if the API gives tokens.
    """

    reading: Reading
    bookmark: dict[str, Any]
    window: Window | None
    changes: Changes | None = None

    def anew(self) -> Part:
        """The same without the token of the last run, nothing asked for."""
        changes = self.changes and self.changes.everything()
        return replace(self, reading=self.reading.anew(changes.values() if changes else {}), changes=changes)


def ahead(
    jobs: Iterable[tuple[Child, Record, list[Part]]], window: int
) -> Generator[tuple[Child, Record, list[Part]], None, None]:
    """Jobs in order; the first requests of so many behind the one in hand are out already.

    Args:
        jobs: A child, the record of its parent, and what is read for it.
        window: Jobs that may have begun before their turn; 0: none.
    """
    waiting: deque[tuple[Child, Record, list[Part]]] = deque()
    try:
        for job in jobs:
            for part in job[2][: min(window, 1)]:
                with suppress(RestGenericError):  # it comes again when its turn comes, with the stream's name
                    part.reading.begin()
            waiting.append(job)
            if len(waiting) > window:
                yield waiting.popleft()
        while waiting:
            yield waiting.popleft()
    finally:
        for _, _, parts in waiting:
            for part in parts:
                part.reading.drop()
