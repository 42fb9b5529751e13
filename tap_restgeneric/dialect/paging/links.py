"""Which page does a link lead to?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from tap_restgeneric.dialect.exchange import Call, Next, Page, Position, Stop
from tap_restgeneric.errors import ReplyError

_SHOWN = 100


def is_url(text: str) -> bool:
    """Whether a cursor is a URL: absolute, or a query, or a path with a query (a bare `/` can begin base64)."""
    return text.lower().startswith(("http://", "https://", "?")) or (text.startswith("/") and "?" in text)


def is_link(text: str) -> bool:
    """Whether a text is written as a link where one is expected: absolute, or from the root, or a query."""
    return text.lower().startswith(("http://", "https://", "/", "?"))


def follow(call: Call, url: str) -> Call:
    """The call for a linked page: the link replaces path and query, the rest of the call stays."""
    return replace(call, url=url, params=())


def position(page: Page, link: str) -> Next:
    """The position a link leads to; a link to the page just read ends the stream.

    Args:
        page: The page that holds the link.
        link: An absolute or relative URL, without credentials if the call of the page has none.

    Raises:
        ReplyError: The link is no URL of a web page.
    """
    target = absolute(page, link)
    if target is None:
        raise ReplyError(f"the link to the next page is no URL: {link[:_SHOWN]!r}")
    if _canonical(target) == _canonical(full_url(page.call)):
        return Stop("the next link repeats the page just read", "the next link repeats the URL just read")
    return Position(kind="link", value=target)


def absolute(page: Page, link: str) -> str | None:
    """The URL that a link on a page leads to, relative ones from that of the page; None if it leads to none."""
    try:
        target = urljoin(full_url(page.call), link.strip())
        parts = urlsplit(target)
    except ValueError:
        return None
    return target if parts.scheme in {"http", "https"} and parts.hostname else None


def _canonical(url: str) -> tuple[str, list[tuple[str, str]]]:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}", sorted(parse_qsl(parts.query, keep_blank_values=True))


def full_url(call: Call) -> str:
    """The URL of a call with its parameters."""
    pairs = [(key, value) for key, values in call.params for value in _several(values) if value is not None]
    if not pairs:
        return call.url
    return f"{call.url}{'&' if urlsplit(call.url).query else '?'}{urlencode(pairs)}"


def _several(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]
