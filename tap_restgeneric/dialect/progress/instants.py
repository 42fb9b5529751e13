"""Which moment is this, and how does an API want to read it?"""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

NAMED_FORMATS = ("iso8601", "date", "epoch", "epoch_ms")
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_DAY = 24 * 60 * 60
_MILLISECONDS_FROM = 100_000_000_000
"""A number as large as this counts milliseconds: in seconds it would be the year 5138."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT = re.compile(
    r"(?P<date>\d{4}-\d{2}-\d{2})(?P<gap>[Tt ])(?P<time>\d{2}:\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d+))?)?"
    r"\s*(?:(?P<utc>Z|z|UTC|GMT)|(?P<hours>[+-]\d{2})(?::?(?P<minutes>\d{2}))?)?",
    re.ASCII,
)
_MAIL_DATE = re.compile(r"(?:[A-Z][a-z]{2}, ?)?\d{1,2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}", re.ASCII)
_ALIKE = re.compile(r"0000-00-00([Tt ]00:00(:00([.,]0+)?)?(Z|z| ?UTC| ?GMT)?)?")
_ZEROS = str.maketrans("123456789", "000000000")
_NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)


@lru_cache(maxsize=4096)
def _instant(text: str) -> datetime | None:
    try:
        if _DATE.fullmatch(text):
            return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)
        if _MAIL_DATE.match(text):
            moment = parsedate_to_datetime(text)
            return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
        return _moment(found) if (found := _MOMENT.fullmatch(text)) else None
    except (ValueError, OverflowError):
        return None


def _moment(found: re.Match[str]) -> datetime:
    fraction = (found["fraction"] or "")[:6].ljust(6, "0")
    zone = f"{found['hours']}:{found['minutes'] or '00'}" if found["hours"] else "+00:00"
    return datetime.fromisoformat(f"{found['date']}T{found['time']}:{found['second'] or '00'}.{fraction}{zone}")


def instant(value: Any) -> datetime | None:
    """The moment that a text names, with a zone (a text without one is UTC); None if it names none.

    Args:
        value: `2024-01-31`, `2024-01-31T08:00:00.5Z`, `2024-01-31 08:00:00+0100`, `Wed, 31 Jan 2024 08:00:00 GMT` ...
            or anything else.
    """
    return _instant(value.strip()) if isinstance(value, str) else None


def comparable(values: Iterable[Any]) -> bool:
    """Whether values, compared as they are, stand in the order of what they mean.

    So do numbers, and texts of moments that are written alike and name no zone but UTC.
    """
    kinds = set(map(type, values))
    if kinds <= {int, Decimal}:
        return True
    if kinds != {str}:
        return False
    patterns = {value.translate(_ZEROS) for value in values}
    return len(patterns) == 1 and _ALIKE.fullmatch(patterns.pop()) is not None


def number(value: Any) -> int | Decimal | None:
    """The number that a value is or that a text writes; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, Decimal)):
        return value
    if isinstance(value, float):
        return Decimal(str(value))
    text = value.strip() if isinstance(value, str) else ""
    if not _NUMBER.fullmatch(text):
        return None
    return Decimal(text) if "." in text else int(text)


def shifted(value: Any, by: float) -> Any:
    """A cursor value moved: numbers by `by`, date-times by seconds, dates by days.

    The result is written as the value was: a date stays a date, a text a text, a date-time without a zone without.

    Raises:
        ValueError: The value is neither a number nor a moment.
    """
    if (counted := number(value)) is not None:
        total = counted + (by if isinstance(by, int) else Decimal(str(by)))
        return str(total) if isinstance(value, str) else total
    moment = instant(value)
    if moment is None:
        raise ValueError(f"lag needs a number or a date, not {value!r}")
    text = value.strip()
    if _DATE.fullmatch(text):
        return (moment + timedelta(days=by)).date().isoformat()
    written = _MOMENT.fullmatch(text)
    if written is None:
        return format_datetime((moment + timedelta(seconds=by)).astimezone(timezone.utc), usegmt=True)
    moved = moment.replace(tzinfo=None) + timedelta(seconds=by)
    zone = text[max(written.end(part) for part in ("time", "second", "fraction")) :]
    return moved.isoformat(sep=written["gap"], timespec="seconds") + _fraction(moved, written["fraction"] or "") + zone


def _fraction(moment: datetime, written: str) -> str:
    """The fraction of a second with as many digits as were written, or as it needs."""
    digits = f"{moment.microsecond:06}".ljust(len(written), "0")
    shown = digits[: max(len(written), len(digits.rstrip("0")))]
    return f".{shown}" if shown else ""


