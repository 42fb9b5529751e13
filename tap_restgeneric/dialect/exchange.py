"""The words the parts speak: a call goes out, a reply comes back, a page of records is read from it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from tap_restgeneric.dialect.replies import bodies

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Pairs = tuple[tuple[str, Any], ...]


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request as the dialect sees it: not yet signed, not yet encoded.

    Attributes:
        method: HTTP method, upper case.
        url: Absolute URL; may hold a query of its own.
        params: Query parameters beside those in `url`, in order; a name may stand more than once.
        headers: Header fields.
        json: JSON body, or None for none (`{}` is a body).
        data: Form fields (mapping or pairs) or a raw text body, or None.
    """

    url: str
    method: str = "GET"
    params: Pairs = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    data: Any = None

    def with_param(self, name: str, value: Any) -> Call:
        """This call with the query parameter `name` set (in its old place if it has one)."""
        if all(key != name for key, _ in self.params):
            return replace(self, params=(*self.params, (name, value)))
        return replace(self, params=tuple((key, value if key == name else old) for key, old in self.params))

    def with_header(self, name: str, value: str) -> Call:
        """This call with a header field set; header names are compared without case."""
        return replace(self, headers={**self.without_header(name).headers, name: value})

    def without_header(self, name: str) -> Call:
        """This call without a header field."""
        return replace(self, headers={key: old for key, old in self.headers.items() if key.lower() != name.lower()})

    def with_json(self, path: Sequence[str], value: Any) -> Call:
        """This call with `value` at `path` of its JSON body; objects on the way are made."""
        return replace(self, json=_with_value(self.json, path, value))

    def with_field(self, name: str, value: Any) -> Call:
        """This call with a form field set."""
        pairs = list(self.data.items()) if isinstance(self.data, dict) else list(self.data or ())
        kept = [(key, old) for key, old in pairs if key != name]
        return replace(self, data=[*kept, (name, value)])

    @property
    def origin(self) -> str:
        """Scheme, host and port: the thing credentials belong to."""
        return origin(self.url)


def _with_value(body: Any, path: Sequence[str], value: Any) -> Any:
    head, *rest = path
    fields = body if isinstance(body, dict) else {}
    return {**fields, head: _with_value(fields.get(head), rest, value) if rest else value}


_BEGINNING = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[A-Za-z0-9.:-]+(?=[/?#]|\Z)")
"""What comes before the path of a URL in which nothing is out of the ordinary."""
_DEFAULT_PORTS = {"http": 80, "https": 443}


def origin(url: str) -> str:
    """Scheme, host and port of a URL, in one spelling: `https://api.example.com:443`."""
    beginning = _BEGINNING.match(url)
    return _origin(beginning[0] if beginning else url)


@lru_cache(1024)
def _origin(url: str) -> str:
    parts = urlsplit(url)
    port = parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)
    return f"{parts.scheme}://{(parts.hostname or '').lower()}:{port}"


def without_query(url: str) -> str:
    """A URL without its query and fragment: what a message may show."""
    return urlunsplit(urlsplit(url)._replace(query="", fragment=""))


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What came back for a call.

    Attributes:
        url: The URL that was asked in the end, without credentials the tap added.
        status: HTTP status code.
        headers: Header fields, names in lower case.
        content: The body, decompressed.
        decoded: Makes values of the body and its charset where it is not JSON to be read whole.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    content: bytes
    decoded: Callable[[bytes, str | None], Any] | None = field(default=None, compare=False)

    @cached_property
    def body(self) -> Any:
        """The body as JSON values; floats are `Decimal`, exactly as the API wrote them; None if empty.

        Raises:
            ReplyError: The body is not JSON.
        """
        return bodies.decode(self)

    @property
    def text(self) -> str:
        """The body as text, whatever it is."""
        return bodies.text(self.content, self.headers)


@dataclass(frozen=True, kw_only=True)
class Position:
    """Where a page stands in its stream: comparable, loggable, resumable.

    Attributes:
        kind: `start`, `cursor`, `page`, `offset` or `link`.
        value: The token, number or URL; None at the start.
        total: What an earlier page said there is in all, where a paginator counts.
    """

    kind: str
    value: str | int | Decimal | None = None
    total: int | None = field(default=None, compare=False)

    def __str__(self) -> str:
        if self.kind == "start":
            return "the first page"
        return f"{self.kind} {self.value}" if isinstance(self.value, Decimal) else f"{self.kind} {self.value!r}"


START = Position(kind="start")


@dataclass(frozen=True, kw_only=True)
class Page:
    """The records of one reply.

    Attributes:
        call: The call that was sent, unsigned.
        reply: What came back.
        position: Where the page stands.
        records: What the selector found, in order.
        entries: How many entries the list the selector walks had, before filters: the step of an offset.
        matched: Whether the selector found anything at all (an empty list is something).
    """

    call: Call
    reply: Reply
    position: Position
    records: Sequence[Any]
    entries: int = 0
    matched: bool = True

    @property
    def is_empty(self) -> bool:
        """Whether nothing came: a page of which a filter leaves nothing is not empty."""
        return not self.records and not self.entries


@dataclass(frozen=True)
class Stop:
    """There is no next page.

    Attributes:
        reason: Why, for the report: `no cursor in the reply`.
        warning: Set when rows may be missing: what to look at.
        doubt: What to look at if no sequence of pages in the whole stream had a second page.
    """

    reason: str
    warning: str | None = None
    doubt: str | None = None


Next = Position | Stop
