"""How does the telephony API answer?

`next_page` is a whole URL, or null at the end; the incremental endpoints always have one, for the next poll, and
their `start_time` is inclusive. Several calls share the last second: a client that goes on as long as it gets more
than one record never ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from flask import Blueprint, abort, make_response, request

from tap_restgeneric.sandbox.api import Api, Bucket, basic, bearer, same
from tap_restgeneric.sandbox.data import instant
from tap_restgeneric.sandbox.telephony_records import records

if TYPE_CHECKING:
    from tap_restgeneric.sandbox.api import Options, Record

_KEY: Final = "telephony+key/40=b&7"  # every one of +/=& has to be encoded in a query
_EMAIL: Final = "agent@example.com"
_LISTS: Final = {
    "addresses": "/v1/addresses",
    "agents_activity": "/v1/stats/agents_activity",
    "greeting_categories": "/v1/greeting_categories",
    "greetings": "/v1/greetings",
    "phone_numbers": "/v1/phone_numbers",
    "ivrs": "/v1/ivr",
}
_SNAPSHOTS: Final = ("agents_overview", "current_queue_activity", "account_overview")
_INCREMENTAL: Final = {"legs": "call_legs", "calls": "calls"}


def mount(options: Options) -> Api:
    """The telephony API with its records."""
    truth = records(options.size)
    routes = Blueprint("telephony", __name__)
    pages = Pages(options)
    bucket = Bucket(options.telephony_requests or 1_000_000, options.telephony_seconds)

    for resource, path in _LISTS.items():
        routes.add_url_rule(path, resource, lambda resource=resource: pages.numbered(resource, truth[resource]))
    for resource in _SNAPSHOTS:
        routes.add_url_rule(f"/v1/stats/{resource}", resource, lambda resource=resource: {resource: truth[resource][0]})

    @routes.get("/v1/stats/incremental/<kind>")
    def incremental(kind: str) -> Record:
        if kind not in _INCREMENTAL:
            abort(404, "Not found.")
        fits, _, wait = bucket.take()
        if not fits:
            refused = make_response({"error": "Rate limit for incremental exports exceeded."}, 429)
            refused.headers["Retry-After"] = str(wait)
            abort(refused)
        return pages.since(kind, truth[_INCREMENTAL[kind]])

    return Api(
        routes=routes,
        truth=truth,
        credentials={"api_key": _KEY, "email": _EMAIL},
        admits=admits,
        refusal=lambda _status, message: {"error": message},
    )


def admits() -> bool:
    """The key as `api_key` in the query, as bearer token, or Basic with `{email}/token` as the user."""
    user, password = basic() or (None, None)
    if same(user, f"{_EMAIL}/token"):
        return same(password, _KEY)
    return any(same(given, _KEY) for given in (request.args.get("api_key"), bearer()))


class Pages:
    """Cuts lists into pages, and says where the next one is."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def numbered(self, name: str, every: list[Record]) -> Record:
        """A page of a list; `count` counts the whole list."""
        page = _whole(_single("page"), otherwise=1)
        size = min(_whole(_single("per_page"), otherwise=self._options.telephony_page), self._options.telephony_page)
        if page < 1 or size < 1:
            abort(400, "Invalid page.")
        kept = {"per_page": size} if "per_page" in request.args else {}
        more = page * size < len(every)
        return {
            name: every[(page - 1) * size : page * size],
            "count": len(every),
            "next_page": self._url(page=page + 1, **kept) if more else None,
            "previous_page": self._url(page=page - 1, **kept) if page > 1 else None,
        }

    def since(self, name: str, every: list[Record]) -> Record:
        """What was updated at `start_time` (epoch seconds) or later; `count` counts this page."""
        written = _single("start_time")
        if written is None and self._options.strict:
            abort(400, "start_time is required.")
        start = _whole(written, otherwise=0)
        found = [record for record in every if _second(record) >= start][: self._options.telephony_page]
        end = _second(found[-1]) if found else start
        return {name: found, "count": len(found), "end_time": end, "next_page": self._url(start_time=end)}

    def _url(self, **query: Any) -> str:
        key = request.args.get("api_key")
        if key is not None and self._options.telephony_echoes_key:
            query = {"api_key": key, **query}
        return f"{request.scheme}://{request.host}{request.path}?{urlencode(query)}"


def _second(record: Record) -> int:
    return int(instant(record["updated_at"]).timestamp())


def _single(name: str) -> str | None:
    """A query parameter. Twice is an error: it happens when old parameters are merged onto `next_page`."""
    given = request.args.getlist(name)
    if len(given) > 1:
        abort(400, f"{name} is given more than once.")
    return given[0] if given else None


def _whole(written: str | None, *, otherwise: int) -> int:
    if written is None:
        return otherwise
    return int(written) if written.isdecimal() else abort(400, f"Not a whole number: {written}")
