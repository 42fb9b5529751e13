"""Does the JSON Schema of the dialect say what the models say, and is what is made from them fresh?"""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from tap_restgeneric import readers, reference
from tap_restgeneric.dialect.grammar import rules
from tap_restgeneric.dialect.grammar import schema as grammar
from tap_restgeneric.dialect.loading import loaded
from tap_restgeneric.dialect.secrets import Secrets
from tap_restgeneric.discovery import shipped_schema
from tap_restgeneric.errors import ConfigError, Problem
from tap_restgeneric.reference import dialect

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
FILES = {".yaml", ".yml", ".json", ".txt", ".py", ".md"}
VALID = sorted(
    path
    for folder in ("tests/config/valid", "examples", "tap_restgeneric/apis", "tests/documents")
    for path in (ROOT / folder).glob("*")
    if path.suffix in FILES and path.stem != "README"
)
INVALID = sorted((ROOT / "tests/config/invalid").glob("*.yaml"))
SETTINGS = {"secrets", "parameters", "start_date"}
"""Settings of the tap that a file of `tests/config` may hold beside the source."""

ONLY_TOGETHER = {
    # settings of the tap beside the source
    *("parameters_in_a_circle", "parameters_list_with_placeholder", "parameters_of_a_wrong_kind"),
    *("parameters_with_a_secret_that_is_missing", "secrets_missing", "secrets_of_a_wrong_kind"),
    # names of other resources, and circles
    *("expand_itself", "expand_unknown_resource", "include_from_parent_without_parent", "parents_in_a_circle"),
    *("placeholder_several_parents", "placeholder_unknown_parent", "resolve_unknown_parent"),
    # one key that another one speaks of
    *("expand_carry", "incremental_in_a_raw_body_without_value", "incremental_in_the_path_without_value"),
    *("incremental_end_before_beginning", "incremental_step_without_beginning"),
    *("incremental_placeholder_without_block", "incremental_twice", "paging_into_a_form", "paging_into_a_text"),
    *("paging_of_the_client", "paging_through_a_text", "path_param_list", "path_param_null"),
    *("placeholder_without_value", "resolve_not_in_the_path"),
    # the syntax of placeholders, selectors and expressions
    *("body_paths", "endpoint_data_selector_blank", "endpoint_data_selector_syntax"),
    *("incremental_unknown_bound", "paginator_cursor_param_is_no_path"),
    *("paginator_cursor_path", "placeholder_field_syntax", "placeholder_mixed_braces", "placeholder_unknown_root"),
    *("placeholder_without_field", "response_actions_condition", "secrets_double_braces", "stop_condition_function"),
    "sync_token_sent_nowhere",
    *("stop_condition_of_a_record", "stop_condition_unfinished", "stop_condition_unknown_name"),
}
"""Invalid files whose mistakes only several places together show, or a look into a text: the schema accepts them."""

VALIDATOR = Draft202012Validator(grammar.json_schema())


def mistakes(config: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(config)]


def problems(config: Any) -> list[Problem]:
    """What the models find, without what they find by looking at several places."""
    names = re.findall(r"\{secrets\.([^{}]+)\}", str(config))
    try:
        loaded(config, secrets=Secrets(dict.fromkeys(names, "1"), {}), parameters={})
    except ConfigError as error:
        return [problem for problem in error.problems if not problem.message.startswith("no resource")]
    return []


def read(path: Path) -> dict[str, Any]:
    config = readers.read({"source": path.name}, folders=[path.parent]).config
    return {key: value for key, value in config.items() if key not in SETTINGS}


# Fresh


@pytest.mark.parametrize("path", reference.files(ROOT), ids=lambda path: path.name)
def test_what_is_made_from_the_models_is_fresh(path):
    assert path.read_text("utf-8") == reference.files(ROOT)[path], "run `make reference`"


def test_what_is_not_fresh_is_written_anew(tmp_path):
    for path in reference.files(ROOT):
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(path.read_text("utf-8"), "utf-8")
    stale, lost = tmp_path / "docs" / "settings.md", tmp_path / "plugins" / "loaders" / "target-jsonl.yml"
    stale.write_text(f"# Written by hand\n\n{reference.MARK}\n\nan old table\n", "utf-8")
    lost.unlink()
    assert set(reference.write(tmp_path)) == {stale, lost}
    assert stale.read_text("utf-8").startswith("# Written by hand\n")
    assert "| `source` |" in stale.read_text("utf-8")
    assert list(reference.write(tmp_path)) == []


