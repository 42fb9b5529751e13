"""Which steps does a JSONPath take?

Names, `*`, `[n]`, `[*]` and `['quoted key']` are steps of our own: fast, and able to look through arrays. Filters,
slices, unions in brackets and `..` are single steps that jsonpath-ng takes; a text with anything else is one step.
"""

from __future__ import annotations

import re
import warnings
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct

from tap_restgeneric.dialect.jsonpath import costs
from tap_restgeneric.errors import ReplyError

if TYPE_CHECKING:
    from collections.abc import Sequence


class Step(Protocol):
    """One step of a path: from one value to the values below it."""

    def found(self, value: Any) -> Sequence[Any]:
        """The values one step below `value`, in document order."""

    def walked(self, value: Any) -> int | None:
        """How many entries the step goes over at `value`; None if `value` is no collection to it."""

    def excused(self, value: Any) -> bool:
        """Whether finding nothing at `value` says nothing against the path."""


Steps = tuple[Step, ...]


def is_empty(value: Any) -> bool:
    """Whether a JSON value holds nothing: null, `[]` or `{}`."""
    return value is None or (isinstance(value, (list, dict)) and not value)


class Key(Struct, frozen=True):
    """The value of a key; `through_arrays`, of every object of a list too."""

    name: str
    through_arrays: bool = False

    def found(self, value: Any) -> Sequence[Any]:
        """The value, if the key is there."""
        name = self.name
        if isinstance(value, dict):
            return (value[name],) if name in value else ()
        if self.through_arrays and isinstance(value, list):
            return [item[name] for item in value if isinstance(item, dict) and name in item]
        return ()

    def walked(self, value: Any) -> int | None:
        """The length of a list that is looked through."""
        return len(value) if self.through_arrays and isinstance(value, list) else None

    def excused(self, value: Any) -> bool:
        """Only where there are no keys at all."""
        return is_empty(value)


class Index(Struct, frozen=True):
    """The entry of a list, counted from 0, or from the end when negative."""

    number: int

    def found(self, value: Any) -> Sequence[Any]:
        """The entry, if the list is that long."""
        if isinstance(value, list) and -len(value) <= self.number < len(value):
            return (value[self.number],)
        return ()

    def walked(self, value: Any) -> int | None:  # noqa: ARG002  # one entry is no walk
        """Never."""
        return None

    def excused(self, value: Any) -> bool:
        """Only where there are no entries at all."""
        return is_empty(value)


class Each(Struct, frozen=True):
    """Every entry of a list, every value of an object."""

    def found(self, value: Any) -> Sequence[Any]:
        """The entries or values."""
        if isinstance(value, list):
            return value
        return tuple(value.values()) if isinstance(value, dict) else ()

    def walked(self, value: Any) -> int | None:
        """The number of entries or values."""
        return len(value) if isinstance(value, (list, dict)) else None

    def excused(self, value: Any) -> bool:
        """Only where there is nothing to go over."""
        return is_empty(value)


class Query(Struct, frozen=True):
    """What jsonpath-ng finds; `chooses` if it may rightly leave out everything, as a filter does."""

    path: Any
    text: str
    applies_to: tuple[type, ...] = (dict, list)
    chooses: bool = False

    def found(self, value: Any) -> Sequence[Any]:
        """The matches.

        Raises:
            ReplyError: The query cannot be asked of this value.
        """
        if not isinstance(value, self.applies_to):
            return ()
        try:
            return [_exact(match.value) for match in self.path.find(_comparable(value))]
        except Exception as error:  # the library raises whatever its operators meet
            raise ReplyError(f"the selector {self.text!r} cannot be applied to this body: {error}") from error

    def walked(self, value: Any) -> int | None:
        """The length of a list."""
        return len(value) if isinstance(value, list) else None

    def excused(self, value: Any) -> bool:
        """Where there is nothing, or where leaving out is what the query is for."""
        return is_empty(value) or (self.chooses and isinstance(value, self.applies_to))


class _Float(float):
    """A `Decimal` that jsonpath-ng can compare: to it only floats and integers have an order."""

    exact: Decimal


def _comparable(value: Any) -> Any:
    if isinstance(value, Decimal):
        number = _Float(value)
        number.exact = value
        return number
    if isinstance(value, list):
        return [_comparable(item) for item in value]
    if isinstance(value, dict):
        return {key: _comparable(item) for key, item in value.items()}
    return value


def _exact(value: Any) -> Any:
    if isinstance(value, _Float):
        return value.exact
    if isinstance(value, list):
        return [_exact(item) for item in value]
    if isinstance(value, dict):
        return {key: _exact(item) for key, item in value.items()}
    return value


