"""What may a schema say, and what may an API send? Strategies for both."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from scripted import Answer

# Schemas

LEAVES = ["string", "integer", "number", "boolean"]
ANYTHING = {"type": ["string", "number", "boolean", "object", "array", "null"]}
NAMES = ["a", "b", "c", "d"]


def nullable(schema: dict[str, Any], *, null: bool) -> dict[str, Any]:
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return {**schema, "type": [*kinds, "null"]} if null else schema


leaf = st.one_of(
    st.sampled_from(LEAVES).map(lambda kind: {"type": kind}),
    st.sampled_from(["date-time", "date", "uuid"]).map(lambda form: {"type": "string", "format": form}),
    st.lists(st.sampled_from([*LEAVES, "object", "array"]), min_size=1, max_size=3, unique=True).map(
        lambda kinds: {"type": kinds}
    ),
    st.just(ANYTHING),
    st.just({"type": "null"}),
    st.just({"anyOf": [{"type": "string"}, {"type": "null"}]}),
    st.just({"type": "object"}),
    st.just({"type": "object", "additionalProperties": False}),
)
typed_leaf = st.builds(
    lambda schema, null: nullable(schema, null=null) if "type" in schema else schema, leaf, st.booleans()
)


def members(schema: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.dictionaries(st.sampled_from(NAMES), schema, min_size=1, max_size=3)


def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    closed = st.sampled_from([{}, {"additionalProperties": True}, {"additionalProperties": False}])
    objects = st.builds(
        lambda fields, more, kinds: {"type": kinds, "properties": fields, **more},
        members(inner),
        closed,
        st.sampled_from(["object", ["object", "null"], ["object", "string"]]),
    )
    # An array of objects without properties is beyond the SDK: it looks them up.
    items = inner.map(lambda each: each if "properties" in each or "object" not in str(each) else {"type": "boolean"})
    arrays = st.builds(
        lambda each, kinds: {"type": kinds, "items": each},
        st.one_of(objects, items),
        st.sampled_from(["array", ["array", "null"], ["array", "boolean"]]),
    )
    return st.one_of(objects, arrays)


field = st.recursive(typed_leaf, containers, max_leaves=4)
key_field = st.sampled_from([{"type": "integer"}, {"type": ["integer", "null"]}, {"type": ["string", "integer"]}, {}])
schemas = st.builds(
    lambda key, fields: {"properties": {"id": key, **fields}},
    key_field,
    st.dictionaries(st.sampled_from([*NAMES, "é", "with space"]), field, min_size=1, max_size=5),
)

# Bodies, as the API writes them: numbers are texts, objects are pairs


class Token(str):
    """JSON as it stands in a body."""

    __slots__ = ()


NUMBERS = [
    *["0", "1", "-1", "-0", "7", "1.0", "1.10", "-0.0", "0.1", "1e5", "1E-7", "12345678901234567890123"],
    *["9007199254740993", "9007199254740993.0", "0.1000000000000000055511151231257827", "1e400", "-1e400", "1e-400"],
    "1" + "0" * 400,
]
TEXTS = [
    *['"x"', '""', '"5"', '"NaN"', '"1.5"', '"true"', '"2024-01-01T00:00:00Z"', '"\\u00e9"', '"é"', '"\\ud83d\\ude00"'],
    *['"😀"', '"a\\nb\\tc\\/"', '"\\u2028"', '"\u2028\u0085"', '"\\u0000"', '"E+999"', '"},{"', '"\\"\\\\"'],
]
BROKEN = ['"\\ud800"', '"\\udc00x"', "NaN", "Infinity", "tru", '"\x01"', "01"]

scalars = st.one_of(
    st.sampled_from(NUMBERS), st.sampled_from(TEXTS), st.sampled_from(["true", "false", "null"]), st.just("null")
).map(Token)


def fitting(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that fit a schema, mostly."""
    if "anyOf" in schema or "type" not in schema:
        return st.sampled_from(TEXTS).map(Token)
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    ways = {
        "string": st.sampled_from(TEXTS).map(Token),
        "integer": st.sampled_from(["0", "1", "-1", "7", "9007199254740993", "12345678901234567890123"]).map(Token),
        "number": st.sampled_from(NUMBERS).map(Token),
        "boolean": st.sampled_from(["true", "false"]).map(Token),
        "null": st.just(Token("null")),
    }
    inner = schema.get("properties", {})
    ways["object"] = pairs({name: fitting(each) for name, each in inner.items()})
    ways["array"] = st.lists(fitting(schema["items"]) if "items" in schema else scalars, max_size=3)
    return st.one_of(*(ways[kind] for kind in kinds))


