"""What do the records look like that everyone reads?"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any
from zlib import crc32

_BEGINNING = datetime(2024, 1, 1, tzinfo=timezone.utc)
_NAMES = ("Ines", "Tomás", "Wanjiru", "Hiroko", "Oluwaseun", "Margit", "Dilip", "Søren")
_PLACES = ("Lyon", "Porto", "Nairobi", "Osaka", "Zürich", "Graz", "Pune", "Århus")
_STATES = ("new", "active", "on_hold", "closed")

_TEXTS = ("code", "status", "first_name", "last_name", "email", "phone", "company", "note", "url", "currency")
_NUMBERS = ("amount", "rate", "score")
_INTEGERS = ("owner_id", "account_id", "quantity")
_FLAGS = ("is_active", "is_deleted")
_MOMENTS = ("created_at", "updated_at", "closed_at")


def record(number: int) -> dict[str, Any]:
    """A record of 25 fields and about 700 bytes: nested, with texts, numbers, flags, times and nulls."""
    spread = crc32(str(number).encode())
    name, place = _NAMES[spread % 8], _PLACES[spread // 8 % 8]
    updated = _BEGINNING + timedelta(minutes=number)
    return {
        "id": number + 1,
        "code": f"{spread:08x}-{number:012d}",
        "status": _STATES[spread % 4],
        "first_name": name,
        "last_name": f"{place}er",
        "email": f"{name}.{number}@example.org",
        "phone": f"+49 30 {spread % 10_000_000:07d}",
        "company": f"{place} & {name} Ltd.",
        "note": "is waiting for an answer, and was asked twice already" if spread % 3 else None,
        "url": f"https://api.example.org/v1/records/{number + 1}",
        "currency": ("EUR", "USD", "CHF")[spread % 3],
        "amount": spread % 10_000_000 / 100,
        "rate": spread % 25 / 100,
        "score": None if spread % 7 == 0 else spread % 1000 / 10,
        "owner_id": spread % 997,
        "account_id": None if spread % 11 == 0 else spread % 50_021,
        "quantity": spread % 40,
        "is_active": spread % 3 != 0,
        "is_deleted": False,
        "created_at": _text(updated - timedelta(days=spread % 400)),
        "updated_at": _text(updated),
        "closed_at": _text(updated) if spread % 2 else None,
        "address": {
            "street": f"{spread % 999} High Street",
            "city": place,
            "position": {"lat": spread % 18_000 / 100 - 90, "lon": spread % 36_000 / 100 - 180},
        },
        "labels": [_STATES[(spread >> shift) % 4] for shift in range(spread % 3)],
    }


def parent(number: int) -> dict[str, Any]:
    """A record that has children."""
    return {
        "id": number + 1,
        "name": f"Parent {number + 1}",
        "updated_at": _text(_BEGINNING + timedelta(minutes=number)),
    }


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _nullable(kind: str, *names: str, **more: Any) -> dict[str, Any]:
    return {name: {"type": [kind, "null"], **more} for name in names}


_POSITION = {"type": ["object", "null"], "properties": _nullable("number", "lat", "lon")}
RECORD: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        **_nullable("string", *_TEXTS),
        **_nullable("number", *_NUMBERS),
        **_nullable("integer", *_INTEGERS),
        **_nullable("boolean", *_FLAGS),
        **_nullable("string", *_MOMENTS, format="date-time"),
        "address": {
            "type": ["object", "null"],
            "properties": {**_nullable("string", "street", "city"), "position": _POSITION},
        },
        "labels": {"type": ["array", "null"], "items": {"type": ["string", "null"]}},
    },
    "required": ["id"],
}
PARENT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        **_nullable("string", "name"),
        **_nullable("string", "updated_at", format="date-time"),
    },
    "required": ["id"],
}
