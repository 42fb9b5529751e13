"""Which moment is this, and how does an API want to read it?"""

from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_restgeneric.dialect.progress.instants import converted, instant, length, moment, moved, number, shifted, unit

UTC = timezone.utc
HOUR = timezone(timedelta(hours=1))


def at(*parts, zone=UTC):
    return datetime(*parts, tzinfo=zone)


INSTANTS = {
    "2024-01-31": at(2024, 1, 31),
    "2024-01-31T08:00:00Z": at(2024, 1, 31, 8),
    "2024-01-31t08:00:00z": at(2024, 1, 31, 8),
    "2024-01-31T08:00:00": at(2024, 1, 31, 8),
    "2024-01-31 08:00:00": at(2024, 1, 31, 8),
    "2024-01-31 08:00": at(2024, 1, 31, 8),
    "2024-01-31T08:00Z": at(2024, 1, 31, 8),
    "2024-01-31T08:00:00.72Z": at(2024, 1, 31, 8, 0, 0, 720_000),
    "2024-01-31T08:00:00,5": at(2024, 1, 31, 8, 0, 0, 500_000),
    "2024-01-31T08:00:00.123456789Z": at(2024, 1, 31, 8, 0, 0, 123_456),
    "2024-01-31T08:00:00+01:00": at(2024, 1, 31, 8, zone=HOUR),
    "2024-01-31T08:00:00+0100": at(2024, 1, 31, 8, zone=HOUR),
    "2024-01-31T08:00:00+01": at(2024, 1, 31, 8, zone=HOUR),
    "2024-01-31T08:00:00-00:00": at(2024, 1, 31, 8),
    "2024-01-31 08:00:00 +0100": at(2024, 1, 31, 8, zone=HOUR),
    "2024-01-31 08:00:00 UTC": at(2024, 1, 31, 8),
    " 2024-01-31 ": at(2024, 1, 31),
    "Wed, 31 Jan 2024 08:00:00 GMT": at(2024, 1, 31, 8),
    "Wed, 31 Jan 2024 08:00:00 -0000": at(2024, 1, 31, 8),
    "Wed, 31 Jan 2024 08:00:00 +0100": at(2024, 1, 31, 8, zone=HOUR),
    "Wed,31 Jan 2024 08:00 GMT": at(2024, 1, 31, 8),
    "1 Feb 2024 08:00:00 +0100": at(2024, 2, 1, 8, zone=HOUR),
    "2024-02-30": None,
    "2024-01-31T25:00:00Z": None,
    "0000-00-00 00:00:00": None,
    "31/01/2024": None,
    "20240131": None,
    "2024-01-31x": None,
    "2024-01-31T08:00:00+1": None,
    "Wed, 99 Jan 2024 08:00:00 GMT": None,
    "31 Jan 2024": None,
    "31 Jan 2024 morning": None,
    "31 Xxx 2024 08:00:00 GMT": None,
    "": None,
    "17": None,
    17: None,
    None: None,
    Decimal("1.5"): None,
}


@pytest.mark.parametrize(("value", "moment"), INSTANTS.items(), ids=repr)
def test_instant(value, moment):
    assert instant(value) == moment


@given(st.datetimes(timezones=st.sampled_from([UTC, HOUR, timezone(timedelta(hours=-9, minutes=-30))])))
def test_what_python_writes_is_read_again(moment):
    assert instant(moment.isoformat()) == moment
    assert instant(moment.isoformat(sep=" ")) == moment


NUMBERS = {
    5: 5,
    0: 0,
    1.5: Decimal("1.5"),
    Decimal("1.5"): Decimal("1.5"),
    "17": 17,
    "-3": -3,
    "1.50": Decimal("1.50"),
    "007": 7,
    "1e3": None,
    "x": None,
    "": None,
    "\u0661": None,
    None: None,
}


@pytest.mark.parametrize(("value", "expected"), NUMBERS.items(), ids=repr)
def test_number(value, expected):
    assert number(value) == expected


def test_true_is_no_number():
    assert number(True) is None  # noqa: FBT003


# value, by, shifted
SHIFTED = [
    (100, -5, 95),
    (100, -0.5, Decimal("99.5")),
    (Decimal("10.5"), -1, Decimal("9.5")),
    (1.5, -1, Decimal("0.5")),
    ("100", -5, "95"),
    (100, 5, 105),
    ("2024-03-01", -1, "2024-02-29"),
    ("2024-03-01T00:00:10Z", -20, "2024-02-29T23:59:50Z"),
    ("2024-03-01T00:00:10.500Z", -20, "2024-02-29T23:59:50.500Z"),
    ("2024-03-01T00:00:10.000+00:00", -20, "2024-02-29T23:59:50.000+00:00"),
    ("2024-03-01T00:00:10.000", -0.25, "2024-03-01T00:00:09.750"),
    ("2024-03-01T00:00:10Z", -0.25, "2024-03-01T00:00:09.75Z"),
    ("2024-03-01T00:00:10.123456789Z", -20, "2024-02-29T23:59:50.123456000Z"),
    ("2024-03-01T00:00:10", -20, "2024-02-29T23:59:50"),
    ("2024-03-01 00:00:10", -20, "2024-02-29 23:59:50"),
    ("2024-03-01 00:00:10 UTC", -20, "2024-02-29 23:59:50 UTC"),
    ("2024-03-01T00:00:10+0100", -20, "2024-02-29T23:59:50+0100"),
    ("Wed, 31 Jan 2024 08:00:00 GMT", -60, "Wed, 31 Jan 2024 07:59:00 GMT"),
    ("31 Jan 2024 09:00:00 +0100", -60, "Wed, 31 Jan 2024 07:59:00 GMT"),
]


