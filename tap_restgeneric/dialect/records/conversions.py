"""What is a value of an API as another type? And which moment does it name?

Nothing is guessed: what cannot be taken for the type is an error that shows the value. A text of blanks is null for
every type but `string`: it is how CSV writes that there is no number.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from tap_restgeneric.dialect.progress import instants
from tap_restgeneric.dialect.words import kind

if TYPE_CHECKING:
    from collections.abc import Callable

CastType = Literal["integer", "number", "string", "boolean", "json"]

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_WORDS = {**dict.fromkeys(("true", "yes", "1"), True), **dict.fromkeys(("false", "no", "0"), False)}
_MOST_DIGITS = 1_000
_UNITS = {"epoch": 1_000_000, "epoch_ms": 1_000}
_SAMPLE = datetime(2024, 1, 31, 13, 5, 9, 7, tzinfo=timezone.utc)
_YEARS, _TIMES = frozenset("YyGcx"), frozenset("HIMSfpzcX")
_SHOWN = 40

_json_decoder = msgspec.json.Decoder(float_hook=Decimal)
_json_encoder = msgspec.json.Encoder(decimal_format="number")


def cast(value: Any, to: CastType) -> Any:
    """A JSON value as another type; null stays null.

    Args:
        value: What the API gave.
        to: `integer` and `number` (numbers, texts that write one), `string` (numbers in full, objects and lists as
            JSON), `boolean` (true, yes, 1, false, no, 0 in any case), `json` (the value that a text writes).

    Raises:
        ValueError: The value cannot be taken for that type.
    """
    return None if _is_nothing(value, blank=to != "string") else _CASTS[to](value)


def dated(value: Any, form: str) -> str | None:
    """The date (`2024-01-31`) or the moment (`2024-01-31T08:00:00Z`, in UTC) that a value names; null stays null.

    Args:
        value: What the API gave. A moment without a time zone is UTC.
        form: How it is written: `iso8601`, `date` (the day as it stands there, a time behind it is left out),
            `epoch` (seconds), `epoch_ms`, or a strptime format; one without hours gives a date.

    Raises:
        ValueError: The value is not written so.
    """
    if _is_nothing(value, blank=True):
        return None
    if form in _UNITS:
        return _written(_since_epoch(value, _UNITS[form]))
    if form in instants.NAMED_FORMATS:
        moment = instants.instant(value)
        if moment is None:
            raise ValueError(f"{_shown(value)} is no {form} date")
        return moment.date().isoformat() if form == "date" else _written(moment)
    return _parsed(value, form)


def known_form(form: str) -> str:
    """A form that `dated` understands, as it is.

    Raises:
        ValueError: It is none.
    """
    if form in instants.NAMED_FORMATS:
        return form
    directives = set(re.findall("%(.)", form))
    if not directives:
        raise ValueError(f"unknown form {form!r} (known: {', '.join(instants.NAMED_FORMATS)}, or a strptime format)")
    if not directives & _YEARS:
        raise ValueError(f"the format {form!r} has no year")
    if "Z" in directives:
        raise ValueError(
            f"the format {form!r} has %Z, and names of time zones mean nothing for sure: write %z, or the name"
        )
    try:
        datetime.strptime(_SAMPLE.strftime(form), form)  # noqa: DTZ007 (only whether it can be read counts)
    except ValueError as error:
        raise ValueError(f"the format {form!r} cannot be read: {error}") from None
    return form


def _is_nothing(value: Any, *, blank: bool) -> bool:
    return value is None or (blank and isinstance(value, str) and not value.strip())


def _number(value: Any) -> Any:
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return Decimal(value.strip())
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise ValueError(f"{_shown(value)} is no number")  # noqa: TRY004 (a wrong value, not a wrong call)
    return Decimal(str(value)) if isinstance(value, float) else value


def _integer(value: Any) -> int:
    number = Decimal(_number(value))
    # an exponent is short to write and long to write out
    if number.adjusted() > _MOST_DIGITS or number != number.to_integral_value():
        raise ValueError(f"{_shown(value)} is no integer")
    return int(number)


def _string(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Decimal) and abs(value.adjusted()) <= _MOST_DIGITS:
        return f"{value:f}"
    return _json_encoder.encode(value).decode()


def _boolean(value: Any) -> bool:
    word = value.strip().lower() if isinstance(value, str) else value
    if isinstance(word, (str, int, Decimal)) and str(word).lower() in _WORDS:
        return _WORDS[str(word).lower()]
    raise ValueError(f"{_shown(value)} is neither true nor false")


def _json(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return _json_decoder.decode(value)
    except (ValueError, RecursionError, ArithmeticError) as error:
        raise ValueError(f"{_shown(value)} is no JSON ({error})") from None


_CASTS: dict[str, Callable[[Any], Any]] = {
    "integer": _integer,
    "number": _number,
    "string": _string,
    "boolean": _boolean,
    "json": _json,
}


def _since_epoch(value: Any, microseconds: int) -> datetime:
    try:
        return instants.EPOCH + timedelta(microseconds=int(_number(value) * microseconds))
    except ArithmeticError:
        raise ValueError(f"{_shown(value)} is beyond all dates") from None


def _parsed(value: Any, form: str) -> str:
    text = str(value).strip() if isinstance(value, (str, int)) else ""
    try:
        moment = datetime.strptime(text, form)  # noqa: DTZ007 (UTC follows)
    except ValueError:
        raise ValueError(f"{_shown(value)} is not written as {form}") from None
    if not _TIMES.intersection(re.findall("%(.)", form)):
        return moment.date().isoformat()
    return _written(moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc))


def _written(moment: datetime) -> str:
    try:
        return moment.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")
    except OverflowError:
        raise ValueError(f"{moment} is beyond all dates") from None


def _shown(value: Any) -> str:
    if isinstance(value, (dict, list)):
        return kind(value)
    text = str(value).lower() if isinstance(value, bool) else repr(value) if isinstance(value, str) else str(value)
    return f"{text[:_SHOWN]}…" if len(text) > _SHOWN else text
