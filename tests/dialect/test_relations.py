"""What does a resource need from its parent and from the settings? The rows are in cases/relations.yaml."""

from pathlib import Path

import pytest
import yaml
from walking import BASE, shown

from tap_restgeneric.dialect.auth.schemes import Bearer
from tap_restgeneric.dialect.jsonpath.selectors import MISSING
from tap_restgeneric.dialect.loading import loaded
from tap_restgeneric.dialect.paging.paginators import Auto, HeaderLink, Offset, SinglePage
from tap_restgeneric.dialect.secrets import Secrets

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "relations.yaml").read_text())


def nodes_of(*resources, parameters=None, client=None, defaults=None):
    config = {
        "client": {"base_url": BASE, **(client or {})},
        "resource_defaults": defaults or {},
        "resources": [*resources],
    }
    return loaded(config, secrets=Secrets({}, {}), parameters=parameters or {}).nodes


def calls_of(node, parent):
    values = node.parent_values(parent)
    return [shown(node.request.call(node.bound({**values, **own}))) for own in node.partitions()]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_what_a_child_asks_for(case):
    child = nodes_of("posts", {"name": "child", **case["child"]}, parameters=case.get("parameters"))["child"]
    assert child.parent == "posts"
    assert [calls_of(child, parent) for parent in case["parents"]] == case["calls"]


def child_of(path="x/{resources.posts.id}/{resources.posts.a.b}", parameters=None, **keys):
    return nodes_of("posts", {"name": "child", "endpoint": {"path": path}, **keys}, parameters=parameters)["child"]


def test_the_values_of_a_parent_are_known_by_their_placeholders():
    assert child_of().parent_values({"id": None}) == {"resources.posts.id": None, "resources.posts.a.b": MISSING}


def test_a_sequence_of_requests_is_known_by_the_fields_of_its_parent_and_by_lists_of_parameters():
    child = child_of("{org}/{one}/{resources.posts.id}/{resources.posts.a.b}", {"org": ["x", "y"], "one": 5})
    values = {**child.parent_values({"id": 7, "a": {"b": 8}}), "org": "x", "one": 5}
    assert child.context(values) == {"_posts_id": 7, "_posts_a.b": 8, "org": "x"}


def test_a_resource_without_parent_and_parameters_has_one_sequence_without_a_name():
    posts = nodes_of("posts")["posts"]
    assert (list(posts.partitions()), posts.context({}), posts.parent) == ([{}], {}, None)


def test_fields_of_the_parent_are_carried_under_the_names_of_dlt():
    assert child_of(include_from_parent=["id", "title"]).carried == {"_posts_id": "id", "_posts_title": "title"}
    assert child_of(include_from_parent="id").carried == {"_posts_id": "id"}


def test_a_carried_field_can_be_carried_on():
    nodes = nodes_of(
        "a",
        {"name": "b", "endpoint": "a/{resources.a.id}/b", "include_from_parent": ["id"]},
        {"name": "c", "endpoint": "a/{resources.b._a_id}/b/{resources.b.id}/c", "include_from_parent": ["_a_id"]},
    )
    assert nodes["c"].carried == {"_b__a_id": "_a_id"}
    assert calls_of(nodes["c"], {"_a_id": 1, "id": 2}) == ["GET /a/1/b/2/c"]


ORDERS = {
    "no relations: as written": (["b", "a", "c"], ["b", "a", "c"]),
    "a parent before its child": ([("b", "a"), "a"], ["a", "b"]),
    "as written where parents allow": (["x", ("c", "b"), "y", ("b", "a"), "a"], ["x", "a", "b", "c", "y"]),
    "several children": (["a", ("b", "a"), "x", ("c", "a")], ["a", "b", "x", "c"]),
}


@pytest.mark.parametrize(("written", "names"), ORDERS.values(), ids=ORDERS)
def test_parents_come_before_children(written, names):
    entries = [
        entry if isinstance(entry, str) else {"name": entry[0], "endpoint": f"x/{{resources.{entry[1]}.id}}"}
        for entry in written
    ]
    assert list(nodes_of(*entries)) == names


