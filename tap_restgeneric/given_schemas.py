"""What does the schema say that a source gives: written out, in a file, behind a URL, in an OpenAPI document?"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012
from singer_sdk.schema.source import OpenAPISchemaNormalizer
from singer_sdk.singerlib.schema import resolve_schema_references
from typing_extensions import override

from tap_restgeneric import inference, readers
from tap_restgeneric.errors import ConfigError, Problem, ReplyError
from tap_restgeneric.readers import files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from tap_restgeneric.inference import Schema

_MOST_VALUES = 200_000
_LIBRARIES = ("$defs", "definitions", "$schema", "$id", "$comment")


class GivenSchemas:
    """Reads the schemas that resources give; a document that several point into is read once.

    Args:
        folders: Where relative paths are looked up, in this order.
        fetch: The body behind a URL, asked for without credentials; raises ReplyError.
    """

    def __init__(self, *, folders: Sequence[Path], fetch: Callable[[str], bytes]) -> None:
        """No document was read yet."""
        self._folders = folders
        self._fetch = fetch
        self._documents: dict[str, Any] = {}

    def schemas(self, given: Iterable[tuple[str, str | Schema, Sequence[str], str]]) -> dict[str, Schema]:
        """The schemas of resources by name, every reference in them resolved.

        Args:
            given: Of each resource its name, its `schema` as written, its primary key, and the path of that `schema`.

        Raises:
            ConfigError: With all that are missing, cannot be read, or describe no object.
            UnavailableError: A URL did not answer.
        """
        found: dict[str, Schema] = {}
        problems = []
        for name, written, key, path in given:
            try:
                found[name] = self._schema(written, key)
            except (ValueError, ReplyError) as error:  # noqa: PERF203 (all mistakes at once)
                problems.append(Problem(path, str(error)))
        if problems:
            raise ConfigError(problems)
        return found

    def _schema(self, written: str | Schema, key: Sequence[str]) -> Schema:
        """One schema.

        Raises:
            ValueError: It cannot be found, or is none of an object.
            ReplyError: The URL answers something else.
        """
        reference = written if isinstance(written, str) else str(written.get("$ref", "#"))
        place, _, fragment = reference.partition("#")
        document = self._document(place) if place else written
        if not isinstance(document, dict):
            raise ValueError(f"{place} holds no object")  # noqa: TRY004 (a mistake in a value of the user's)
        is_openapi = bool({"openapi", "swagger"} & set(document))
        if is_openapi and not fragment:
            names = ", ".join(list(_components(document))[:10]) or "none"
            raise ValueError(f"{place} is an OpenAPI document: say which of its schemas, {place}#/... (it has {names})")
        name = f"{place}#{fragment}" if place else "the schema"
        resolved = _resolved(document, f"#{fragment}", name)
        schema = _of_records(_Normalizer().preprocess_schema(resolved, key_properties=key) if is_openapi else resolved)
        fields = schema.get("properties")
        if not isinstance(fields, dict):
            raise ValueError(f"{name} describes no object: it has no `properties`")  # noqa: TRY004 (as above)
        return {**schema, "type": "object", "properties": {field: _column(of) for field, of in fields.items()}}

    def _document(self, place: str) -> Any:
        if place not in self._documents:
            is_url = re.match(r"https?://", place, re.IGNORECASE)
            content = self._body(place) if is_url else self._text(place)
            try:
                self._documents[place] = readers.document(content)
            except ValueError as error:
                raise ValueError(f"{place}: {error}") from None
        return self._documents[place]

    def _body(self, url: str) -> str:
        if "@" in urlsplit(url).netloc:
            raise ValueError("a URL of a schema must not hold a user or password: it is asked for without credentials")
        try:
            return self._fetch(url).decode("utf-8-sig")
        except UnicodeDecodeError:
            raise ValueError(f"{url} is not text in UTF-8") from None

    def _text(self, name: str) -> str:
        try:
            return files.text(files.find(name, self._folders), name)
        except ConfigError as error:
            raise ValueError(error.problems[0].message) from None


def _components(document: Schema) -> Schema:
    found = document.get("definitions") or (document.get("components") or {}).get("schemas")
    return found if isinstance(found, dict) else {}


def _resolved(document: Schema, pointer: str, name: str) -> Schema:
    """What a pointer of a document leads to, with everything in place that it refers to.

    Raises:
        ValueError: Something it refers to is not there, is in another document, or has no end.
    """
    _check(document, pointer, name)
    # The SDK resolves in place: what it is given is a copy.
    copied = _copy({"": document})[""]
    found = resolve_schema_references({"$ref": pointer}, refs={"": copied})
    return {key: value for key, value in found.items() if key not in _LIBRARIES}


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value


def _check(document: Schema, pointer: str, name: str) -> None:
    """Walks as the SDK will, which stops only at a circle: references that fork again and again have no end for it."""
    resolver = Registry().with_resource("", DRAFT202012.create_resource(document)).resolver()
    pending: list[tuple[Any, tuple[str, ...]]] = [({"$ref": pointer}, ())]
    known: dict[str, Any] = {}
    for _ in range(_MOST_VALUES):
        if not pending:
            return
        value, above = pending.pop()
        reference = value.get("$ref") if isinstance(value, dict) else None
        if isinstance(reference, str):
            if reference not in known:
                known[reference] = _looked_up(resolver, reference, document, name)
            if reference not in above:
                pending.append((known[reference], (*above, reference)))
        elif isinstance(value, dict):
            pending += [(item, above) for item in value.values()]
        elif isinstance(value, list):
            pending += [(item, above) for item in value]
    raise ValueError(f"{name} unfolds to more than {_MOST_VALUES:,} values: write out what its records need")


def _looked_up(resolver: Any, reference: str, document: Schema, name: str) -> Any:
    if not reference.startswith("#"):
        raise ValueError(f"{name} refers to {reference!r}, which is in another document: only `#/...` is followed")
    try:
        found = resolver.lookup(reference).contents
    except Unresolvable:
        near = get_close_matches(unquote(reference).rpartition("/")[2], _components(document), n=1)
        guess = f" (did you mean {near[0]!r}?)" if near else ""
        raise ValueError(f"{name.partition('#')[0]} has no {reference}{guess}") from None
    if not isinstance(found, dict):
        raise ValueError(f"{reference} of {name} is no schema")  # noqa: TRY004 (a mistake in a value of the user's)
    return found


class _Normalizer(OpenAPISchemaNormalizer):
    """The SDK's, without what it loses: keys beside `allOf`, parts without a type, an `allOf` inside an `allOf`."""

    @override
    def normalize_schema(self, schema: Schema, *, key_properties: Sequence[str] = ()) -> Schema:
        whole = {key: value for key, value in _whole(schema).items() if key != "required"}
        normal = super().normalize_schema(whole, key_properties=key_properties)
        if schema.get("nullable"):
            normal |= {key: [*normal[key], {"type": "null"}] for key in ("anyOf", "oneOf") if key in normal}
        return normal


