"""What does every paginator answer?

`first()`: where does a stream begin; `at(call, position)`: which call reads that page; `after(page)`: what comes
behind it. All of it about values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, TypeAlias

from pydantic import Field, field_validator

from tap_restgeneric.dialect.blocks import Block
from tap_restgeneric.dialect.exchange import START, Call, Next, Page, Position, Stop
from tap_restgeneric.dialect.expressions.conditions import speaking_of
from tap_restgeneric.dialect.expressions.expression import Expression
from tap_restgeneric.dialect.expressions.vocabulary import ExpressionError
from tap_restgeneric.dialect.jsonpath.selectors import MISSING, Path
from tap_restgeneric.dialect.paging import clues, links
from tap_restgeneric.dialect.texts import EMPTY_IS_NONE
from tap_restgeneric.dialect.words import kind
from tap_restgeneric.errors import ReplyError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from tap_restgeneric.dialect.paging.paginators import Paginator
    from tap_restgeneric.dialect.paging.placement import Slot

PathIfAny: TypeAlias = Annotated[Path | None, EMPTY_IS_NONE]
_TRUE = frozenset({"true", "t", "yes", "y", "on", "1"})
_FALSE = frozenset({"false", "f", "no", "n", "off", "0"})
_AT_HAND = frozenset({"response", "headers", "last_record", "last_page_size"})


class PaginatorBase(Block):
    """What every paginator has: a stop condition, and the answers for an API that links its pages."""

    stop_condition: Expression | None = Field(None, description="where this holds, a page is the last")

    @field_validator("stop_condition")
    @classmethod
    def _speaks_of_a_page(cls, condition: Expression | None) -> Expression | None:
        return speaking_of(condition, _AT_HAND)

    @property
    def counts(self) -> bool:
        """Whether positions are numbers, so that a server that ignores them shows by equal bodies."""
        return False

    def first(self) -> Position:
        """Where a stream begins."""
        return START

    def at(self, call: Call, position: Position) -> Call:
        """The call that reads the page at a position; `call` is the one of the resource, without paging."""
        return links.follow(call, str(position.value)) if position.kind == "link" else call

    def settled(self, page: Page) -> Paginator:  # noqa: ARG002
        """The paginator for the rest of the stream, now that its first page is there."""
        return self  # type: ignore[return-value]

    def after(self, page: Page) -> Next:
        """What comes behind a page.

        Raises:
            ReplyError: The reply does not say it in a form that can be read.
        """
        if self.stop_condition and self._stops(page, self.stop_condition):
            return Stop(f"stop_condition {self.stop_condition} holds")
        return self.following(page)

    def following(self, page: Page) -> Next:
        """What comes behind a page that no stop condition ends."""
        raise NotImplementedError

    def known_after(self, page: Page, beyond: int = 0) -> Iterator[Position]:  # noqa: ARG002
        """The positions behind a page that are sure to be there, in order, so that they can be read ahead.

        Args:
            page: The page.
            beyond: How many of them, the first ones, are left out.
        """
        return iter(())

    def share(self, position: Position) -> float | None:  # noqa: ARG002
        """How much of the pages stands before a position, from 0 to 1; None where nothing tells."""
        return None

    def slots(self, call: Call) -> tuple[Slot, ...]:  # noqa: ARG002
        """The places in a call that this paginator fills; the first is that of the position."""
        return ()

    def sent_at(self, call: Call) -> str:
        """Where in the request the position goes, for messages."""
        return str(next(iter(self.slots(call)), f"the URL of {call.method} requests"))

    @staticmethod
    def _stops(page: Page, condition: Expression) -> bool:
        try:
            return condition.holds(
                response=page.reply.body,
                headers=page.reply.headers,
                last_record=page.records[-1] if page.records else None,
                last_page_size=len(page.records),
            )
        except ExpressionError as error:
            raise ReplyError(f"stop_condition {condition} cannot be evaluated on {page.position}: {error}") from None


def ended(page: Page, reason: str) -> Stop:
    """There is no next page, with a warning if the reply has a key that says there is one."""
    return Stop(reason, unread(page))


def unread(page: Page) -> str | None:
    """A warning if the reply has a key that looks like the way to a next page, which nobody followed."""
    found = clues.unread(page.reply.body)
    return (
        f"the reply has {found}, which looks like the way to a next page, and no paginator follows it"
        if found
        else None
    )


def flag(path: Path, page: Page) -> bool:
    """Whether a flag in the body is true.

    Raises:
        ReplyError: It is no flag.
    """
    found = path.first(page.reply.body)
    if isinstance(found, (bool, int)):
        return bool(found)
    word = found.strip().lower() if isinstance(found, str) else None
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise ReplyError(f"has_more_path {path} gives {found_kind(found)} on {page.position}, not true or false")


def found_kind(found: Any) -> str:
    """What a path gave, for a message."""
    return "nothing" if found is MISSING else kind(found)


def exclusive(block: Block, one: str, other: str) -> None:
    """Raises an error if two keys of a block are both given.

    Raises:
        ValueError: They are.
    """
    if getattr(block, one) is not None and getattr(block, other) is not None:
        raise ValueError(f"{one} and {other} exclude each other")


def needing(block: Block, key: str, *, needed: str) -> None:
    """Raises an error if a key is given without the one that it needs.

    Raises:
        ValueError: It is.
    """
    if getattr(block, key) is not None and getattr(block, needed) is None:
        raise ValueError(f"{key} has no effect without {needed}")
