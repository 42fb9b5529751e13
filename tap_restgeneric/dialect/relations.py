"""What does a resource need from its parent and from the settings?"""

from __future__ import annotations

import itertools
from functools import cached_property
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from tap_restgeneric.dialect.jsonpath.selectors import Path, Selector
from tap_restgeneric.dialect.paging.paginators import Auto, Paginator, SinglePage
from tap_restgeneric.dialect.placeholders import Placeholder, Several

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tap_restgeneric.dialect.auth.schemes import Auth
    from tap_restgeneric.dialect.progress.incremental import Incremental
    from tap_restgeneric.dialect.progress.sync_tokens import SyncToken
    from tap_restgeneric.dialect.requests import Rendered, Request
    from tap_restgeneric.dialect.source import Client, Resource, Rows

_WHOLE_BODY = Selector.parse("$")


class Batch(Struct, frozen=True):
    """How the values of several parents go into one request.

    Attributes:
        size: Parents a request at the most.
        separator: What stands between the values outside of JSON; None: the query parameter is repeated.
    """

    size: int
    separator: str | None

    def cut(self, values: Sequence[Any]) -> Iterator[Several]:
        """The values in pieces of the size of a request."""
        for begin in range(0, len(values), self.size):
            yield Several(values[begin : begin + self.size], self.separator)


class Node(Struct, frozen=True, kw_only=True, dict=True):  # the dict holds what is computed once
    """A resource among the others: what it needs from its parent and from the settings.

    Attributes:
        resource: The resource as merged with the defaults.
        client: The client its requests belong to.
        parent: Name of the parent, or None.
        request: Its first request; None for rows inside of the parent's records.
        incremental: Its incremental block, wherever it was written, if it asks by values of the records.
        sync_token: Its incremental block, if it asks by a token of the API.
        fields: Values of the parent by the name of their placeholder: `resources.posts.id` -> path in the record.
        bindings: Values of other placeholders, made from those before them in this order, or constant.
        parameters: The values of the setting `parameters` that it uses, each with at least one value.
        batch: How many parents one request asks for, if it is not one.
    """

    resource: Resource
    client: Client
    parent: str | None = None
    request: Request | None = None
    incremental: Incremental | None = None
    sync_token: SyncToken | None = None
    fields: Mapping[str, Path] = field(default_factory=dict)
    bindings: Mapping[str, Rendered] = field(default_factory=dict)
    parameters: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    batch: Batch | None = None

    @property
    def name(self) -> str:
        """Name of the resource, and of its stream."""
        return self.resource.name

    @property
    def reads_changes(self) -> bool:
        """Whether a run goes on where the last one ended."""
        return self.incremental is not None or self.sync_token is not None

    @cached_property
    def paginator(self) -> Paginator:
        """The paginator that counts: the resource's, else a single page for a path that names one record."""
        endpoint = self.resource.endpoint
        if endpoint.paginator:
            return endpoint.paginator
        if endpoint.is_single_entity:
            return SinglePage()
        return self.client.paginator or Auto()

    @cached_property
    def selector(self) -> Selector | None:
        """Where the records are; None: to be found in the first reply."""
        endpoint = self.resource.endpoint
        return endpoint.data_selector or (_WHOLE_BODY if endpoint.is_single_entity else None)

    @property
    def auth(self) -> Auth | None:
        """The credentials that count: `endpoint.auth`, where null means none, else the client's."""
        endpoint = self.resource.endpoint
        return endpoint.auth if "auth" in endpoint.model_fields_set else self.client.auth

    @property
    def carried(self) -> dict[str, str]:
        """Fields each record carries from the parent: new name -> name in the parent."""
        return {f"_{self.parent}_{name}": name for name in self.resource.include_from_parent}

    def partitions(self) -> Iterator[dict[str, Any]]:
        """One set of values per sequence of requests that the settings ask for: the cross product of the lists."""
        names = list(self.parameters)
        for values in itertools.product(*self.parameters.values()):
            yield dict(zip(names, values, strict=True))

    def parent_values(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """The values a record of the parent gives; MISSING where it has no such field."""
        return {name: path.first(record) for name, path in self.fields.items()}

    def context(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """What tells one sequence of requests of this resource from another: the key of a partition in state."""
        parent = {_partition_key(name): values[name] for name in self.fields}
        return {**parent, **{name: values[name] for name in self.parameters if len(self.parameters[name]) > 1}}

    def bound(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values of all placeholders, given those of the parent, of `parameters` and of the window."""
        result = dict(values)
        for name, rendered in self.bindings.items():
            result[name] = rendered(result)
        return result

    def rows(self, record: Mapping[str, Any]) -> Iterator[Any]:
        """The rows of this resource inside a record of its parent, with what they carry."""
        for place in self._places:
            yield from _rows(record, place.path.split("."), {"": record}, place.carry)

    def has_rows(self, record: Mapping[str, Any]) -> bool:
        """Whether a record of the parent has a place for rows, be it empty."""
        return any(Selector.parse(place.path).records(record).matched for place in self._places)

    @property
    def _places(self) -> Sequence[Rows]:
        return self.resource.expand.rows if self.resource.expand else ()


def _partition_key(name: str) -> str:
    parent, path = Placeholder(name).parent or ("", name)
    return f"_{parent}_{path}"


def _rows(
    value: Any, keys: Sequence[str], enclosing: Mapping[str, Any], carry: Mapping[str, str], above: str = ""
) -> Iterator[Any]:
    """Rows below a value, through lists on the way.

    Args:
        value: A record, or an element on the way.
        keys: Keys that lead from it to the rows.
        enclosing: The record and the elements on the way, by their path.
        carry: New field of a row: where it is taken from.
        above: The path of `value`.
    """
    key, *deeper = keys
    path = f"{above}.{key}" if above else key
    found = value.get(key) if isinstance(value, dict) else None
    for item in found if isinstance(found, list) else () if found is None else (found,):
        if deeper:
            yield from _rows(item, deeper, {**enclosing, path: item}, carry, path)
        elif isinstance(item, dict):
            yield {**item, **{name: _enclosing(enclosing, source) for name, source in carry.items()}}
        elif item is not None:
            yield item


def _enclosing(enclosing: Mapping[str, Any], source: str) -> Any:
    """A field of an enclosing record: null where it has none, or where it is not on the way to these rows."""
    path, _, name = source.rpartition(".")
    record = enclosing.get(path)
    return record.get(name) if isinstance(record, dict) else None
