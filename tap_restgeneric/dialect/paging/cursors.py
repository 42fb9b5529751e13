"""Where is the next page, if the reply has a cursor for it?"""

from __future__ import annotations

from decimal import Decimal
from functools import cached_property
from typing import Literal

from pydantic import Field, model_validator
from typing_extensions import Self, override

from tap_restgeneric.dialect.exchange import START, Call, Next, Page, Position, Stop
from tap_restgeneric.dialect.jsonpath.keys import FieldName
from tap_restgeneric.dialect.jsonpath.selectors import MISSING, Path
from tap_restgeneric.dialect.paging import links
from tap_restgeneric.dialect.paging.family import PaginatorBase, PathIfAny, ended, exclusive, flag, found_kind, needing
from tap_restgeneric.dialect.paging.placement import WITH_BODY, Place, Slot
from tap_restgeneric.errors import ReplyError

_MANY = 2
"""A single record is no sign that there are pages; a page shorter than its limit is the last."""


class HeaderCursor(PaginatorBase):
    """A header holds the cursor of the next page."""

    type: Literal["header_cursor"] = "header_cursor"
    cursor_key: str = Field("next", min_length=1, description="the header with the cursor")
    cursor_param: str = Field("cursor", min_length=1, description="the parameter that takes it")
    send_in: Place | None = Field(None, description="where the cursor goes: query, body or header (query)")

    @override
    def at(self, call: Call, position: Position) -> Call:
        return self._slot.fill(call, position.value) if position.kind == "cursor" else call

    @override
    def following(self, page: Page) -> Next:
        found = page.reply.headers.get(self.cursor_key.lower(), "")
        return Position(kind="cursor", value=found) if found else ended(page, f"no header {self.cursor_key}")

    @override
    def slots(self, call: Call) -> tuple[Slot, ...]:
        return (self._slot,)

    @property
    def _slot(self) -> Slot:
        return Slot(self.cursor_param, self.send_in)


class Cursor(PaginatorBase):
    """The body holds the cursor of the next page, or its URL."""

    type: Literal["cursor"] = "cursor"
    cursor_path: Path | None = Field(None, description="where the cursor is; default: the name in cursor_param")
    cursor_param: str | None = Field(None, min_length=1, description="the parameter that takes the cursor")
    cursor_body_path: FieldName | None = Field(None, description="dotted path in the JSON body for the cursor")
    initial_cursor: str | int | None = Field(None, description="sent with the first request")
    limit: int | None = Field(None, gt=0, description="page size, sent with every request")
    limit_param: str | None = Field(None, min_length=1, description="the parameter that takes the page size (limit)")
    limit_body_path: FieldName | None = Field(None, description="dotted path in the JSON body for the page size")
    has_more_path: PathIfAny = Field(None, description="a flag in the body that says whether there is more")
    stop_after_empty_page: bool = Field(default=False, description="whether a page without records is the last")
    send_in: Place | None = Field(None, description="where cursor and limit go: query, body or header")

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        exclusive(self, "cursor_param", "cursor_body_path")
        exclusive(self, "limit_param", "limit_body_path")
        exclusive(self, "send_in", "cursor_body_path")
        exclusive(self, "send_in", "limit_body_path")
        needing(self, "limit_param", needed="limit")
        needing(self, "limit_body_path", needed="limit")
        return self

    @model_validator(mode="after")
    def _path_is_known(self) -> Self:
        try:
            self._path  # noqa: B018 (it is made of cursor_param, which need not be a path)
        except ValueError:
            raise ValueError(f"give cursor_path: {self.cursor_param!r} (cursor_param) is no path in a reply") from None
        return self

    @override
    def first(self) -> Position:
        return START if self.initial_cursor is None else Position(kind="cursor", value=self.initial_cursor)

    @override
    def at(self, call: Call, position: Position) -> Call:
        if position.kind == "link":
            return super().at(call, position)
        cursor, *limit = self.slots(call)
        for slot in limit:
            call = slot.fill(call, self.limit)
        return call if position.kind == "start" else cursor.fill(call, position.value)

    @override
    def following(self, page: Page) -> Next:
        if self.stop_after_empty_page and page.is_empty:
            return Stop("empty page")
        if self.has_more_path and not flag(self.has_more_path, page):
            return Stop(f"{self.has_more_path} is false")
        found = self._path.first(page.reply.body)
        if not found:
            return self._without_cursor(page, missing=found is MISSING)
        if isinstance(found, bool) or not isinstance(found, (str, int, Decimal)):
            raise ReplyError(f"cursor_path {self._path} gives {found_kind(found)}, not a cursor")
        if self._follows_urls and isinstance(found, str) and links.is_url(found):
            return links.position(page, found)
        return Position(kind="cursor", value=found)

    @override
    def slots(self, call: Call) -> tuple[Slot, ...]:
        place = self.send_in or ("body" if call.method in WITH_BODY or self.cursor_body_path else "query")
        cursor = Slot(self.cursor_param or "cursor", place, self.cursor_body_path)
        if self.limit is None:
            return (cursor,)
        return cursor, Slot(self.limit_param or "limit", place, self.limit_body_path)

    @cached_property
    def _path(self) -> Path:
        return self.cursor_path or Path.parse(self.cursor_param or "cursors.next")

    @property
    def _follows_urls(self) -> bool:
        return self.cursor_param is None and self.cursor_body_path is None and self.send_in is None

    def _without_cursor(self, page: Page, *, missing: bool) -> Stop:
        stop = ended(page, f"no {self._path} in the reply")
        if self.has_more_path and not stop.warning:
            warning = f"{self.has_more_path} says that there is more, but the reply has no {self._path}"
            return Stop(stop.reason, warning)
        if missing and isinstance(page.reply.body, dict) and page.entries >= (self.limit or _MANY):
            return Stop(stop.reason, stop.warning, f"cursor_path {self._path} is in no reply: is it right?")
        return stop
