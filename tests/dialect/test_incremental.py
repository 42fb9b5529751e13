"""Which window of its records does a run read?"""

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_restgeneric.dialect.jsonpath.selectors import MISSING
from tap_restgeneric.dialect.placeholders import OMIT
from tap_restgeneric.dialect.progress.incremental import Incremental, Window, compared
from tap_restgeneric.errors import RecordError


def block(**keys):
    return Incremental.model_validate({"cursor_path": "at", **keys})


def window(bookmark=None, start_date=None, **keys):
    return block(**keys).window(bookmark, start_date)


# keys of the block, bookmark, start_date, start of the window, its bookmark so far
STARTS = {
    "nothing known": ({}, None, None, None, None),
    "initial_value": ({"initial_value": 5}, None, None, 5, 5),
    "start_date": ({}, None, "2024-01-01", "2024-01-01", "2024-01-01"),
    "initial_value before start_date": (
        {"initial_value": "2023-01-01"},
        None,
        "2024-01-01",
        "2023-01-01",
        "2023-01-01",
    ),
    "a bookmark before all": ({"initial_value": 5}, 9, None, 9, 9),
    "a bookmark is kept as it is written": ({}, "2024-01-31 08:00:00.70+0100", None)
    + ("2024-01-31 08:00:00.70+0100",) * 2,
    "end_value: no state": ({"initial_value": 5, "end_value": 8}, 7, None, 5, 5),
    "end_value: no lag": ({"initial_value": 5, "end_value": 8, "lag": 2}, 7, None, 5, 5),
    "lag": ({"lag": 3}, 9, None, 6, 9),
    "lag of a text of digits": ({"lag": 3}, "9", None, "6", "9"),
    "lag in seconds": ({"lag": 60}, "2024-01-31T08:00:00Z", None, "2024-01-31T07:59:00Z", "2024-01-31T08:00:00Z"),
    "lag in days": ({"lag": 1}, "2024-03-01", None, "2024-02-29", "2024-03-01"),
    "lag not behind initial_value": ({"lag": 60, "initial_value": 5}, 9, None, 5, 9),
    "lag not behind start_date": ({"lag": 60}, "2024-01-02", "2024-01-01", "2024-01-01", "2024-01-02"),
    "no lag on the first run": ({"lag": 3, "initial_value": 5}, None, None, 5, 5),
    "lag of min goes up": ({"lag": 3, "last_value_func": "min"}, 9, None, 12, 9),
    "lag of min not above initial_value": ({"lag": 3, "last_value_func": "min", "initial_value": 10}, 9, None, 10, 9),
}


@pytest.mark.parametrize(("keys", "bookmark", "start_date", "start", "last"), STARTS.values(), ids=STARTS)
def test_where_a_window_begins(keys, bookmark, start_date, start, last):
    found = window(bookmark, start_date, **keys)
    assert (found.start, found.last) == (start, last)


def test_a_lag_that_cannot_be_taken_from_the_bookmark_is_an_error():
    with pytest.raises(RecordError, match=r"^incremental: lag needs a number or a date, not 'abc'$"):
        window("abc", lag=3)


SENT = {
    "nothing known": (
        {},
        None,
        {"start_value": OMIT, "last_value": OMIT, "initial_value": OMIT, "end_value": OMIT},
        {},
    ),
    "first run": (
        {"initial_value": 5},
        None,
        {"start_value": 5, "last_value": 5, "initial_value": 5, "end_value": OMIT},
        {},
    ),
    "later run": (
        {"initial_value": 5, "start_param": "since"},
        9,
        {"start_value": 9, "last_value": 9, "initial_value": 5, "end_value": OMIT},
        {"since": 9},
    ),
    "both ends": (
        {"initial_value": 5, "end_value": 8, "start_param": "since", "end_param": "until"},
        None,
        {"start_value": 5, "last_value": 5, "initial_value": 5, "end_value": 8},
        {"since": 5, "until": 8},
    ),
    "parameters without a value are not sent": (
        {"start_param": "since", "end_param": "until"},
        None,
        {"start_value": OMIT, "last_value": OMIT, "initial_value": OMIT, "end_value": OMIT},
        {},
    ),
    "converted, but only what is sent": (
        {"initial_value": "2024-01-31T08:00:00Z", "convert": "epoch", "start_param": "since"},
        "2024-01-31T09:00:00Z",
        {"start_value": 1706691600, "last_value": 1706691600, "initial_value": 1706688000, "end_value": OMIT},
        {"since": 1706691600},
    ),
}


