"""Settings are laid over a source: by key, by name, and blocks whole."""

import copy

import pytest

from tap_restgeneric.errors import ConfigError, Problem
from tap_restgeneric.readers.overlay import lay

CLIENT = {"base_url": "https://a", "auth": {"type": "bearer", "token": "t"}, "headers": {"A": "1", "B": "2"}}
DEFAULTS = {
    "primary_key": "id",
    "endpoint": {
        "params": {"a": 1, "b": 2},
        "headers": {"A": "1"},
        "paginator": {"type": "cursor", "cursor_param": "c"},
        "error_handler": {"max_retries": 3, "backoff_factor": 2},
    },
}
USERS = {
    "name": "users",
    "primary_key": "id",
    "endpoint": {
        "path": "/users",
        "params": {"a": 1, "b": 2},
        "json": {"filter": {"x": 1}, "sort": "id"},
        "headers": {"A": "1"},
        "paginator": {"type": "offset", "limit": 5},
        "incremental": {"type": "incremental", "cursor_path": "at", "initial_value": "2020"},
    },
}

LAID = {
    "nothing": ({}, {"client": CLIENT}, {"client": CLIENT}),
    "client by key": (
        {"client": {"base_url": "https://b"}},
        {"client": CLIENT, "resources": []},
        {"client": {**CLIENT, "base_url": "https://b"}, "resources": []},
    ),
    "a base_url that nobody set": (
        {"client": {"base_url": None, "auth": None}},
        {"client": CLIENT},
        {"client": {**CLIENT, "auth": None}},
    ),
    "another base_url takes the URLs below the old one along": (
        {"client": {"base_url": "http://sandbox/api/"}},
        {
            "client": {"base_url": "https://a", "auth": {"type": "oauth2", "token_url": "https://a/oauth2/token"}},
            "resources": [
                {"name": "x", "endpoint": {"path": "https://a/x"}},
                {"name": "y", "endpoint": {"path": "https://ab/y"}},
            ],
        },
        {
            "client": {
                "base_url": "http://sandbox/api/",
                "auth": {"type": "oauth2", "token_url": "http://sandbox/api/oauth2/token"},
            },
            "resources": [
                {"name": "x", "endpoint": {"path": "http://sandbox/api/x"}},
                {"name": "y", "endpoint": {"path": "https://ab/y"}},
            ],
        },
    ),
    "auth whole": (
        {"client": {"auth": {"type": "api_key", "api_key": "k"}}},
        {"client": CLIENT},
        {"client": {**CLIENT, "auth": {"type": "api_key", "api_key": "k"}}},
    ),
    "auth taken away": ({"client": {"auth": None}}, {"client": CLIENT}, {"client": {**CLIENT, "auth": None}}),
    "client headers by key": (
        {"client": {"headers": {"B": "3", "C": "4"}}},
        {"client": CLIENT},
        {"client": {**CLIENT, "headers": {"A": "1", "B": "3", "C": "4"}}},
    ),
    "client where there was none": ({"client": CLIENT}, {}, {"client": CLIENT}),
    "defaults by key": (
        {"resource_defaults": {"primary_key": "uuid"}},
        {"resource_defaults": DEFAULTS},
        {"resource_defaults": {**DEFAULTS, "primary_key": "uuid"}},
    ),
    "blocks of the defaults whole": (
        {"resource_defaults": {"endpoint": {"paginator": {"type": "offset"}, "error_handler": {"max_retries": 9}}}},
        {"resource_defaults": DEFAULTS},
        {
            "resource_defaults": {
                "primary_key": "id",
                "endpoint": {
                    "params": {"a": 1, "b": 2},
                    "headers": {"A": "1"},
                    "paginator": {"type": "offset"},
                    "error_handler": {"max_retries": 9},
                },
            }
        },
    ),
    "parameters of the defaults by key": (
        {"resource_defaults": {"endpoint": {"params": {"b": 3}}}},
        {"resource_defaults": {"endpoint": {"params": {"a": 1, "b": 2}}}},
        {"resource_defaults": {"endpoint": {"params": {"a": 1, "b": 3}}}},
    ),
    "defaults where there were none": (
        {"resource_defaults": DEFAULTS},
        {"resource_defaults": None},
        {"resource_defaults": DEFAULTS},
    ),
    "a resource by name": (
        {"resources": [{"name": "users", "primary_key": None}]},
        {"resources": ["posts", USERS]},
        {"resources": [{"name": "posts"}, {**USERS, "primary_key": None}]},
    ),
    "a new resource last": (
        {"resources": ["tags", {"name": "users"}]},
        {"resources": [USERS]},
        {"resources": [USERS, {"name": "tags"}]},
    ),
    "resources where there were none": ({"resources": ["tags"]}, {}, {"resources": [{"name": "tags"}]}),
    "params and json by key, the rest of an endpoint whole": (
        {
            "resources": [
                {
                    "name": "users",
                    "endpoint": {
                        "params": {"b": None, "c": 3},
                        "json": {"filter": {"y": 2}},
                        "headers": {"B": "2"},
                        "paginator": {"type": "auto"},
                        "incremental": None,
                    },
                }
            ]
        },
        {"resources": [USERS]},
        {
            "resources": [
                {
                    "name": "users",
                    "primary_key": "id",
                    "endpoint": {
                        "path": "/users",
                        "params": {"a": 1, "b": None, "c": 3},
                        "json": {"filter": {"y": 2}, "sort": "id"},
                        "headers": {"B": "2"},
                        "paginator": {"type": "auto"},
                        "incremental": None,
                    },
                }
            ]
        },
    ),
    "params taken away": (
        {"resources": [{"name": "a", "endpoint": {"params": None}}]},
        {"resources": [{"name": "a", "endpoint": {"params": {"x": 1}}}]},
        {"resources": [{"name": "a", "endpoint": {"params": None}}]},
    ),
    "params where they were taken away": (
        {"resources": [{"name": "a", "endpoint": {"params": {"x": 1}}}]},
        {"resources": [{"name": "a", "endpoint": {"params": None}}]},
        {"resources": [{"name": "a", "endpoint": {"params": {"x": 1}}}]},
    ),
    "an endpoint that is a path": (
        {"resources": [{"name": "users", "endpoint": "/people"}]},
        {"resources": [{"name": "users", "endpoint": {"path": "/users", "method": "POST"}}]},
        {"resources": [{"name": "users", "endpoint": {"path": "/people", "method": "POST"}}]},
    ),
    "over an endpoint that is a path": (
        {"resources": [{"name": "users", "endpoint": {"method": "POST"}}]},
        {"resources": [{"name": "users", "endpoint": "/users"}]},
        {"resources": [{"name": "users", "endpoint": {"path": "/users", "method": "POST"}}]},
    ),
    "over a resource without an endpoint": (
        {"resources": [{"name": "users", "endpoint": {"method": "POST"}}]},
        {"resources": ["users"]},
        {"resources": [{"name": "users", "endpoint": {"method": "POST"}}]},
    ),
}