def test_an_expansion_comes_after_what_it_expands():
    expand = {"name": "rows", "expand": {"resource": "a", "rows": [{"path": "rows"}]}}
    nodes = nodes_of(expand, "a")
    assert (list(nodes), nodes["rows"].parent, nodes["rows"].request) == (["a", "rows"], "a", None)


# rows, record of the parent, what is expanded
EXPANDED = {
    "a list": ([{"path": "menus"}], {"menus": [{"id": 1}, {"id": 2}]}, [{"id": 1}, {"id": 2}]),
    "an object is one row": ([{"path": "menu"}], {"menu": {"id": 1}}, [{"id": 1}]),
    "null and missing are none": ([{"path": "a"}, {"path": "b"}], {"a": None}, []),
    "null in a list is none": ([{"path": "a"}], {"a": [None, {"id": 1}]}, [{"id": 1}]),
    "what is no object stays for the reader to complain about": ([{"path": "a"}], {"a": [5]}, [5]),
    "a field of the record is carried": (
        [{"path": "menus", "carry": {"ivr_id": "id"}}],
        {"id": 9, "menus": [{"id": 1}]},
        [{"id": 1, "ivr_id": 9}],
    ),
    "fields of every enclosing record are carried": (
        [{"path": "a.b.c", "carry": {"top": "id", "a_id": "a.id", "b_id": "a.b.id"}}],
        {"id": 0, "a": [{"id": 1, "b": [{"id": 2, "c": [{"x": 1}]}, {"id": 3, "c": [{"x": 2}, {"x": 3}]}]}]},
        [
            {"x": 1, "top": 0, "a_id": 1, "b_id": 2},
            {"x": 2, "top": 0, "a_id": 1, "b_id": 3},
            {"x": 3, "top": 0, "a_id": 1, "b_id": 3},
        ],
    ),
    "through objects on the way": (
        [{"path": "meta.menus", "carry": {"m": "meta.id"}}],
        {"meta": {"id": 5, "menus": [{"id": 1}]}},
        [{"id": 1, "m": 5}],
    ),
    "an enclosing record without the field gives null": (
        [{"path": "menus", "carry": {"ivr_id": "id"}}],
        {"menus": [{"id": 1}]},
        [{"id": 1, "ivr_id": None}],
    ),
    "several places, in their order": (
        [
            {"path": "routes", "carry": {"ivr": "id"}},
            {"path": "menus.routes", "carry": {"ivr": "id", "menu": "menus.id"}},
        ],
        {"id": 9, "routes": [{"id": 1}], "menus": [{"id": 5, "routes": [{"id": 2}]}, {"id": 6}]},
        [{"id": 1, "ivr": 9}, {"id": 2, "ivr": 9, "menu": 5}],
    ),
}


def expansion(rows):
    return nodes_of("a", {"name": "rows", "expand": {"resource": "a", "rows": rows}})["rows"]


@pytest.mark.parametrize(("rows", "record", "expanded"), EXPANDED.values(), ids=EXPANDED)
def test_rows_inside_of_a_record(rows, record, expanded):
    assert list(expansion(rows).rows(record)) == expanded


HAS_ROWS = {
    "rows": ({"menus": [{"routes": [{}]}]}, True),
    "an empty list": ({"menus": [{"routes": []}]}, True),
    "null": ({"menus": [{"routes": None}]}, True),
    "nothing on the way": ({"menus": []}, True),
    "another name": ({"menus": [{"route": []}]}, False),
    "none of the names": ({"id": 1}, False),
}


@pytest.mark.parametrize(("record", "has"), HAS_ROWS.values(), ids=HAS_ROWS)
def test_whether_a_record_has_a_place_for_rows(record, has):
    assert expansion([{"path": "menus.routes"}]).has_rows(record) is has


def test_a_resource_that_sends_requests_has_no_rows():
    assert list(nodes_of("posts")["posts"].rows({"id": 1})) == []


