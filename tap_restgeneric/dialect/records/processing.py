"""What becomes of a record before it is delivered?

A list of steps, each with one key: `filter` leaves records out, `map` changes their fields, `flatten` brings the fields
of an object to the top, `yield_map` (short: `explode`) makes a record of each element of a list.

A field is named by its key; dots lead into objects (`address.city`), and a key with a dot, a bracket or a `*` in it is
written `['odd.key']`. A field that a record does not have is left alone, and null stays null.
"""

from __future__ import annotations

import copy
import re
from functools import cache, partial
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from tap_restgeneric.dialect.blocks import Block, WhenGiven
from tap_restgeneric.dialect.expressions.expression import Expression
from tap_restgeneric.dialect.expressions.vocabulary import ExpressionError
from tap_restgeneric.dialect.jsonpath.keys import FieldName, Keys, keys_of
from tap_restgeneric.dialect.jsonpath.selectors import MISSING
from tap_restgeneric.dialect.records.conversions import CastType, cast, dated, known_form
from tap_restgeneric.dialect.words import kind
from tap_restgeneric.errors import RecordError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from pydantic import GetJsonSchemaHandler
    from pydantic_core.core_schema import CoreSchema
    from typing_extensions import Self

Record = dict[str, Any]


def _over_a_record(expression: Expression) -> Expression:
    if strange := sorted(expression.names - {"record"}):
        raise ValueError(f"{strange[0]!r} is not known here, only `record`")
    return expression


