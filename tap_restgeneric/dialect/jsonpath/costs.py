"""What may a query cost? A selector can come from a stranger, and the body it is asked of too."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_CHARACTERS = 2_000
_MOST_DESCENTS = 2
_QUANTIFIER = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|(?P<group>\))?(?P<many>[*+]|\{\d*,?\d*\})|(?P<once>\?)", re.DOTALL
)
_MOST_ONCE = 3
_MOST_TIMES = 100


def check(path: Any) -> None:
    """Refuses a query of jsonpath-ng whose cost has no sensible bound.

    Args:
        path: As the library parsed it.

    Raises:
        ValueError: It calculates, cuts texts, or matches them with a pattern that may never end.
    """
    for part in _parts(path):
        kind = type(part).__name__
        if kind in {"Operation", "Sub", "Split"}:
            raise ValueError("a selector selects: it neither calculates nor changes texts (processing_steps do)")
        if getattr(part, "op", None) == "=~":
            _check_pattern(str(part.value))


def check_text(text: str) -> None:
    """Refuses a selector that is too long, or goes through all levels again and again.

    Raises:
        ValueError: It is.
    """
    if len(text) > MOST_CHARACTERS:
        raise ValueError(f"a selector has at most {MOST_CHARACTERS} characters, not {len(text)}")
    if text.count("..") > _MOST_DESCENTS:
        raise ValueError(f"`..` goes through all levels: at most {_MOST_DESCENTS} times in a selector")


def _parts(value: Any) -> Iterator[Any]:
    """All nodes of a parsed query."""
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _parts(item)
    elif type(value).__module__.startswith("jsonpath_ng"):
        yield value
        yield from _parts(list(vars(value).values()))


def _check_pattern(pattern: str) -> None:
    """Refuses a pattern on which a search may take more than time in proportion to a text.

    Raises:
        ValueError: It is none, or repeats more than one thing, a group, or something without a bound behind a
            beginning that is not fixed by `^`.
    """
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"{pattern!r} is no pattern: {error}") from None
    found = [token for token in _QUANTIFIER.finditer(pattern) if token["many"] or token["once"]]
    many = [token for token in found if token["many"]]
    unbounded = [token for token in many if _most(token["many"]) > _MOST_TIMES]
    if len(many) > 1 or any(token["group"] for token in many) or len(found) - len(many) > _MOST_ONCE:
        raise ValueError(f"the pattern {pattern!r} may take for ever: it may repeat one thing, which is no group")
    if unbounded and not pattern.startswith("^"):
        raise ValueError(
            f"the pattern {pattern!r} may take for ever: begin with ^, or repeat at most {_MOST_TIMES} times"
        )


def _most(quantifier: str) -> float:
    """How often a quantifier may repeat something."""
    last = quantifier.strip("{}").rpartition(",")[2]
    return int(last) if last.isdigit() else float("inf")
