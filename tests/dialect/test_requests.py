"""Which request does a resource begin with? The rows are in cases/requests.yaml."""

from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from walking import BASE, shown

from tap_restgeneric.dialect.placeholders import OMIT, PlaceholderError, Template, escaped
from tap_restgeneric.dialect.requests import Request, joined
from tap_restgeneric.dialect.source import Client, Endpoint

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "requests.yaml").read_text())


def values_of(written):
    return {name: OMIT if value == "OMIT" else value for name, value in written.items()}


def request(endpoint, client=None):
    block = Endpoint.model_validate({"path": "/things", **endpoint})
    return Request.of(Client.model_validate({"base_url": BASE, **(client or {})}), block, block.params)


@pytest.mark.parametrize(("base_url", "path", "url"), CASES["urls"])
def test_base_url_and_path_are_joined(base_url, path, url):
    assert joined(base_url, path) == url


@pytest.mark.parametrize(("path", "values", "url"), CASES["paths"])
def test_values_stand_in_the_path(path, values, url):
    asked = request({"path": path}).call(values_of(values))
    assert asked.url == (url if url.startswith("http") else BASE + url)


@pytest.mark.parametrize(("path", "values", "message"), CASES["bad_paths"])
def test_values_that_cannot_stand_in_a_path_are_errors(path, values, message):
    with pytest.raises(PlaceholderError) as raised:
        request({"path": path}).call(values_of(values))
    assert str(raised.value) == message


@pytest.mark.parametrize("case", CASES["calls"], ids=lambda case: case["case"])
def test_call(case):
    assert shown(request(case["endpoint"], case.get("client")).call(values_of(case["values"]))) == case["call"]


def test_calls_of_one_request_share_nothing_that_changes():
    first = request({"json": {"a": {"b": 1}}}).call({})
    changed = first.with_json(("a", "c"), 2)
    assert (first.json, changed.json) == ({"a": {"b": 1}}, {"a": {"b": 1, "c": 2}})


def test_numbers_are_written_in_full():
    assert request({"path": "/{x}"}).call({"x": Decimal("1E+3")}).url == f"{BASE}/1000"


@pytest.mark.parametrize("text", ["", "{", "}", "{a}", "{{a}}", "a{b}c", "}}{{", "{secrets.x}"])
def test_an_escaped_text_reads_as_itself(text):
    assert Template.parse(escaped(text)).text({}) == text


MIXED = {"{ a { b }}": True, "{{ a { b }": True, "{ a { b } }": False, "{{a}}": False, "{a} { b }": False, "a": False}


@pytest.mark.parametrize(("text", "mixed"), MIXED.items())
def test_single_and_double_braces_as_text_are_mixed(text, mixed):
    assert Template.parse(text).mixed is mixed
