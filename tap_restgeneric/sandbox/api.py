"""What do the five APIs of the sandbox have in common?"""

from __future__ import annotations

import base64
import binascii
import hmac
import math
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from flask import abort, request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from flask import Blueprint

Record = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Options:
    """How the sandbox behaves; the defaults suit a demo.

    Attributes:
        size: Records in each large stream; the small ones keep their size.
        unavailable_every: Every so many requests of an API one is answered 503; 0 for never.
        unavailable_apis: The APIs that do so. The other two are known to refuse (429), not to fail.
        refused_every: Every so many requests of an API one is answered 429; 0 for never.
        retry_after: The `Retry-After` of those 429, as written.
        strict: Refuse requests without the parameters that the real APIs call required but the built-in
            definitions do not send: `owner-id`, `org-slug`, `object_type`, `start_time`.
        token_life: Seconds until an OAuth2 access token of `commerce` expires.
        token_expires_in: Whether a token answer has `expires_in` (seconds) beside `expires_at`.
        rotate_refresh_tokens: Whether a refresh token of `commerce` works only once.
        helpdesk_requests: Size of the bucket of `helpdesk`, in requests.
        helpdesk_seconds: Time in which that bucket runs empty again.
        telephony_requests: Requests to the incremental endpoints of `telephony` per `telephony_seconds`; 0 for any
            number. The real API allows 10.
        telephony_seconds: See `telephony_requests`.
        telephony_page: Records in a page of `telephony`; 4 at least, since 3 share a second.
        telephony_echoes_key: Whether `next_page` of `telephony` has the `api_key` that came in the query.
    """

    size: int = 300
    unavailable_every: int = 17
    unavailable_apis: frozenset[str] = frozenset({"recruiting", "commerce", "telephony"})
    refused_every: int = 29
    retry_after: str = "0"
    strict: bool = False
    token_life: float = 3600.0
    token_expires_in: bool = True
    rotate_refresh_tokens: bool = False
    helpdesk_requests: int = 4000
    helpdesk_seconds: float = 20.0
    telephony_requests: int = 0
    telephony_seconds: float = 60.0
    telephony_page: int = 100
    telephony_echoes_key: bool = False


@dataclass(frozen=True, kw_only=True)
class Api:
    """One API of the sandbox.

    Attributes:
        routes: What it answers where; the name of the blueprint is the name of the API.
        truth: For each resource, every record there is: what a target should hold in the end.
        credentials: Values for the `secrets` of the tap.
        admits: Whether the credentials of the current request are good.
        refusal: The body of an error, from its status and a message.
        parameters: Values for the `parameters` of the tap, so that the definition reaches all of `truth`.
        open_paths: Paths, without the prefix, that need no credentials.
    """

    routes: Blueprint
    truth: Mapping[str, list[Record]]
    credentials: Mapping[str, str]
    admits: Callable[[], bool]
    refusal: Callable[[int, str], Any]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    open_paths: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """The name of the API, also its prefix in the path."""
        return self.routes.name


def same(given: str | None, expected: str) -> bool:
    """Whether a credential is the expected one."""
    return given is not None and hmac.compare_digest(given.encode(), expected.encode())


def basic() -> tuple[str, str] | None:
    """User name and password of the current request, if it came with HTTP Basic."""
    given = request.authorization
    if given is None or given.type != "basic":
        return None
    return given.username or "", given.password or ""


def bearer() -> str | None:
    """The bearer token of the current request, as written: `request.authorization` stumbles over a `=` in it."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else None


def json_object() -> Record:
    """The JSON body of the current request; `{}` if it has none or does not say that its body is JSON."""
    if not request.is_json:
        return {}
    body = request.get_json()
    if not isinstance(body, dict):
        abort(400, "The body is not a JSON object.")
    return body


class BadCursorError(ValueError):
    """A cursor that this list never gave."""


# The first bytes make every cursor begin with "/+": a tap that puts it into a query unencoded loses the plus.
_MARK: Final = b"\xff\xef"


def cursor(of: str, offset: int) -> str:
    """An opaque cursor: it says where a page begins, and of which list."""
    return base64.b64encode(_MARK + f"{of}:{offset}".encode()).decode()


def offset_of(token: Any, of: str) -> int:
    """Where the page of a cursor begins; 0 for no cursor.

    Raises:
        BadCursorError: This list never gave that cursor.
    """
    if token is None:
        return 0
    try:
        name, _, offset = base64.b64decode(token, validate=True).removeprefix(_MARK).decode().rpartition(":")
        start = int(offset)
    except (TypeError, ValueError, binascii.Error):
        raise BadCursorError(token) from None
    if name != of:
        raise BadCursorError(token)
    return start


def cut(records: Sequence[Record], *, of: str, token: Any, limit: int) -> tuple[list[Record], str | None]:
    """One page of a list, and the cursor of the next if there is more.

    Raises:
        BadCursorError: This list never gave that cursor.
    """
    start = offset_of(token, of)
    end = start + limit
    return list(records[start:end]), cursor(of, end) if end < len(records) else None


class Bucket:
    """A leaky bucket of requests: holds `size`, runs empty in `seconds`."""

    def __init__(self, size: int, seconds: float) -> None:
        self.size = size
        self._leak = size / seconds
        self._level = 0.0
        self._seen = time.monotonic()
        self._lock = threading.Lock()

    def take(self) -> tuple[bool, int, int]:
        """Whether one more request fits, how many are in the bucket, and the seconds until there is room.

        While there is room, the seconds are those until the bucket is empty: the real thing sends them too.
        """
        with self._lock:
            now = time.monotonic()
            self._level = max(0.0, self._level - (now - self._seen) * self._leak)
            self._seen = now
            fits = self._level + 1 <= self.size
            self._level += fits
            spare = self._level if fits else self._level + 1 - self.size
            return fits, math.ceil(self._level), math.ceil(spare / self._leak)
