"""What does a condition say?"""

from __future__ import annotations

import copy
import json
import pickle
from datetime import timedelta
from decimal import Decimal
from pathlib import Path as File

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from tap_restgeneric.dialect.expressions.expression import Expression
from tap_restgeneric.dialect.expressions.vocabulary import NAMES, ExpressionError

CASES = json.loads((File(__file__).parent / "cases" / "expressions.json").read_text(), parse_float=Decimal)


def texts(kind):
    return [pytest.param(case, id=str(case["text"])) for case in CASES[kind]]


@pytest.mark.parametrize("case", texts("values"))
def test_expression_has_a_native_value(case):
    value = Expression.parse(case["text"]).evaluate(**case["names"])
    assert (type(value), value) == (type(case["value"]), case["value"])


@pytest.mark.parametrize("case", texts("unknown"))
def test_what_cannot_be_evaluated_says_what_is_missing(case):
    with pytest.raises(ExpressionError) as failed:
        Expression.parse(case["text"]).evaluate(**case["names"])
    assert str(failed.value) == f"{case['text']!r} cannot be evaluated: {case['reason']}"


@pytest.mark.parametrize("case", texts("mistakes"))
def test_what_is_no_expression_is_refused_when_it_is_parsed(case):
    with pytest.raises(ValueError) as refused:  # noqa: PT011  # the message is compared whole
        Expression.parse(case["text"])
    assert str(refused.value).split("\n") == case["message"]


@pytest.mark.parametrize(("count", "held"), [(0, True), (1, True), (2, False)])
def test_a_condition_holds_or_does_not(count, held):
    assert Expression.parse("response.count <= 1").holds(response={"count": count}) is held


def test_a_condition_that_cannot_be_evaluated_does_not_pass_as_false():
    with pytest.raises(ExpressionError):
        Expression.parse("response.done").holds(response={})


def test_fractions_are_the_decimals_of_the_body():
    assert Expression.parse("response.price + 0.2 == 0.3").holds(response={"price": Decimal("0.1")})


def test_expressions_do_not_change_what_they_see():
    response = {"items": [2, 1]}
    Expression.parse("response.items | sort").evaluate(response=response)
    assert response == {"items": [2, 1]}


def test_computed_texts_have_a_limit():
    grown = Expression.parse("record.text + record.text")
    assert len(grown.evaluate(record={"text": "x" * 50_000})) == 100_000
    with pytest.raises(ExpressionError, match="more than 100000 characters"):
        grown.evaluate(record={"text": "x" * 50_001})


@pytest.mark.parametrize(
    "text", ["record.text ~ record.text", "record.text | replace('x', 'yy')", "[record.text, 'x'] | join"]
)
def test_no_operation_gets_around_the_limit_of_texts(text):
    with pytest.raises(ExpressionError, match="more than 100000 characters"):
        Expression.parse(text).evaluate(record={"text": "x" * 100_000})


def test_long_texts_of_a_record_pass_as_they_are():
    assert Expression.parse("record.text").evaluate(record={"text": "x" * 200_000}) == "x" * 200_000


def test_computed_lists_have_a_limit():
    with pytest.raises(ExpressionError, match="more than 100000 entries"):
        Expression.parse("record.ids + record.ids").evaluate(record={"ids": [0] * 50_001})


@pytest.mark.parametrize("text", ["(" * 1_000 + "1" + ")" * 1_000, "1" + " + 1" * 900, "record" + ".a" * 900])
def test_deep_nesting_is_refused(text):
    with pytest.raises(ValueError, match="nested too deeply"):
        Expression.parse(text)


def test_long_expressions_are_refused():
    with pytest.raises(ValueError, match="at most 4000 characters, not 4001"):
        Expression.parse("1" * 4_001)


def test_an_expression_knows_its_names():
    expression = Expression.parse("len(response['record']) < last_page_size or response.headers")
    assert expression.names == {"response", "last_page_size"}


