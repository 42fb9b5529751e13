"""Do the pages of a sequence go round in a circle?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from tap_restgeneric.engine.remembered import Remembered
from tap_restgeneric.engine.rows import Rows
from tap_restgeneric.errors import PositionRepeatedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_restgeneric.dialect.exchange import Call, Page, Position
    from tap_restgeneric.dialect.paging.paginators import Paginator

_REMEMBERED = 10_000
_PIECE = 4096
_SHIFT = 1024
"""Bytes that are compared of a page, and by which what stands before its records may be longer or shorter."""
_MOST_REPEATS = 2
"""Pages with the records of the one before, at positions that differ: one more, and nobody reads the position."""


class _Before(Struct, frozen=True):
    """The page before: its text, and how its records are had from it, which are not kept."""

    text: bytes
    records: Callable[[], list[Any]]

    @classmethod
    def of(cls, page: Page) -> _Before:
        records = page.records
        return cls(page.reply.content, records.load if isinstance(records, Rows) else lambda: list(records))

    def like(self, page: Page) -> bool:
        """Whether another page holds the same records. Hardly any does, so a piece of the text is looked for first."""
        text, middle = page.reply.content, len(page.reply.content) // 2
        piece = text[middle : middle + min(_PIECE, middle // 2)]
        around = self.text[max(0, middle - _SHIFT) : middle + _PIECE + _SHIFT]
        return piece in around and list(page.records) == self.records()


class LoopGuard(Struct):
    """Remembers where a sequence of pages has been.

    Attributes:
        paginator: Says where positions go, for the message.
        call: The call of the resource, for the message.
        keyed: Whether records have keys, so that no two pages can hold the same.
    """

    paginator: Paginator
    call: Call
    keyed: bool = False
    _seen: Remembered = field(default_factory=lambda: Remembered(_REMEMBERED))
    _body: bytes | None = None
    _before: _Before | None = None
    _repeats: int = 0

    def go_to(self, position: Position) -> None:
        """Notes a position that is about to be read.

        Raises:
            PositionRepeatedError: It was read before.
        """
        if self._seen.again(f"{position.kind}:{position.value}"):
            sent_at = self.paginator.sent_at(self.call)
            raise PositionRepeatedError(
                f"position repeated: {position} was read before, so the pages go round in a circle. It is sent in "
                f"{sent_at}: does the API read it there?"
            )

    def check(self, page: Page) -> None:
        """Compares a page with the one before.

        Raises:
            PositionRepeatedError: A server that ignores page numbers gives the same page again.
        """
        if page.position.total is not None or page.is_empty:
            return
        sent_at = self.paginator.sent_at(self.call)
        if self.paginator.counts and page.reply.content == self._body:
            raise PositionRepeatedError(
                f"page repeated: {page.position} is byte for byte the page before. The number is sent in {sent_at}: "
                "does the API read it there?"
            )
        same = self.keyed and page.records and self._before is not None and self._before.like(page)
        self._repeats = self._repeats + 1 if same else 0
        if self._repeats == _MOST_REPEATS:
            raise PositionRepeatedError(
                f"page repeated: {page.position} has exactly the records of the {_MOST_REPEATS} pages before. "
                f"The position is sent in {sent_at}: does the API read it there?"
            )
        self._body, self._before = page.reply.content, _Before.of(page)
