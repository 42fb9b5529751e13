"""What do the headers of a reply say about how often the API may be asked?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_SPEAKS = re.compile(r"rate-?limit|retry-after|call-limit|quota", re.IGNORECASE)
_WINDOW = re.compile(r"(\d+)\s*;[^,]*?\b(?:w|window)=(\d+)")
_QUOTA = re.compile(r"\bq=(\d+)\s*;[^,]*?\bw=(\d+)")
_UNIT = re.compile(r"limit-(?:requests-)?(second|minute|hour|day)$")
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}


def seen(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that speak of a limit."""
    return {name: value for name, value in headers.items() if _SPEAKS.search(name)}


def rate_limit(headers: Mapping[str, str]) -> dict[str, Any] | None:
    """The limit that the headers tell in full: so many requests in so many seconds; None if they do not."""
    for name, value in seen(headers).items():
        windowed = _QUOTA.search(value) or _WINDOW.search(value)
        if windowed and int(windowed[1]) and int(windowed[2]):
            return {"requests": int(windowed[1]), "seconds": int(windowed[2])}
        unit = _UNIT.search(name)
        if unit and value.strip().isdigit() and int(value):
            return {"requests": int(value), "seconds": _SECONDS[unit[1]]}
    return None