_NAME = r"\$?[\w@:-][\w@:#$-]*"
_QUOTED = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
_ROOT = re.compile(r"\$(?=[.\[|\s]|$)")
_STEP = re.compile(rf"(?P<dots>\.{{0,2}})(?:(?P<name>{_NAME})|(?P<each>\*)|(?P<bracket>\[))")
_PLAIN = re.compile(rf"\[\s*(?:(?P<index>-?\d{{1,9}})|(?P<each>\*)|(?P<key>{_QUOTED}))\s*\]", re.DOTALL)
_NAMES = re.compile(r"['\"A-Za-z_]")
_QUOTE_OR_BRACKET = re.compile(rf"{_QUOTED}|[\[\]]", re.DOTALL)
_ERROR_AT = re.compile(r"(?:\b1:|col )(\d+)")


def branches(text: str, *, through_arrays: bool) -> tuple[Steps, ...]:
    """The paths that `text` writes: one, or several with `|` between them.

    Raises:
        ValueError: It is no JSONPath; the message names the column.
    """
    costs.check_text(text)
    found: list[Steps] = []
    at = 0
    while path := _path(text, at, through_arrays=through_arrays):
        steps, end = path
        found.append(steps)
        if end == len(text):
            return tuple(found)
        if text[end] != "|":
            break
        at = end + 1
    return ((_query(text, 0, len(text)),),)


def _path(text: str, at: int, *, through_arrays: bool) -> tuple[Steps, int] | None:
    """The steps of the path that begins at `at`, and where it ends; None if none begins there."""
    at = _past_spaces(text, at)
    rooted = bool(_ROOT.match(text, at))
    at += rooted
    steps: list[Step] = []
    while (token := _STEP.match(text, at)) and _may_follow(token, leading=not (rooted or steps)):
        at = _bracket_end(text, token.start("bracket")) if token["bracket"] else token.end()
        steps.append(_step(text, token, at, through_arrays=through_arrays))
    return (tuple(steps), _past_spaces(text, at)) if rooted or steps else None


def _may_follow(token: re.Match[str], *, leading: bool) -> bool:
    if leading:
        return not token["dots"]
    return bool(token["dots"] or token["bracket"])


def _past_spaces(text: str, at: int) -> int:
    return len(text) - len(text[at:].lstrip())


def _bracket_end(text: str, at: int) -> int:
    depth = 0
    for token in _QUOTE_OR_BRACKET.finditer(text, at):
        depth += {"[": 1, "]": -1}.get(token[0], 0)
        if depth == 0:
            return token.end()
    return len(text)


def _step(text: str, token: re.Match[str], end: int, *, through_arrays: bool) -> Step:
    if token["dots"] == "..":
        return _query(text, token.start(), end)
    if token["name"]:
        return Key(token["name"], through_arrays)
    if token["each"]:
        return Each()
    plain = _PLAIN.fullmatch(text, token.start("bracket"), end)
    if plain is None:
        return _choice(text, token.start("bracket"), end)
    if plain["key"]:
        return Key(re.sub(r"\\(.)", r"\1", plain["key"][1:-1], flags=re.DOTALL), through_arrays)
    return Each() if plain["each"] else Index(int(plain["index"]))


def _choice(text: str, begin: int, end: int) -> Query:
    inside = text[begin + 1 : end].lstrip()
    if inside.startswith("?"):
        return _query(text, begin, end, chooses=True)
    if _NAMES.match(inside):
        return _query(text, begin, end, applies_to=(dict,))
    # a slice: versions of jsonpath-ng disagree about slices of an object
    return _query(text, begin, end, applies_to=(list,), chooses=True)


def _query(
    text: str, begin: int, end: int, *, applies_to: tuple[type, ...] = (dict, list), chooses: bool = False
) -> Query:
    from jsonpath_ng.ext.parser import parse  # noqa: PLC0415  # slow to import, and most sources do without

    root = "" if (begin, end) == (0, len(text)) else "$"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            path = parse(root + text[begin:end])
    except Exception as error:  # noqa: BLE001  # the library raises half a dozen unrelated types
        at = _ERROR_AT.search(str(error))
        raise ValueError(_mistake(text, begin + int(at[1]) - len(root) if at else len(text))) from None
    costs.check(path)
    return Query(path, text, applies_to, chooses)


def _mistake(text: str, at: int) -> str:
    what = f"unexpected {text[at]!r}" if at < len(text) else "it ends too early"
    hint = "" if "[" in text else "; an odd key is written ['key']"
    return f"{text!r} is not a JSONPath: {what} at column {at + 1}{hint}"
