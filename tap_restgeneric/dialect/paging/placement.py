"""Where in a request does a parameter of a paginator go?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from tap_restgeneric.dialect.auth.carriers import without_query_key
from tap_restgeneric.dialect.jsonpath.keys import Keys, keys_of
from tap_restgeneric.dialect.words import kind

if TYPE_CHECKING:
    from tap_restgeneric.dialect.exchange import Call

Place = Literal["query", "body", "header"]
WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


class Slot(Struct, frozen=True):
    """A place in a request.

    Attributes:
        name: Name of the query parameter, header field, form field or JSON key.
        place: Which of them; None: the query.
        body_path: Path in the JSON body; wins over `name` and `place`.
    """

    name: str
    place: Place | None = None
    body_path: str | None = None

    def fill(self, call: Call, value: Any) -> Call:
        """The call with the value in this place, once: what stood there before is replaced."""
        if self.body_path:
            return call.with_json(keys_of(self.body_path), value)
        if self.place == "header":
            return call.with_header(self.name, str(value))
        if self.place != "body":
            url = without_query_key(call.url, self.name)
            return (call if url == call.url else replace(call, url=url)).with_param(self.name, value)
        if call.data is not None:
            return call.with_field(self.name, value)
        return call.with_json((self.name,), value)

    def obstacle(self, call: Call) -> str | None:
        """Why no value can go there in the calls of an endpoint; None if it can."""
        if self.body_path and call.data is not None:
            return f"{self} has no place: the endpoint sends data, not json"
        if self.place == "body" and isinstance(call.data, str):
            return f"{self} has no place: data is a text that is sent as it is (send_in: query or header)"
        return self._blocked(call.json, keys_of(self.body_path)[:-1]) if self.body_path else None

    def _blocked(self, body: Any, above: Keys) -> str | None:
        for key in above:
            body = body.get(key) if isinstance(body, dict) else None
            if body is not None and not isinstance(body, dict):
                return f"{self} has no place: {key!r} is {kind(body)} in json, not an object"
        return None

    def __str__(self) -> str:
        if self.body_path:
            return f"{self.body_path!r} of the JSON body"
        places = {"header": "the headers", "body": "the body"}
        return f"{self.name!r} of {places.get(self.place or 'query', 'the query')}"
