"""What do the bytes of a reply say?"""

from __future__ import annotations

import codecs
import re
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from tap_restgeneric.errors import ReplyError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_restgeneric.dialect.exchange import Reply

UNREADABLE = (ValueError, LookupError, RecursionError, ArithmeticError)
"""What reading a body raises: the last for a number that is none for its exponent."""

_TOLD = ("error", "error_description", "message", "detail", "code")
# The longest first: the mark of UTF-32 begins with that of UTF-16.
_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
    codecs.BOM_UTF8: "utf-8",
}
_UTF8 = frozenset({"utf-8", "utf8", "ascii", "us-ascii"})
_SHOWN = 200
_LONGEST_CHARACTER = 4
_decoder = msgspec.json.Decoder(float_hook=Decimal)
_CHARSET = re.compile(r"charset=[\"']?([\w.:-]+)", re.IGNORECASE)


def charset(headers: Mapping[str, str]) -> str | None:
    """The charset that the content type declares, if any."""
    found = _CHARSET.search(headers.get("content-type", ""))
    return found[1] if found else None


def utf8(content: bytes, charset: str | None) -> bytes:
    """A body in UTF-8, without a byte order mark.

    Args:
        content: The body, decompressed. A byte order mark counts before `charset`.
        charset: What the content type declares; without one it is UTF-8.

    Raises:
        ReplyError: It is not written in that charset.
    """
    mark = next((mark for mark in _MARKS if content.startswith(mark)), b"")
    encoding = _MARKS.get(mark) or charset or "utf-8"
    if encoding.lower() in _UTF8:
        return content.removeprefix(mark)
    try:
        return content.decode(encoding).encode()
    except (UnicodeError, LookupError) as error:
        raise ReplyError(f"the body is not text in {encoding}: {error}") from None


def decode(reply: Reply) -> Any:
    """The JSON value of a reply's body; None for an empty body.

    Raises:
        ReplyError: The body is not JSON, or not what `decoded` reads.
    """
    if reply.decoded is not None:
        try:
            return reply.decoded(reply.content, charset(reply.headers))
        except ReplyError as error:
            raise ReplyError(f"{error}; {describe(reply)}") from None
    try:
        content = utf8(reply.content, charset(reply.headers))
        return _decoder.decode(content) if content.strip() else None
    except ReplyError as error:
        raise ReplyError(f"{error}; {describe(reply)}") from None
    except UNREADABLE as error:
        raise ReplyError(f"the body is not JSON ({why(error)}); {describe(reply)}") from None


def why(error: Exception) -> str:
    """What is wrong with a body, in the words of who read it, where it has some."""
    return "a number has an exponent of too many digits" if isinstance(error, ArithmeticError) else str(error)


def text(content: bytes, headers: Mapping[str, str]) -> str:
    """Bytes as text, whatever they are: what cannot be decoded is replaced."""
    marked = next((encoding for mark, encoding in _MARKS.items() if content.startswith(mark)), None)
    try:
        return content.decode(marked or charset(headers) or "utf-8", errors="replace")
    except (LookupError, UnicodeError):  # a charset that Python does not have, or that cannot replace
        return content.decode(errors="replace")


def guarded(reply: Reply) -> Reply:
    """The reply of a token or login URL, of which only the words of an error are left: the rest may be a token."""
    try:
        body = _decoder.decode(reply.content)
    except UNREADABLE:
        body = None
    told = {key: body[key] for key in _TOLD if isinstance(body.get(key), str)} if isinstance(body, dict) else {}
    return replace(reply, content=msgspec.json.encode(told) if told else b"(not shown)")


def describe(reply: Reply) -> str:
    """Status, content type and the beginning of the body, for a message."""
    kind = reply.headers.get("content-type", "no content type")
    beginning = reply.content[: _SHOWN * 2 * _LONGEST_CHARACTER]
    words = " ".join(text(beginning, reply.headers).split())
    shown = words[:_SHOWN] + ("…" if len(words) > _SHOWN else "")
    return f"status {reply.status}, {kind}, body: {shown or '(empty)'}"
