"""How does the dialect read as tables?"""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from tap_restgeneric.dialect.grammar import schema as grammar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Schema = dict[str, Any]

_BEFORE_TYPES = {
    "Auth": "How to say who asks. A block with a `token` and no `type` is a `bearer`.",
    "Paginator": "How pages follow each other. A type that needs no key can be written as a text: "
    "`paginator: header_link`.",
    "AnyIncremental": "How a run reads only what is new. A block without a `type` is an `incremental`.",
}
_REFERRED = {
    "Auth": "auth",
    "AuthPart": "auth",
    "Paginator": "paginator",
    "AnyIncremental": "incremental",
    "Endpoint": "endpoint",
}
_FIRST = {"client": "Client", "resource_defaults": "ResourceDefaults", "resources": "Resource", "endpoint": "Endpoint"}


def tables() -> str:
    """All blocks of the dialect in Markdown: a table each, and a section for each type of auth, paginator, ..."""
    defs: dict[str, Schema] = grammar.json_schema()["$defs"]
    headings = _headings(defs)
    parts = [_block(key, defs[name], defs, headings) for key, name in _FIRST.items()]
    parts += [_types(name, defs, headings) for name in _BEFORE_TYPES]
    parts += [_block(key, defs[name], defs, headings) for name, key in headings.items() if name not in _FIRST.values()]
    return "\n".join(parts)


def _headings(defs: Mapping[str, Schema]) -> dict[str, str]:
    """The key that each block stands under, blocks of `_FIRST` first; those of a union have their own."""
    found = {name: key for key, name in _FIRST.items()}
    pending = [*found, *(name for union in _BEFORE_TYPES for name in _members(defs[union]))]
    while pending:
        for key, schema in keys_of(defs[pending.pop(0)]).items():
            for name in _references(schema):
                if name in grammar.blocks() and name not in found:
                    found[name] = key
                    pending.append(name)
    return found


def keys_of(schema: Schema) -> dict[str, Schema]:
    """The keys of a block out of its definition."""
    options = [schema, *schema.get("anyOf", ())]
    return next((option["properties"] for option in options if "properties" in option), {})


def _required(schema: Schema) -> list[str]:
    """The keys that have to be given, in one spelling or another."""
    options = [schema, *schema.get("anyOf", ()), *schema.get("allOf", ())]
    return [key for option in options for key in option.get("required", ())]


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield schema["$ref"].rpartition("/")[2]
        for value in schema.values():
            yield from _references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _references(value)


def _types(union: str, defs: Mapping[str, Schema], headings: Mapping[str, str]) -> str:
    parts = [_block(_type(defs[name])[0], defs[name], defs, headings, level=3) for name in _members(defs[union])]
    return "\n".join([f"## `{_REFERRED[union]}`\n\n{_BEFORE_TYPES[union]}\n", *parts])


def _members(union: Schema) -> list[str]:
    """The names of the blocks of a union."""
    choices = next(option for option in (union, *union.get("anyOf", ())) if "allOf" in option)["allOf"]
    return [choice["then"]["$ref"].rpartition("/")[2] for choice in choices]


def _type(schema: Schema) -> list[str]:
    kind = keys_of(schema)["type"]
    return list(kind.get("enum") or [kind["const"]])