def test_an_expression_is_its_text():
    assert str(Expression.parse("{{ response.a }}")) == "{{ response.a }}"


def test_expressions_are_equal_by_text():
    assert {Expression.parse("response.a"), Expression.parse("response.a")} == {Expression.parse("response.a")}


@pytest.mark.parametrize("again", [copy.deepcopy, lambda expression: pickle.loads(pickle.dumps(expression))])
def test_expressions_can_be_copied(again):
    assert again(Expression.parse("response.a")).evaluate(response={"a": 1}) == 1


class Rule(BaseModel):
    stop_condition: Expression | None = None


def test_models_take_and_give_expressions_as_texts():
    given = {"stop_condition": "response.count <= 1"}
    rule = Rule.model_validate(given)
    assert (rule.stop_condition, rule.model_dump(mode="json")) == (Expression.parse("response.count <= 1"), given)


def test_models_show_the_message_of_an_expression_as_it_is():
    with pytest.raises(ValidationError) as refused:
        Rule.model_validate({"stop_condition": "{a} <"})
    shown = [(error["loc"], error["msg"]) for error in refused.value.errors()]
    assert shown == [(("stop_condition",), "unknown name 'a'\n  {a} <\n   ^")]


def test_the_json_schema_of_an_expression_is_a_text():
    assert Rule.model_json_schema()["properties"]["stop_condition"]["anyOf"] == [{"type": "string"}, {"type": "null"}]


WORDS = [
    *sorted(NAMES),
    *("len", "none", "true", "and", "or", "not", "in", "is", "if", "else", "defined", "odd", "divisibleby", "get"),
    *("items", "a", "count", "split", "index", "int", "round", "join", "replace", "map", "list", "sum", "default"),
    *("+", "-", "*", "/", "//", "%", "**", "~", "|", ".", ",", ":", "(", ")", "[", "]", "{", "}", "==", "<", "="),
    *("0", "7", "99999999999", "1e300", "0.5", "'a'", "'%99999999d'", "'1e999999999'", "''"),
]
TEXTS = st.text(max_size=30) | st.lists(st.sampled_from(WORDS), max_size=10).map(" ".join)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["a", "items"]) | st.text(), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(deadline=timedelta(seconds=2), max_examples=300)
@given(text=TEXTS)
def test_any_text_is_an_expression_or_refused(text):
    try:
        assert str(Expression.parse(text)) == text
    except ValueError as refused:
        assert type(refused) is ValueError  # noqa: PT017


OPERANDS = st.sampled_from(
    ["response", "response.a", "response.items", "record", "last_page_size", "7", "1e9", "'%99999999d'", "[]", "{}"]
)
COMPUTED = st.recursive(
    OPERANDS,
    lambda inner: (
        st.tuples(
            inner, st.sampled_from(["+", "-", "*", "/", "//", "%", "**", "~", "==", "<", "in", "and", "or"]), inner
        ).map(lambda parts: "({} {} {})".format(*parts))
        | st.tuples(inner, st.sampled_from(["[0]", ".get('a')", ".items()", ".split()", ".index(1)"])).map("".join)
        | st.tuples(
            inner,
            st.sampled_from(["int", "float", "round", "join", "list", "length", "sum", "sort", "first", "string"]),
        ).map("|".join)
        | st.tuples(inner, st.sampled_from(["odd", "divisibleby 3", "defined", "none", "in response"])).map(" is ".join)
        | inner.map("not {}".format)
    ),
    max_leaves=6,
)


@settings(deadline=timedelta(seconds=2), max_examples=500)
@given(text=COMPUTED, response=VALUES, record=VALUES, size=st.integers())
def test_any_expression_over_any_json_has_a_json_value_or_says_why_not(text, response, record, size):
    try:
        expression = Expression.parse(text)
    except ValueError:
        return
    try:
        value = expression.evaluate(response=response, record=record, last_page_size=size)
    except ExpressionError as failed:
        assert "cannot be evaluated: " in str(failed)  # noqa: PT017
        return
    json.dumps(value, default=float)
