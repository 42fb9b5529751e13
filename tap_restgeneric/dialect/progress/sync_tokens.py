"""Where did the last run end, if the API marks the place with a token of its own?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, model_validator

from tap_restgeneric.dialect.blocks import Block
from tap_restgeneric.dialect.jsonpath.selectors import MISSING, Path
from tap_restgeneric.dialect.paging.family import exclusive, found_kind, needing
from tap_restgeneric.dialect.paging.placement import WITH_BODY, Place, Slot
from tap_restgeneric.dialect.placeholders import OMIT
from tap_restgeneric.dialect.replies.verdicts import ReplyMatch
from tap_restgeneric.errors import ReplyError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import Self

    from tap_restgeneric.dialect.exchange import Call, Page

Token = str | int
START = "incremental.start_value"
"""The placeholder of the token that a run sends."""


class SyncToken(Block):
    """The API ends a read with a token, and gives for that token what has changed since."""

    type: Literal["token"] = "token"
    token_path: Path = Field(
        description="where in the body the token is; that of the last page which has one is kept for the next run"
    )
    token_param: str | None = Field(
        None, min_length=1, description="the parameter that takes the token, in every request of a run"
    )
    token_body_path: str | None = Field(None, min_length=1, description="dotted path in the JSON body for the token")
    send_in: Place | None = Field(None, description="where token_param goes: query, body or header")
    rejected: ReplyMatch | None = Field(
        None, description="replies to a token that is no longer taken: everything is read instead, once"
    )

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        exclusive(self, "token_param", "token_body_path")
        exclusive(self, "send_in", "token_body_path")
        needing(self, "send_in", needed="token_param")
        return self

    def slots(self, call: Call) -> tuple[Slot, ...]:
        """The places in a call that the token fills; none if only `{incremental.start_value}` says where it goes."""
        if self.token_param is None and self.token_body_path is None:
            return ()
        place = self.send_in or ("body" if call.method in WITH_BODY else "query")
        return (Slot(self.token_param or "", place, self.token_body_path),)

    def placed(self, call: Call, values: Mapping[str, Any]) -> Call:
        """The call with the token that `values` hold; a run without one sends none."""
        token = values.get(START, OMIT)
        for slot in self.slots(call) if token is not OMIT else ():
            call = slot.fill(call, token)
        return call

    def rejection(self, values: Mapping[str, Any]) -> ReplyMatch | None:
        """The replies that mean that the token in `values` is not taken; a run without one has none."""
        return None if values.get(START, OMIT) is OMIT else self.rejected

    def changes(self, bookmark: Any) -> Changes:
        """What a run reads.

        Args:
            bookmark: The token in state; None on a first run.
        """
        return Changes(block=self, start=bookmark)


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What a run reads from one token to the next.

    Attributes:
        block: The block it belongs to.
        start: The token of the last run; None: everything is read.
        last: The latest token so far: the next bookmark.
        pages: How many pages there were.
    """

    block: SyncToken
    start: Token | None
    last: Token | None = None
    pages: int = 0

    @property
    def bookmark(self) -> tuple[str, Token] | None:
        """What state keeps, by name; None: nothing that it does not have."""
        return None if self.last is None else (str(self.block.token_path), self.last)

    @property
    def lost(self) -> str | None:
        """A warning if there were pages, and no token on any of them."""
        if self.last is not None or not self.pages:
            return None
        return f"token_path {self.block.token_path} is on no page: the next run begins where this one began"

    def values(self) -> dict[str, Any]:
        """The value of the placeholder; without a token, what it stands in is left out of the request."""
        return {START: OMIT if self.start is None else self.start}

    def everything(self) -> Changes:
        """The same without a token, nothing read."""
        return Changes(block=self.block, start=None)

    def after(self, page: Page) -> Changes:
        """What is known when a page was read.

        Raises:
            ReplyError: What is at `token_path` is no token.
        """
        found = self.block.token_path.first(page.reply.body)
        read = replace(self, pages=self.pages + 1)
        if found is MISSING or found is None or found == "":
            return read
        if isinstance(found, bool) or not isinstance(found, (str, int)):
            raise ReplyError(f"token_path {self.block.token_path} gives {found_kind(found)}, not a token")
        return replace(read, last=found)