@pytest.mark.parametrize(("value", "by", "expected"), SHIFTED)
def test_shifted(value, by, expected):
    assert (shifted(value, by), type(shifted(value, by))) == (expected, type(expected))


@pytest.mark.parametrize("value", ["abc", "", None, True, [1]])
def test_what_cannot_be_shifted(value):
    with pytest.raises(ValueError, match=r"^lag needs a number or a date, not "):
        shifted(value, -1)


# value, form, converted
CONVERTED = [
    ("2024-01-31T09:00:00+01:00", "iso8601", "2024-01-31T08:00:00Z"),
    ("2024-01-31 08:00:00.25", "iso8601", "2024-01-31T08:00:00.250000Z"),
    ("2024-01-31", "iso8601", "2024-01-31T00:00:00Z"),
    ("2024-01-31T23:30:00-01:00", "date", "2024-02-01"),
    ("2024-01-31T08:00:00Z", "epoch", 1706688000),
    ("2024-01-31T08:00:00.999Z", "epoch", 1706688000),
    ("2024-01-31T08:00:00.9996Z", "epoch_ms", 1706688000999),
    ("1969-12-31T23:59:59.5Z", "epoch", -1),
    ("2024-01-31T08:00:00Z", "%d.%m.%Y %H:%M", "31.01.2024 08:00"),
    ("2024-01-31 08:00:00", "epoch", 1706688000),
    ("2024-01-31T08:00:00+0000", "epoch", 1706688000),
    ("2024-01-31", "epoch_ms", 1706659200000),
    ("Wed, 31 Jan 2024 09:00:00 +0100", "epoch", 1706688000),
    ("31 Jan 2024 08:00:00 GMT", "iso8601", "2024-01-31T08:00:00Z"),
    ("Wed, 31 Jan 2024 08:00:00 GMT", "date", "2024-01-31"),
    ("Wed, 31 Jan 2024 08:00:00 GMT", "%Y%m%d", "20240131"),
    (1706688000, "iso8601", "2024-01-31T08:00:00Z"),
    ("1706688000123", "iso8601", "2024-01-31T08:00:00.123000Z"),
    ("1706688000123", "epoch", 1706688000),
    ("1706688000.5", "epoch_ms", 1706688000500),
    (1706688000.25, "iso8601", "2024-01-31T08:00:00.250000Z"),
    (-1, "iso8601", "1969-12-31T23:59:59Z"),
    ("1706688000", "date", "2024-01-31"),
    (1706688000123, "iso8601", "2024-01-31T08:00:00.123000Z"),
    (Decimal("1706688000.5"), "iso8601", "2024-01-31T08:00:00.500000Z"),
    (1706688000, "epoch", 1706688000),
    (Decimal("1706688000.5"), "epoch", Decimal("1706688000.5")),
    ("1706688000", "epoch", "1706688000"),
    (1706688000123, "epoch_ms", 1706688000123),
    (1706688000123, "epoch", 1706688000),
    (1706688000, "epoch_ms", 1706688000000),
    (0, "epoch", 0),
]


@pytest.mark.parametrize(("value", "form", "expected"), CONVERTED)
def test_converted(value, form, expected):
    assert (converted(value, form), type(converted(value, form))) == (expected, type(expected))


@pytest.mark.parametrize("value", ["abc", "2024-02-30", True, None])
def test_what_names_no_moment_cannot_be_converted(value):
    with pytest.raises(ValueError, match=r"is no date or time, so it cannot be converted to epoch$"):
        converted(value, "epoch")


def test_a_number_beyond_all_dates_cannot_be_converted():
    with pytest.raises(ValueError, match="is beyond all dates"):
        converted(10**30, "iso8601")


@pytest.mark.parametrize(("counted", "name"), [(0, "epoch"), (1_706_688_000, "epoch"), (1_706_688_000_123, "epoch_ms")])
def test_the_size_of_a_number_tells_its_unit(counted, name):
    assert unit(counted) == name


MOVED = {
    "seconds of a date-time": ("2024-01-31T08:00:00Z", -90, "2024-01-31T07:58:30Z"),
    "whole days of a date, more rather than less": ("2024-01-31", -90, "2024-01-30"),
    "seconds since the epoch": (1_706_688_000, -90, 1_706_687_910),
    "milliseconds since the epoch": (1_706_688_000_000, -90, 1_706_687_910_000),
}


@pytest.mark.parametrize(("value", "seconds", "there"), MOVED.values(), ids=MOVED)
def test_a_moment_is_moved_by_seconds(value, seconds, there):
    assert moved(value, seconds) == there


def test_a_number_is_a_moment_only_where_numbers_count_since_the_epoch():
    assert moment(1_706_688_000, counted=False) is None
    assert moment(1_706_688_000, counted=True) == at(2024, 1, 31, 8)
    assert moment("2024-01-31", counted=True) == at(2024, 1, 31)


def test_what_stands_around_a_number_is_no_part_of_it():
    assert (number("99199\x1f"), number(" 1.5\x1c")) == (99199, Decimal("1.5"))


def test_a_duration_may_be_too_long():
    with pytest.raises(ValueError, match="longer than time"):
        length("P1DT17000000001700000000170000000017000000002H")
