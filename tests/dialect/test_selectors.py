"""Where in a reply, or in a record?"""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
from decimal import Decimal
from pathlib import Path as File

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, ValidationError

from tap_restgeneric.dialect.jsonpath.selectors import MISSING, Path, Selected, Selector, detect, rivals
from tap_restgeneric.dialect.words import describe_keys
from tap_restgeneric.errors import ReplyError

CASES = json.loads((File(__file__).parent / "cases" / "selectors.json").read_text())


def named(kind):
    return [pytest.param(case, id=case.get("case")) for case in CASES[kind]]


@pytest.mark.parametrize("case", named("records"))
def test_selector_selects_records(case):
    expected = Selected(case["records"], case["entries"], case.get("matched", True), case.get("nulls", 0))
    assert Selector.parse(case["selector"]).records(case["body"]) == expected


@pytest.mark.parametrize("case", named("paths"))
def test_path_finds_the_first_value(case):
    assert Path.parse(case["path"]).first(case["value"]) == case.get("first", MISSING)


@pytest.mark.parametrize("case", named("mistakes"))
def test_what_is_no_selector_is_refused_when_it_is_parsed(case):
    with pytest.raises(ValueError) as refused:  # noqa: PT011  # the message is compared whole
        Selector.parse(case["text"])
    assert str(refused.value) == case["message"]


@pytest.mark.parametrize("case", named("detect"))
def test_the_record_list_is_detected(case):
    assert str(detect(case["body"])) == case["selector"]


RIVALS = {
    "usual names": ({"data": [{"id": 1}], "items": [{"id": 2}]}, ["items"]),
    "unusual names": ({"a": [{"id": 1}], "b-c": [{"id": 2}], "n": 2, "count": 1, "d": []}, []),
    "unusual names in an envelope": ({"a": [{"id": 1}], "b c": [{"id": 2}], "d": []}, ["['b c']"]),
    "a list that is no records": ({"a": [{"id": 1}], "tags": ["x"]}, []),
    "a list beside records": ({"data": [{"id": 1}], "included": [{"id": 2}]}, []),
    "a list": ([{"id": 1}], []),
    "no body": (None, []),
}


@pytest.mark.parametrize(("body", "others"), RIVALS.values(), ids=RIVALS)
def test_lists_that_are_as_likely_as_the_detected_one_are_known(body, others):
    assert rivals(body) == others


@pytest.mark.parametrize("case", [case for case in CASES["detect"] if isinstance(case["body"], dict)], ids=str)
def test_what_was_detected_matches_the_body_it_was_detected_in(case):
    assert detect(case["body"]).records(case["body"]).matched


@pytest.mark.parametrize("case", CASES["keys"], ids=str)
def test_keys_on_offer_are_described(case):
    assert describe_keys(case["value"]) == case["described"]


def test_find_gives_all_matches_in_document_order():
    body = {"ivrs": [{"menus": [1, 2]}, {}, {"menus": 3}]}
    assert Selector.parse("ivrs.menus").find(body) == [[1, 2], 3]


def test_first_gives_the_default_where_nothing_matches():
    assert Path.parse("a.b").first({"a": {}}, default=0) == 0


def test_missing_is_falsy():
    assert not Path.parse("a").first({})


def test_filters_compare_the_decimals_of_a_body_and_give_them_back():
    body = {"items": [{"price": Decimal("1.10")}, {"price": Decimal("2.50")}]}
    assert Selector.parse("items[?(@.price > 1.5)].price").records(body).records == [Decimal("2.50")]


def test_a_query_that_fails_on_a_body_names_the_selector():
    with pytest.raises(ReplyError, match=r"the selector 'a\.`sorted`' cannot be applied to this body"):
        Selector.parse("a.`sorted`").records({"a": [1, "b"]})


def test_a_selector_is_its_text():
    assert str(Selector.parse(" items.* ")) == "items.*"


def test_selectors_are_equal_by_text():
    assert {Selector.parse("a.b"), Selector.parse("a.b")} == {Selector.parse("a.b")}


def test_a_path_is_no_selector():
    assert Path.parse("a.b") != Selector.parse("a.b")


@pytest.mark.parametrize("text", ["a.b", "items[?(@.live)]"])
@pytest.mark.parametrize("again", [copy.deepcopy, lambda selector: pickle.loads(pickle.dumps(selector))])
def test_selectors_can_be_copied(text, again):
    body = {"a": {"b": {"id": 1}}, "items": [{"live": True}]}
    selector = Selector.parse(text)
    assert again(selector).records(body) == selector.records(body)


class Places(BaseModel):
    model_config = ConfigDict(extra="forbid")

    data_selector: Selector | None = None
    cursor_path: Path = Path.parse("next")


def test_models_take_selectors_as_texts():
    places = Places.model_validate({"data_selector": [], "cursor_path": "a.b"})
    assert (places.data_selector, places.cursor_path) == (Selector.parse([]), Path.parse("a.b"))


def test_models_take_selectors_as_they_are():
    assert Places(data_selector=Selector.parse("items")).data_selector == Selector.parse("items")


def test_models_give_selectors_as_texts():
    given = {"data_selector": "items.*", "cursor_path": "a.b"}
    assert json.loads(Places.model_validate(given).model_dump_json()) == given


def test_models_show_the_message_of_a_selector_as_it_is():
    with pytest.raises(ValidationError) as refused:
        Places.model_validate({"cursor_path": "a["})
    shown = [(error["loc"], error["msg"]) for error in refused.value.errors()]
    assert shown == [(("cursor_path",), "'a[' is not a JSONPath: it ends too early at column 3")]


def test_the_json_schema_of_a_path_is_a_text():
    assert Places.model_json_schema()["properties"]["cursor_path"]["type"] == "string"


def test_the_json_schema_of_a_selector_allows_the_empty_list():
    text, empty_list, null = Places.model_json_schema()["properties"]["data_selector"]["anyOf"]
    assert (text, empty_list, null) == (
        {"type": "string"},
        {"type": "array", "maxItems": 0},
        {"type": "null"},
    )


def test_plain_selectors_do_without_jsonpath_ng():
    script = (
        "import sys; from tap_restgeneric.dialect.jsonpath.selectors import Selector;"
        "print(Selector.parse(\"$.a[0]['b c'].*\").find({'a': [{'b c': [1]}]}), 'jsonpath_ng' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout == "[1] False\n"


TEXTS = st.text() | st.text(alphabet="ab.$*[]?()@'\"|,:-`~=<>& \\01{}", max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("ab") | st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize("kind", [Selector, Path])
@given(text=TEXTS, body=VALUES)
def test_any_text_is_a_selector_or_refused_and_any_body_is_searched(kind, text, body):
    try:
        selector = kind.parse(text)
    except ValueError as refused:
        assert "\n" not in str(refused) or "\n" in repr(text)  # noqa: PT017
        return
    try:
        found = selector.find(body)
    except ReplyError:
        return
    assert selector.first(body) == (found[0] if found else MISSING)
    assert selector.records(body).matched or not found


@given(body=VALUES)
def test_detection_finds_a_place_that_is_there(body):
    assert detect(body).records(body).matched