def test_the_schema_is_one():
    Draft202012Validator.check_schema(grammar.json_schema())


def test_every_key_has_a_meaning():
    silent = [
        f"{name}.{key}"
        for name in grammar.blocks()
        for key, schema in dialect.keys_of(grammar.json_schema()["$defs"][name]).items()
        if key != "type" and not schema.get("description")
    ]
    assert silent == []


def test_the_schema_of_the_dialect_is_no_schema_of_an_api():
    assert [shipped_schema(api, "config.schema") for api in readers.builtin.names()] == [None] * 5


# Files


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.name)
def test_the_schema_accepts_a_valid_source(path):
    assert mistakes(read(path)) == []


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.name)
def test_the_schema_rejects_an_invalid_source(path):
    assert bool(mistakes(read(path))) is (path.stem not in ONLY_TOGETHER)


def test_what_only_shows_together_is_a_file_each():
    assert ONLY_TOGETHER - {path.stem for path in INVALID} == set()


# Spellings

API = {"base_url": "https://api.example.com"}


def with_client(**keys: Any) -> dict[str, Any]:
    return {"client": {**API, **keys}, "resources": ["things"]}


def with_endpoint(**keys: Any) -> dict[str, Any]:
    return {"client": API, "resources": [{"name": "things", "endpoint": keys}]}


def with_resource(**keys: Any) -> dict[str, Any]:
    return {"client": API, "resources": [{"name": "things", **keys}]}


