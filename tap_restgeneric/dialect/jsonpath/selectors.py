"""Where in a reply, or in a record?

A `Selector` says where the records are and looks through arrays on its way; a `Path` says where one value is and
does not. Both are JSONPath. `detect` finds the records of a body when nobody said where they are.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar, Final

from msgspec import Struct

from tap_restgeneric.dialect.jsonpath.steps import Each, Index, Key, Steps, branches
from tap_restgeneric.dialect.texts import Written
from tap_restgeneric.dialect.words import kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pydantic import GetJsonSchemaHandler
    from pydantic_core.core_schema import CoreSchema
    from typing_extensions import Self

_NEVER_KEYS = {"$", "*", "[]", "[*]"}


class _Missing(Enum):
    MISSING = "missing"

    def __bool__(self) -> bool:
        return False


MISSING: Final = _Missing.MISSING
"""What `first` gives when nothing matches: falsy, and no JSON value."""


class Selected(Struct, frozen=True):
    """What a selector found in a body.

    Attributes:
        records: The records in document order: objects, unless the selector points at something else.
        entries: How many entries the outermost list on the way has, before filters and deeper lists.
        matched: Whether the place exists: an empty list, a null and a filter that keeps nothing are matches.
        nulls: Items of lists that are null, and no records.
    """

    records: list[Any]
    entries: int
    matched: bool
    nulls: int = 0


class Selector(Written, frozen=True, eq=False):
    """Where the records of a body are.

    A name applied to a list is applied to every object in it: `ivrs.menus.*` is `ivrs[*].menus[*]`, and an object
    without the key is no match. `*` is every entry of a list or value of an object. `a|b` is `a`, then `b`. A text
    that is itself a key of the top-level object is that key: `odata.value`.

    Attributes:
        branches: The steps of each path in a union.
        bare: The same for a body without the key `response`.
    """

    branches: tuple[Steps, ...]
    bare: tuple[Steps, ...]

    through_arrays: ClassVar[bool] = True
    empty: ClassVar[str] = "a selector cannot be empty; the whole body is []"

    @classmethod
    def parse(cls, text: Any) -> Self:
        """The selector that `text` writes; `[]` is the whole body.

        Raises:
            ValueError: It is no JSONPath; the message names the column.
        """
        if text == []:
            text = "$"
        if not isinstance(text, str):
            raise ValueError(f"a selector is a text such as 'data.items', or [] for the whole body, not {kind(text)}")  # noqa: TRY004
        text = text.strip()
        if not text:
            raise ValueError(cls.empty)
        parsed = branches("$" if text == "[]" else text, through_arrays=cls.through_arrays)
        return cls(text, parsed, tuple(map(_without_response, parsed)))

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        text = super().__get_pydantic_json_schema__(schema, handler)
        return {"anyOf": [text, {"type": "array", "maxItems": 0}]} if cls.through_arrays else text

    def find(self, value: Any) -> list[Any]:
        """All matches in document order."""
        return [match for steps in self._branches_for(value) for match in _walk(steps, value)]

    def first(self, value: Any, default: Any = MISSING) -> Any:
        """The first match, or `default`."""
        if isinstance(value, dict) and self.text in value and self.text not in _NEVER_KEYS:
            return value[self.text]  # nearly every record of an incremental stream ends here
        for steps in self._branches_for(value):
            if matches := _walk(steps, value):
                return matches[0]
        return default

    def records(self, body: Any) -> Selected:
        """The records at this place: an object is one, a list gives its items, null gives none.

        The same whether one place matches or many. Items that are no objects are given as they are.

        Raises:
            ReplyError: A filter cannot be applied to what is there.
        """
        parts = [_select(steps, body) for steps in self._branches_for(body)]
        if len(parts) == 1:
            return parts[0]
        records = [record for part in parts for record in part.records]
        entries, nulls = sum(part.entries for part in parts), sum(part.nulls for part in parts)
        return Selected(records, entries, any(part.matched for part in parts), nulls)

    def _branches_for(self, value: Any) -> tuple[Steps, ...]:
        if not isinstance(value, dict):
            return self.bare
        if self.text in value and self.text not in _NEVER_KEYS:
            return ((Key(self.text),),)
        return self.branches if "response" in value else self.bare


class Path(Selector, frozen=True, eq=False):
    """Where one value is: a name applied to a list matches nothing.

    A leading `response` (not alone) means the body itself, unless the body has a key of that name.
    """

    through_arrays = False
    empty = "a path cannot be empty"

    @classmethod
    def parse(cls, text: Any) -> Self:
        """A path; the empty list, which is a selector, is none.

        Raises:
            ValueError: It is no path.
        """
        if not isinstance(text, str):
            raise ValueError("must be a path")  # noqa: TRY004 (pydantic wants it)
        return super().parse(text)


class _Records:
    """The step from the places that a selector found to the records in them."""

    def found(self, value: Any) -> Sequence[Any]:
        if isinstance(value, list):
            return [item for item in value if item is not None]
        return () if value is None else (value,)

    def walked(self, value: Any) -> int | None:
        return len(value) if isinstance(value, list) else None

    def excused(self, value: Any) -> bool:  # noqa: ARG002  # a place that is there may be empty
        return True


_RECORDS = _Records()


def _without_response(steps: Steps) -> Steps:
    # only a Path has such a step: a Selector's looks through arrays, and is another
    return steps[1:] if len(steps) > 1 and steps[0] == Key("response") else steps


def _walk(steps: Steps, value: Any) -> Sequence[Any]:
    values: Sequence[Any] = (value,)
    for step in steps:
        if len(values) == 1:
            values = step.found(values[0])
        else:
            values = [match for value in values for match in step.found(value)]
    return values


def _select(steps: Steps, body: Any) -> Selected:
    places, values, entries, matched = [], [body], None, True
    picked_from = 0
    for step in (*steps, _RECORDS):
        if isinstance(step, Index):
            picked_from = sum(len(value) for value in values if isinstance(value, list))
        if entries is None:
            walked = [count for count in map(step.walked, values) if count is not None]
            entries = sum(walked) if walked else None
        found = [match for value in values for match in step.found(value)]
        if values and not found:
            matched = any(map(step.excused, values))
        places, values = values, found
    each = bool(steps) and isinstance(steps[-1], Each)  # then the places are the items
    nulls = sum(len(place) if isinstance(place, list) else each or place is not None for place in places) - len(values)
    return Selected(values, (picked_from or len(values)) if entries is None else entries, matched, nulls)


_WELL_KNOWN = {
    *("data", "items", "results", "entries", "records", "rows"),
    *("entities", "payload", "content", "objects", "values"),
}
_BESIDE = {
    *("errors", "warnings", "messages", "notices", "debug", "links", "_links", "meta", "metadata", "_metadata"),
    *("pagination", "paging", "page", "included", "includes", "facets", "filters", "aggregations"),
}
_IDENTITIES = {"id", "_id", "uuid"}
_PAGING = re.compile(r"_?(next|prev|total|count|page|per_?page|limit|offset|size|cursor|has_?(more|next)|meta|links)")
_DEPTH = 3


class _List(Struct, frozen=True):
    """A list that may be the record list, and where it stands."""

    keys: tuple[str, ...]
    entries: list[Any]

    @property
    def well_known(self) -> bool:
        return self.keys[-1] in _WELL_KNOWN

    @property
    def objects(self) -> bool:
        return any(isinstance(entry, dict) for entry in self.entries)

    @property
    def rank(self) -> tuple[bool, bool, int, bool]:
        """Lower is likelier to be the record list."""
        return not _BESIDE.isdisjoint(self.keys), not self.well_known, len(self.keys), not self.objects


def detect(body: Any) -> Selector:
    """Where the records of a body are, when no selector says so.

    Of the lists up to three keys deep that hold objects, or are empty under a usual name (`data`, `items`, ...):

    1. no list in `errors`, `meta`, `included` and the like while there is another;
    2. a usual name before any other, then the shallower, then the one that is not empty, then the first;
    3. a body with an `id` of its own is one record, unless the list stands in a usual name at its top;
    4. two lists of equal rank under unusual names: the first if there are only lists and paging words, else no guess;
    5. an empty list with nothing but paging words beside it is an empty record list.

    Otherwise the body: the items of a list, an object as one record.
    """
    if not isinstance(body, dict):
        return _WHOLE
    likely = _likely(body)
    if not likely:
        return _WHOLE
    best = likely[0]
    if not _IDENTITIES.isdisjoint(body) and best.keys[0] not in _WELL_KNOWN:
        return _WHOLE
    if not best.well_known and len(_equals(likely)) > 1 and not _is_envelope(body, best):
        return _WHOLE
    return Selector.parse(_written(best.keys))


def rivals(body: Any) -> list[str]:
    """The lists of objects that are as likely as the one that `detect` chose: records may be in them too."""
    return [_written(found.keys) for found in _equals(_likely(body))[1:]] if detect(body) != _WHOLE else []


def _likely(body: Any) -> list[_List]:
    lists = _lists(body, ()) if isinstance(body, dict) else ()
    return sorted((found for found in lists if found.objects or _is_empty_page(found, body)), key=_rank)


def _equals(likely: list[_List]) -> list[_List]:
    return [found for found in likely if found.rank == likely[0].rank]


def _is_envelope(body: dict[str, Any], best: _List) -> bool:
    """Whether lists of records are all that stands around a list."""
    around = body
    for key in best.keys[:-1]:
        around = around[key]
    return all(isinstance(value, list) or key in _BESIDE or _PAGING.match(key.lower()) for key, value in around.items())


_WHOLE = Selector.parse("$")
_BARE_KEY = re.compile(r"[A-Za-z_@][\w@-]*", re.ASCII)


def _rank(found: _List) -> tuple[bool, bool, int, bool]:
    return found.rank


def _lists(value: dict[str, Any], above: tuple[str, ...]) -> Iterator[_List]:
    for key, item in value.items():
        keys = (*above, key)
        if isinstance(item, list):
            yield _List(keys, item)
        if isinstance(item, dict) and len(keys) < _DEPTH:
            yield from _lists(item, keys)


def _is_empty_page(found: _List, body: dict[str, Any]) -> bool:
    if found.entries:
        return False
    beside = (key for key in body if key != found.keys[0])
    return found.well_known or all(key in _BESIDE or _PAGING.match(key.lower()) for key in beside)


def _written(keys: tuple[str, ...]) -> str:
    first, *rest = (key if _BARE_KEY.fullmatch(key) else _quoted(key) for key in keys)
    return first + "".join(key if key.startswith("[") else f".{key}" for key in rest)


def _quoted(key: str) -> str:
    escaped = re.sub(r"([\\'])", r"\\\1", key)
    return f"['{escaped}']"
