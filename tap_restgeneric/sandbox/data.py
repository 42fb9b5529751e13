"""How are records made up, the same ones on every run?

A table of records is `table(count, field=generator, ...)`. A generator takes the number of the record and returns
the value; anything that is not a function is a value that never changes.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, uuid5

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_restgeneric.sandbox.api import Record

ABSENT: Final = object()
START: Final = datetime(2023, 11, 20, 16, 53, 44, 720000, tzinfo=timezone.utc)
BEYOND_FLOATS: Final = 2**53 + 1
NAMES: Final = ("Ada Lovelace", "Zoë Müller", "李小龙", 'Rob "Bobby" O\'Brien', "ნინო\nბერიძე", "Max 🚀 Power", "")
WORDS: Final = ("Amber", "Birch", "Cedar", "Delta", "Ember", "Fjord", "Grove")

_SPACE: Final = UUID("6f2c1b1e-0d5c-4a55-9a3e-5e1f7b7c9d10")


def constant(value: Any) -> Callable[[int], Any]:
    """The generator itself, or one that always gives `value`."""
    return value if callable(value) else lambda _: value


def thing(**fields: Any) -> Callable[[int], Record]:
    """An object with these fields; those that are ABSENT are left out."""
    makers = {name: constant(field) for name, field in fields.items()}

    def make(i: int) -> Record:
        made = {name: make_one(i) for name, make_one in makers.items()}
        return {name: value for name, value in made.items() if value is not ABSENT}

    return make


def table(count: int, /, **fields: Any) -> list[Record]:
    """`count` records with these fields."""
    return list(map(thing(**fields), range(count)))


def uuid(kind: str, among: int | None = None) -> Callable[[int], str]:
    """The id of the record with that number; with `among`, a reference to one of that many records."""
    return lambda i: str(uuid5(_SPACE, f"{kind}/{i if among is None else i % max(among, 1)}"))


def text(pattern: str) -> Callable[[int], str]:
    """A text with the number of the record at `{}`."""
    return pattern.format


def pick(*values: Any) -> Callable[[int], Any]:
    """These values (or generators) in turn."""
    makers = [constant(value) for value in values]
    return lambda i: makers[i % len(makers)](i)


def number(first: int = 1, step: int = 1, among: int | None = None) -> Callable[[int], int]:
    """Integers from `first`; with `among`, that many of them in turn."""
    return lambda i: first + step * (i if among is None else i % among)


def flag(every: int) -> Callable[[int], bool]:
    """True for every so many records."""
    return lambda i: i % every == 0


def sparse(field: Any, every: int = 3, otherwise: Any = None) -> Callable[[int], Any]:
    """`field`, but `otherwise` in the last of every so many records."""
    make, other = constant(field), constant(otherwise)
    return lambda i: other(i) if i % every == every - 1 else make(i)


def several(field: Any, most: int = 2) -> Callable[[int], list[Any]]:
    """A list with 0, 1, ... `most` elements in turn."""
    make = constant(field)
    return lambda i: [make(i + k) for k in range(i % (most + 1))]


def moment(style: Callable[[datetime], str], step: float = 3600, after: float = 0) -> Callable[[int], str]:
    """Times, `step` seconds from one record to the next, `after` seconds after the start."""
    return lambda i: style(START + timedelta(seconds=after + step * i))


def millis(at: datetime) -> str:
    """`2023-11-20T16:53:44.720Z`."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"


def trimmed(at: datetime) -> str:
    """`2023-11-20T16:53:44.72Z`: a fraction without its last zeros."""
    return millis(at).rstrip("Z").rstrip("0").rstrip(".") + "Z"


def seconds(at: datetime) -> str:
    """`2023-11-20T16:53:44Z`."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def naive(at: datetime) -> str:
    """`2023-11-20T16:53:44.720000`: no zone."""
    return f"{at:%Y-%m-%dT%H:%M:%S.%f}"


def naive_spaced(at: datetime) -> str:
    """`2023-11-20 16:53:44.720000`: no zone, no T."""
    return f"{at:%Y-%m-%d %H:%M:%S.%f}"


def zoned(at: datetime) -> str:
    """`2023-11-20T16:53:44.720000+00:00`."""
    return naive(at) + "+00:00"


def instant(written: str) -> datetime:
    """The instant of any of the spellings above; no zone is UTC."""
    bare = written.replace(" ", "T").removesuffix("Z").removesuffix("+00:00")
    whole, _, fraction = bare.partition(".")
    micro = int((fraction + "000000")[:6])
    return datetime.fromisoformat(whole).replace(microsecond=micro, tzinfo=timezone.utc)