@pytest.mark.parametrize(("over", "config", "laid"), LAID.values(), ids=LAID)
def test_settings_are_laid_over_a_source(over, config, laid):
    assert lay(over, config) == laid


@pytest.mark.parametrize(("over", "config", "laid"), LAID.values(), ids=LAID)
def test_laying_over_changes_neither_side(over, config, laid):
    before = copy.deepcopy((over, config))
    lay(over, config)
    assert (over, config) == before


SHAPES = {
    "client": ({"client": "x"}, {}, [Problem("$.client", "must be an object in the settings")]),
    "client of the source": ({"client": {}}, {"client": 1}, [Problem("$.client", "must be an object in the source")]),
    "defaults": (
        {"resource_defaults": []},
        {},
        [Problem("$.resource_defaults", "must be an object in the settings")],
    ),
    "resources": (
        {"resources": {"name": "a"}},
        {"resources": "a"},
        [
            Problem("$.resources", "must be an array in the settings"),
            Problem("$.resources", "must be an array in the source"),
        ],
    ),
    "resources without names": (
        {"resources": ["a", {}, 5, {"name": 1}]},
        {},
        [
            Problem(f"$.resources[{index}]", "must be a name or an object with a `name` in the settings")
            for index in (1, 2, 3)
        ],
    ),
    "a name twice": (
        {"resources": ["a", {"name": "a"}]},
        {"resources": []},
        [Problem("$.resources[1].name", "'a' stands twice in the settings")],
    ),
    "a name twice in the source": (
        {"resources": []},
        {"resources": ["a", {"name": "a"}]},
        [Problem("$.resources[1].name", "'a' stands twice in the source")],
    ),
}


@pytest.mark.parametrize(("over", "config", "problems"), SHAPES.values(), ids=SHAPES)
def test_a_side_of_another_shape_is_refused(over, config, problems):
    with pytest.raises(ConfigError) as refused:
        lay(over, config)
    assert list(refused.value.problems) == problems


def test_what_is_not_laid_over_is_left_to_the_dialect():
    config = {"client": CLIENT, "resources": "no array"}
    assert lay({"client": {}}, config) == config
