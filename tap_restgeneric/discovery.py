"""What does a stream look like: its schema and its key?"""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tap_restgeneric import inference
from tap_restgeneric.dialect.records import columns
from tap_restgeneric.engine.contract import UNDECLARED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tap_restgeneric.dialect.relations import Node
    from tap_restgeneric.engine.report import Report
    from tap_restgeneric.engine.sampling import Sampler

Schema = dict[str, Any]
_TEXT: Schema = {"type": ["string", "null"]}


@dataclass(frozen=True)
class Shape:
    """What is known of a stream before its first record.

    Attributes:
        schema: JSON Schema of its records.
        primary_key: Fields of its key, without those that no record has.
        replication_key: The field its bookmark is made of, or None.
    """

    schema: Schema
    primary_key: tuple[str, ...]
    replication_key: str | None


def shipped_schema(api: str, resource: str) -> Schema | None:
    """The schema of a resource of a built-in API, or None.

    They are in `schemas/` of the checkout, and in the package once it is installed.
    """
    for folder in (resources.files("tap_restgeneric") / "schemas", Path(__file__).parent.parent / "schemas"):
        file = folder / api / f"{resource}.json"
        if file.is_file():
            schema: Schema = json.loads(file.read_text("utf-8"))
            return schema
    return None


class Discovery:
    """Finds the shape of every stream, with as few requests as possible.

    Args:
        nodes: The resources by name, parents first.
        api: Name of the built-in API, or None.
        sampler: Reads records where nothing else tells.
        given: Schemas that need no sample, by resource.
        collect: Whether undeclared fields get a column of their own.
        report: Counts warnings.
    """

    def __init__(  # noqa: PLR0913 (where shapes come from, piece by piece)
        self,
        nodes: Mapping[str, Node],
        *,
        api: str | None,
        sampler: Sampler,
        given: Mapping[str, Schema],
        collect: bool,
        report: Report,
    ) -> None:
        """No stream was looked at yet."""
        self._nodes = nodes
        self._api = api
        self._sampler = sampler
        self._given = given
        self._collect = collect
        self._report = report
        self._schemas: dict[str, Schema] = {}

    def begin(self, wanted: Iterable[str]) -> None:
        """Begins to read the samples that will be needed.

        Args:
            wanted: Resources whose schema is not known and will be written.
        """
        self._sampler.begin([self._nodes[name] for name in wanted if self._is_sampled(self._nodes[name])])

    def shape(self, node: Node, known: Schema | None, keys: Sequence[str] | None, *, wanted: bool = True) -> Shape:
        """The shape of a stream.

        Args:
            node: Its resource; the parent was asked about before.
            known: Its schema in the catalog that was passed in, or None.
            keys: Its key in that catalog, or None.
            wanted: Whether its schema will be written; if not, it is worth no request.

        Raises:
            RestGenericError: Its records are needed to know, and cannot be read.
        """
        schema, sampled = (known, None) if known else self._schema(node, wanted=wanted)
        schema = opened(deepcopy(schema))
        fields: dict[str, Schema] = schema.setdefault("properties", {})
        for name, source in node.carried.items():
            parent = self._schemas.get(node.parent or "", {}).get("properties", {})
            fields.setdefault(name, _nullable(parent.get(source, _TEXT)))
        if self._collect:
            fields.setdefault(UNDECLARED, {"type": ["object", "null"], "additionalProperties": True})
        primary_key = node.resource.primary_key if keys is None else tuple(keys)
        if sampled:
            primary_key = self._announced(node, primary_key, sampled)
        elif known is None:
            _declare(fields, [*primary_key, *self._cursor(node)])
        self._schemas[node.name] = schema
        cursor = next(iter(self._cursor(node)), None)
        return Shape(schema, primary_key, cursor if cursor in fields else None)

    def _schema(self, node: Node, *, wanted: bool) -> tuple[Schema, list[dict[str, Any]] | None]:
        """A schema, and the records it was inferred from (None if it was not)."""
        hints = columns.properties(node.resource.columns)
        given = self._told(node)
        if given:
            return {**given, "properties": {**given["properties"], **hints}}, None
        sampled = self._sampler.records(node) if wanted and self._is_sampled(node) else []
        schema = inference.infer(sampled)
        return {**schema, "properties": {**schema["properties"], **hints}}, sampled or None

    def _told(self, node: Node) -> Schema | None:
        """The schema that the source gives or the package ships."""
        return self._given.get(node.name) or (shipped_schema(self._api, node.name) if self._api else None)

    def _is_sampled(self, node: Node) -> bool:
        """Whether records are needed to know the schema of a resource."""
        needed = node.resource.selected or any(other.parent == node.name for other in self._nodes.values())
        return needed and self._told(node) is None

    def _announced(self, node: Node, key: tuple[str, ...], sampled: list[dict[str, Any]]) -> tuple[str, ...]:
        """The key, or none if a field of it is in no sampled record."""
        lost = [name for name in key if all(name not in record for record in sampled)]
        if not lost:
            return key
        self._report.tally(node.name).warn(
            f"primary_key {lost[0]!r} is in none of {len(sampled)} sampled records: "
            "the stream is announced without a key"
        )
        return ()

    @staticmethod
    def _cursor(node: Node) -> list[str]:
        """The replication key, if the cursor is a field at the top of a record."""
        path = str(node.incremental.cursor_path) if node.incremental else ""
        return [path] if path and not set(path) & set(".[*$|") else []


def _declare(fields: dict[str, Schema], names: Sequence[str]) -> None:
    """Where nothing could be sampled, what the source names stands in the schema."""
    for name in names:
        fields.setdefault(name, dict(_TEXT))


def _nullable(schema: Schema) -> Schema:
    kinds = schema.get("type", "string")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    return {**schema, "type": [*kinds, *(() if "null" in kinds else ("null",))]}


def opened(schema: Any, *, top: bool = True) -> Any:
    """A schema whose nested objects keep what the API adds to them; the top has columns, and a policy of its own."""
    if isinstance(schema, list):
        return [opened(item, top=False) for item in schema]
    if not isinstance(schema, dict):
        return schema
    result = {
        key: {name: opened(item, top=False) for name, item in value.items()}
        if key == "properties"
        else opened(value, top=False)
        if key in {"items", "anyOf", "oneOf", "allOf"}
        else value
        for key, value in schema.items()
    }
    if isinstance(items := result.get("items"), dict) and "object" in items.get("type", ()):
        # The SDK looks for the properties of objects in a list, also where nothing is known of them.
        result["items"] = {"properties": {}, "additionalProperties": True, **items}
    if top:
        result.pop("additionalProperties", None)
    elif "properties" in result:
        result.setdefault("additionalProperties", True)
    return result
