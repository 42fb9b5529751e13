"""How does the commerce API answer?

Cursor and limit are read from the query of a GET and from the JSON body of a POST. A POST with its cursor in the
query gets page 1 and the same next cursor, for ever. The last page has no `cursor`; an empty one has no records key.
"""

from __future__ import annotations

import itertools
import threading
import time
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_plus

from flask import Blueprint, abort, jsonify, request

from tap_restgeneric.sandbox.api import Api, BadCursorError, basic, bearer, cut, json_object, same
from tap_restgeneric.sandbox.data import (
    ABSENT,
    BEYOND_FLOATS,
    NAMES,
    WORDS,
    flag,
    instant,
    moment,
    number,
    pick,
    seconds,
    several,
    sparse,
    table,
    text,
    thing,
    trimmed,
)

if TYPE_CHECKING:
    from flask import Response

    from tap_restgeneric.sandbox.api import Options, Record

_CREDENTIALS: Final = {
    "client_id": "commerce-client-04d1",
    "client_secret": "commerce/secret+61=&b",  # every one of /+=& has to be encoded in a form
    "refresh_token": "commerce-refresh-first",
    "api_key": "commerce-key-7e13",
}
_CUSTOMERS_PAGE: Final = 100
_SHIFTS_PAGE: Final = 200
_SORTABLE: Final = {"UPDATED_AT": "updated_at", "CREATED_AT": "created_at", "START_AT": "start_at"}
_CODES: Final = {
    400: ("INVALID_REQUEST_ERROR", "BAD_REQUEST"),
    401: ("AUTHENTICATION_ERROR", "UNAUTHORIZED"),
    404: ("INVALID_REQUEST_ERROR", "NOT_FOUND"),
    429: ("RATE_LIMIT_ERROR", "RATE_LIMITED"),
    503: ("API_ERROR", "SERVICE_UNAVAILABLE"),
}


def mount(options: Options) -> Api:
    """The commerce API with its records and its tokens."""
    truth = records(options.size)
    tokens = Tokens(options)
    routes = Blueprint("commerce", __name__)
    routes.add_url_rule("/oauth2/token", view_func=tokens.answer, methods=["POST"], endpoint="token")

    @routes.get("/customers")
    def customers() -> Record:
        limit = request.args.get("limit", str(_CUSTOMERS_PAGE))
        size = int(limit) if limit.isdecimal() else limit
        return _page("customers", truth["customers"], request.args.get("cursor"), size, _CUSTOMERS_PAGE)

    @routes.get("/locations")
    def locations() -> Record:
        return {"locations": truth["locations"]}

    @routes.post("/labor/shifts/search")
    def shifts() -> Record:
        asked = json_object()
        query = asked.get("query") or {}
        ordered = _sorted(truth["shifts"], query.get("sort") or {})
        return _page("shifts", ordered, asked.get("cursor"), asked.get("limit", _SHIFTS_PAGE), _SHIFTS_PAGE)

    return Api(
        routes=routes,
        truth=truth,
        credentials=_CREDENTIALS,
        admits=lambda: _has_api_key() or tokens.admit(bearer()),
        refusal=refusal,
        open_paths=frozenset({"/oauth2/token"}),
    )


def refusal(status: int, message: str) -> Record:
    """The body of an error."""
    category, code = _CODES.get(status, ("API_ERROR", "INTERNAL_SERVER_ERROR"))
    return {"errors": [{"category": category, "code": code, "detail": message}]}


def _has_api_key() -> bool:
    header = request.headers.get("X-Api-Key") or request.environ.get("sandbox.api_key")
    return any(same(given, _CREDENTIALS["api_key"]) for given in (bearer(), header, request.args.get("api_key")))


def _page(resource: str, every: list[Record], token: Any, limit: Any, most: int) -> Record:
    if type(limit) is not int or limit < 1:
        abort(400, "The limit must be a positive integer.")
    try:
        # A limit is advisory: a larger one than the API allows is cut down without a word.
        found, following = cut(every, of=resource, token=token, limit=min(limit, most))
    except BadCursorError:
        abort(400, "Invalid cursor.")
    page: Record = {resource: found} if found else {}
    return page if following is None else {**page, "cursor": following}


