"""Which keys lead to a field?

Dots lead into objects (`address.city`), and a key with a dot, a bracket or a `*` in it is written `['odd.key']`.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated

from pydantic import AfterValidator

from tap_restgeneric.dialect.jsonpath.steps import Key, branches

Keys = tuple[str, ...]


@cache
def keys_of(name: str) -> Keys:
    """The keys that lead to a field, outermost first.

    Raises:
        ValueError: The text names no field.
    """
    keys = tuple(name.removeprefix("$.").split("."))
    if set(name) & set("[]*"):
        keys = _quoted_keys(name)
    if not all(key.strip() for key in keys) or not keys:
        raise ValueError(f"{name!r} names no field: write a key, a path such as a.b, or ['an odd.key']")
    return keys


def _quoted_keys(name: str) -> Keys:
    try:
        paths = branches(name, through_arrays=False)
    except ValueError:
        return ()
    steps = paths[0] if len(paths) == 1 else ()
    keys = tuple(step.name for step in steps if isinstance(step, Key))
    return keys if len(keys) == len(steps) else ()


def _named(name: str) -> str:
    keys_of(name)
    return name


FieldName = Annotated[str, AfterValidator(_named)]
"""A text that names a field."""
