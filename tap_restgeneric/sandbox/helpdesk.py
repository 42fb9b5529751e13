"""How does the helpdesk API answer?

Lists have `data` and `meta.next_cursor`, null at the end. Every reply tells how full the bucket of requests is.
Times have no zone, and not all are written alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Blueprint, abort, g, request

from tap_restgeneric.sandbox.api import Api, BadCursorError, Bucket, basic, cursor, cut, offset_of, same
from tap_restgeneric.sandbox.data import (
    ABSENT,
    NAMES,
    WORDS,
    flag,
    instant,
    moment,
    naive,
    naive_spaced,
    number,
    pick,
    several,
    sparse,
    table,
    text,
    thing,
    uuid,
    zoned,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Response

    from tap_restgeneric.sandbox.api import Options, Record

_CREDENTIALS: Final = {
    "username": "agent@example.com",
    "password": "helpdesk:pass-3f90",  # a colon: only the first one separates user and password
}
_PAGE: Final = 30
_LARGEST_PAGE: Final = 100
_SORTABLE: Final = frozenset({"created_datetime", "updated_datetime"})


def mount(options: Options) -> Api:
    """The helpdesk API with its records and its bucket."""
    truth = records(options.size)
    routes = Blueprint("helpdesk", __name__)
    _meter(routes, Bucket(options.helpdesk_requests, options.helpdesk_seconds))

    @routes.get("/v1/account")
    def account() -> Record:
        return truth["account"][0]

    @routes.get("/v1/customers")
    def customers() -> Record:
        return _page("customers", truth["customers"])

    @routes.get("/v1/custom-fields")
    def custom_fields() -> Record:
        kind = request.args.get("object_type")
        if kind is None and options.strict:
            abort(400, "object_type: missing data for required field.")
        return _page("custom-fields", [each for each in truth["custom_fields"] if kind in {None, each["object_type"]}])

    return Api(
        routes=routes,
        truth=truth,
        credentials=_CREDENTIALS,
        admits=admits,
        refusal=lambda _status, message: {"error": {"msg": message}},
    )


def admits() -> bool:
    """Basic: e-mail address and key."""
    user, password = basic() or (None, None)
    return same(user, _CREDENTIALS["username"]) and same(password, _CREDENTIALS["password"])


def _meter(routes: Blueprint, bucket: Bucket) -> None:
    @routes.before_request
    def take() -> None:
        fits, g.used, g.wait = bucket.take()
        if not fits:
            abort(429, "Too many requests.")

    @routes.after_request
    def tell(response: Response) -> Response:
        if "used" in g and "Retry-After" not in response.headers:
            response.headers["Retry-after"] = str(g.wait)
        response.headers["X-Account-Api-Call-Limit"] = f"{g.get('used', 0)}/{bucket.size}"
        return response


def _page(resource: str, every: list[Record]) -> Record:
    written = request.args.get("limit", str(_PAGE))
    limit = int(written) if written.isdecimal() else 0
    if not 1 <= limit <= _LARGEST_PAGE:
        abort(400, f"limit: must be between 1 and {_LARGEST_PAGE}.")
    token, order = request.args.get("cursor"), request.args.get("order_by")
    listed = f"{resource} {order}"
    try:
        found, following = cut(_ordered(every, order), of=listed, token=token, limit=limit)
        start = offset_of(token, listed)
    except BadCursorError:
        abort(400, "cursor: invalid.")
    return {
        "data": found,
        "object": "list",
        "uri": request.path,
        "meta": {"prev_cursor": cursor(listed, max(0, start - limit)) if start else None, "next_cursor": following},
    }


def _ordered(every: list[Record], order: str | None) -> list[Record]:
    if order is None:
        return every
    field, _, direction = order.partition(":")
    if field not in _SORTABLE or direction not in {"", "asc", "desc"}:
        abort(400, "order_by: not a valid choice.")
    return sorted(every, key=lambda record: instant(record[field]), reverse=direction == "desc")


def _created(step: float) -> Callable[[int], str]:
    return pick(*[moment(naive, step)] * 6, moment(naive_spaced, step))


def _updated(step: float) -> Callable[[int], str]:
    """Not in the order of the ids, several at one instant, three spellings."""
    times = [moment(style, step) for style in (*[naive] * 9, naive_spaced, zoned)]
    return lambda i: times[i % len(times)](i * 37 % 211 // 2 + 5)


_channel = thing(
    id=number(7001),
    type=pick("email", "phone"),
    address=text("customer{}@example.com"),
    preferred=flag(2),
)


def records(size: int) -> dict[str, list[Record]]:
    """All records by resource."""
    return {
        "account": table(
            1,
            domain="example",
            created_datetime=moment(naive),
            status={"status": "active"},
            current_subscription={"plan": "pro", "start_datetime": "2023-01-01T00:00:00", "status": "active"},
            meta={
                "analytics_group_id": uuid("group")(0),
                "company_domain": "example.com",
                "company_id": "41",
                "hasCreditCard": True,
            },
            # What `data` holds depends on `type`; below it are maps whose keys are ids, not fields.
            settings=[
                {"id": 1, "type": "business-hours", "data": {"timezone": "Europe/Belgrade", "business_hours": []}},
                {
                    "id": 2,
                    "type": "views-ordering",
                    "data": {
                        "views": {str(88000 + i): {"display_order": i} for i in range(40)},
                        "view_sections": {str(5000 + i): {"display_order": i} for i in range(6)},
                    },
                },
            ],
        ),
        "customers": table(
            size,
            id=number(410_000_001, 3),
            external_id=sparse(text("{:08}"), 3),
            active=flag(2),
            name=pick(*NAMES),
            firstname=text("First {}"),
            lastname=sparse(text("Last {}"), 4, ""),
            email=sparse(text("customer{}@example.com"), 5),
            language=sparse("sr", 3),
            timezone=sparse("Europe/Belgrade", 4),
            note=sparse('Call\nafter "six"', 3),
            created_datetime=_created(3600),
            updated_datetime=_updated(3600),
            meta=sparse(thing(name_set_via="email"), 3),
            data=sparse(thing(anything=pick(1, "one", None, [1], {"deep": True})), 2),
            custom_fields=lambda i: {str(12 + k): {"id": 12 + k, "value": f"v{i}"} for k in range(i % 3)},
            integrations=lambda i: {str(9300 + i % 5): {"type": "shop", "orders": [i]}} if i % 2 else {},
            channels=several(_channel),
        ),
        "custom_fields": table(
            35,
            id=number(12),
            external_id=sparse(text("cf-{}"), 3),
            object_type=pick("Ticket", "Customer"),
            label=pick(*WORDS),
            description=sparse("What it is about", 3),
            priority=sparse(number(0), 6),
            required=flag(4),
            requirement_type=pick("visible", "required", "conditional"),
            managed_type=sparse("contact_reason", 2),
            created_datetime=_created(86400),
            updated_datetime=_updated(86400),
            deactivated_datetime=sparse(None, 4, moment(naive, 86400)),
            definition=thing(
                data_type=pick("text", "number", "boolean"),
                input_settings=thing(
                    input_type=pick("dropdown", "input"),
                    choices=sparse(several(pick(*WORDS), 4), 2, ABSENT),
                    placeholder=sparse("Choose one", 2, ABSENT),
                ),
            ),
        ),
    }