def _block(
    title: str, schema: Schema, defs: Mapping[str, Schema], headings: Mapping[str, str], *, level: int = 2
) -> str:
    keys = {key: value for key, value in keys_of(schema).items() if not (key == "type" and level > 2)}  # noqa: PLR2004
    lines = [f"{'#' * level} `{title}`", "", schema["description"], ""]
    if level > 2 and _type(schema)[1:]:  # noqa: PLR2004
        lines += [f"Also written {_listed(_type(schema)[1:])}.", ""]
    if title == "resources":
        keys = {key: value for key, value in keys.items() if key not in defs["ResourceDefaults"]["properties"]}
        lines += ["All keys of [resource_defaults](#resource_defaults), and:", ""]
    about = {key: value.get("description", "") for key, value in keys.items()}
    silent = [key for key, text in about.items() if text == grammar.NO_EFFECT]
    others = [key for key, text in about.items() if text.startswith(grammar.OTHER_SPELLING)]
    rows = [_row_of(key, schema, headings) for key in keys if key not in {*silent, *others}]
    if silent:
        rows.append(f"| {_listed(silent)} | any | | {grammar.NO_EFFECT} |")
    if rows:
        lines += ["| key | type | default | meaning |", "|---|---|---|---|", *rows, ""]
    return "\n".join(lines)


def _row_of(key: str, block: Schema, headings: Mapping[str, str]) -> str:
    keys = keys_of(block)
    other = f"{grammar.OTHER_SPELLING}{key}"
    spellings = [key, *(name for name, schema in keys.items() if schema.get("description") == other)]
    default = "required" if key in _required(block) else default_of(keys[key])
    return row(_listed(spellings), type_in_words(keys[key], headings), default, keys[key].get("description", ""))


def row(*cells: str) -> str:
    """A row of a table in Markdown."""
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def default_of(schema: Schema) -> str:
    """The default of a key as code; nothing if it has none that says anything."""
    default = schema.get("default")
    return "" if default in (None, [], {}, "") else f"`{json.dumps(default, ensure_ascii=False)}`"


def type_in_words(schema: Schema, headings: Mapping[str, str] = MappingProxyType({})) -> str:
    """A type in words: `integer > 0`, `list of texts`."""
    kinds = [_word(kind, headings) for kind in schema.get("anyOf", [schema])]
    return " or ".join(dict.fromkeys(kind for kind in kinds if kind)) or "any"


def _word(kind: Schema, headings: Mapping[str, str]) -> str:
    if "$ref" in kind:
        name = kind["$ref"].rpartition("/")[2]
        heading = _REFERRED.get(name) or headings.get(name)
        return f"[{heading}](#{heading})" if heading else ""
    if "enum" in kind or "const" in kind:
        return " or ".join(f"`{word}`" for word in kind.get("enum", [kind.get("const")]))
    types = kind.get("type")
    if isinstance(types, list):
        return " or ".join(filter(None, (_word({**kind, "type": each}, headings) for each in types)))
    named = _WORDS.get(types or "")
    return named(kind, headings) if named else ""


def _number(kind: Schema, _: Mapping[str, str]) -> str:
    if "exclusiveMinimum" in kind:
        return f"{kind['type']} > {kind['exclusiveMinimum']}"
    return f"{kind['type']} ≥ {kind['minimum']}" if "minimum" in kind else str(kind["type"])


def _list(kind: Schema, headings: Mapping[str, str]) -> str:
    if kind.get("maxItems") == 0:
        return "`[]`"
    items = type_in_words(kind.get("items") or {}, headings)
    return "list" if items == "any" else f"list of {_PLURALS.get(items, items)}"


def _mapping(kind: Schema, headings: Mapping[str, str]) -> str:
    values = kind.get("additionalProperties")
    inner = type_in_words(values, headings) if isinstance(values, dict) and "if" not in values else "any"
    return "object" if inner == "any" else f"object of {_PLURALS.get(inner, inner)}"


def _text(kind: Schema, _: Mapping[str, str]) -> str:
    # The other letter case of words that stand beside it.
    return "" if kind.get("pattern", "").startswith("^([") else "text"


_PLURALS = {"text": "texts", "integer": "integers", "number": "numbers"}
_WORDS: dict[str, Callable[[Schema, Mapping[str, str]], str]] = {
    "string": _text,
    "integer": _number,
    "number": _number,
    "boolean": lambda _, __: "boolean",
    "array": _list,
    "object": _mapping,
}


def _listed(words: list[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)
