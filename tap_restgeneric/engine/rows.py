"""What is in a body besides its records? Records that nobody looks into stay bytes."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from tap_restgeneric.errors import ReplyError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tap_restgeneric.engine.lines import Block

_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_UTF8 = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})
_values = msgspec.json.Decoder(float_hook=Decimal)
_PLAIN = re.compile(r"\$?\.?(?P<keys>[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*|)(?:\[\*\]|(?<=\w)\.\*)?")


class NotJsonError(ReplyError):
    """What was left for later cannot be decoded."""


class Rows(list[Any]):
    """The record list of a body: bytes until somebody uses it as a list, then the objects it holds.

    Args:
        raw: The JSON text of the list.

    `block` has the same records typed, where they fit; `fits` is None until that was tried.
    """

    def __init__(self, raw: bytes | msgspec.Raw) -> None:
        """Nothing is decoded yet."""
        super().__init__()
        self.raw = raw
        self.block: Block | None = None
        self.fits: bool | None = None
        self._loaded = False

    def _load(self) -> Rows:
        if not self._loaded:
            try:
                super().extend(_values.decode(self.raw))
            except (ValueError, RecursionError) as error:
                raise NotJsonError(f"the body is not JSON ({error})") from None
            self._loaded = True
        return self

    def __len__(self) -> int:
        if self.block is not None:
            return len(self.block.records)
        self._load()
        return super().__len__()

    def __iter__(self) -> Iterator[Any]:
        self._load()
        return super().__iter__()

    def __getitem__(self, index: Any) -> Any:
        self._load()
        return super().__getitem__(index)

    def __reversed__(self) -> Iterator[Any]:
        self._load()
        return super().__reversed__()

    def __add__(self, other: Any) -> list[Any]:
        return [*self, *other]

    def __radd__(self, other: Any) -> list[Any]:
        return [*other, *self]

    def __contains__(self, item: object) -> bool:
        self._load()
        return super().__contains__(item)

    def __eq__(self, other: object) -> bool:
        self._load()
        return super().__eq__(other)

    __hash__ = None

    def __repr__(self) -> str:
        self._load()
        return super().__repr__()


def opener(keys: Sequence[str]) -> Callable[[bytes, str | None], Any]:
    """A decoder of bodies that leaves the list under some keys undecoded; it takes a body and its charset.

    Args:
        keys: The way to the record list: `("data", "items")`; none for a body that is the list.
    """

    def opened(content: bytes, charset: str | None) -> Any:
        text = content.removeprefix(b"\xef\xbb\xbf")
        try:
            if not text.strip():
                return None
            if charset and charset.lower() not in _UTF8:
                text = text.decode(charset).encode()
            elif not text.isascii():
                text.decode()  # a byte that is no UTF-8 must not slip through unread
            if b"\n" in text or b"\r" in text:
                text = msgspec.json.format(text, indent=-1)  # one line, one message
            return _opened(text, tuple(keys))
        except (ValueError, LookupError, RecursionError) as error:
            raise ReplyError(f"the body is not JSON ({error})") from None

    return opened


def _opened(raw: bytes | msgspec.Raw, keys: tuple[str, ...]) -> Any:
    if not keys:
        # The list was checked for syntax on the way here, except where it is the whole body.
        text = bytes(raw).lstrip()
        return Rows(raw) if text[:1] == b"[" else _values.decode(raw)
    if bytes(raw).lstrip()[:1] != b"{":
        return _values.decode(raw)
    fields = _fields.decode(raw)
    return {key: _opened(value, keys[1:]) if key == keys[0] else _values.decode(value) for key, value in fields.items()}


def list_keys(selector: str) -> tuple[str, ...] | None:
    """The keys on the way to a list, if that is all that a selector says: `data.items`, `x.*`, `$`."""
    plain = _PLAIN.fullmatch(selector)
    if plain is None:
        return None
    return tuple(key for key in plain["keys"].split(".") if key)


def rows_at(body: Any, keys: Sequence[str]) -> Rows | None:
    """The undecoded list in a body, if it is there."""
    for key in keys:
        body = body.get(key) if isinstance(body, dict) else None
    return body if isinstance(body, Rows) else None