@pytest.mark.parametrize(("keys", "bookmark", "values", "params"), SENT.values(), ids=SENT)
def test_what_a_window_sends(keys, bookmark, values, params):
    sent = {f"incremental.{name}": value for name, value in values.items()}
    assert window(bookmark, **keys).values() == {**sent, "incremental.lag": 0, "incremental.params": params}


def test_a_lag_is_sent_as_it_is_written():
    assert window(lag=5).values()["incremental.lag"] == 5


def test_what_cannot_be_converted_is_an_error():
    with pytest.raises(RecordError, match=r"^incremental: 'x' is no date or time, so it cannot be converted to epoch$"):
        window("x", convert="epoch").values()


# keys, bookmark, value of a record, whether it is in the window
HOLDS = {
    "no bound": ({}, None, 1, True),
    "at the start": ({}, 5, 5, True),
    "before the start": ({}, 5, 4, False),
    "at an open start": ({"range_start": "open"}, 5, 5, False),
    "after an open start": ({"range_start": "open"}, 5, 6, True),
    "at the end": ({"initial_value": 1, "end_value": 5}, None, 5, False),
    "before the end": ({"initial_value": 1, "end_value": 5}, None, 4, True),
    "at a closed end": ({"initial_value": 1, "end_value": 5, "range_end": "closed"}, None, 5, True),
    "after a closed end": ({"initial_value": 1, "end_value": 5, "range_end": "closed"}, None, 6, False),
    "min: at the start": ({"last_value_func": "min"}, 5, 5, True),
    "min: beyond the start": ({"last_value_func": "min"}, 5, 6, False),
    "min: before the start": ({"last_value_func": "min"}, 5, 4, True),
    "another spelling of the same instant": ({}, "2024-01-31T08:00:00Z", "2024-01-31 09:00:00+0100", True),
    "an earlier instant that sorts later as text": ({}, "2024-01-31T08:00:00Z", "2024-01-31T08:30:00+01:00", False),
    "a fraction after the second": ({}, "2024-01-31T08:00:00Z", "2024-01-31T08:00:00.72Z", True),
    "texts of digits are numbers": ({}, "9", "10", True),
    "a number and a text of digits": ({"initial_value": 9}, None, "10", True),
    "a start date and an epoch": (
        {"convert": "epoch", "initial_value": "2024-01-31T08:00:00Z"},
        None,
        1706688000,
        True,
    ),
    "a start date after an epoch": (
        {"convert": "epoch", "initial_value": "2024-01-31T08:00:01Z"},
        None,
        1706688000,
        False,
    ),
    "a start date and milliseconds": (
        {"convert": "epoch_ms", "initial_value": "2024-01-31T08:00:00Z"},
        None,
        1706688000001,
        True,
    ),
    "an epoch and a moment": ({"convert": "epoch"}, 1706688000, "2024-01-31T07:59:59Z", False),
    "missing, to be included": ({"on_cursor_value_missing": "include"}, 5, MISSING, True),
    "null, to be included": ({"on_cursor_value_missing": "include"}, 5, None, True),
    "missing, to be left out": ({"on_cursor_value_missing": "exclude"}, 5, MISSING, False),
    "null, to be left out": ({"on_cursor_value_missing": "exclude"}, 5, None, False),
}


@pytest.mark.parametrize(("keys", "bookmark", "value", "holds"), HOLDS.values(), ids=HOLDS)
def test_which_records_belong_to_a_window(keys, bookmark, value, holds):
    assert window(bookmark, **keys).holds(value) is holds


