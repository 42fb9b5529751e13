"""How do a header, a query and a cookie carry a key?"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_plus, urlsplit

if TYPE_CHECKING:
    from tap_restgeneric.dialect.exchange import Call

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def carried(value: str) -> str:
    """A value that a header can carry, as it is.

    Raises:
        ValueError: It cannot; the message does not show the value.
    """
    if _CONTROL.search(value):
        raise ValueError("must not hold a line feed or another control character: a header cannot carry it")
    if any(ord(letter) > 0xFF for letter in value):  # noqa: PLR2004 (the end of Latin-1)
        raise ValueError("must not hold characters outside Latin-1: a header cannot carry them")
    if value != value.strip():
        raise ValueError("must not begin or end with a blank: a header cannot carry it")
    return value


def with_query(call: Call, name: str, value: str) -> Call:
    """The call with a query parameter sent exactly once: in the URL's own query if that has it, else as a param."""
    query = urlsplit(call.url).query
    if not any(_key(pair) == name for pair in query.split("&")):
        first = next((index for index, (key, _) in enumerate(call.params) if key == name), len(call.params))
        others = [pair for pair in call.params[first:] if pair[0] != name]
        return replace(call, params=(*call.params[:first], (name, value), *others))
    pairs = [pair for pair in query.split("&") if _key(pair) != name]
    place = next(index for index, pair in enumerate(query.split("&")) if _key(pair) == name)
    pairs.insert(place, f"{quote(name, safe='')}={quote(value, safe='')}")
    others = [pair for pair in call.params if pair[0] != name]
    return replace(call, url=_requeried(call.url, pairs), params=tuple(others))


def without_query_key(url: str, name: str) -> str:
    """The URL without a query parameter; the others stay exactly as they are written."""
    pairs = urlsplit(url).query.split("&")
    kept = [pair for pair in pairs if _key(pair) != name]
    return url if len(kept) == len(pairs) else _requeried(url, kept)


def with_cookie(call: Call, name: str, value: str) -> Call:
    """The call with a cookie beside those it has."""
    written = next((old for header, old in call.headers.items() if header.lower() == "cookie"), "")
    cookies = [cookie.strip() for cookie in written.split(";") if cookie.strip()]
    kept = [cookie for cookie in cookies if cookie.partition("=")[0].strip() != name]
    return call.with_header("Cookie", "; ".join([*kept, f"{name}={value}"]))


def _key(pair: str) -> str:
    return unquote_plus(pair.partition("=")[0])


def _requeried(url: str, pairs: list[str]) -> str:
    return urlsplit(url)._replace(query="&".join(pairs)).geturl()
