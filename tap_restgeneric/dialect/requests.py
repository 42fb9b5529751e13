"""Which request does a resource begin with?"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from tap_restgeneric.dialect.exchange import Call
from tap_restgeneric.dialect.placeholders import OMIT, Template, compiled

if TYPE_CHECKING:
    from tap_restgeneric.dialect.source import Client, Endpoint

Values = Mapping[str, Any]
Rendered = Callable[[Values], Any]

_ABSOLUTE = re.compile(r"https?://", re.IGNORECASE)


def joined(base_url: str, path: str) -> str:
    """The URL of a path: one slash between; an absolute path stands alone."""
    if _ABSOLUTE.match(path):
        return path
    if not path:
        return base_url
    if path.startswith("?"):
        return base_url.rstrip("/") + path
    return f"{base_url.rstrip('/')}/{path.lstrip('/')}"


class Request(Struct, frozen=True, kw_only=True):
    """The first request of a resource, with its placeholders still open."""

    base_url: str
    method: str
    headers: Mapping[str, str]
    path: Template
    params: Rendered
    json: Rendered | None
    data: Rendered | None
    endpoint_headers: Rendered

    @classmethod
    def of(cls, client: Client, endpoint: Endpoint, params: Mapping[str, Any]) -> Request:
        """The request of an endpoint; `params` are its query parameters without those that are bound elsewhere."""
        return cls(
            base_url=client.base_url,
            method=endpoint.method,
            headers=client.headers,
            path=Template.parse(endpoint.path),
            params=compiled(dict(params), typed=False),
            json=None if endpoint.json_body is None else compiled(endpoint.json_body, typed=True),
            data=None if endpoint.data is None else compiled(endpoint.data, typed=False),
            endpoint_headers=compiled(endpoint.headers, typed=False),
        )

    def call(self, values: Values) -> Call:
        """The call for given values of the placeholders.

        Args:
            values: Value by name of placeholder; OMIT leaves out the parameter or JSON key it stands in.

        Raises:
            PlaceholderError: A value cannot stand where its placeholder stands.
        """
        call = Call(
            url=joined(self.base_url, self.path.path(values)),
            method=self.method,
            params=tuple((key, value) for key, value in self.params(values).items() if value is not None),
            headers=self.headers,
            json=self.json(values) if self.json else None,
            data=_without_omitted(self.data(values)) if self.data else None,
        )
        for name, value in self.endpoint_headers(values).items():
            call = call.without_header(name) if value is None else call.with_header(name, str(value))
        return call


def _without_omitted(data: Any) -> Any:
    return None if data is OMIT else data
