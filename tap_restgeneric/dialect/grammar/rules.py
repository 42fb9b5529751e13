"""Which keys of a block go together? What the validators of the models demand, as JSON Schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from tap_restgeneric.dialect.auth.credentials import HEADER_NAME
from tap_restgeneric.dialect.auth.oauth2 import OAuth2Base, OAuth2ClientBase, OAuth2ClientCredentials
from tap_restgeneric.dialect.auth.schemes import ApiKey, Digest, Multi, SessionLogin
from tap_restgeneric.dialect.paging.paginators import Cursor, Offset, PageNumber
from tap_restgeneric.dialect.progress.incremental import Incremental
from tap_restgeneric.dialect.progress.instants import NAMED_FORMATS
from tap_restgeneric.dialect.progress.sync_tokens import SyncToken
from tap_restgeneric.dialect.records.columns import DATA_TYPES
from tap_restgeneric.dialect.records.processing import Flatten, Map, Step
from tap_restgeneric.dialect.replies.formats import Csv
from tap_restgeneric.dialect.replies.verdicts import ReplyMatch
from tap_restgeneric.dialect.source import Client, Endpoint, Resource, ResourceDefaults, Rows
from tap_restgeneric.dialect.spellings import AUTH_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_restgeneric.dialect.blocks import Block

Schema: TypeAlias = dict[str, Any]

SECRET = r"\{secrets\.[^{}]+\}"  # noqa: S105 (what one looks like)
_NULL: Schema = {"type": "null"}
_EMPTY: Schema = {"enum": [None, "", [], {}]}
_FULL: Schema = {"not": _EMPTY}


def _given(*names: str, as_good_as_absent: Schema = _NULL) -> Schema:
    return {"required": list(names), "properties": {name: {"not": as_good_as_absent} for name in names}}


def _exclusive(one: str, other: str, as_good_as_absent: Schema = _NULL) -> Schema:
    return {"not": _given(one, other, as_good_as_absent=as_good_as_absent)}


def _needs(condition: Schema, *names: str) -> Schema:
    return {"if": condition, "then": _given(*names)}


def _ends(bound: str) -> Schema:
    never = {
        "total_path": _NULL,
        "stop_after_empty_page": {"enum": [False, "false", "no"]},
        "has_more_path": _NULL,
        bound: _NULL,
    }
    return {"not": {"required": ["total_path", "stop_after_empty_page"], "properties": never}}


def _says(name: str, *values: str) -> Schema:
    return {"required": [name], "properties": {name: {"enum": list(values)}}}


def _one_of_auths(types: list[str]) -> Schema:
    return {"properties": {"auths": {"contains": _says("type", *types), "minContains": 0, "maxContains": 1}}}


def _types(*families: type[Block]) -> list[str]:
    """The types of all blocks of some families, in every spelling."""
    blocks = [block for family in families for block in _below(family)]
    types = {block.model_fields["type"].default for block in blocks if "type" in block.model_fields}
    return sorted(types | {other for other, kind in AUTH_TYPES.items() if kind in types})


def _below(family: type[Block]) -> Iterator[type[Block]]:
    yield family
    for block in family.__subclasses__():
        yield from _below(block)


_ABSOLUTE_URL = rf"^[hH][tT][tT][pP][sS]?://[^/?#\s{{}}]+[^?#\s{{}}]*$|{SECRET}"
_LOGIN_URL = rf"^(?!\s*$)((?!.*://)|[hH][tT][tT][pP][sS]?://[^/?#\s]+)|{SECRET}"
_FORM = rf"^({'|'.join(NAMED_FORMATS)})$|%|{SECRET}"
_ONLY_KEYS = r"^[^.\[\]*$]+(\.[^.\[\]*$]+)*$"

PATTERNS: dict[type[Block], dict[str, str]] = {
    Client: {"base_url": _ABSOLUTE_URL},
    OAuth2Base: {"access_token_url": _LOGIN_URL},
    SessionLogin: {"login_url": _LOGIN_URL},
    Incremental: {"convert": _FORM},
    Rows: {"path": _ONLY_KEYS},
}
"""Patterns of texts that the fields themselves do not know of; they hold for subclasses too."""

_HINT: Schema = {
    "type": "object",
    "properties": {
        "data_type": {"anyOf": [{"enum": list(DATA_TYPES)}, {"type": "null"}, {"type": "string", "pattern": SECRET}]}
    },
}
_COLUMNS: Schema = {
    "anyOf": [
        {"type": "object", "additionalProperties": _HINT},
        {
            "type": "array",
            "items": {"allOf": [_HINT, {"required": ["name"], "properties": {"name": {"type": "string"}}}]},
        },
        _NULL,
    ]
}
_RECORDS: Schema = {
    "if": {"type": "object"},
    "then": {
        "anyOf": [
            {"required": ["properties"], "properties": {"properties": {"type": "object"}}},
            {"required": ["$ref"], "properties": {"$ref": {"type": "string"}}},
        ]
    },
}
_PAIR: Schema = {"type": "array", "minItems": 2, "maxItems": 2, "prefixItems": [{"type": "string"}]}
_PAIRS: Schema = {"items": {"anyOf": [_PAIR, {"type": "string", "pattern": SECRET}]}}
_NOT_EMPTY: Schema = {"minLength": 1}
_NOT_NULL: Schema = {"not": _NULL}
_IN_A_LINE: Schema = {"not": {"enum": ["\r", "\n"]}}

RULES: dict[type[Block], list[Schema]] = {
    Endpoint: [
        {"not": {"required": ["json", "data"], "properties": {"json": {"type": "object"}, "data": _FULL}}},
        {"properties": {"data": _PAIRS}},
    ],
    Csv: [{"properties": {"delimiter": _IN_A_LINE, "quote": _IN_A_LINE}}],
    SessionLogin: [_exclusive("json", "data", _EMPTY)],
    OAuth2Base: [_exclusive("scope", "scopes", _EMPTY)],
    OAuth2ClientBase: [_needs(_says("client_auth", "basic"), "client_id")],
    OAuth2ClientCredentials: [_given("client_id"), {"anyOf": [_given("client_secret"), _given("refresh_token")]}],
    ApiKey: [
        {"if": _says("location", "query", "param", "cookie"), "then": {"properties": {"prefix": {"enum": [None, ""]}}}},
        {
            "if": {"not": _says("location", "query", "param")},
            "then": {"properties": {"name": {"pattern": f"{HEADER_NAME}|{SECRET}"}}},
        },
    ],
    Multi: [_one_of_auths(_types(OAuth2Base, SessionLogin)), _one_of_auths(_types(Digest))],
    Cursor: [
        _exclusive("cursor_param", "cursor_body_path"),
        _exclusive("limit_param", "limit_body_path"),
        _exclusive("send_in", "cursor_body_path"),
        _exclusive("send_in", "limit_body_path"),
        _needs(_given("limit_param"), "limit"),
        _needs(_given("limit_body_path"), "limit"),
    ],
    PageNumber: [
        _exclusive("page_param", "page_body_path"),
        _exclusive("send_in", "page_body_path"),
        _needs(_given("limit_param"), "limit"),
        _ends("maximum_page"),
    ],
    Offset: [
        _exclusive("offset_param", "offset_body_path"),
        _exclusive("limit_param", "limit_body_path"),
        _exclusive("send_in", "offset_body_path"),
        _exclusive("send_in", "limit_body_path"),
        _ends("maximum_offset"),
    ],
    Incremental: [_needs(_given("end_value"), "initial_value"), {"properties": {"lag": {"minimum": 0}}}],
    ResourceDefaults: [{"properties": {"columns": _COLUMNS}}],
    Resource: [{"properties": {"schema": _RECORDS}}, _exclusive("expand", "endpoint")],
    Step: [{"additionalProperties": _NOT_NULL}, {"properties": {"flatten": {**_NOT_EMPTY, "items": _NOT_EMPTY}}}],
    Map: [
        {"minProperties": 1},
        {"properties": {key: {"propertyNames": _NOT_EMPTY} for key in ("cast", "parse_dates", "set", "rename")}},
        {"properties": {key: {"additionalProperties": _NOT_EMPTY} for key in ("set", "rename")}},
        {"properties": {"remove": {"items": _NOT_EMPTY}}},
        {"properties": {"parse_dates": {"additionalProperties": {"pattern": _FORM}}}},
    ],
    Flatten: [{"properties": {"fields": {"items": _NOT_EMPTY}}}],
    SyncToken: [
        _exclusive("token_path", "token_header"),
        {"anyOf": [_given("token_path"), _given("token_header")]},
        _exclusive("token_param", "token_body_path"),
        _exclusive("send_in", "token_body_path"),
        {
            "if": _says("send_in", "url"),
            "then": {"properties": {"token_param": _NULL}},
            "else": _needs(_given("send_in"), "token_param"),
        },
    ],
    ReplyMatch: [{"anyOf": [_given("status_code"), _given("content"), _given("condition")]}],
}
"""What holds between the keys of a block; it holds for subclasses too."""


def of(block: type[Block]) -> list[Schema]:
    """The rules between the keys of a block."""
    return [rule for family in block.__mro__ for rule in RULES.get(family, [])]


def patterns(block: type[Block]) -> dict[str, str]:
    """The patterns of the texts of a block, by key."""
    return {key: pattern for family in block.__mro__ for key, pattern in PATTERNS.get(family, {}).items()}
