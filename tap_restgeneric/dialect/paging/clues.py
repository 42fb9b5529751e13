"""Which keys of a reply speak of a next page?

Only keys outside of lists count: those inside are fields of records. A word that merely begins with `next`
(`next_billing_date`) says nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tap_restgeneric.dialect.paging import links

if TYPE_CHECKING:
    from collections.abc import Iterator

Keys = tuple[str, ...]
Clue = tuple[Keys, Any]

_DEPTH = 4
_LINK = re.compile(r"^(?:.*[.@_])?next", re.IGNORECASE)
_INSIDE_LINK = ("href", "url", "link")
_PLACE = "cursor|token|key|id|page|number|offset|index|start|position|after|from|marker|batch|continuation|record|row"
_TOKEN = re.compile(
    rf"^(?:next(?:_?(?:{_PLACE}))*|cursor|(?:continuation|page)_?(?:token|key)|scroll_?id)$",
    re.IGNORECASE,
)
_NAMED_TOKEN = re.compile(r"(?:cursor|token|key|id)$", re.IGNORECASE)
_FLAG = re.compile(
    r"^(?:has_?more(?:_?\w+)?|has_?next(?:_?page)?|more_?(?:data|results|records)?_?available)$", re.IGNORECASE
)


def fields(body: Any, above: Keys = ()) -> Iterator[Clue]:
    """The fields of a body outside of its lists, in document order, each with the keys that lead to it."""
    for key, value in body.items() if isinstance(body, dict) else ():
        keys = (*above, str(key))
        yield keys, value
        if len(keys) <= _DEPTH:
            yield from fields(value, keys)


def link(field: Clue) -> Keys | None:
    """The keys that lead to the URL of a next page, if this field is one or holds one."""
    keys, value = field
    if not _LINK.match(keys[-1]):
        return None
    if isinstance(value, dict):
        inner = next((key for key in value if key.lower().startswith(_INSIDE_LINK)), None)
        return (*keys, inner) if inner is not None and _is_link(value[inner]) else None
    if not _is_link(value):
        return None
    # A bare slash can begin a token in base64: under the name of one, a link has a host or a query.
    return None if _NAMED_TOKEN.search(keys[-1]) and not links.is_url(value) else keys


def _is_link(value: Any) -> bool:
    return isinstance(value, str) and links.is_link(value)


def token(field: Clue) -> Keys | None:
    """The keys that lead to the cursor of a next page, if this field is one."""
    keys, value = field
    if isinstance(value, bool) or not isinstance(value, (str, int)) or not value:
        return None
    named = keys[-2:] == ("next", "after") or _TOKEN.match(keys[-1].replace("-", "_"))
    return keys if named else None


def flag(field: Clue) -> Keys | None:
    """The keys that lead to a flag that says whether there is more, if this field is one and says so."""
    keys, value = field
    return keys if value is True and _FLAG.match(keys[-1]) else None


def unread(body: Any) -> str | None:
    """What in a body says that there is a next page: `'meta.next_cursor'`; None if nothing does."""
    for field in fields(body):
        found = link(field) or token(field) or flag(field)
        if found:
            return repr(".".join(found))
    return None
