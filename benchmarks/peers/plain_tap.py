"""A tap as the template of the Meltano SDK makes one. Runs in the environment of its own: no import from here.

python plain_tap.py --config {"url", "names", "page", "paging", "since", "record", "parent"}.json
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import RESTStream, Tap
from singer_sdk.helpers.jsonpath import extract_jsonpath
from singer_sdk.pagination import BaseOffsetPaginator

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import requests
    from singer_sdk import Stream


class OffsetPaginator(BaseOffsetPaginator):
    """Ends where the total says so."""

    def has_more(self, response: requests.Response) -> bool:
        """Whether there is a page behind this one."""
        return bool(self.current_value + self._page_size < response.json()["total"])


class PlainStream(RESTStream[Any]):
    """A stream of one collection."""

    records_jsonpath = "$.data[*]"
    next_page_token_jsonpath = "$.next"  # noqa: S105 (a place, no secret)
    primary_keys = ("id",)

    @property
    def url_base(self) -> str:
        """The base URL."""
        return str(self.config["url"])

    def get_new_paginator(self) -> Any:
        """The paginator of a run."""
        if self.config["paging"] == "offset":
            return OffsetPaginator(0, self.config["page"])
        return super().get_new_paginator()

    def get_url_params(self, context: Any, next_page_token: Any) -> dict[str, Any]:
        """The query of a request."""
        name = "offset" if self.config["paging"] == "offset" else "cursor"
        params = {"limit": self.config["page"]}
        if next_page_token is not None:
            params[name] = next_page_token
        if self.replication_key and (since := self.get_starting_timestamp(context)):
            params["since"] = since.isoformat()
        return params

    def parse_response(self, response: requests.Response) -> Iterable[dict[str, Any]]:
        """The records of a page."""
        yield from extract_jsonpath(self.records_jsonpath, input=response.json(parse_float=Decimal))


class IncrementalStream(PlainStream):
    """A stream that goes on where it ended."""

    replication_key = "updated_at"
    is_sorted = True


class ParentStream(PlainStream):
    """A stream with children."""

    name = "parents"
    path = "/parents"

    def get_child_context(self, record: Any, context: Any) -> dict[str, Any]:  # noqa: ARG002
        """What a child knows of its parent."""
        return {"_parents_id": record["id"]}


class ChildStream(PlainStream):
    """The children of one parent after another."""

    name = "children"
    path = "/parents/{_parents_id}/children"
    parent_stream_type = ParentStream


class PlainTap(Tap):
    """Reads what its settings say."""

    name = "tap-plain"
    config_jsonschema: ClassVar[dict[str, Any]] = {"properties": {}, "additionalProperties": True}

    def discover_streams(self) -> Sequence[Stream]:
        """The streams of a load."""
        record, parent = self.config["record"], self.config["parent"]
        if not self.config["names"]:
            child = {**record, "properties": {**record["properties"], "_parents_id": {"type": ["integer", "null"]}}}
            return [ParentStream(self, schema=parent), ChildStream(self, schema=child)]
        kind = IncrementalStream if self.config.get("since") else PlainStream
        return [kind(self, name=name, schema=record, path=f"/{name}") for name in self.config["names"]]


if __name__ == "__main__":
    PlainTap.cli()
