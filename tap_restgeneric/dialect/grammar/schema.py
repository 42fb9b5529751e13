"""What may a source look like? The JSON Schema of it, made from the models.

The models say which keys there are, of what type, and what they mean; `rules` says which keys go together. What a model
accepts beyond its types (a null, one instead of several, a method in lower case) is found out by asking it.
"""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from itertools import combinations
from typing import TYPE_CHECKING, Any, get_args

from pydantic import ValidationError
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from tap_restgeneric.dialect.auth.schemes import Auth, Single
from tap_restgeneric.dialect.blocks import Block
from tap_restgeneric.dialect.grammar import rules
from tap_restgeneric.dialect.grammar.rules import SECRET, Schema
from tap_restgeneric.dialect.linking import PARAM_BLOCKS
from tap_restgeneric.dialect.paging.paginators import AnyPaginator
from tap_restgeneric.dialect.source import LOADER_HINTS, AnyIncremental, Client, Resource, ResourceDefaults
from tap_restgeneric.dialect.spellings import AUTH_TYPES, KEYS, PAGINATOR_TYPES
from tap_restgeneric.dialect.texts import Written

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

OTHER_SPELLING = "other spelling of "
NO_EFFECT = "the business of the target: accepted, without effect in a tap"

_ABOUT = ("description", "default", "deprecated", "examples")
_TEXT: Schema = {"type": "string"}
_NULL: Schema = {"type": "null"}
_TEXTS: dict[str, Schema] = {
    "Secret": {
        "description": "a secret in place of a value",
        "type": "string",
        "pattern": rf"^{SECRET}$|^\s*dlt\.(secrets|config)\[",
    },
    "IntegerText": {"description": "a number as text", "type": "string", "pattern": r"^\s*[+-]?\d+(_\d+)*(\.0*)?\s*$"},
    "NumberText": {
        "description": "a number as text",
        "type": "string",
        "pattern": r"^\s*[+-]?\.?\d[\d_.eE+-]*\s*$",
    },
    "BooleanText": {
        "description": "true or false as text",
        "enum": ["true", "false", "yes", "no", "on", "off", "y", "n", "t", "f", "1", "0", 1, 0],
    },
}
_UNIONS = {
    frozenset(block.model_fields["type"].default for block in get_args(get_args(union)[0])): name
    for name, union in (
        ("Auth", Auth),
        ("AuthPart", Single),
        ("Paginator", AnyPaginator),
        ("AnyIncremental", AnyIncremental),
    )
}
_UNTYPED: dict[str, Schema] = {
    "bearer": {"required": ["token"], "properties": {"type": False}},
    "incremental": {"properties": {"type": False}},
}
"""What a block without a type is."""
_ALSO = {"integer": "IntegerText", "number": "NumberText", "boolean": "BooleanText"}


