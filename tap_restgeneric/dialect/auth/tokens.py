"""Which token does a reply hold, and until when is it good?"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tap_restgeneric.dialect.auth.carriers import carried
from tap_restgeneric.dialect.exchange import without_query
from tap_restgeneric.dialect.progress.instants import instant
from tap_restgeneric.errors import CredentialError, ReplyError

if TYPE_CHECKING:
    from tap_restgeneric.dialect.exchange import Reply
    from tap_restgeneric.dialect.jsonpath.selectors import Path

_MARGIN = 60.0
_MARGIN_PART = 0.1
_SHOWN_KEYS = 20
_FIRST_MILLISECONDS = 1e11


@dataclass(frozen=True, kw_only=True)
class Token:
    """What signs calls for a while.

    Attributes:
        access_token: What is sent.
        expires_at: Seconds since the epoch.
        lifetime: Seconds from its issue to `expires_at`.
        refresh_token: What gets the next one, if the API gave it.
    """

    access_token: str = field(repr=False)
    expires_at: float = math.inf
    lifetime: float = math.inf
    refresh_token: str | None = field(default=None, repr=False)

    def fresh(self, now: float) -> bool:
        """Whether it is good for another call: a minute, or a tenth of a short life, is kept as a margin."""
        return now < self.expires_at - min(_MARGIN, self.lifetime * _MARGIN_PART)

    def expired(self) -> Token:
        """This token once the API has refused it; its refresh token stays good."""
        return replace(self, expires_at=-math.inf)


def oauth_token(reply: Reply, now: float, previous: Token | None, default_lifetime: float) -> Token:
    """The token in the reply of an OAuth2 token URL.

    Args:
        reply: `access_token`, and `expires_in` (seconds) or `expires_at` (ISO 8601 or epoch), `refresh_token`.
        now: Seconds since the epoch.
        previous: The token before: its refresh token stays unless the reply has another.
        default_lifetime: Seconds, if the reply tells none.

    Raises:
        CredentialError: There is no token in it.
    """
    body = _object(reply)
    access_token = _token(body.get("access_token"), reply, "'access_token'")
    lifetime = _lifetime(body, now, default_lifetime)
    rotated = body.get("refresh_token")
    kept = previous.refresh_token if previous else None
    return Token(
        access_token=access_token,
        expires_at=now + lifetime,
        lifetime=lifetime,
        refresh_token=rotated if rotated and isinstance(rotated, str) else kept,
    )


def session_token(reply: Reply, now: float, token_path: Path, lifetime: float | None) -> Token:
    """The token in the reply to a login.

    Raises:
        CredentialError: `token_path` leads to none.
    """
    body = _decoded(reply)
    access_token = _token(token_path.first(body, None), reply, f"token at {token_path}")
    seconds = math.inf if lifetime is None else lifetime
    return Token(access_token=access_token, expires_at=now + seconds, lifetime=seconds)


def _decoded(reply: Reply) -> Any:
    try:
        return reply.body
    except ReplyError:
        kind = reply.headers.get("content-type", "no content type")
        # The body may be a token in another format, so nothing of it is shown.
        raise _refused(reply, f"the reply is not JSON (status {reply.status}, {kind})") from None


def _object(reply: Reply) -> dict[str, Any]:
    body = _decoded(reply)
    if not isinstance(body, dict):
        raise _refused(reply, "the reply is no JSON object")
    return body


def _token(value: Any, reply: Reply, wanted: str) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value:
        raise _refused(reply, _why(_decoded(reply), wanted))
    try:
        return carried(value)
    except ValueError as error:
        raise _refused(reply, f"the {wanted} {error}") from None


def _why(body: Any, wanted: str) -> str:
    if not isinstance(body, dict):
        return f"the reply has no {wanted}"
    told = [body[key] for key in ("error", "error_description") if isinstance(body.get(key), str)]
    if told:
        return ": ".join(told)
    keys = list(body)
    more = ", ..." if len(keys) > _SHOWN_KEYS else ""
    return f"the reply has no {wanted} (its keys: {', '.join(keys[:_SHOWN_KEYS]) or 'none'}{more})"


def _refused(reply: Reply, reason: str) -> CredentialError:
    return CredentialError(f"no token from {without_query(reply.url)}: {reason}")


def _lifetime(body: dict[str, Any], now: float, default: float) -> float:
    seconds = _number(body.get("expires_in"))
    if seconds is not None:
        return max(seconds, 0.0)
    end = _epoch(body.get("expires_at"))
    return default if end is None else max(end - now, 0.0)


def _epoch(value: Any) -> float | None:
    number = _number(value)
    if number is not None:
        return number / 1000 if number >= _FIRST_MILLISECONDS else number
    moment = instant(value)
    return moment.timestamp() if moment else None


def _number(value: Any) -> float | None:
    if value is None or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
