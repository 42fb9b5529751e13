"""Which kinds of runs are broken off? Each small: about 40 exchanges and 300 lines."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from functools import cached_property
from typing import TYPE_CHECKING, Any

from scripted import Answer
from tapping import api, resource

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from scripted import Asked

Record = dict[str, Any]
Tables = dict[str, dict[int, Record]]

BEGIN = datetime(2024, 1, 1, tzinfo=timezone.utc)
DAYS = 36
NOW = BEGIN + timedelta(days=DAYS)
"""When all runs take place."""

SCHEMA = {
    "schema": {
        "properties": {
            "id": {"type": "integer"},
            "at": {"type": "string", "format": "date-time"},
            "text": {"type": "string"},
        }
    }
}
SINCE = {"cursor_path": "at", "start_param": "since"}
CURSOR = {"type": "cursor", "cursor_param": "after", "cursor_path": "next"}
ONCE_MORE = {"error_handler": {"max_retries": 2, "backoff_factor": 2}}


def moment(hours: float) -> str:
    return (BEGIN + timedelta(hours=hours)).isoformat().replace("+00:00", "Z")


def made(number: int, hours: float, text: str = "first") -> Record:
    return {"id": number, "at": moment(hours), "text": text}


@dataclass(frozen=True, kw_only=True)
class World:
    """What an API holds: records of `things`, or of `parents` and, per parent, `children`."""

    records: Sequence[Record]
    children: Mapping[int, Sequence[Record]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of run.

    Attributes:
        name: What it is called.
        resources: Of the source.
        before: What the API holds while runs break off.
        after: What it holds later: a run that begins where the ones before ended must find what is new.
        page: Records of a page of `things` or `parents`.
        client: More of the client.
        settings: More settings.
        replaced: Whether targets delete what a whole run did not bring.
    """

    name: str
    resources: Sequence[Any]
    before: World
    after: World
    page: int
    client: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    replaced: bool = False

    def config(self, url: str, concurrency: int, timeout: float) -> dict[str, Any]:
        """The settings of the tap."""
        source = api(url, *self.resources, **self.client)
        replacing = {"emit_activate_version_messages": True} if self.replaced else {}
        return {**source, "concurrency": concurrency, "timeout": timeout, **replacing, **self.settings}

    def truth(self, world: World) -> Tables:
        """The tables that must be there in the end."""
        first = self.resources[0]["name"]
        tables = {first: {record["id"]: record for record in world.records}}
        if len(self.resources) > 1:
            tables["children"] = {child["id"]: child for own in world.children.values() for child in own}
        return tables

    @cached_property
    def answers(self) -> Callable[[World, Asked], Any]:
        """What the API answers while it holds a world."""
        return lambda world, asked: _answer(self, world, asked)


def _answer(kind: Kind, world: World, asked: Asked) -> Any:
    query = dict(asked.query)
    if asked.path == "/gone":
        return Answer(404, {"error": "gone"})
    if asked.path == "/token":
        return {"access_token": "a-token-of-the-api", "expires_in": 3600, "token_type": "bearer"}
    if asked.path == "/changes":
        return _changes(kind, world, query)
    if asked.path.endswith("/children"):
        return {"items": _between(world.children.get(int(asked.path.split("/")[2]), ()), query)}
    records = _between(world.records, query)
    begin = _begin(kind, query)
    page = records[begin : begin + kind.page]
    end = begin + kind.page
    following = end if end < len(records) else None
    link = None if following is None else f"{asked.path}?offset={following}"
    return {"items": page, "next": following, "link": link, "total": len(records)}


def _begin(kind: Kind, query: Mapping[str, str]) -> int:
    if "page" in query:
        return int(query["page"]) * kind.page
    return int(query.get("after") or query.get("offset") or 0)


def _between(records: Sequence[Record], query: Mapping[str, str]) -> Sequence[Record]:
    since, until = query.get("since", ""), query.get("until", "9")
    return [record for record in records if since <= record["at"] < until]


