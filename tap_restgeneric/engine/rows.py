"""What is in a body besides its records? Records that nobody looks into are never objects."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, Union

import msgspec

from tap_restgeneric.dialect.replies import bodies
from tap_restgeneric.errors import ReplyError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tap_restgeneric.engine.lines import Block, Form, Lines

_PLAIN = re.compile(r"\$?\.?(?P<keys>[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*|)(?:\[\*\]|(?<=\w)\.\*)?")
_MOST_KEYS = 200
_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_values = msgspec.json.Decoder(float_hook=Decimal)


class Rows(list[Any]):
    """The record list of a body: typed records until somebody uses it as a list, then the objects it holds.

    Args:
        load: Gives the objects.
        block: The same records, typed.
    """

    def __init__(self, load: Callable[[], list[Any]], block: Block | None = None) -> None:
        """Nothing is decoded into objects yet."""
        super().__init__()
        self.block = block
        self.load = load
        self._is_loaded = False

    def _loaded(self) -> Rows:
        if not self._is_loaded:
            super().extend(self.load())
            self._is_loaded = True
        return self

    def __len__(self) -> int:
        if self.block is not None:
            return len(self.block.records)
        self._loaded()
        return super().__len__()

    def __iter__(self) -> Iterator[Any]:
        self._loaded()
        return super().__iter__()

    def __getitem__(self, index: Any) -> Any:
        self._loaded()
        return super().__getitem__(index)

    def __reversed__(self) -> Iterator[Any]:
        self._loaded()
        return super().__reversed__()

    def __add__(self, other: Any) -> list[Any]:
        return [*self, *other]

    def __radd__(self, other: Any) -> list[Any]:
        return [*other, *self]

    def __contains__(self, item: object) -> bool:
        self._loaded()
        return super().__contains__(item)

    def __eq__(self, other: object) -> bool:
        self._loaded()
        return super().__eq__(other)

    __hash__ = None

    def __repr__(self) -> str:
        self._loaded()
        return super().__repr__()


class Opener:
    """A decoder of bodies that types the records on the way; bodies whose records do not fit are read whole.

    What stands beside the records is learned from the first body, so that each body after it is read in one pass.

    Args:
        keys: The way to the record list: `("data", "items")`; none for a body that is the list.
        lines: Types the records.
    """

    def __init__(self, keys: Sequence[str], lines: Lines) -> None:
        """Nothing is known of the bodies."""
        self._keys = tuple(keys)
        self._lines = lines
        self._around: tuple[tuple[str, ...], ...] = tuple((key,) for key in keys)
        self._envelope = _Envelope(self._keys, self._around, lines.form)

    def __call__(self, content: bytes, charset: str | None) -> Any:
        """What a body says; its record list is `Rows` where the records fit.

        Args:
            content: The body, decompressed.
            charset: What the content type declares.

        Raises:
            ReplyError: It is not JSON.
        """
        text = bodies.utf8(content, charset).strip()
        try:
            if not text:
                return None
            body = self._typed(text)
            return _values.decode(text) if body is None else body
        except bodies.UNREADABLE as error:
            raise ReplyError(f"the body is not JSON ({bodies.why(error)})") from None

    def rows(self, body: Any) -> Rows | None:
        """The record list of a body that was opened, if its records fit."""
        for key in self._keys:
            body = body.get(key) if isinstance(body, dict) else None
        return body if isinstance(body, Rows) else None

    def _typed(self, text: bytes) -> Any:
        """The body with its records typed; None if they do not fit."""
        if self._envelope.form is not self._lines.form:
            self._envelope = _Envelope(self._keys, self._around, self._lines.form)
        body = self._envelope.opened(text)
        return self._envelope.opened(text) if body is None and self._learned(text) else body

    def _learned(self, text: bytes) -> bool:
        """Whether there are keys around the records that were not known."""
        found = []
        inner: bytes | msgspec.Raw = text
        for key, known in zip(self._keys, self._around, strict=True):
            try:
                fields = _fields.decode(inner)
            except (ValueError, RecursionError):
                return False
            found.append(tuple(dict.fromkeys((*known, *fields))))
            inner = fields.get(key, b"{}")
        around = tuple(found)
        if around == self._around or any(len(level) > _MOST_KEYS for level in around):
            return False
        self._around = around
        self._envelope = _Envelope(self._keys, around, self._lines.form)
        return True


class _Envelope:
    """What is known of a body: the keys on the way to its records and beside it, and the type of the records.

    Args:
        keys: The way to the records.
        around: For each of them, all keys of the object that it stands in.
        form: The type of the records.
    """

    def __init__(self, keys: Sequence[str], around: Sequence[Sequence[str]], form: Form) -> None:
        self.form = form
        self._keys = keys
        self._around = around
        kind: Any = list[form.record]  # type: ignore[name-defined]
        for key, names in zip(reversed(keys), reversed(around), strict=True):
            kind = _object({name: kind if name == key else msgspec.Raw for name in names})
        self._decoder = msgspec.json.Decoder(kind, float_hook=Decimal)

    def opened(self, text: bytes) -> Any:
        """The values of a body; None if it is another one, or its records do not fit."""
        try:
            return self._values(self._decoder.decode(text), text, 0)
        except (msgspec.MsgspecError, ValueError, RecursionError, ArithmeticError):
            return None

    def _values(self, read: Any, text: bytes, depth: int) -> Any:
        if depth == len(self._keys):
            return Rows(partial(_listed, text, self._keys), self.form.block(read))
        found = {}
        for name, value in zip(self._around[depth], msgspec.structs.astuple(read), strict=True):
            if value is not msgspec.UNSET:
                inner = name == self._keys[depth]
                found[name] = self._values(value, text, depth + 1) if inner else _values.decode(value)
        return found


def _object(types: dict[str, Any]) -> Any:
    return msgspec.defstruct(
        "Body",
        [
            (f"f{number}", Union[kind, msgspec.UnsetType], msgspec.UNSET)  # noqa: UP007 (made at run time)
            for number, kind in enumerate(types.values())
        ],
        rename={f"f{number}": name for number, name in enumerate(types)},
        forbid_unknown_fields=True,
        gc=False,
    )


def _listed(text: bytes, keys: Sequence[str]) -> list[Any]:
    """The objects of a record list that was typed."""
    inner: bytes | msgspec.Raw = text
    for key in keys:
        inner = _fields.decode(inner)[key]
    listed: list[Any] = _values.decode(inner)
    return listed


class Openers:
    """The decoders of a stream's bodies: one for each place in which its records were found.

    Args:
        lines: Types the records.
    """

    def __init__(self, lines: Lines) -> None:
        """No body was seen."""
        self._lines = lines
        self._found: dict[str, Opener | None] = {}

    def of(self, selector: str) -> Opener | None:
        """The decoder for a selector that says the way to one list and no more: `data.items`, `x.*`, `$`."""
        if selector not in self._found:
            plain = _PLAIN.fullmatch(selector)
            keys = [key for key in plain["keys"].split(".") if key] if plain else ()
            self._found[selector] = Opener(keys, self._lines) if plain else None
        return self._found[selector]