def pairs(fields: dict[str, st.SearchStrategy[Any]], *, always: tuple[str, ...] = ()) -> st.SearchStrategy[Any]:
    """Objects with some of these fields."""
    some = st.lists(st.sampled_from(sorted(set(fields) - set(always)) or [""]), unique=True, max_size=len(fields))
    return some.flatmap(
        lambda names: st.tuples(
            *(st.tuples(st.just(name), fields[name]) for name in (*always, *names) if name in fields)
        ).map(tuple)
    )


values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(st.tuples(st.sampled_from([*NAMES, "z"]), inner), max_size=3).map(tuple),
    ),
    max_leaves=5,
)


moments = st.sampled_from([f'"2024-01-0{day}T00:00:00Z"' for day in range(1, 6)]).map(Token)


def records(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    properties = {"id": st.integers(1, 99).map(lambda number: Token(str(number)))}
    properties |= {name: fitting(each) for name, each in schema["properties"].items() if name != "id"}
    if "at" in properties:
        kinds = schema["properties"]["at"]["type"]
        properties["at"] = moments if kinds == "string" else st.sampled_from(["1", "2", "3.5", "30"]).map(Token)
    good = pairs(properties, always=("id", "at"))
    spoilt = st.tuples(good, st.sampled_from([*schema["properties"], "undeclared", "new"]), values).map(
        lambda parts: (*parts[0], (parts[1], parts[2]))  # the same name twice, at times
    )
    keyless = good.map(lambda pairs: pairs[1:])
    return st.integers(0, 39).flatmap(
        lambda die: {0: keyless, 1: scalars, 2: spoilt, 3: spoilt, 4: spoilt}.get(die, good)
    )


def spelled(value: Any, gap: str) -> str:
    if isinstance(value, Token):
        return str(value)
    if isinstance(value, tuple):
        return "{" + f",{gap}".join(f"{json.dumps(name)}:{gap}{spelled(each, gap)}" for name, each in value) + "}"
    return f"[{gap}" + f",{gap}".join(spelled(each, gap) for each in value) + f"{gap}]"


CHARSETS = [None, None, None, "utf-8", "utf-16", "utf-8-sig", "iso-8859-1"]


@st.composite
def answers(draw: st.DrawFn, schema: dict[str, Any], following: str | None) -> Answer:
    found = draw(st.lists(records(schema), min_size=1 if following else 0, max_size=4))
    items = spelled(found, draw(st.sampled_from(["", "", " ", "\n  ", "\r\n\t"])))
    if draw(st.integers(0, 30)) == 7:
        items = items.replace("]", f",{draw(st.sampled_from(BROKEN))}]", 1)
    body = f'{{"items":{items},"next":{json.dumps(following)}}}'
    charset = draw(st.sampled_from(CHARSETS))
    try:
        content = body.encode(charset or "utf-8")
    except UnicodeEncodeError:
        return Answer(200, body)
    said = None if charset in {None, "utf-8-sig"} else {"Content-Type": f"application/json; charset={charset}"}
    if draw(st.integers(0, 30)) == 7:
        content = content.replace(b'"x"', b'"\xff"')
    return Answer(200, content, said or {})


CURSORS = [
    {"type": "string", "format": "date-time"},
    {"type": ["integer", "null"]},
    {"type": ["number", "null"]},
    {"type": ["string", "integer"]},
]
incrementals = st.one_of(
    st.none(),
    st.none(),
    st.fixed_dictionaries(
        {"cursor_path": st.just("at"), "on_cursor_value_missing": st.sampled_from(["include", "exclude", "raise"])},
        optional={"row_order": st.sampled_from(["asc", "desc"])},
    ),
)


@dataclass(frozen=True)
class Case:
    """An API and the tap that reads it.

    Attributes:
        schema: JSON Schema of its records.
        incremental: An incremental block, or None.
        pages: Two answers.
        deselected: Breadcrumbs of what is not selected.
        settings: More settings.
    """

    schema: dict[str, Any]
    incremental: dict[str, Any] | None
    pages: list[Answer]
    deselected: list[tuple[str, ...]]
    settings: dict[str, Any]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    schema, incremental = draw(schemas), draw(incrementals)
    if incremental:
        schema = {"properties": {**schema["properties"], "at": draw(st.sampled_from(CURSORS))}}
    places = list(breadcrumbs(schema))
    settings = st.fixed_dictionaries(
        {
            "undeclared_fields": st.sampled_from(["warn", "warn", "warn", "fail"]),
            "emit_activate_version_messages": st.booleans(),
        }
    )
    return Case(
        schema=schema,
        incremental=incremental,
        pages=[draw(answers(schema, "A")), draw(answers(schema, None))],
        deselected=draw(st.lists(st.sampled_from(places), max_size=2)) if draw(st.booleans()) else [],
        settings=draw(settings),
    )


def breadcrumbs(schema: dict[str, Any], above: tuple[str, ...] = ()) -> Any:
    for name, each in schema.get("properties", {}).items():
        if name not in {"id", "at"}:
            yield (*above, "properties", name)
            yield from breadcrumbs(each, (*above, "properties", name))