OAUTH = {"client_id": "i", "client_secret": "s"}
ACCEPTED = {
    "a token without a type": with_client(auth={"token": "t"}),
    "basic": with_client(auth={"type": "basic", "username": "u", "password": "p"}),
    "oauth2 with token_url": with_client(auth={"type": "oauth2", "token_url": "/token", **OAUTH}),
    "oauth2 with a refresh token alone": with_client(
        auth={"type": "oauth2", "auth_endpoint": "/token", "client_id": "i", "refresh_token": "r"}
    ),
    "a key in the query": with_client(auth={"type": "api_key", "name": "a key", "api_key": "k", "location": "query"}),
    "several auths": with_client(
        auth={"type": "multi", "auths": [{"token": "t"}, {"type": "api_key", "api_key": "k"}]}
    ),
    "a paginator as text": with_client(paginator="header_link"),
    "another spelling of a paginator": with_endpoint(paginator={"type": "json_response", "next_url_path": "n"}),
    "another spelling of a paginator as text": with_endpoint(paginator="none"),
    "transform": with_endpoint(incremental={"cursor_path": "u", "transform": "epoch"}),
    "an incremental parameter": with_endpoint(params={"since": {"type": "incremental", "cursor_path": "u"}}),
    "transform of a parameter": with_endpoint(
        params={"since": {"type": "incremental", "cursor_path": "u", "transform": "%Y"}}
    ),
    "an incremental with its type": with_endpoint(incremental={"type": "incremental", "cursor_path": "u"}),
    "a token in its place": with_endpoint(
        params={"p": "{incremental.start_value}"}, incremental={"type": "token", "token_path": "t"}
    ),
    "a method in lower case": with_endpoint(method="post"),
    "the whole body": with_endpoint(data_selector=[]),
    "an endpoint as text": with_resource(endpoint="a/b"),
    "an endpoint that resets the defaults": with_resource(endpoint=None),
    "one key as text": with_resource(primary_key="id", include_from_parent=None),
    "nulls that reset": with_endpoint(paginator=None, error_handler=None, response_actions=None, params=None),
    "no auth for an endpoint": with_endpoint(auth=None),
    "hints of the loader": with_resource(write_disposition={"disposition": "merge"}, table_name="t"),
    "columns as a list": with_resource(columns=[{"name": "a", "data_type": "text"}]),
    "no defaults": {**with_client(), "resource_defaults": None},
    "a secret for a number": with_client(paginator={"type": "offset", "limit": "{secrets.limit}"}),
    "a number as text": with_client(paginator={"type": "offset", "limit": "100"}),
    "a boolean as text": with_resource(selected="false"),
    "a secret for a single letter": with_endpoint(csv={"delimiter": "{secrets.delimiter}"}),
    "CSV without quotes": with_endpoint(response_format="csv", csv={"delimiter": ";", "quote": None}),
    "formats that reset": with_endpoint(response_format=None, csv=None),
    "steps in short": with_resource(processing_steps=[{"explode": "tags"}, {"flatten": "a"}, {"flatten": ["b", "c"]}]),
    "steps that reset": with_resource(processing_steps=None),
    "constants in a map": with_resource(processing_steps=[{"map": {"set": {"a": 1, "b": None, "c": [{}]}}}]),
    "pairs in a form": with_endpoint(method="POST", data=[["tag", "a"], ["tag", 1]]),
    "rows below rows": with_resource(expand={"resource": "things", "rows": [{"path": "menus.routes"}]}, name="rows"),
    "a secret in a URL": with_client(base_url="https://{secrets.host}/v1"),
}
REJECTED = {
    "an unknown key at the top": {**with_client(), "clients": {}},
    "an unknown key in the client": with_client(url="x"),
    "an unknown key in a paginator": with_client(paginator={"type": "cursor", "cursor_parm": "c"}),
    "a key of another type": with_client(paginator={"type": "header_link", "cursor_param": "c"}),
    "an unknown type": with_client(paginator={"type": "cursors"}),
    "a type that needs more": with_client(paginator="offset"),
    "no type": with_client(auth={"username": "u", "password": "p"}),
    "no client": {"resources": ["things"]},
    "no resources": {"client": API, "resources": []},
    "a resource without a name": {"client": API, "resources": [{"endpoint": "a"}]},
    "a relative base_url": with_client(base_url="api.example.com"),
    "a query in base_url": with_client(base_url="https://api.example.com?a=1"),
    "two bodies": with_endpoint(method="POST", json={"a": 1}, data={"b": 1}),
    "an end without a beginning": with_endpoint(incremental={"cursor_path": "u", "end_value": 1}),
    "an unknown form": with_endpoint(incremental={"cursor_path": "u", "convert": "iso"}),
    "an action that never matches": with_endpoint(response_actions=[{"action": "ignore"}]),
    "an unknown action": with_endpoint(response_actions=[{"status_code": 404, "action": "skip"}]),
    "an object as parameter": with_endpoint(params={"a": {"b": 1}}),
    "resolve without a field": with_endpoint(path="{a}", params={"a": {"type": "resolve", "resource": "things"}}),
    "oauth2 without a secret": with_client(auth={"type": "oauth2", "token_url": "/t", "client_id": "i"}),
    "oauth2 without a URL": with_client(auth={"type": "oauth2", **OAUTH}),
    "two spellings at once": with_client(auth={"type": "oauth2", "token_url": "/t", "access_token_url": "/t", **OAUTH}),
    "an unknown type of incremental": with_endpoint(incremental={"type": "tokens", "token_path": "t"}),
    "a token without a type": with_endpoint(incremental={"token_path": "t", "token_param": "p"}),
    "a token with a cursor": with_endpoint(
        incremental={"type": "token", "token_path": "t", "token_param": "p", "cursor_path": "u"}
    ),
    "a token in two places": with_endpoint(
        incremental={"type": "token", "token_path": "t", "token_param": "p", "token_body_path": "p"}
    ),
    "a token with two ways": with_endpoint(
        incremental={"type": "token", "token_path": "t", "token_body_path": "p", "send_in": "body"}
    ),
    "a way without a token": with_endpoint(
        params={"p": "{incremental.start_value}"},
        incremental={"type": "token", "token_path": "t", "send_in": "body"},
    ),
    "a rejection that never matches": with_endpoint(
        incremental={"type": "token", "token_path": "t", "token_param": "p", "rejected": {}}
    ),
    "convert and transform": with_endpoint(incremental={"cursor_path": "u", "convert": "epoch", "transform": "epoch"}),
    "a token URL that is none": with_client(auth={"type": "oauth2", "token_url": "ftp://a/t", **OAUTH}),
    "scopes twice": with_client(auth={"type": "oauth2", "token_url": "/t", "scope": "a", "scopes": ["b"], **OAUTH}),
    "basic client_auth without a client": with_client(
        auth={"type": "oauth2_password", "token_url": "/t", "username": "u", "password": "p", "client_auth": "basic"}
    ),
    "oauth2 without a client": with_client(auth={"type": "oauth2", "token_url": "/t", "client_secret": "s"}),
    "a login that is no URL": with_client(auth={"type": "session_login", "login_url": "ftp://a", "json": {"u": 1}}),
    "a login of two bodies": with_client(
        auth={"type": "session_login", "login_url": "/l", "json": {"u": 1}, "data": {"u": 1}}
    ),
    "two digests": with_client(
        auth={"type": "multi", "auths": [{"type": "digest", "username": "u", "password": "p"}] * 2}
    ),
    "a header that is no name": with_client(auth={"type": "api_key", "api_key": "k", "name": "a key"}),
    "a prefix in the query": with_client(auth={"type": "api_key", "api_key": "k", "location": "query", "prefix": "K "}),
    "two that fetch a token": with_client(
        auth={"type": "multi", "auths": [{"type": kind, "token_url": "/t", **OAUTH} for kind in ("oauth2",) * 2]}
    ),
    "a multi inside a multi": with_client(
        auth={"type": "multi", "auths": [{"type": "multi", "auths": [{"token": "t"}]}]}
    ),
    "an unknown data type": with_resource(columns={"a": {"data_type": "float"}}),
    "a column without a name": with_resource(columns=[{"name": None, "data_type": "text"}]),
    "several data types": with_resource(columns={"a": {"data_type": ["text"]}}),
    "a pair with a name that is no text": with_endpoint(method="POST", data=[[1, "a"]]),
    "an unknown format": with_endpoint(response_format="xml"),
    "a delimiter of two letters": with_endpoint(csv={"delimiter": "||"}),
    "a delimiter that ends the line": with_endpoint(csv={"delimiter": "\n"}),
    "an unknown key of csv": with_endpoint(csv={"separator": ";"}),
    "processing steps that are no list": with_resource(processing_steps={"filter": "record.id"}),
    "an unknown step": with_resource(processing_steps=[{"fliter": "record.id"}]),
    "a step of two things": with_resource(processing_steps=[{"filter": "record.id", "explode": "tags"}]),
    "a step of nothing": with_resource(processing_steps=[{}]),
    "a step of null": with_resource(processing_steps=[{"filter": None}]),
    "a map that does nothing": with_resource(processing_steps=[{"map": {}}]),
    "an unknown key of map": with_resource(processing_steps=[{"map": {"delete": ["a"]}}]),
    "an unknown type to cast to": with_resource(processing_steps=[{"map": {"cast": {"a": "int"}}}]),
    "an unknown form of dates": with_resource(processing_steps=[{"map": {"parse_dates": {"a": "iso"}}}]),
    "a field without a name": with_resource(processing_steps=[{"map": {"set": {"": 1}}}]),
    "nothing to open": with_resource(processing_steps=[{"flatten": {"separator": "."}}]),
    "a depth of nothing": with_resource(processing_steps=[{"flatten": {"fields": ["a"], "depth": 0}}]),
    "nothing to explode": with_resource(processing_steps=[{"yield_map": {"index": "place"}}]),
    "a schema without properties": with_resource(schema={"type": "object"}),
}
PAGING: list[dict[str, Any]] = [
    {"type": "cursor", "cursor_param": "c", "cursor_body_path": "c"},
    {"type": "cursor", "limit": 5, "limit_param": "l", "limit_body_path": "l"},
    {"type": "cursor", "send_in": "query", "cursor_body_path": "c"},
    {"type": "cursor", "limit": 5, "send_in": "query", "limit_body_path": "l"},
    {"type": "cursor", "limit_param": "l"},
    {"type": "cursor", "limit_body_path": "l"},
    {"type": "page_number", "page_param": "p", "page_body_path": "p"},
    {"type": "page_number", "send_in": "query", "page_body_path": "p"},
    {"type": "page_number", "limit_param": "l"},
    {"type": "offset", "limit": 5, "offset_param": "o", "offset_body_path": "o"},
    {"type": "offset", "limit": 5, "limit_param": "l", "limit_body_path": "l"},
    {"type": "offset", "limit": 5, "send_in": "query", "offset_body_path": "o"},
    {"type": "offset", "limit": 5, "send_in": "query", "limit_body_path": "l"},
]
"""Keys that exclude each other, or have no effect alone."""
REJECTED |= {str(block): with_client(paginator=block) for block in PAGING}