def _computed_or_constant(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return _over_a_record(Expression.parse(value))
    except ValueError as error:
        raise ValueError(
            f"{error}\nA text is an expression; as a constant it has quotes inside: \"'a text'\""
        ) from None


RecordExpression = Annotated[Expression, AfterValidator(_over_a_record)]
Value = Annotated[Any, BeforeValidator(_computed_or_constant)]
DateForm = Annotated[str, AfterValidator(known_form)]


class Map(Block):
    """Changes fields of a record.

    Its keys count in this order, whatever order they are written in: `cast` and `parse_dates`, then `set`, `remove`,
    `rename`. So all of them call the fields by the names they have before the step.
    """

    cast: dict[FieldName, CastType] = Field(default_factory=dict, description="types by field")
    parse_dates: dict[FieldName, DateForm] = Field(
        default_factory=dict,
        description="how the API writes it, by field: iso8601, date, epoch, epoch_ms or a strptime format",
    )
    set: dict[FieldName, Value] = Field(
        default_factory=dict, description="values by field: a text is an expression over `record`, all else a constant"
    )
    remove: tuple[FieldName, ...] = Field((), description="fields that are left out")
    rename: dict[FieldName, FieldName] = Field(default_factory=dict, description="new names by field; dots move it")

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError(f"does nothing: give {', '.join(type(self).model_fields)}")
        return self

    def applied(self, record: Record) -> Record:
        """The changed record.

        Raises:
            RecordError: A value is not what `cast` or `parse_dates` says, or a name is taken.
        """
        for name, type_ in self.cast.items():
            record = _converted(record, name, partial(cast, to=type_))
        for name, form in self.parse_dates.items():
            record = _converted(record, name, partial(dated, form=form))
        values = {name: _value(value, record) for name, value in self.set.items()}
        for name, value in values.items():
            record = _with(record, keys_of(name), value)
        for name in self.remove:
            record = _without(record, name)
        return self._renamed(record)

    def _renamed(self, record: Record) -> Record:
        found = {old: _found(record, old) for old in self.rename}
        moved = {old: value for old, value in found.items() if value is not MISSING}
        for old in moved:
            record = _without(record, old)
        for old, value in moved.items():
            record = _with_new(record, self.rename[old], value)
        return record


class Flatten(Block):
    """Brings the fields of objects to the top: `a: {b: 1}` becomes `a_b: 1`. In short: a field, or a list of them."""

    fields: tuple[FieldName, ...] = Field(description="fields that hold objects")
    separator: str = Field("_", description="stands between the names")
    depth: int = Field(1, gt=0, description="how many levels of objects are opened")

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        if isinstance(value, (str, list)):
            return {"fields": [value] if isinstance(value, str) else value}
        if not isinstance(value, (dict, cls)):
            raise ValueError("must be a field, a list of fields, or {fields, separator, depth}")  # noqa: TRY004
        return value

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        whole = handler.resolve_ref_schema(handler(schema))
        short = [whole["properties"]["fields"], {"type": "string"}]
        return {"description": whole.get("description", ""), "anyOf": [whole, *short]}

    def applied(self, record: Record) -> Record:
        """The flat record; a null or empty object leaves no field.

        Raises:
            RecordError: A field is no object, or a name is taken.
        """
        for name in self.fields:
            found = _found(record, name)
            if found is MISSING:
                continue
            if not isinstance(found, dict | None):
                raise RecordError(f"field {name!r} is {kind(found)}, not an object")
            record = _without(record, name)
            for label, value in self._leaves(self.separator.join(keys_of(name)), found or {}, self.depth):
                if label in record:
                    raise _taken(label)
                record[label] = value
        return record

    def _leaves(self, label: str, value: Mapping[str, Any], depth: int) -> Iterator[tuple[str, Any]]:
        for key, item in value.items():
            inner = f"{label}{self.separator}{key}"
            if isinstance(item, dict) and depth > 1:
                yield from self._leaves(inner, item, depth - 1)
            else:
                yield inner, item


class YieldMap(Block):
    """Makes a record of each element of a list: it stands where the list stood, and the other fields stay."""

    explode: FieldName = Field(description="field that holds the list")
    keep_empty: bool = Field(default=False, description="a record with null for a list that is empty, null or missing")
    index: FieldName | None = Field(None, description="new field for the place of the element, from 0")

    def applied(self, record: Record) -> list[Record]:
        """The records, in the order of the list.

        Raises:
            RecordError: The field is no list, or the name of `index` is taken.
        """
        found = _found(record, self.explode)
        elements = () if found is MISSING or found is None else found
        if not isinstance(elements, (list, tuple)):
            raise RecordError(f"field {self.explode!r} is {kind(found)}, not a list")
        if not elements and self.keep_empty:
            return [self._of(record, None, None)]
        return [self._of(record, element, place) for place, element in enumerate(elements)]

    def _of(self, record: Record, element: Any, place: int | None) -> Record:
        record = _with(record, keys_of(self.explode), element)
        return _with_new(record, self.index, place) if self.index else record


class Step(Block):
    """One thing that is done to records."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    filter: RecordExpression | None = Field(None, description="an expression over `record`: where it holds, it stays")
    map: Map | None = None
    flatten: Flatten | None = None
    yield_map: YieldMap | None = None
    explode: FieldName | None = Field(None, description="short for yield_map: {explode: ...}")

    @model_validator(mode="before")
    @classmethod
    def _no_program(cls, value: Any) -> Any:
        entries = value.items() if isinstance(value, dict) else ()
        for key, entry in entries:
            if callable(entry) or (isinstance(entry, str) and _LAMBDA.match(entry)):
                raise ValueError(f"{key} is a Python function, and a source is never run: {_INSTEAD.get(key, _STEPS)}")
        return value

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        if [getattr(self, key) for key in self.model_fields_set].count(None) or len(self.model_fields_set) != 1:
            raise ValueError(
                "a step is one thing, and several are several steps: give filter, map, flatten or yield_map"
            )
        return self

    def applied(self, record: Record) -> list[Record]:
        """What becomes of a record: none, one or several. The record itself stays as it is.

        Raises:
            RecordError: The step cannot be done to this record; the message names the field and what it holds.
        """
        if self.filter is not None:
            return [record] if _value(self.filter, record) else []
        if self.map is not None:
            return [self.map.applied(record)]
        if self.flatten is not None:
            return [self.flatten.applied(record)]
        return (self.yield_map or _in_full(self.explode)).applied(record)


@cache
def _in_full(explode: Any) -> YieldMap:
    return YieldMap(explode=explode)


_LAMBDA = re.compile(r"\s*lambda\b[^:]*:")
_STEPS = "write steps with filter, map, flatten or yield_map"
_INSTEAD = {
    "filter": "write an expression as text, such as \"record.status == 'open'\"",
    "map": "write which fields to set, remove, rename, cast or parse_dates",
    "yield_map": "write {explode: <field>}, or steps with filter, map and flatten",
}

ProcessingSteps = tuple[Annotated[Step, WhenGiven(Step)], ...]


def applied(steps: Sequence[Step], records: Iterable[Record]) -> list[Record]:
    """What becomes of records, in their order; each step gets what the one before it gave.

    Args:
        steps: As in `processing_steps`.
        records: Not changed.

    Raises:
        RecordError: A step cannot be done to a record; the message names the step, the field and what it holds.
    """
    found = list(records)
    for number, step in enumerate(steps):
        found = _applied(step, number, found)
    return found


def _applied(step: Step, number: int, records: Sequence[Record]) -> list[Record]:
    try:
        return [result for record in records for result in step.applied(record)]
    except RecordError as error:
        (key,) = step.model_fields_set
        raise RecordError(f"processing_steps[{number}].{key}: {error}") from error


def _value(value: Any, record: Record) -> Any:
    if not isinstance(value, Expression):
        return copy.deepcopy(value)
    try:
        return value.evaluate(record=record)
    except ExpressionError as error:
        raise RecordError(f"{error} (record.get('key') is null where a key is missing)") from None


def _converted(record: Record, name: str, conversion: Callable[[Any], Any]) -> Record:
    found = _found(record, name)
    if found is MISSING:
        return record
    try:
        return _with(record, keys_of(name), conversion(found))
    except ValueError as error:
        raise RecordError(f"field {name!r}: {error}") from None


def _found(record: Record, name: str) -> Any:
    """The value of a field; MISSING if the record has no such field."""
    value: Any = record
    for key in keys_of(name):
        if value is None:
            return MISSING
        if not isinstance(value, dict):
            raise RecordError(f"field {name!r}: {key!r} is looked for in {kind(value)}, which has no fields")
        if key not in value:
            return MISSING
        value = value[key]
    return value


def _with(record: Any, keys: Keys, value: Any) -> Record:
    """The record with a field; objects on the way are made where nothing is."""
    key, *inner = keys
    fields = {} if record is None else record
    if not isinstance(fields, dict):
        raise RecordError(f"field {key!r} cannot be put into {kind(fields)}")
    return {**fields, key: _with(fields.get(key), tuple(inner), value) if inner else value}


def _with_new(record: Record, name: str, value: Any) -> Record:
    if _found(record, name) is not MISSING:
        raise _taken(name)
    return _with(record, keys_of(name), value)


def _without(record: Record, name: str) -> Record:
    return record if _found(record, name) is MISSING else _cut(record, keys_of(name))


def _cut(record: Record, keys: Keys) -> Record:
    key, *inner = keys
    if inner:
        return {**record, key: _cut(record[key], tuple(inner))}
    return {name: value for name, value in record.items() if name != key}


def _taken(name: str) -> RecordError:
    return RecordError(f"field {name!r} is there already: rename or remove it in a step before")
