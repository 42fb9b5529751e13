"""How is a JSON value called in a message?"""

from __future__ import annotations

from typing import Any

_KEYS_SHOWN = 10
_KINDS = {dict: "an object", list: "a list", str: "a text", bool: "a boolean", type(None): "null"}


def kind(value: Any) -> str:
    """What a JSON value is: `an object`, `a text`, `null`."""
    return next((name for known, name in _KINDS.items() if isinstance(value, known)), "a number")


def describe_keys(value: Any) -> str:
    """What a value has on offer, for the message that something is not in it: `the keys a, b, c`."""
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if not isinstance(value, dict):
        return kind(value)
    if not value:
        return "no keys"
    more = f" and {len(value) - _KEYS_SHOWN} more" if len(value) > _KEYS_SHOWN else ""
    return f"the keys {', '.join(list(value)[:_KEYS_SHOWN])}{more}"
