"""What is a value as another type, and which moment does it name?"""

from __future__ import annotations

from decimal import Decimal

import pytest

from tap_restgeneric.dialect.records.conversions import cast, dated, known_form

CASTS = [
    ("integer", 7, 7),
    ("integer", "7", 7),
    ("integer", " -7 ", -7),
    ("integer", "+7", 7),
    ("integer", Decimal("7.0"), 7),
    ("integer", "7e2", 700),
    ("integer", 7.0, 7),
    ("number", 7, 7),
    ("number", "7.10", Decimal("7.10")),
    ("number", ".5", Decimal("0.5")),
    ("number", Decimal("7.10"), Decimal("7.10")),
    ("number", 0.1, Decimal("0.1")),
    ("string", "x", "x"),
    ("string", "", ""),
    ("string", 7, "7"),
    ("string", Decimal("1E+2"), "100"),
    ("string", Decimal("0.10"), "0.10"),
    ("string", True, "true"),
    ("string", {"a": [Decimal("1.5"), None]}, '{"a":[1.5,null]}'),
    ("boolean", True, True),
    ("boolean", "False", False),
    ("boolean", "yes", True),
    ("boolean", 0, False),
    ("boolean", Decimal(1), True),
    ("json", '{"a": 1.10}', {"a": Decimal("1.10")}),
    ("json", "null", None),
    ("json", [1], [1]),
    *((kind, None, None) for kind in ("integer", "number", "string", "boolean", "json")),
    *((kind, " ", None) for kind in ("integer", "number", "boolean", "json")),
]


@pytest.mark.parametrize(("to", "value", "expected"), CASTS)
def test_cast(to, value, expected):
    found = cast(value, to)
    assert (type(found), found) == (type(expected), expected)


NO_CASTS = [
    ("integer", "7.5", "'7.5' is no integer"),
    ("integer", "1e999999", "'1e999999' is no integer"),
    ("integer", True, "true is no number"),
    ("number", "1,5", "'1,5' is no number"),
    ("number", "1_000", "'1_000' is no number"),
    ("number", "NaN", "'NaN' is no number"),
    ("number", "٣", "'٣' is no number"),
    ("number", [1], "a list is no number"),
    ("number", "x" * 60, f"'{'x' * 39}… is no number"),
    ("boolean", "maybe", "'maybe' is neither true nor false"),
    ("boolean", 2, "2 is neither true nor false"),
    ("boolean", {}, "an object is neither true nor false"),
]


@pytest.mark.parametrize(("to", "value", "message"), NO_CASTS)
def test_no_cast_is_a_guess(to, value, message):
    with pytest.raises(ValueError) as refused:  # noqa: PT011  # the message is compared whole
        cast(value, to)
    assert str(refused.value) == message


def test_a_text_that_is_no_json_is_shown():
    with pytest.raises(ValueError, match=r"'\{a' is no JSON \(.+\)"):
        cast("{a", "json")


DATES = [
    ("iso8601", "2024-01-31T08:00:00+02:00", "2024-01-31T06:00:00Z"),
    ("iso8601", "2024-01-31 08:00:00.5", "2024-01-31T08:00:00.500000Z"),
    ("iso8601", "2024-01-31", "2024-01-31T00:00:00Z"),
    ("date", "2024-01-31", "2024-01-31"),
    ("date", " 2024-01-31T23:00:00-05:00", "2024-01-31"),
    ("date", "Wed, 31 Jan 2024 23:00:00 -0500", "2024-01-31"),
    ("epoch", 1700000000, "2023-11-14T22:13:20Z"),
    ("epoch", "1700000000", "2023-11-14T22:13:20Z"),
    ("epoch", Decimal("1700000000.25"), "2023-11-14T22:13:20.250000Z"),
    ("epoch", -1, "1969-12-31T23:59:59Z"),
    ("epoch_ms", 1700000000123, "2023-11-14T22:13:20.123000Z"),
    ("%Y%m%d", 20240131, "2024-01-31"),
    ("%d %b %Y", "31 Jan 2024", "2024-01-31"),
    ("%d/%m/%Y %H:%M", "31/01/2024 08:00", "2024-01-31T08:00:00Z"),
    ("%a, %d %b %Y %H:%M:%S %z", "Wed, 31 Jan 2024 08:00:00 +0200", "2024-01-31T06:00:00Z"),
    *((form, nothing, None) for form in ("iso8601", "date", "epoch", "%Y") for nothing in (None, "")),
]


@pytest.mark.parametrize(("form", "value", "expected"), DATES)
def test_dated(form, value, expected):
    assert dated(value, form) == expected


NO_DATES = [
    ("iso8601", "31.01.2024", "'31.01.2024' is no iso8601 date"),
    ("iso8601", 1700000000, "1700000000 is no iso8601 date"),
    ("date", "2024-02-31", "'2024-02-31' is no date date"),
    ("epoch", "2024-01-31", "'2024-01-31' is no number"),
    ("epoch", 10**14, "100000000000000 is beyond all dates"),
    ("epoch_ms", True, "true is no number"),
    ("%Y-%m-%d", "31.01.2024", "'31.01.2024' is not written as %Y-%m-%d"),
    ("%Y-%m-%d", {"year": 2024}, "an object is not written as %Y-%m-%d"),
    ("%Y %z", "0001 +1400", "0001-01-01 00:00:00+14:00 is beyond all dates"),
]


@pytest.mark.parametrize(("form", "value", "message"), NO_DATES)
def test_no_date_is_a_guess(form, value, message):
    with pytest.raises(ValueError) as refused:  # noqa: PT011  # the message is compared whole
        dated(value, form)
    assert str(refused.value) == message


@pytest.mark.parametrize("form", sorted({form for form, *_ in DATES}))
def test_a_form_that_dates_are_read_by_is_known(form):
    assert known_form(form) == form


NO_FORMS = [
    ("unix", "unknown form 'unix' (known: iso8601, date, epoch, epoch_ms, or a strptime format)"),
    ("%d.%m.", "the format '%d.%m.' has no year"),
    ("%%Y", "the format '%%Y' has no year"),
    ("%Y %Q", "the format '%Y %Q' cannot be read: 'Q' is a bad directive in format '%Y %Q'"),
    (
        "%Y %H:%M %Z",
        "the format '%Y %H:%M %Z' has %Z, and names of time zones mean nothing for sure: write %z, or the name",
    ),
]


@pytest.mark.parametrize(("form", "message"), NO_FORMS)
def test_a_form_that_cannot_be_read_is_refused(form, message):
    with pytest.raises(ValueError) as refused:  # noqa: PT011  # the message is compared whole
        known_form(form)
    assert str(refused.value) == message
