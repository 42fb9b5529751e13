"""Where is the next page, if pages or entries are counted?"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, model_validator
from typing_extensions import Self, override

from tap_restgeneric.dialect.exchange import Call, Next, Page, Position, Stop
from tap_restgeneric.dialect.jsonpath.keys import FieldName
from tap_restgeneric.dialect.jsonpath.selectors import Path
from tap_restgeneric.dialect.paging.family import PaginatorBase, PathIfAny, ended, exclusive, flag, found_kind, needing
from tap_restgeneric.dialect.paging.placement import Place, Slot
from tap_restgeneric.errors import ReplyError

if TYPE_CHECKING:
    from collections.abc import Iterator


class Counted(PaginatorBase):
    """A number in the request says which page; ends by a total, a flag, a bound or an empty page."""

    total_path: PathIfAny = Field(default_factory=lambda: Path.parse("total"), description="where the total is")
    has_more_path: PathIfAny = Field(None, description="a flag in the body that says whether there is more")
    stop_after_empty_page: bool = Field(default=True, description="whether a page without records is the last")
    send_in: Place | None = Field(None, description="where the parameters go: query, body or header")

    @property
    @override
    def counts(self) -> bool:
        return True

    @property
    def bound(self) -> int | None:
        """The first number that is not read any more."""
        raise NotImplementedError

    def step(self, page: Page) -> int:
        """How far the next number is from that of a page."""
        raise NotImplementedError

    def end(self, total: int) -> int:
        """The first number that is not there any more."""
        raise NotImplementedError

    @model_validator(mode="after")
    def _ends_somewhere(self) -> Self:
        if self.total_path is None and not self._ends_without_total:
            raise ValueError("never ends: give total_path, has_more_path, a maximum or stop_after_empty_page: true")
        return self

    @property
    def _ends_without_total(self) -> bool:
        return bool(self.has_more_path or self.stop_after_empty_page or self.bound is not None)

    @override
    def following(self, page: Page) -> Next:
        if stop := self._ended(page):
            return stop
        total, number = self._total(page), self._number(page) + self.step(page)
        if total is not None and number >= self.end(total):
            return ended(page, f"all of the {total} there are")
        if self.bound is not None and number >= self.bound:
            return Stop(f"the maximum of {self.bound}")
        return Position(kind=self.first().kind, value=number, total=total)

    @override
    def known_after(self, page: Page, beyond: int = 0) -> Iterator[Position]:
        following = self.following(page)
        if isinstance(following, Stop) or following.total is None or self._total_is_assumed:
            return
        end = self.end(following.total)
        numbers = range(
            self._number(page) + self.step(page), end if self.bound is None else min(end, self.bound), self.step(page)
        )
        for number in numbers[beyond:]:
            yield Position(kind=following.kind, value=number, total=following.total)

    @override
    def share(self, position: Position) -> float | None:
        if position.total is None:
            return None
        first = int(self.first().value or 0)
        length = self.end(position.total) - first
        return min(1.0, (int(position.value or 0) - first) / length) if length > 0 else None

    @property
    def _total_is_assumed(self) -> bool:
        return "total_path" not in self.model_fields_set

    def _number(self, page: Page) -> int:
        """The number of a page; a page that was read before its number was known is the first."""
        position = self.first() if page.position.kind == "start" else page.position
        return int(position.value or 0)

    def _total(self, page: Page) -> int | None:
        """The total of this or an earlier page; None where only an assumed place was looked at in vain.

        Raises:
            ReplyError: A written `total_path` gives no number and none was seen before.
        """
        if self.total_path is None:
            return None
        found = self.total_path.first(page.reply.body)
        number = _count(found)
        if number is not None:
            return number
        if page.position.total is not None or (self._total_is_assumed and self._ends_without_total):
            return page.position.total
        raise ReplyError(f"total_path {self.total_path} gives {found_kind(found)} on {page.position}, not a count")

    def _ended(self, page: Page) -> Stop | None:
        """Whether the page itself says that it is the last."""
        if self.stop_after_empty_page and page.is_empty:
            return ended(page, "empty page")
        if self.has_more_path and not flag(self.has_more_path, page):
            return Stop(f"{self.has_more_path} is false")
        return None


class PageNumber(Counted):
    """Pages are numbered."""

    type: Literal["page_number"] = "page_number"
    base_page: int = Field(0, ge=0, description="number of the first page as the API counts")
    page: int | None = Field(None, ge=0, description="number of the first page to read (base_page)")
    page_param: str | None = Field(None, min_length=1, description="the parameter that takes the number (page)")
    page_body_path: FieldName | None = Field(None, description="dotted path in the JSON body for the number")
    maximum_page: int | None = Field(None, description="reading stops before the page of this number")
    limit: int | None = Field(None, gt=0, description="page size, sent with every request")
    limit_param: str | None = Field(None, min_length=1, description="the parameter that takes the page size (limit)")

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        exclusive(self, "page_param", "page_body_path")
        exclusive(self, "send_in", "page_body_path")
        needing(self, "limit_param", needed="limit")
        return self

    @property
    @override
    def bound(self) -> int | None:
        return self.maximum_page

    @override
    def first(self) -> Position:
        return Position(kind="page", value=self.base_page if self.page is None else self.page)

    @override
    def at(self, call: Call, position: Position) -> Call:
        number, *limit = self.slots(call)
        for slot in limit:
            call = slot.fill(call, self.limit)
        return number.fill(call, position.value)

    @override
    def step(self, page: Page) -> int:
        return 1

    @override
    def end(self, total: int) -> int:
        return self.base_page + total

    @override
    def _ended(self, page: Page) -> Stop | None:
        stop = super()._ended(page)
        if stop is None or page.records or self._number(page) != 0 or "base_page" in self.model_fields_set:
            return stop
        doubt = "page 0 gave nothing and page 1 was never asked for: does the API count from 1 (base_page: 1)?"
        return Stop(stop.reason, doubt)

    @override
    def slots(self, call: Call) -> tuple[Slot, ...]:
        number = Slot(self.page_param or "page", self.send_in, self.page_body_path)
        if self.limit is None:
            return (number,)
        return number, Slot(self.limit_param or "limit", "body" if self.page_body_path else self.send_in)


class Offset(Counted):
    """The request says how many entries to skip."""

    type: Literal["offset"] = "offset"
    limit: int = Field(gt=0, description="page size, sent with every request")
    offset: int = Field(0, ge=0, description="entries to skip at first")
    offset_param: str | None = Field(None, min_length=1, description="the parameter that takes the offset (offset)")
    limit_param: str | None = Field(None, min_length=1, description="the parameter that takes the limit (limit)")
    offset_body_path: FieldName | None = Field(None, description="dotted path in the JSON body for the offset")
    limit_body_path: FieldName | None = Field(None, description="dotted path in the JSON body for the limit")
    maximum_offset: int | None = Field(None, description="reading stops before this offset")

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        exclusive(self, "offset_param", "offset_body_path")
        exclusive(self, "limit_param", "limit_body_path")
        exclusive(self, "send_in", "offset_body_path")
        exclusive(self, "send_in", "limit_body_path")
        return self

    @property
    @override
    def bound(self) -> int | None:
        return self.maximum_offset

    @override
    def first(self) -> Position:
        return Position(kind="offset", value=self.offset)

    @override
    def at(self, call: Call, position: Position) -> Call:
        offset, limit = self.slots(call)
        return limit.fill(offset.fill(call, position.value), self.limit)

    @override
    def step(self, page: Page) -> int:
        return min(page.entries, self.limit) or self.limit

    @override
    def end(self, total: int) -> int:
        return total

    @override
    def slots(self, call: Call) -> tuple[Slot, ...]:
        return (
            Slot(self.offset_param or "offset", self.send_in, self.offset_body_path),
            Slot(self.limit_param or "limit", self.send_in, self.limit_body_path),
        )


def _count(value: Any) -> int | None:
    """A total as a number: whole and not negative, since some APIs say -1 where they do not know."""
    if isinstance(value, bool) or not isinstance(value, (int, str, Decimal)):
        return None
    text = f"{value:f}" if isinstance(value, Decimal) else str(value).strip()
    whole, _, fraction = text.partition(".")
    return int(whole) if whole.isascii() and whole.isdigit() and not fraction.strip("0") else None