# client, defaults, endpoint, the paginator that counts
PAGINATORS = {
    "none: found in the first reply": ({}, {}, {}, Auto()),
    "of the client": ({"paginator": "header_link"}, {}, {}, HeaderLink()),
    "of the defaults": ({"paginator": "header_link"}, {"paginator": "single_page"}, {}, SinglePage()),
    "of the resource": (
        {"paginator": "header_link"},
        {"paginator": "single_page"},
        {"paginator": {"type": "offset", "limit": 5}},
        Offset(limit=5),
    ),
    "null resets that of the defaults": (
        {"paginator": "header_link"},
        {"paginator": "single_page"},
        {"paginator": None},
        HeaderLink(),
    ),
    "auto is not that of the client": ({"paginator": "header_link"}, {}, {"paginator": "auto"}, Auto()),
    "a path to one record is one page": ({"paginator": "header_link"}, {}, {"path": "x/{org}"}, SinglePage()),
    "a path to one record with a slash": ({"paginator": "header_link"}, {}, {"path": "x/{org}/"}, SinglePage()),
    "a path to one record, unless the defaults say otherwise": (
        {},
        {"paginator": "header_link"},
        {"path": "x/{org}"},
        HeaderLink(),
    ),
    "a placeholder in the query is no record": (
        {"paginator": "header_link"},
        {},
        {"path": "x?org={org}"},
        HeaderLink(),
    ),
    "a placeholder on the way is no record": ({"paginator": "header_link"}, {}, {"path": "x/{org}/y"}, HeaderLink()),
}


@pytest.mark.parametrize(("client", "defaults", "endpoint", "paginator"), PAGINATORS.values(), ids=PAGINATORS)
def test_which_paginator_counts(client, defaults, endpoint, paginator):
    entry = {"name": "x", "endpoint": endpoint}
    found = nodes_of(entry, parameters={"org": 1}, client=client, defaults={"endpoint": defaults})["x"].paginator
    assert found == paginator


SELECTORS = {
    "none: found in the first reply": ({}, None),
    "as written": ({"data_selector": "items"}, "items"),
    "a path to one record is the whole body": ({"path": "x/{org}"}, "$"),
    "a path to one record, unless written": ({"path": "x/{org}", "data_selector": "item"}, "item"),
}


@pytest.mark.parametrize(("endpoint", "selector"), SELECTORS.values(), ids=SELECTORS)
def test_which_selector_counts(endpoint, selector):
    found = nodes_of({"name": "x", "endpoint": endpoint}, parameters={"org": 1})["x"].selector
    assert (found and str(found)) == selector


AUTHS = {
    "of the client": ({}, {}, Bearer(token="client")),
    "of the defaults": ({"auth": {"token": "defaults"}}, {}, Bearer(token="defaults")),
    "of the resource": ({"auth": {"token": "defaults"}}, {"auth": {"token": "own"}}, Bearer(token="own")),
    "null is none": ({}, {"auth": None}, None),
}


@pytest.mark.parametrize(("defaults", "endpoint", "auth"), AUTHS.values(), ids=AUTHS)
def test_which_auth_counts(defaults, endpoint, auth):
    nodes = nodes_of(
        {"name": "x", "endpoint": endpoint}, client={"auth": {"token": "client"}}, defaults={"endpoint": defaults}
    )
    assert nodes["x"].auth == auth


def test_incremental_may_stand_in_params():
    since = {"type": "incremental", "cursor_path": "at", "initial_value": 5, "lag": 1}
    node = nodes_of({"name": "x", "endpoint": {"params": {"since": since, "q": 1}}})["x"]
    window = node.incremental.window(None, None).values()
    assert shown(node.request.call(node.bound(window))) == "GET /x?since=5&q=1"


def test_what_has_no_effect_is_noted():
    config = {
        "client": {"base_url": BASE},
        "resource_defaults": {"write_disposition": "merge", "endpoint": {"path": "unused"}},
        "resources": [{"name": "a", "table_name": "b"}],
    }
    assert loaded(config, secrets=Secrets({}, {}), parameters={}).notes == (
        "table_name, write_disposition: the business of the target; accepted, without effect here",
        "resource_defaults.endpoint.path: without effect; a resource without a path has its name for one",
    )
