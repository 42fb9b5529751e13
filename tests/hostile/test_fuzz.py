"""Is there a text that makes a reader fall over? The short form of `make fuzz`."""

from __future__ import annotations

from pathlib import Path

import pytest
from hostile.fuzz import texts
from hostile.guarded import FellOverError, read, ready
from hostile.targets import TARGETS, Target
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tap_restgeneric.dialect.expressions.expression import Expression
from tap_restgeneric.dialect.jsonpath.selectors import Selector


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(chosen=st.data())
def test_no_text_does_more_than_raise_an_error_of_ours(target, chosen):
    ready(target)
    read(target, chosen.draw(texts(target)))


NOTICED = {
    "another error": lambda _: 1 / 0,
    "a file": lambda _: Path("/dev/null").read_text(),
    "code": lambda _: exec("1"),
}


@pytest.mark.parametrize("reads", NOTICED.values(), ids=NOTICED)
def test_what_a_text_must_not_do_is_noticed(reads):
    with pytest.raises(FellOverError):
        read(Target("it", reads, (ValueError,), ("",)), "")


REFUSED = {
    "items[?(@.name =~ '(a+)+$')]": "may take for ever",
    "items[?(@.name =~ '.*x')]": r"begin with \^",
    "items[?(@.name =~ 'a*b*')]": "may take for ever",
    "items[?(@.name =~ '[')]": "no pattern",
    "$.name * 1000000000": "selects",
    "$..a..b..c": "goes through all levels",
    "a" * 3_000: "at most 2000 characters",
}


@pytest.mark.parametrize("text", REFUSED)
def test_a_selector_whose_cost_has_no_bound_is_refused(text):
    with pytest.raises(ValueError, match=REFUSED[text]):
        Selector.parse(text)


@pytest.mark.parametrize("pattern", ["^a.*$", "colou?r", "x{2,5}$", "[*+]", "(a|b)c"])
def test_a_pattern_that_ends_in_time_is_taken(pattern):
    assert Selector.parse(f"items[?(@.name =~ '{pattern}')]").records({"items": []}).records == []


BOUNDED = {
    "response.many|sum(start=[])": "more than",
    "response.text.split(',')|length": "more than",
    "|".join(["response.text", *["upper"] * 21]): "at most 20 filters",
}


@pytest.mark.parametrize("text", BOUNDED)
def test_an_expression_makes_nothing_without_bounds(text):
    response = {"many": [[1, 2]] * 60_000, "text": "," * 200_000}
    with pytest.raises(ValueError, match=BOUNDED[text]):
        Expression.parse(text).evaluate(response=response)


def test_lists_are_summed_one_behind_another():
    tagged = {"all": [{"tags": [1]}, {"tags": [2]}]}

    assert Expression.parse("response.all|sum('tags', [])").evaluate(response=tagged) == [1, 2]
    assert Expression.parse("response|sum").evaluate(response=[1, 2, 3]) == 6