def _changes(kind: Kind, world: World, query: Mapping[str, str]) -> Any:
    """All records in pages, with a token on the last one; for a token, what has changed since."""
    if query.get("token") not in {None, "now", "later"}:
        return Answer(400, {"error": "no such token"})
    changed = [record for record in world.records if record["text"] != "first"]
    records = world.records if "token" not in query else changed
    begin = int(query.get("after", 0))
    end = begin + kind.page
    last = end >= len(records)
    token = ("later" if changed else "now") if last else None
    return {"items": records[begin:end], "next": None if last else end, "token": token}


def _things(name: str, paginator: Mapping[str, Any] | None = None, path: str = "/things", **endpoint: Any) -> Any:
    return resource(name, path, paginator=paginator or CURSOR, resource_=SCHEMA, **ONCE_MORE, **endpoint)


IN_ORDER = [made(number, number * 2.8) for number in range(304)]
MIXED = sorted(IN_ORDER, key=lambda record: record["id"] * 7919 % 304)
NEWS = [made(304, DAYS * 24 + 1, "new"), made(3, DAYS * 24 + 2, "changed")]
GONE = [record for record in IN_ORDER if record["id"] not in {3, 200}]
FULL = World(records=IN_ORDER)
FULL_LATER = World(records=[*GONE, *NEWS])

PARENTS = [made(number, number) for number in range(35)]
OFFSPRING = {
    parent["id"]: [made(parent["id"] * 100 + each, (35 - parent["id"]) * 8 + each) for each in range(8)]
    for parent in PARENTS
}
LATER_OFFSPRING = {
    **OFFSPRING,
    # Newer than what its parent had, and older than what most others have.
    34: [*OFFSPRING[34], made(3490, 20, "new")],
    0: [*OFFSPRING[0], made(90, 800, "new")],
}
FEWER_OFFSPRING = {number: own[:-1] if number == 7 else own for number, own in OFFSPRING.items() if number != 34}


def _children(**endpoint: Any) -> Any:
    return _things("children", {"type": "single_page"}, "/parents/{resources.parents.id}/children", **endpoint)


def _full(name: str, paginator: Mapping[str, Any] | None = None, **more: Any) -> Kind:
    things = _things("things", paginator)
    return Kind(name=name, resources=[things], before=FULL, after=FULL_LATER, page=8, replaced=True, **more)


def _incremental(name: str, records: Sequence[Record], **block: Any) -> Kind:
    things = _things("things", incremental={**SINCE, **block})
    kept = [record for record in records if record["id"] != 3]
    after = World(records=[*kept, *(NEWS if block.get("row_order") == "asc" else reversed(NEWS))])
    return Kind(name=name, resources=[things], before=World(records=records), after=after, page=8)


def _family(name: str, after: Mapping[int, Sequence[Record]], *, replaced: bool, **endpoint: Any) -> Kind:
    parents = [parent for parent in PARENTS if parent["id"] in after]
    return Kind(
        name=name,
        resources=[_things("parents", path="/parents"), _children(**endpoint)],
        before=World(records=PARENTS, children=OFFSPRING),
        after=World(records=parents, children=after),
        page=7,
        replaced=replaced,
    )


OAUTH = {"auth": {"type": "oauth2", "token_url": "/token", "client_id": "me", "client_secret": "not-told-to-anybody"}}

KINDS = [
    _full("full table, cursor"),
    _full("full table, offset and total", {"type": "offset", "limit": 8, "total_path": "total"}),
    _full("full table, page numbers", {"type": "page_number", "total_path": None}),
    _full("full table, next URL, token", {"type": "json_link", "next_url_path": "link"}, client=OAUTH),
    _incremental("incremental, sorted", IN_ORDER, row_order="asc"),
    _incremental("incremental, unsorted", MIXED),
    _incremental("windows", IN_ORDER, initial_value=moment(0), end_param="until", step="P1D", row_order=None),
    _family("parents and children", FEWER_OFFSPRING, replaced=True),
    _family("incremental children", LATER_OFFSPRING, replaced=False, incremental=SINCE),
    Kind(
        name="sync token",
        resources=[
            _things(
                "things",
                path="/changes",
                incremental={"type": "token", "token_path": "token", "token_param": "token"},
            )
        ],
        before=FULL,
        after=replace(FULL, records=[*[record for record in IN_ORDER if record["id"] != 3], *NEWS]),
        page=8,
    ),
]
