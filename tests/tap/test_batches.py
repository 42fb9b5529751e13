"""A child that asks for several parents in one request."""

from __future__ import annotations

import json

import pytest
from tapping import api, made, resource, run

from tap_restgeneric.errors import ConfigError

PARENTS = {"items": [{"id": number} for number in (1, 2, 2, None, 3, 4, 5)]}


def child(size=2, **endpoint):
    resolve = {"type": "resolve", "resource": "parents", "field": "id", "batch_size": size}
    resolve |= {key: endpoint.pop(key) for key in ("separator",) if key in endpoint}
    paged = {"paginator": "single_page", "data_selector": "items"}
    return resource("children", **{"params": {"ids": resolve}, **paged, **endpoint})


def read(serve, resource_, answer):
    server = serve(lambda asked: PARENTS if asked.path == "/parents" else answer(asked))
    parents = resource("parents", data_selector="items", paginator="single_page", resource_={"primary_key": None})
    schema = {"type": "object", "properties": {"id": {"type": ["string", "integer", "null"]}}}
    settings = api(server.url, {**parents, "schema": schema}, {**resource_, "schema": schema, "primary_key": None})
    return server, run({**settings, "concurrency": 1})


def echoed(asked):
    return {"items": [{"id": number} for number in dict(asked.query)["ids"].split(",")]}


def test_each_parent_is_asked_for_once_and_several_in_one_request(serve):
    server, found = read(serve, child(), echoed)

    assert server.targets[1:] == ["/children?ids=1%2C2", "/children?ids=3%2C4", "/children?ids=5"]
    assert [record["id"] for record in found.records("children")] == ["1", "2", "3", "4", "5"]


def test_a_separator_of_its_own(serve):
    server, _ = read(serve, child(size=3, separator="|"), lambda _: {"items": []})

    assert server.targets[1:] == ["/children?ids=1%7C2%7C3", "/children?ids=4%7C5"]


def test_a_repeated_parameter(serve):
    server, _ = read(serve, child(size=5, separator=None), lambda _: {"items": []})

    assert server.targets[1:] == ["/children?ids=1&ids=2&ids=3&ids=4&ids=5"]


def test_a_list_in_json_keeps_its_types(serve):
    server, _ = read(serve, child(size=4, method="POST", json={"filter": {"in": "{ids}"}}), lambda _: {"items": []})

    assert [json.loads(asked.body) for asked in server.asked[1:]] == [
        {"filter": {"in": [1, 2, 3, 4]}},
        {"filter": {"in": [5]}},
    ]


def test_values_in_the_path(serve):
    server, _ = read(serve, child(size=3, path="children/{ids}/all"), lambda _: {"items": []})

    assert server.targets[1:] == ["/children/1%2C2%2C3/all", "/children/4%2C5/all"]


def test_the_children_are_sampled_in_batches_too(serve):
    server = serve(lambda asked: PARENTS if asked.path == "/parents" else echoed(asked))
    parents = resource("parents", data_selector="items", paginator="single_page", resource_={"primary_key": None})
    made(api(server.url, parents, {**child(size=10), "primary_key": None})).catalog_dict  # noqa: B018

    assert server.targets == ["/parents", "/children?ids=1%2C2%2C3%2C4%2C5"]


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"params": {"ids": {"batch_size": 0}}}, "batch_size must be a whole number, 1 or more"),
        ({"params": {"ids": {"separator": 5}}}, "separator must be a text, or null to repeat the parameter"),
        ({"include_from_parent": ["id"]}, "without include_from_parent and incremental"),
        ({"incremental": {"cursor_path": "at"}}, "without include_from_parent and incremental"),
    ],
)
def test_a_batch_that_cannot_be(changed, problem):
    base = {"type": "resolve", "resource": "parents", "field": "id", "batch_size": 2}
    ids = {**base, **changed.get("params", {}).get("ids", {})}
    endpoint = {"params": {"ids": ids}, **({"incremental": changed["incremental"]} if "incremental" in changed else {})}
    entry = {**resource("children", **endpoint), **{k: v for k, v in changed.items() if k == "include_from_parent"}}
    with pytest.raises(ConfigError, match=problem):
        made(api("http://127.0.0.1:1", "parents", entry))
