"""What is there to read?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

FROM = "2023-12-31T00:00:00Z"
"""Where incremental reading begins: before the first record."""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """Work that everyone does.

    Attributes:
        name: `S1`.
        title: What it is about, in a line.
        records: Records of a stream.
        page: Records of a page.
        wait: Milliseconds before each answer.
        paging: `cursor` chains pages, `offset` has a known total.
        streams: Streams of so many records each.
        parents: Parents, each with as many children, instead of the streams.
        children: Children of a parent.
        incremental: Whether the state advances with the records.
        manner: Further words for the server: `gzip=1`.
        discovers: Whether no record is read but the catalog written.
    """

    name: str
    title: str
    records: int = 0
    page: int = 100
    wait: int = 0
    paging: Literal["cursor", "offset"] = "cursor"
    streams: int = 1
    parents: int = 0
    children: int = 0
    incremental: bool = False
    manner: tuple[str, ...] = ()
    discovers: bool = False

    def of(self, records: int | None) -> Scenario:
        """The same over another number of records; None, and where it is about their number: as it is."""
        return replace(self, records=records) if records and self.records > 1 else self

    @property
    def expected(self) -> int:
        """Records that have to arrive."""
        return 0 if self.discovers else self.parents * (1 + self.children) or self.records * self.streams


@dataclass(frozen=True)
class Load:
    """A scenario at an address.

    Attributes:
        scenario: What is to be read.
        run: A name for the server to count under.
        server: Its address.
    """

    scenario: Scenario
    run: str
    server: str

    @property
    def url(self) -> str:
        """The base URL: it says how the API is to be."""
        one = self.scenario
        words = (f"total={one.records}", f"page={one.page}", f"wait={one.wait}", *one.manner)
        family = (f"parents={one.parents}", f"children={one.children}") if one.parents else ()
        return f"{self.server}/{','.join((self.run, *words, *family))}"

    @property
    def names(self) -> list[str]:
        """The collections to read, beside parents and children."""
        if self.scenario.parents:
            return []
        return [f"records_{number}" for number in range(self.scenario.streams)]

    @property
    def facts(self) -> dict[str, Any]:
        """All that a script of a peer has to know, as JSON."""
        one = self.scenario
        return {
            "url": self.url,
            "names": self.names,
            "page": one.page,
            "paging": one.paging,
            "since": FROM if one.incremental else None,
        }

    @property
    def dlt_source(self) -> dict[str, Any]:
        """The load in the dialect of dlt: for dlt, and for the tap."""
        one = self.scenario
        counted = {"type": "offset", "limit": one.page, "total_path": "total"}
        chained = {"type": "cursor", "cursor_path": "next", "cursor_param": "cursor"}
        params = {} if one.paging == "offset" else {"limit": one.page}
        since = {"cursor_path": "updated_at", "start_param": "since", "initial_value": FROM}
        more = {"incremental": since} if one.incremental else {}
        return {
            "client": {"base_url": f"{self.url}/", "paginator": counted if one.paging == "offset" else chained},
            "resource_defaults": {"primary_key": "id", "endpoint": {"data_selector": "data", "params": params}},
            "resources": [
                *({"name": name, "endpoint": {"path": name, **more}} for name in self.names),
                *(_FAMILY if one.parents else []),
            ],
        }


_FAMILY: list[dict[str, Any]] = [
    {"name": "parents", "endpoint": {"path": "parents"}},
    {
        "name": "children",
        "include_from_parent": ["id"],
        "endpoint": {"path": "parents/{resources.parents.id}/children"},
    },
]

_BULK = Scenario(name="S1", title="200,000 records, pages of 1,000, no latency", records=200_000, page=1000)
_LATE = Scenario(name="S2", title="20,000 records, pages of 100, 50 ms, total known", records=20_000, wait=50)

SCENARIOS: tuple[Scenario, ...] = (
    _BULK,
    replace(_BULK, name="S1i", title="the same, incremental: state advances", incremental=True),
    replace(_BULK, name="S1z", title="the same, compressed", manner=("gzip=1",)),
    replace(_LATE, paging="offset"),
    replace(_LATE, name="S2c", title="the same by cursor: pages form a chain"),
    Scenario(name="S3", title="500 parents with 20 children each, 20 ms", parents=500, children=20, wait=20),
    Scenario(name="S3x", title="2,000 parents with 5 children each, no latency", parents=2000, children=5),
    Scenario(name="S4", title="14 streams of 2,000 records, 50 ms", records=2000, wait=50, streams=14),
    replace(_BULK, name="S5", title="memory: 400,000 records", records=400_000),
    replace(_BULK, name="S5s", title="memory: 20,000 records", records=20_000),
    Scenario(name="S6", title="start: one record", records=1),
    Scenario(name="S6d", title="start: discovery", records=1, discovers=True),
    replace(
        _LATE, name="S7", title="3 % of requests are refused once (500, 429)", paging="offset", manner=("fail=0.03",)
    ),
)