def _whole(schema: Schema) -> Schema:
    """A schema with the parts of its `allOf` in it, and with a type if one can be told."""
    own = {key: value for key, value in schema.items() if key != "allOf"}
    fields: dict[str, list[Schema]] = {}
    whole: Schema = {}
    for part in (own, *map(_whole, schema.get("allOf", ()))):
        for name, field in part.get("properties", {}).items():
            fields.setdefault(name, []).append(field)
        whole = {**part, **whole}
    if fields:
        whole["properties"] = {name: some[0] if some[1:] == [] else {"allOf": some} for name, some in fields.items()}
    if "type" not in whole and (kind := _told(whole)):
        whole["type"] = kind
    return whole


def _told(schema: Schema) -> str | None:
    """The type of a schema that does not name one."""
    if "properties" in schema:
        return "object"
    if "items" in schema:
        return "array"
    words = schema.get("enum")
    return "string" if isinstance(words, list) and all(isinstance(word, str) for word in words) else None


def _of_records(schema: Schema) -> Schema:
    """The schema of records of several kinds is one that takes all of them."""
    schema = _whole(schema)
    options = [_of_records(option) for key in ("oneOf", "anyOf") for option in schema.pop(key, ())]
    for option in options:
        if isinstance(option.get("properties"), dict):
            schema = inference.merge(schema, option) if "properties" in schema else {**option, **schema}
    return schema


def _column(schema: Any) -> Schema:
    """A column whose type nobody says takes everything."""
    says = isinstance(schema, dict) and set(schema) & {"type", "anyOf", "oneOf", "allOf"}
    return dict(schema) if says else dict(inference.ANYTHING)
