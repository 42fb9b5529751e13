"""What do the APIs share that the examples are tried on? They are strict about what they are asked.

An API is called with a request and gives an answer. `records` is what it holds, by stream and as the stream must have
it; `more` makes it hold more, and gives what a second run has to bring.
"""

from __future__ import annotations

import base64
from datetime import datetime, timedelta, timezone
from typing import Any, ClassVar

from scripted import Answer, Asked

Record = dict[str, Any]
DAY_ONE = datetime(2024, 1, 1, tzinfo=timezone.utc)


def moment(minutes: float) -> str:
    return (DAY_ONE + timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")


def refused(status: int, message: str) -> Answer:
    return Answer(status, {"error": message})


def origin(asked: Asked) -> str:
    return f"http://{asked.headers['host']}"


def unknown(asked: Asked, *known: str) -> Answer | None:
    """What a strict API says to parameters that it does not know, or that come twice."""
    names = [name for name, _ in asked.query]
    strange = [name for name in names if name not in known or names.count(name) > 1]
    return refused(400, f"unknown or repeated parameter {strange[0]}") if strange else None


def token(number: int) -> str:
    """An opaque cursor, as APIs write them: base64 with padding."""
    return base64.b64encode(f"row:{number}".encode()).decode()


def row(cursor: str) -> int:
    return int(base64.b64decode(cursor, validate=True).decode().removeprefix("row:"))


class Api:
    """What all of them have: credentials in a header, and lists of records."""

    base: ClassVar[str] = ""
    secrets: ClassVar[dict[str, str]] = {"token": "secret-token"}
    headers: ClassVar[dict[str, str]] = {"authorization": "Bearer secret-token"}

    def __init__(self) -> None:
        self.records: dict[str, list[Record]] = {}

    def __call__(self, asked: Asked) -> Any:
        for name, value in self.headers.items():
            if asked.headers.get(name) != value:
                return refused(401, f"{name} is missing or wrong")
        return self.answer(asked)

    def answer(self, asked: Asked) -> Any:
        raise NotImplementedError
