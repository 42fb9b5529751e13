"""What does a reply mean: records, nothing, once more, or failure?"""

from __future__ import annotations

from contextlib import suppress
from datetime import timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import backoff
from msgspec import Struct
from pydantic import Field, ValidationInfo, field_validator, model_validator

from tap_restgeneric.dialect.blocks import Block
from tap_restgeneric.dialect.expressions.conditions import speaking_of
from tap_restgeneric.dialect.expressions.expression import Expression
from tap_restgeneric.dialect.expressions.vocabulary import ExpressionError
from tap_restgeneric.dialect.progress.instants import instant
from tap_restgeneric.dialect.replies import bodies
from tap_restgeneric.errors import CredentialError, ReplyError, RestGenericError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from typing_extensions import Self

    from tap_restgeneric.dialect.exchange import Reply

RETRIED = (429, 500, 502, 503, 504)
LONGEST_WAIT = 300.0
_EPOCH_FROM = 1_000_000_000
_RESETS = ("ratelimit-reset", "x-ratelimit-reset", "x-rate-limit-reset")
_LEFT = ("ratelimit-remaining", "x-ratelimit-remaining", "x-rate-limit-remaining")
_UNAUTHORIZED = (401, 403)
_FIRST_ERROR = 400
_FIRST_REDIRECT = 300
_FIRST_SUCCESS = 200
_PARTIAL = 206
"""A part of a reply, which nobody asked for."""

Status = Annotated[int, Field(ge=100, le=599)]


class ErrorHandler(Block):
    """Which replies are asked for again, how often, and after what time."""

    retry_on_status_codes: tuple[Status, ...] = Field(RETRIED, description="replies with these codes are retried")
    max_retries: int = Field(3, ge=0, description="requests after the first one")
    backoff_factor: float = Field(2, ge=0, description="seconds before the first retry; doubles with each")
    max_wait: float = Field(LONGEST_WAIT, gt=0, description="no wait is longer, whatever the API asks for (seconds)")

    def waits(self) -> Iterator[float]:
        """Seconds before each retry: factor, 2 x factor, 4 x factor ..."""
        computed = backoff.expo(base=2, factor=self.backoff_factor, max_value=self.max_wait)
        next(computed)
        return (float(next(computed)) for _ in range(self.max_retries))

    def wait(self, computed: float, reply: Reply | None, now: float) -> float:
        """Seconds before the next try: what the API asks for, else the computed time.

        Args:
            computed: What `waits` gives for this retry.
            reply: What came back, or None if nothing did.
            now: Seconds since the epoch.
        """
        asked = asked_wait(reply, now) if reply else None
        return min(asked or computed, self.max_wait)


def asked_wait(reply: Reply, now: float) -> float | None:
    """Seconds that a reply asks to wait: `Retry-After` (seconds or date), else a reset header; None if none does.

    A reset header is on every reply of some APIs; it asks for nothing while requests are left.
    """
    headers = reply.headers
    resets = () if any(headers.get(name, "0").strip() != "0" for name in _LEFT) else _RESETS
    asked = (_seconds(headers[name], now) for name in ("retry-after", *resets) if name in headers)
    return next((seconds for seconds in asked if seconds is not None), None)


def _seconds(text: str, now: float) -> float | None:
    """Seconds from now to what a header says: seconds, seconds since the epoch, or a date; None if that is past."""
    try:
        number = float(text)
        seconds = number - now if number > _EPOCH_FROM else number
    except ValueError:
        seconds = _epoch(text) - now
    return seconds if 0 < seconds < float("inf") else None