@pytest.mark.parametrize("name", ACCEPTED)
def test_schema_and_models_accept(name):
    assert (mistakes(ACCEPTED[name]), problems(ACCEPTED[name])) == ([], [])


@pytest.mark.parametrize("name", REJECTED)
def test_schema_and_models_reject(name):
    assert (bool(mistakes(REJECTED[name])), bool(problems(REJECTED[name]))) == (True, True)


def test_each_rule_stands_at_a_block_of_the_dialect():
    blocks = tuple(grammar.blocks().values())
    lost = [
        family for family in (*rules.RULES, *rules.PATTERNS) if not any(issubclass(block, family) for block in blocks)
    ]
    assert lost == []


# Everything, with one thing changed

WHOLE: dict[str, Any] = {
    "client": {
        "base_url": "https://api.example.com",
        "headers": {"X-A": "b"},
        "allowed_hosts": ["cdn.example.com"],
        "rate_limit": {"requests": 4, "seconds": 2},
        "auth": {
            "type": "multi",
            "auths": [
                {"type": "api_key", "name": "X-Key", "api_key": "k", "location": "header", "prefix": "Key "},
                {"type": "oauth2", "token_url": "/t", "client_auth": "basic", "scopes": ["a"], **OAUTH},
            ],
        },
        "paginator": {"type": "offset", "limit": 10, "total_path": "total", "maximum_offset": 100},
    },
    "resource_defaults": {
        "primary_key": "id",
        "selected": True,
        "write_disposition": "merge",
        "endpoint": {
            "method": "get",
            "params": {"a": 1},
            "error_handler": {"retry_on_status_codes": [429], "max_retries": 2, "backoff_factor": 1.5},
            "paginator": "auto",
        },
    },
    "resources": [
        "plain",
        {"name": "rows", "expand": {"resource": "plain", "rows": [{"path": "rows", "carry": {"plain_id": "id"}}]}},
        {
            "name": "searches",
            "rate_limit": {"requests": 1},
            "columns": {"x": {"data_type": "text"}},
            "endpoint": {
                "path": "search",
                "method": "POST",
                "json": {"q": [1]},
                "data_selector": "data.items",
                "paginator": {"type": "cursor", "cursor_path": "next", "limit": 5, "send_in": "body"},
                "response_actions": [{"status_code": 404, "action": "ignore"}],
                "incremental": {"cursor_path": "u", "initial_value": 1, "end_value": 2, "lag": 1, "row_order": "asc"},
            },
        },
        {
            "name": "others",
            "schema": {"type": "object", "properties": {}},
            "processing_steps": [
                {"filter": "record.a"},
                {
                    "map": {
                        "cast": {"a": "integer"},
                        "parse_dates": {"b": "%Y-%m-%d"},
                        "set": {"c": "record.a", "d": 1},
                        "remove": ["e"],
                        "rename": {"f": "g"},
                    }
                },
                {"flatten": "h"},
                {"flatten": {"fields": ["i"], "separator": "_", "depth": 2}},
                {"explode": "j"},
                {"yield_map": {"explode": "k", "keep_empty": True, "index": "l"}},
            ],
            "endpoint": {
                "response_format": "csv",
                "csv": {"delimiter": ";", "quote": "'"},
                "auth": {"type": "session_login", "login_url": "login", "json": {"u": 1}, "token_lifetime": 5},
                "params": {"since": {"type": "incremental", "cursor_path": "u"}, "k": ["a", "b"]},
                "paginator": {"type": "page_number", "base_page": 1, "page_param": "p"},
            },
        },
        {
            "name": "changes",
            "endpoint": {
                "incremental": {
                    "type": "token",
                    "token_path": "sync.next",
                    "token_param": "since",
                    "send_in": "query",
                    "rejected": {"status_code": 410, "content": "expired"},
                },
            },
        },
    ],
}
INSTEAD: list[Any] = [None, "None", "", -1, ["None"], {}]
"""`None` is a text that every expression and every path may be."""
TWO_ENDS = ("initial_value", "end_value")
"""Which of them comes first, no schema knows."""


def places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*above, key)
        yield from places(item, (*above, key))


def changed(place: tuple[Any, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The whole with something else at one place, with nothing there, and with an unknown key beside it."""
    for value in (*INSTEAD, "deleted", "beside"):
        config = copy.deepcopy(WHOLE)
        holder: Any = config
        for step in place[:-1]:
            holder = holder[step]
        if value == "deleted":
            del holder[place[-1]]
        elif value != "beside":
            holder[place[-1]] = value
        elif isinstance(holder, dict):
            holder["beside"] = 1
        yield f"{place}: {value!r}", config


def test_schema_and_models_accept_everything_at_once():
    assert (mistakes(WHOLE), problems(WHOLE)) == ([], [])


@pytest.mark.parametrize("part", ["client", "resource_defaults", "resources"])
def test_schema_and_models_agree_whatever_is_changed(part):
    differ = [
        (change, problems(config))
        for place in places(WHOLE)
        if place[0] == part and place[-1] not in TWO_ENDS
        for change, config in changed(place)
        if VALIDATOR.is_valid(config) is bool(problems(config))
    ]
    assert differ == []