def _sorted(every: list[Record], sort: Record) -> list[Record]:
    field = _SORTABLE.get(sort.get("field", "START_AT")) or abort(400, "Cannot sort by that field.")
    return sorted(every, key=lambda record: instant(record[field]), reverse=sort.get("order") == "DESC")


class Tokens:
    """The access tokens that are good now, and the refresh tokens."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._expiry: dict[str, float] = {}
        self._refresh = {_CREDENTIALS["refresh_token"]}
        self._lock = threading.Lock()
        self._turn = itertools.count(1)

    def admit(self, token: str | None) -> bool:
        """Whether a bearer token was given out and has not expired."""
        return token is not None and self._expiry.get(token, 0.0) > time.monotonic()

    def answer(self) -> tuple[Response, int]:
        """The token endpoint: client id and secret in the form or as Basic, an optional refresh token."""
        grants = {"client_credentials": dict, "refresh_token": self._renewed}
        grant = grants.get(request.form.get("grant_type", ""))
        if grant is None:
            return _token_refusal(400, "unsupported_grant_type")
        if not _is_client():
            return _token_refusal(401, "invalid_client")
        renewed = grant()
        if renewed is None:
            return _token_refusal(400, "invalid_grant")
        return jsonify({**self._issued(), **renewed}), 200

    def _issued(self) -> Record:
        token = f"commerce-access-{next(self._turn):06}"
        life = self._options.token_life
        self._expiry[token] = time.monotonic() + life
        ends = datetime.now(timezone.utc) + timedelta(seconds=life)
        lifetime = {"expires_in": int(life)} if self._options.token_expires_in else {}
        return {"access_token": token, "token_type": "bearer", "expires_at": seconds(ends), **lifetime}

    def _renewed(self) -> Record | None:
        given = request.form.get("refresh_token", "")
        with self._lock:
            if given not in self._refresh:
                return None
            if not self._options.rotate_refresh_tokens:
                return {"refresh_token": given}
            self._refresh = {f"commerce-refresh-{next(self._turn):06}"}
            return {"refresh_token": next(iter(self._refresh))}


def _is_client() -> bool:
    form = request.form.get("client_id"), request.form.get("client_secret")
    user, password = basic() or form
    if user is None or password is None:
        return False
    # RFC 6749 has id and secret form-encoded before they go into Basic; many clients do not.
    spelled = (password, unquote_plus(password))
    return same(user, _CREDENTIALS["client_id"]) and any(same(each, _CREDENTIALS["client_secret"]) for each in spelled)


def _token_refusal(status: int, error: str) -> tuple[Response, int]:
    return jsonify({**refusal(status, error), "error": error}), status


_address = thing(
    address_line_1=text("{} Main Street"),
    address_line_2=sparse("Flat 4", 2),
    address_line_3=sparse("c/o Grove", 3),
    locality="Нови Сад",
    sublocality=sparse("Liman", 3),
    sublocality_2=sparse("Liman II", 3),
    sublocality_3=sparse("Block 9", 3),
    administrative_district_level_1=sparse("Vojvodina", 2),
    administrative_district_level_2=sparse("South Bačka", 3),
    administrative_district_level_3=sparse("Novi Sad", 4),
    postal_code=text("{:05}"),
    country="RS",
    first_name=sparse("Ada", 2),
    last_name=sparse("Lovelace", 2),
)
_card = thing(
    id=text("card:{}"),
    card_brand=pick("VISA", "MASTERCARD"),
    cardholder_name=pick(*NAMES),
    exp_month=number(1, among=12),
    exp_year=2027,
    last_4=text("{:04}"),
    billing_address=thing(postal_code="00042"),
)
_break = thing(
    id=text("BREAK{}"),
    break_type_id="LUNCH",
    name="Lunch",
    start_at=moment(seconds, after=3600),
    end_at=sparse(moment(seconds, after=5400), 4),
    expected_duration="PT30M",
    is_paid=flag(2),
)
_period = thing(day_of_week=pick("MON", "TUE", "WED"), start_local_time="09:00:00", end_local_time="17:00:00")


def records(size: int) -> dict[str, list[Record]]:
    """All records by resource. `created_at` has fractions of a second, `updated_at` of the same record has none."""
    return {
        "customers": table(
            size,
            id=text("CUST{:06}"),
            created_at=moment(trimmed),
            updated_at=moment(seconds, after=60),
            version=number(BEYOND_FLOATS),
            address=sparse(_address, 4, ABSENT),
            birthday=sparse(pick("1815-12-10T00:00:00-00:00", "1990-02-28"), 3, ABSENT),
            cards=sparse(several(_card), 3, ABSENT),
            company_name=sparse(pick(*WORDS), 3, ABSENT),
            creation_source=pick("THIRD_PARTY", "DIRECTORY"),
            email_address=sparse(text("customer{}@example.com"), 5, ABSENT),
            family_name=sparse(pick(*NAMES), 4, ABSENT),
            given_name=text("Given {}"),
            nickname=sparse("Nick", 2, ABSENT),
            note=sparse('Likes tea;\n"no" sugar', 3, ABSENT),
            phone_number=sparse(text("+1555{:07}"), 3, ABSENT),
            reference_id=sparse(text("{:08}"), 2, ABSENT),
            group_ids=sparse(several(text("GROUP{}")), 2, ABSENT),
            segment_ids=several(text("SEGMENT{}"), 3),
            preferences=thing(email_unsubscribed=flag(3)),
            tax_ids=sparse(thing(eu_vat=text("IE{:07}A")), 2, ABSENT),
        ),
        "locations": table(
            6,
            id=text("LOC{}"),
            name=pick(*WORDS),
            type=pick("PHYSICAL", "MOBILE"),
            status=pick("ACTIVE", "INACTIVE"),
            description=sparse("Corner shop", 2, ABSENT),
            address=sparse(_address, 5, ABSENT),
            coordinates=sparse(thing(latitude="45.2671", longitude="19.8335"), 3, ABSENT),
            business_email=sparse("shop@example.com", 3, ABSENT),
            business_hours=thing(periods=several(_period, 3)),
            business_name="Example & Daughters",
            capabilities=sparse(["CREDIT_CARD_PROCESSING"], 4, ABSENT),
            country="RS",
            currency="RSD",
            created_at=moment(trimmed),
            language_code="sr-RS",
            mcc="7299",
            merchant_id="MERCHANT1",
            phone_number=sparse("+1 555-0100", 2, ABSENT),
            timezone="Europe/Belgrade",
            facebook_url=sparse("social.example/shop", 2, ABSENT),
            instagram_username=sparse("shop", 2, ABSENT),
            twitter_username=sparse("shop", 2, ABSENT),
            website_url=sparse("https://shop.example", 2, ABSENT),
            logo_url=sparse("https://shop.example/logo.png", 2, ABSENT),
            full_format_logo_url=sparse("https://shop.example/full.png", 2, ABSENT),
            pos_background_url=sparse("https://shop.example/bg.png", 2, ABSENT),
        ),
        "shifts": table(
            size,
            id=text("SHIFT{:06}"),
            version=number(1, among=4),
            employee_id=sparse(text("EMPLOYEE{}"), 2, ABSENT),
            team_member_id=text("EMPLOYEE{}"),
            location_id=pick("LOC0", "LOC1", "LOC2"),
            timezone="Europe/Belgrade",
            status=pick("CLOSED", "CLOSED", "OPEN"),
            start_at=moment(seconds),
            end_at=sparse(moment(seconds, after=28800), 3, ABSENT),
            created_at=moment(trimmed, after=1),
            updated_at=moment(seconds, after=28801),
            wage=thing(
                title=pick(*WORDS),
                job_id=sparse("JOB1", 2, ABSENT),
                hourly_rate=thing(amount=number(1500, 5), currency="RSD"),
            ),
            breaks=sparse(several(_break), 4, ABSENT),
        ),
    }