def _epoch(text: str) -> float:
    """A date of HTTP or ISO 8601 in seconds since the epoch; 0 if it is none."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        found = instant(text)
        return found.timestamp() if found else 0
    return moment.replace(tzinfo=moment.tzinfo or timezone.utc).timestamp()


class ReplyMatch(Block):
    """Which replies are meant: those for which every criterion holds that is given."""

    place: ClassVar[str] = "rejected"

    status_code: Status | None = Field(None, description="matches this status")
    content: str | None = Field(
        None, description="matches a body that has this text, upper and lower case as it stands"
    )
    condition: Expression | None = Field(None, description="matches where this holds over `response` and `headers`")

    @field_validator("condition")
    @classmethod
    def _speaks_of_a_reply(cls, condition: Expression | None) -> Expression | None:
        return speaking_of(condition, {"response", "headers"})

    @model_validator(mode="after")
    def _matches_something(self) -> Self:
        if self.status_code is None and self.content is None and self.condition is None:
            raise ValueError("never matches: give status_code, content or condition")
        return self

    def matches(self, reply: Reply) -> bool:
        """Whether every criterion given holds for a reply."""
        if self.status_code is not None and reply.status != self.status_code:
            return False
        if self.content is not None and self.content not in reply.text:
            return False
        return self.condition is None or self._holds(self.condition, reply)

    def _holds(self, condition: Expression, reply: Reply) -> bool:
        body: Any = None
        with suppress(ReplyError):
            body = reply.body
        try:
            return condition.holds(response=body, headers=reply.headers)
        except ExpressionError as error:
            if body is None or reply.status >= _FIRST_ERROR:
                return False
            raise ReplyError(f"{self.place}: {error}") from None


class ResponseAction(ReplyMatch):
    """What to do with a reply that matches."""

    place: ClassVar[str] = "response_actions"

    action: Literal["ignore", "retry", "fail"] = Field(
        description="ignore: end this sequence of pages; retry: ask again; fail: end the stream with an error"
    )
    max_retries: int | None = Field(None, ge=0, description="retries by this action (those of error_handler)")
    backoff_factor: float | None = Field(
        None, ge=0, description="seconds before the first retry by this action (those of error_handler)"
    )

    @field_validator("max_retries", "backoff_factor")
    @classmethod
    def _is_of_a_retry(cls, value: float | None, info: ValidationInfo) -> float | None:
        if value is not None and info.data.get("action", "retry") != "retry":
            raise ValueError("has no effect without action: retry")
        return value

    def handler(self, usual: ErrorHandler) -> ErrorHandler:
        """How often and when this action retries: as it says itself, else as usual."""
        own = {"max_retries": self.max_retries, "backoff_factor": self.backoff_factor}
        return usual.model_copy(update={key: value for key, value in own.items() if value is not None})


class Verdict(Struct, frozen=True):
    """What a reply means.

    Attributes:
        kind: `accept`, `ignore`, `retry` or `fail`.
        error: What to raise if it is `fail`, or `retry` and no retry is left.
        handler: How often and when it is retried; None if it is not.
    """

    kind: Literal["accept", "ignore", "retry", "fail"]
    error: RestGenericError | None = None
    handler: ErrorHandler | None = None


ACCEPT = Verdict("accept")
IGNORE = Verdict("ignore")


def judged(reply: Reply, handler: ErrorHandler, actions: Sequence[ResponseAction]) -> Verdict:
    """What a reply means: the first action that matches, else the status."""
    action = next((action for action in actions if action.matches(reply)), None)
    if action is not None and action.action == "ignore":
        return IGNORE
    if action is not None:
        own = action.handler(handler) if action.action == "retry" else None
        return Verdict(action.action, ReplyError(f"the reply means failure: {bodies.describe(reply)}"), own)
    if reply.status in handler.retry_on_status_codes:
        return Verdict("retry", ReplyError(bodies.describe(reply)), handler)
    if reply.status in _UNAUTHORIZED:
        return Verdict("fail", CredentialError(f"the API refused the credentials: {bodies.describe(reply)}"))
    if reply.status >= _FIRST_REDIRECT or reply.status < _FIRST_SUCCESS or reply.status == _PARTIAL:
        return Verdict("fail", ReplyError(bodies.describe(reply)))
    return ACCEPT
