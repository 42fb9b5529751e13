"""Which spellings mean the same?"""

import copy

import pytest

from tap_restgeneric.dialect.spellings import auth, folded, incremental, paginator, resource

AUTH = {
    "a word": ("http_basic", {"type": "http_basic"}),
    "basic": ({"type": "basic", "username": "u"}, {"type": "http_basic", "username": "u"}),
    "basic as a word": ("basic", {"type": "http_basic"}),
    "a token alone is a bearer": ({"token": "t"}, {"type": "bearer", "token": "t"}),
    "oauth2 and token_url": (
        {"type": "oauth2", "token_url": "/t"},
        {"type": "oauth2_client_credentials", "access_token_url": "/t"},
    ),
    "parts of multi": ({"type": "multi", "auths": ["basic", {"token": "t"}]}, None),
    "both spellings of a key stay, to be complained about": (
        {"type": "oauth2", "token_url": "/a", "access_token_url": "/b"},
        {"type": "oauth2_client_credentials", "token_url": "/a", "access_token_url": "/b"},
    ),
    "null": (None, None),
    "a number": (5, 5),
    "an object without a type": ({"api_key": "k"}, {"api_key": "k"}),
}
AUTH["parts of multi"] = (
    AUTH["parts of multi"][0],
    {"type": "multi", "auths": [{"type": "http_basic"}, {"type": "bearer", "token": "t"}]},
)


@pytest.mark.parametrize(("written", "block"), AUTH.values(), ids=AUTH)
def test_auth(written, block):
    assert auth(written) == block


PAGINATORS = {
    "a word": ("header_link", {"type": "header_link"}),
    "json_response": ("json_response", {"type": "json_link"}),
    "json_response in a block": (
        {"type": "json_response", "next_url_path": "n"},
        {"type": "json_link", "next_url_path": "n"},
    ),
    "page": ("page", {"type": "page_number"}),
    "none": ("none", {"type": "single_page"}),
    "auto": ("auto", {"type": "auto"}),
    "null": (None, None),
    "a list": ([1], [1]),
    "no type": ({"limit": 1}, {"limit": 1}),
}


@pytest.mark.parametrize(("written", "block"), PAGINATORS.values(), ids=PAGINATORS)
def test_paginator(written, block):
    assert paginator(written) == block


def test_transform_is_the_old_word_for_convert():
    block = {"type": "incremental", "cursor_path": "x", "transform": "epoch"}
    assert incremental(block) == {"type": "incremental", "cursor_path": "x", "convert": "epoch"}


def test_a_block_without_a_type_is_an_incremental():
    assert incremental({"cursor_path": "x"}) == {"type": "incremental", "cursor_path": "x"}


def test_a_token_stays_a_token():
    assert incremental({"type": "token", "token_path": "x"}) == {"type": "token", "token_path": "x"}


RESOURCES = {
    "a word is a name": ("posts", {"name": "posts"}),
    "an endpoint in a word is a path": ({"name": "a", "endpoint": "b"}, {"name": "a", "endpoint": {"path": "b"}}),
    "no endpoint": ({"name": "a"}, {"name": "a"}),
    "blocks of the endpoint": (
        {"name": "a", "endpoint": {"auth": "basic", "paginator": "none", "incremental": {"transform": "date"}}},
        {
            "name": "a",
            "endpoint": {
                "auth": {"type": "http_basic"},
                "paginator": {"type": "single_page"},
                "incremental": {"type": "incremental", "convert": "date"},
            },
        },
    ),
    "incremental in params": (
        {
            "name": "a",
            "endpoint": {"params": {"since": {"type": "incremental", "transform": "date"}, "x": {"transform": 1}}},
        },
        {
            "name": "a",
            "endpoint": {"params": {"since": {"type": "incremental", "convert": "date"}, "x": {"transform": 1}}},
        },
    ),
    "neither": (5, 5),
    "an endpoint that is neither": ({"name": "a", "endpoint": 5}, {"name": "a", "endpoint": 5}),
}


@pytest.mark.parametrize(("written", "entry"), RESOURCES.values(), ids=RESOURCES)
def test_resource(written, entry):
    assert resource(written) == entry


def test_a_source_is_folded_everywhere_and_not_changed():
    config = {
        "client": {"auth": "basic", "paginator": "page"},
        "resource_defaults": {"endpoint": {"paginator": "none"}},
        "resources": ["a", {"name": "b", "endpoint": "c"}],
        "other": 1,
    }
    before = copy.deepcopy(config)

    assert folded(config) == {
        "client": {"auth": {"type": "http_basic"}, "paginator": {"type": "page_number"}},
        "resource_defaults": {"endpoint": {"paginator": {"type": "single_page"}}},
        "resources": [{"name": "a"}, {"name": "b", "endpoint": {"path": "c"}}],
        "other": 1,
    }
    assert config == before


@pytest.mark.parametrize(
    "config", [{"client": 5, "resource_defaults": [], "resources": {}}, {"resource_defaults": {"endpoint": "p"}}]
)
def test_what_has_another_shape_is_left_alone(config):
    assert folded(config) == config