# keys, record, its value
VALUES = {
    "one": ({"cursor_path": "a.at"}, {"a": {"at": 3}}, 3),
    "none": ({"cursor_path": "a.at"}, {"a": {}}, MISSING),
    "the latest of several": ({"cursor_path": "g[*].at"}, {"g": [{"at": 3}, {"at": 9}, {"at": 5}]}, 9),
    "the latest where the latest is the least": (
        {"cursor_path": "g[*].at", "last_value_func": "min"},
        {"g": [{"at": 3}, {"at": 2}, {"at": 5}]},
        2,
    ),
    "the latest moment": (
        {"cursor_path": "$..at"},
        {"at": "2024-01-01T09:00:00-05:00", "b": {"at": "2024-01-01T10:00:00Z"}},
        "2024-01-01T09:00:00-05:00",
    ),
    "nulls beside it": ({"cursor_path": "g.*.at"}, {"g": [{"at": None}, {"at": 5}, {"at": None}]}, 5),
    "nothing but nulls": ({"cursor_path": "g[*].at"}, {"g": [{"at": None}, {}]}, None),
    "none of several": ({"cursor_path": "g[*].at"}, {"g": []}, MISSING),
}


@pytest.mark.parametrize(("keys", "record", "value"), VALUES.values(), ids=VALUES)
def test_the_cursor_value_of_a_record(keys, record, value):
    assert Incremental.model_validate(keys).value(record) == value


@pytest.mark.parametrize("value", [MISSING, None])
def test_a_missing_cursor_value_is_an_error_that_says_what_to_do(value):
    with pytest.raises(RecordError) as raised:
        window(5).holds(value)
    assert str(raised.value) == "incremental: a record has no at (on_cursor_value_missing: include or exclude)"


def test_values_that_cannot_be_compared_are_an_error():
    with pytest.raises(RecordError) as raised:
        window("2024-01-31").holds(17)
    assert str(raised.value) == "incremental: cursor values '2024-01-31' and 17 cannot be compared"


# keys, bookmark, values delivered, the next bookmark, whether they are out of order
ADVANCED = {
    "the latest of any order": ({}, None, [3, 9, 5], 9, False),
    "not behind the bookmark": ({"lag": 5}, 9, [5, 6], 9, False),
    "exactly as it is written": (
        {},
        "2024-01-01",
        ["2024-01-31 08:00:00.70+0100"],
        "2024-01-31 08:00:00.70+0100",
        False,
    ),
    "the first of equal instants": (
        {},
        None,
        ["2024-01-31T08:00:00Z", "2024-01-31 08:00:00"],
        "2024-01-31T08:00:00Z",
        False,
    ),
    "min": ({"last_value_func": "min"}, 9, [7, 8], 7, False),
    "missing values change nothing": ({"on_cursor_value_missing": "include"}, 5, [None, MISSING], 5, False),
    "asc in order": ({"row_order": "asc"}, 5, [5, 6, 6, 7], 7, False),
    "asc in order within the lag": ({"row_order": "asc", "lag": 5}, 9, [5, 6], 9, False),
    "asc out of order": ({"row_order": "asc"}, 5, [6, 8, 7, 9], 9, True),
    "asc out of order within the lag": ({"row_order": "asc", "lag": 5}, 9, [6, 5], 9, True),
    "desc": ({"row_order": "desc"}, 5, [9, 8, 7], 9, False),
    "no record": ({"initial_value": 5}, None, [], 5, False),
}


@pytest.mark.parametrize(("keys", "bookmark", "values", "last", "disordered"), ADVANCED.values(), ids=ADVANCED)
def test_how_a_window_advances(keys, bookmark, values, last, disordered):
    found = window(bookmark, **keys)
    for value in values:
        found = found.advanced(value)
    assert (found.last, found.disordered) == (last, disordered)


