"""Where did the last run end, if the API marks the place with a token of its own?"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct
from msgspec.structs import replace
from pydantic import Field, model_validator

from tap_restgeneric.dialect.blocks import Block
from tap_restgeneric.dialect.jsonpath.keys import FieldName
from tap_restgeneric.dialect.jsonpath.selectors import MISSING, Path
from tap_restgeneric.dialect.paging import links
from tap_restgeneric.dialect.paging.family import exclusive, found_kind, needing
from tap_restgeneric.dialect.paging.placement import WITH_BODY, Slot
from tap_restgeneric.dialect.placeholders import OMIT
from tap_restgeneric.dialect.replies.verdicts import ReplyMatch
from tap_restgeneric.errors import ReplyError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import Self

    from tap_restgeneric.dialect.exchange import Call, Page

Token = str | int
Unsigned = Callable[[str], str]
START = "incremental.start_value"
"""The placeholder of the token that a run sends."""


class SyncToken(Block):
    """The API ends a read with a token, and gives for that token what has changed since."""

    type: Literal["token"] = "token"
    token_path: Path | None = Field(
        None, description="where in the body the token is; that of the last page which has one is kept for the next run"
    )
    token_header: str | None = Field(None, min_length=1, description="the header with the token, instead of token_path")
    token_param: str | None = Field(
        None, min_length=1, description="the parameter that takes the token, in every request of a run"
    )
    token_body_path: FieldName | None = Field(None, description="dotted path in the JSON body for the token")
    send_in: Literal["query", "body", "header", "url"] | None = Field(
        None,
        description="where token_param goes: query, body or header; url: the token is the URL that the next run begins "
        "with, in place of path and params",
    )
    rejected: ReplyMatch | None = Field(
        None, description="replies to a token that is no longer taken: everything is read instead, once"
    )

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        exclusive(self, "token_path", "token_header")
        if self.token_path is None and self.token_header is None:
            raise ValueError("give token_path or token_header: where the token is in a reply")
        exclusive(self, "token_param", "token_body_path")
        exclusive(self, "send_in", "token_body_path")
        if self.is_url:
            if self.token_param is not None:
                raise ValueError("token_param has no effect beside send_in: url")
        else:
            needing(self, "send_in", needed="token_param")
        return self

    @property
    def is_url(self) -> bool:
        """Whether the token is the URL that the next run begins with."""
        return self.send_in == "url"

    @property
    def name(self) -> str:
        """What the token is called in state and messages: where it is found."""
        return str(self.token_path or self.token_header)

    def slots(self, call: Call) -> tuple[Slot, ...]:
        """The places in a call that the token fills; none if it is its URL, or if only a placeholder takes it."""
        if self.send_in == "url" or (self.token_param is None and self.token_body_path is None):
            return ()
        place = self.send_in or ("body" if call.method in WITH_BODY else "query")
        return (Slot(self.token_param or "", place, self.token_body_path),)

    def placed(self, call: Call, values: Mapping[str, Any]) -> Call:
        """The call with the token that `values` hold; a run without one sends none."""
        token = values.get(START, OMIT)
        if token is OMIT:
            return call
        if self.is_url:
            return links.follow(call, str(token))
        for slot in self.slots(call):
            call = slot.fill(call, token)
        return call

    def rejection(self, values: Mapping[str, Any]) -> ReplyMatch | None:
        """The replies that mean that the token in `values` is not taken; a run without one has none."""
        return None if values.get(START, OMIT) is OMIT else self.rejected

    def changes(self, bookmark: Any, unsigned: Unsigned = str) -> Changes:
        """What a run reads.

        Args:
            bookmark: The token in state; None on a first run.
            unsigned: Takes credentials out of a URL.
        """
        return Changes(block=self, start=bookmark, unsigned=unsigned)

    def found_on(self, page: Page) -> Token | None:
        """The token of a page as the API wrote it; None if the page has none.

        Raises:
            ReplyError: What is there is no token.
        """
        found = (
            page.reply.headers.get((self.token_header or "").lower())
            if self.token_path is None
            else self.token_path.first(page.reply.body)
        )
        if found is MISSING or found is None or found == "":
            return None
        if isinstance(found, bool) or not isinstance(found, (str, int)):
            raise ReplyError(f"token_path {self.name} gives {found_kind(found)}, not a token")
        if not self.is_url:
            return found
        target = links.absolute(page, found) if isinstance(found, str) and links.is_link(found) else None
        if target is None:
            raise ReplyError(f"{self.name} gives {str(found)[:_SHOWN]!r}, not a URL (send_in: url): give token_param")
        return target


_SHOWN = 100


class Changes(Struct, frozen=True, kw_only=True):
    """What a run reads from one token to the next.

    Attributes:
        block: The block it belongs to.
        start: The token of the last run; None: everything is read.
        unsigned: Takes credentials out of a URL, since the next token may be one.
        last: The latest token so far: the next bookmark.
        pages: How many pages there were.
    """

    block: SyncToken
    start: Token | None
    unsigned: Unsigned = str
    last: Token | None = None
    pages: int = 0

    @property
    def bookmark(self) -> tuple[str, Token] | None:
        """What state keeps, by name; None: nothing that it does not have."""
        return None if self.last is None else (self.block.name, self.last)

    @property
    def lost(self) -> str | None:
        """A warning if there were pages, and no token on any of them."""
        if self.last is not None or not self.pages:
            return None
        key = "token_path" if self.block.token_path else "token_header"
        return f"{key} {self.block.name} is on no page: the next run begins where this one began"

    def values(self) -> dict[str, Any]:
        """The value of the placeholder; without a token, what it stands in is left out of the request."""
        return {START: OMIT if self.start is None else self.start}

    def everything(self) -> Changes:
        """The same without a token, nothing read."""
        return replace(self, start=None, last=None, pages=0)

    def after(self, page: Page) -> Changes:
        """What is known when a page was read.

        Raises:
            ReplyError: What is where the token should be is none.
        """
        found = self.block.found_on(page)
        token = self.unsigned(found) if self.block.is_url and isinstance(found, str) else found
        return replace(self, pages=self.pages + 1, last=self.last if token is None else token)