class _Untitled(GenerateJsonSchema):
    """A title says nothing that the key does not."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        return False


def blocks() -> dict[str, type[Block]]:
    """All blocks of the dialect by the name of their definition: those that a source can hold."""
    known = {block.__name__: block for block in _below(Block)}
    return {name: known[name] for name in _definitions() if name in known}


def json_schema() -> Schema:
    """The JSON Schema (2020-12) of a source.

    It knows every spelling that `spellings` folds, and `{secrets.x}` in place of any value. It cannot know what only
    several places together, or a look into a text, can tell: names of parents, circles, placeholders, the syntax of
    expressions and selectors.
    """
    found = {name: _defined(name, deepcopy(schema)) for name, schema in _definitions().items()}
    unions: dict[str, Schema] = {}
    named = {name: _with_unions(schema, unions) for name, schema in found.items()}
    defs = {**named, **unions, **_TEXTS, **_params()}
    defs["Endpoint"] = _endpoint(defs["Endpoint"])
    block: Schema = {"$ref": "#/$defs/Endpoint"}
    place: Schema = {"description": "what is asked for; a text is the path", "anyOf": [_TEXT, block, _NULL]}
    defs["ResourceDefaults"]["properties"]["endpoint"] = {"description": "what all endpoints share", **block}
    defs["Resource"]["properties"]["endpoint"] = place
    defs["Resource"]["required"] = ["name"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A source for tap-restgeneric",
        "description": "A REST API in the dialect of dlt's rest_api.",
        "type": "object",
        "properties": {
            "client": {"$ref": "#/$defs/Client"},
            "resource_defaults": {"anyOf": [{"$ref": "#/$defs/ResourceDefaults"}, _NULL]},
            "resources": {
                "description": "the kinds of records; a text is name and path in one",
                "type": "array",
                "minItems": 1,
                "uniqueItems": True,
                "items": {"anyOf": [{"type": "string", "minLength": 1}, {"$ref": "#/$defs/Resource"}]},
            },
        },
        "required": ["client", "resources"],
        "additionalProperties": False,
        "$defs": dict(sorted(defs.items())),
    }


@cache
def _definitions() -> dict[str, Schema]:
    models: Any = [(model, "validation") for model in (Client, ResourceDefaults, Resource)]
    found: dict[str, Schema] = models_json_schema(models, schema_generator=_Untitled)[1]["$defs"]
    return found


def _below(family: type[Block]) -> Iterator[type[Block]]:
    for block in family.__subclasses__():
        yield block
        yield from _below(block)


def _object(schema: Schema) -> Schema:
    """The schema of the object of a block that has short forms too."""
    return next((option for option in schema.get("anyOf", ()) if "properties" in option), schema)


def _defined(name: str, schema: Schema) -> Schema:
    """The definition of a block, with everything that its model accepts."""
    whole = {key: value for key, value in schema.items() if key != "title"}
    block = blocks().get(name)
    if block is None:
        return _opened(whole)
    inner = _object(whole)
    inner.pop("title", None)
    inner["properties"] = {key: _property(block, key, value) for key, value in inner["properties"].items()}
    if found := [*rules.of(block), *_respelled(block, inner)]:
        inner["allOf"] = found
    return whole


def _property(block: type[Block], key: str, schema: Schema) -> Schema:
    if key == "type":
        return schema
    about = {name: schema[name] for name in _ABOUT if schema.get(name) is not None}
    field = next(field for name, field in block.model_fields.items() if key in (name, field.alias))
    default = field.get_default(call_default_factory=True)
    if isinstance(default, Written):
        about["default"] = str(default)
    if key in LOADER_HINTS:
        about.setdefault("description", NO_EFFECT)
    if inner := next((kind["$ref"] for kind in _kinds(schema) if "$ref" in kind), None):
        about.setdefault("description", _definitions()[inner.rpartition("/")[2]].get("description", "").split("\n")[0])
    kinds = [_text(block, key, kind) for kind in _kinds(schema)]
    kinds += [kind for kind in _accepted(block, key, kinds) if kind not in kinds]
    return {**about, **_opened(kinds[0] if len(kinds) == 1 else {"anyOf": kinds})}


def _kinds(schema: Schema) -> list[Schema]:
    """The alternatives of a schema, without what describes them."""
    bare = {key: value for key, value in schema.items() if key not in (*_ABOUT, "anyOf")}
    return [{**bare, **kind} for kind in schema.get("anyOf", [{}])]


def _text(block: type[Block], key: str, kind: Schema) -> Schema:
    """An alternative, and if it is a text, what the model demands of it beyond its type."""
    if kind != _TEXT:
        return kind
    if pattern := rules.patterns(block).get(key):
        return {**kind, "pattern": pattern}
    return kind if _accepts(block, key, "") else {**kind, "minLength": 1}


def _accepted(block: type[Block], key: str, kinds: list[Schema]) -> Iterator[Schema]:
    """What a model accepts under a key beside what its types say."""
    if kinds == [{}]:
        return
    if _accepts(block, key, None):
        yield _NULL
    types = {kind.get("type") for kind in kinds}
    if "array" in types and "string" not in types and _accepts(block, key, "x"):
        yield _TEXT
    words = [word for kind in kinds for word in kind.get("enum", ())]
    if words and all(word.isupper() for word in words) and _accepts(block, key, words[0].lower()):
        yield {"type": "string", "pattern": f"^({'|'.join(map(_any_case, words))})$"}


def _accepts(block: type[Block], key: str, value: Any) -> bool:
    try:
        block.model_validate({key: value})
    except ValidationError as error:
        return all(line["loc"][:1] != (key,) for line in error.errors(include_url=False))
    return True


def _any_case(word: str) -> str:
    return "".join(f"[{letter}{letter.lower()}]" for letter in word)


def _respelled(block: type[Block], schema: Schema) -> list[Schema]:
    """Adds the other spellings of keys and types; gives the rules for them: one spelling at a time."""
    if "type" in schema["properties"] and (types := _other_types(block)):
        kind = schema["properties"]["type"]
        schema["properties"]["type"] = {"enum": [kind["const"], *types], "default": kind["const"]}
    spellings: dict[str, list[str]] = {}
    for other, key in _other_keys(block):
        spellings.setdefault(key, [key]).append(other)
        schema["properties"][other] = {**schema["properties"][key], "description": f"{OTHER_SPELLING}{key}"}
    for key in set(spellings) & set(schema.get("required", ())):
        schema["required"].remove(key)
        schema["anyOf"] = [{"required": [name]} for name in spellings[key]]
    pairs = [pair for names in spellings.values() for pair in combinations(names, 2)]
    return [{"not": {"required": list(pair)}} for pair in pairs]


def _other_keys(block: type[Block]) -> list[tuple[str, str]]:
    names = {field.alias or name for name, field in block.model_fields.items()}
    return [(other, key) for table in KEYS.values() for other, key in table.items() if key in names]


def _other_types(block: type[Block]) -> list[str]:
    kind = block.model_fields["type"].default
    return [other for table in (AUTH_TYPES, PAGINATOR_TYPES) for other, known in table.items() if known == kind]


def _opened(schema: Schema) -> Schema:
    """A schema that also takes a secret, or the text of a number, in place of what cannot be any text."""
    kinds = [_inside(kind) for kind in _kinds(schema)]
    about = {key: value for key, value in schema.items() if key in _ABOUT}
    if any(_takes_any_text(kind) for kind in kinds):
        return {**about, **(kinds[0] if len(kinds) == 1 else {"anyOf": kinds})}
    refs = [{"$ref": f"#/$defs/{_ALSO[kind['type']]}"} for kind in kinds if kind.get("type") in _ALSO]
    if not any(_is_union(kind) for kind in kinds):
        refs.append({"$ref": "#/$defs/Secret"})
    kinds += refs
    return {**about, **(kinds[0] if len(kinds) == 1 else {"anyOf": kinds})}


def _inside(kind: Schema) -> Schema:
    result = dict(kind)
    for key in ("items", "additionalProperties"):
        if isinstance(result.get(key), dict):
            result[key] = _opened(result[key])
    return result


def _takes_any_text(kind: Schema) -> bool:
    return not kind or (kind.get("type") == "string" and not set(kind) & {"enum", "const", "pattern", "maxLength"})


def _is_union(kind: Schema) -> bool:
    return "discriminator" in kind


def _with_unions(schema: Any, unions: dict[str, Schema]) -> Any:
    """A schema whose unions are definitions of their own, which say by `type` what holds."""
    if isinstance(schema, list):
        return [_with_unions(item, unions) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if not _is_union(schema):
        return {key: _with_unions(value, unions) for key, value in schema.items()}
    types = _by_type(schema)
    name = _UNIONS[frozenset(types)]
    unions[name] = _union(types)
    return {"$ref": f"#/$defs/{name}"}


def _by_type(union: Schema) -> dict[str, str]:
    """The references of a union by type, in the order of the models."""
    types = {ref: kind for kind, ref in union["discriminator"]["mapping"].items()}
    return {types[option["$ref"]]: option["$ref"] for option in union["oneOf"]}


def _union(types: Mapping[str, str]) -> Schema:
    found = {kind: blocks()[ref.rpartition("/")[2]] for kind, ref in types.items()}
    names = [*found, *(other for block in found.values() for other in _other_types(block))]
    choices = []
    for kind, block in found.items():
        chosen: Schema = {"required": ["type"], "properties": {"type": {"enum": [kind, *_other_types(block)]}}}
        if kind in _UNTYPED:
            chosen = {"anyOf": [chosen, _UNTYPED[kind]]}
        choices.append({"if": chosen, "then": {"$ref": f"#/$defs/{block.__name__}"}})
    whole: Schema = {"type": "object", "properties": {"type": {"enum": names}}, "allOf": choices}
    untyped = [_UNTYPED[kind] for kind in found if kind in _UNTYPED]
    whole |= {"anyOf": [{"required": ["type"]}, *untyped]} if untyped else {"required": ["type"]}
    short = [name for name in names if _needs_nothing(found, name)]
    return {"anyOf": [{"enum": short}, whole]} if short else whole


def _needs_nothing(found: Mapping[str, type[Block]], name: str) -> bool:
    block = next(block for kind, block in found.items() if name in (kind, *_other_types(block)))
    return not any(field.is_required() for field in block.model_fields.values())


def _endpoint(schema: Schema) -> Schema:
    """An endpoint before defaults are laid under it and a missing path is the name."""
    keys = dict(schema["properties"])
    keys["path"] = {**keys["path"], "type": ["string", "null"]}
    param: Schema = {
        "if": {"type": "object"},
        "then": {"$ref": "#/$defs/Param"},
        "else": {"items": {"not": {"type": ["object", "array"]}}},
    }
    options = [
        {**kind, "additionalProperties": param} if kind.get("type") == "object" else kind
        for kind in keys["params"]["anyOf"]
    ]
    keys["params"] = {**keys["params"], "anyOf": options}
    return {key: value for key, value in schema.items() if key != "required"} | {"properties": keys}


def _params() -> dict[str, Schema]:
    """The objects that may be the value of a query parameter."""
    resolve: Schema = {
        "description": "a value of the parent, for a placeholder of the path; with batch_size those of several parents",
        "type": "object",
        "properties": {
            "type": {"const": "resolve"},
            "resource": _TEXT,
            "field": _TEXT,
            "batch_size": {"type": "integer", "minimum": 1},
            "separator": {"type": ["string", "null"]},
        },
        "required": ["type", "resource", "field"],
        "additionalProperties": False,
    }
    kinds = {
        "resolve": resolve,
        **{kind: {"$ref": f"#/$defs/{block.__name__}"} for kind, block in PARAM_BLOCKS.items()},
    }
    choices = [{"if": {"properties": {"type": {"const": kind}}}, "then": then} for kind, then in kinds.items()]
    whole: Schema = {"properties": {"type": {"enum": list(kinds)}}, "required": ["type"], "allOf": choices}
    return {"Param": {"description": "resolve, incremental or token", **whole}}