_DURATION = re.compile(
    r"P(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?"
)


def length(step: float | str) -> float:
    """The size of a step: of a number itself, of a duration (ISO 8601, weeks and shorter) its seconds.

    Raises:
        ValueError: It is no duration.
    """
    if not isinstance(step, str):
        return step
    found = _DURATION.fullmatch(step)
    if found is None or step in {"P", "PT"} or step.endswith("T"):
        raise ValueError(f"{step!r} is no duration: P7D, P2W, PT6H ...")
    try:
        return timedelta(**{unit: int(amount or 0) for unit, amount in found.groupdict().items()}).total_seconds()
    except OverflowError:
        raise ValueError(f"{step!r} is longer than time") from None


def steps_of(value: Any, step: float | str) -> float:
    """What `shifted` moves a value by for one step: seconds, or whole days of a date.

    Raises:
        ValueError: A value and a step do not go together.
    """
    if isinstance(step, str) and number(value) is not None:
        raise ValueError(f"{value!r} is a number, and {step!r} is a duration: give a number")
    if value is None:
        raise ValueError("there is no beginning: give initial_value (or the setting start_date)")
    size = length(step)
    if not isinstance(step, str) or number(value) is not None or not _DATE.fullmatch(str(value).strip()):
        return size
    if size % _DAY:
        raise ValueError(f"{value!r} is a date, and {step!r} is no number of whole days")
    return int(size // _DAY)


def alike(moment: datetime, example: Any) -> Any:
    """A moment written as an example is.

    Raises:
        ValueError: The example is no moment.
    """
    begins = instant(example)
    if begins is None:
        raise ValueError(f"{example!r} is no date or time: give end_value")
    passed = (moment - begins).total_seconds()
    return shifted(example, passed // _DAY if _DATE.fullmatch(str(example).strip()) else int(passed))


def moment(value: Any, *, counted: bool) -> datetime | None:
    """The moment that a cursor value is; None if it is none.

    Args:
        value: Of a record.
        counted: Whether numbers count since the epoch.
    """
    count = number(value) if counted else None
    return instant(value) if count is None else _since_epoch(count)


def moved(value: Any, seconds: float) -> Any:
    """A cursor value that is a moment, so many seconds later, or whole days of a date (more rather than less).

    Raises:
        ValueError: It is no moment.
    """
    if (counted := number(value)) is not None:
        return shifted(value, int(seconds * (1000 if unit(counted) == "epoch_ms" else 1)))
    is_date = _DATE.fullmatch(str(value).strip())
    return shifted(value, math.copysign(math.ceil(abs(seconds) / _DAY), seconds) if is_date else seconds)


def _iso(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")


def converted(value: Any, form: str) -> Any:
    """A cursor value as a request wants it.

    Args:
        value: A text that names a moment, or a number since the epoch: seconds, or milliseconds if it is so large.
            A number that is in the unit already stays exactly as it is.
        form: `iso8601`, `date`, `epoch` (seconds), `epoch_ms`, or a strftime format.

    Raises:
        ValueError: The value names no moment.
    """
    counted = number(value)
    if counted is not None and form == unit(counted):
        return value
    moment = instant(value) if counted is None else _since_epoch(counted)
    if moment is None:
        raise ValueError(f"{value!r} is no date or time, so it cannot be converted to {form}")
    moment = moment.astimezone(timezone.utc)
    if form == "iso8601":
        return _iso(moment)
    if form == "date":
        return moment.date().isoformat()
    if form == "epoch":
        return (moment - EPOCH) // timedelta(seconds=1)
    if form == "epoch_ms":
        return (moment - EPOCH) // timedelta(milliseconds=1)
    return moment.strftime(form)


def unit(counted: int | Decimal) -> Literal["epoch", "epoch_ms"]:
    """What a number since the epoch counts, told by its size: `epoch` (seconds) or `epoch_ms`."""
    return "epoch_ms" if abs(Decimal(counted)) >= _MILLISECONDS_FROM else "epoch"


def _since_epoch(counted: int | Decimal) -> datetime:
    seconds = Decimal(counted) / 1000 if unit(counted) == "epoch_ms" else Decimal(counted)
    try:
        return EPOCH + timedelta(microseconds=int(seconds * 1_000_000))
    except OverflowError:
        raise ValueError(f"{counted} is beyond all dates") from None