# keys, bookmark, cursor values of a page, whether no later page can hold more
DONE = {
    "no order": ({}, 5, [3, 2, 1], False),
    "desc: the last is before the start": ({"row_order": "desc"}, 5, [7, 5, 4], True),
    "desc: the last is at the start": ({"row_order": "desc"}, 5, [7, 5], False),
    "desc: no start": ({"row_order": "desc"}, None, [7, 5], False),
    "desc: not in order": ({"row_order": "desc"}, 5, [4, 7, 3], False),
    "desc: missing values say nothing": ({"row_order": "desc"}, 5, [7, None, 4, MISSING], True),
    "asc: the last is at the end": ({"row_order": "asc", "initial_value": 1, "end_value": 5}, None, [4, 5], True),
    "asc: the last is before the end": ({"row_order": "asc", "initial_value": 1, "end_value": 5}, None, [3, 4], False),
    "asc: no end": ({"row_order": "asc"}, 1, [9], False),
    "asc: not in order": ({"row_order": "asc", "initial_value": 1, "end_value": 5}, None, [6, 4, 7], False),
    "an empty page": ({"row_order": "desc"}, 5, [], False),
}


@pytest.mark.parametrize(("keys", "bookmark", "values", "done"), DONE.values(), ids=DONE)
def test_when_a_window_is_done(keys, bookmark, values, done):
    assert window(bookmark, **keys).done(values) is done


COMPARED = [
    (1, 2, -1),
    (2, 2, 0),
    (Decimal("1.5"), 1.5, 0),
    (10, "9", 1),
    ("b", "a", 1),
    ("2024-01-31", "2024-01-31T00:00:00Z", 0),
    ("2024-01-31T09:00:00+01:00", "2024-01-31 08:00:00", 0),
    ("Wed, 31 Jan 2024 08:00:00 GMT", "Thu, 01 Feb 2024 08:00:00 GMT", -1),
    ("2024-01-31", "abc", -1),
]


@pytest.mark.parametrize(("one", "other", "order"), COMPARED)
def test_compared(one, other, order):
    assert (compared(one, other), compared(other, one)) == (order, -order)


@given(st.lists(st.integers() | st.decimals(allow_nan=False, allow_infinity=False), min_size=1))
def test_the_bookmark_is_the_greatest_value(values):
    found = window()
    for value in values:
        found = found.advanced(value)
    assert found.last == max(values)


# A page at once


MOMENTS = st.integers(0, 8 * 86400).map(
    lambda seconds: datetime(2024, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=seconds)
)
WRITTEN = st.sampled_from(["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S.5Z", "%Y-%m-%d"])
VALUES = st.one_of(
    WRITTEN.flatmap(lambda form: st.lists(MOMENTS.map(lambda moment: moment.strftime(form)), max_size=6)),
    st.lists(MOMENTS.map(lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%S+02:00")), max_size=4),
    st.lists(st.integers(-9, 9) | st.integers(-9, 9).map(Decimal), max_size=6),
    st.lists(st.sampled_from(["2024-01-05", "b", "10", "9", None]), max_size=4),
)


@given(
    values=VALUES,
    in_order=st.booleans(),
    bound=st.sampled_from([None, "2024-01-03", "2024-01-05T12:00:00Z"]),
    number=st.integers(-9, 9),
    block=st.fixed_dictionaries(
        {
            "last_value_func": st.sampled_from(["max", "min"]),
            "row_order": st.sampled_from([None, "asc", "desc"]),
            "range_start": st.sampled_from(["open", "closed"]),
        }
    ),
)
def test_a_page_at_once_is_its_values_one_after_another(values, in_order, bound, number, block):
    values = sorted(values) if in_order and None not in values else values
    start = number if values and not isinstance(values[0], str) and bound else bound
    window = Incremental.model_validate({"cursor_path": "at", "initial_value": start, **block}).window(None, None)
    passed = window.passed(values)

    if passed is not None:
        assert all(window.holds(value) for value in values)
        assert passed == reduce(Window.advanced, values, window)


def test_a_page_of_moments_written_alike_is_passed_at_once():
    window = Incremental(cursor_path="at", initial_value="2024-01-01").window(None, None)
    passed = window.passed(["2024-01-02T00:00:00Z", "2024-01-04T00:00:00Z", "2024-01-03T00:00:00Z"])

    assert (passed.last, passed.disordered) == ("2024-01-04T00:00:00Z", False)
    assert window.passed(["2024-01-02T00:00:00Z", "2024-01-04T00:00:00+01:00"]) is None
    assert window.passed(["2023-01-02T00:00:00Z"]) is None
