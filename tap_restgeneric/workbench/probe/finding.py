"""What was found out about an API, and what source follows from it?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tap_restgeneric.dialect.paging.detection import path_of
from tap_restgeneric.errors import ReplyError
from tap_restgeneric.workbench.probe import fields, filters, limits, paging
from tap_restgeneric.workbench.probe.asking import Asker, distinct

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tap_restgeneric.workbench.bench import Bench
    from tap_restgeneric.workbench.probe.fields import Cursor, Key
    from tap_restgeneric.workbench.probe.filters import Filter
    from tap_restgeneric.workbench.probe.paging import Found
    from tap_restgeneric.workbench.probe.start import Start

RESOURCE = ("resources", 0)
ENDPOINT = (*RESOURCE, "endpoint")


@dataclass(frozen=True)
class Answer:
    """One thing that was found.

    Attributes:
        what: What it is.
        found: The answer.
        reason: What was seen, and why it was chosen.
        doubt: Whether a person should look at it.
        steps: The key of the source it stands under.
    """

    what: str
    found: str
    reason: str
    doubt: bool = False
    steps: tuple[str | int, ...] = RESOURCE


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What was found out about one resource.

    Attributes:
        start: What was known before.
        selector: Where the records are.
        form: What the bodies are.
        count: Records that were read.
        list_size: Records of the first page; None where the reply is one object.
        key: Their key.
        paging: How the API pages.
        cursor: The field that says what is new, if there is one.
        filter: How to ask by it, if that was found.
        headers: Headers that speak of a limit.
        requests: Requests that were sent.
    """

    start: Start
    selector: str
    form: str
    count: int
    list_size: int | None
    key: Key
    paging: Found
    cursor: Cursor | None
    filter: Filter | None
    headers: Mapping[str, str] = field(default_factory=dict)
    requests: int = 0

    def source(self) -> dict[str, Any]:
        """The source that follows."""
        limit = limits.rate_limit(self.headers)
        client = {**self.start.client, **({"rate_limit": limit} if limit else {})}
        key = {"primary_key": self.key.alone or list(self.key.names)} if self.key.names else {}
        return {"client": client, "resources": [{"name": self.start.name, **key, "endpoint": self._endpoint()}]}

    def _endpoint(self) -> dict[str, Any]:
        block = self.paging.block or {}
        size = block.get("limit_param", "limit") if "limit" in block else None
        params = {name: value for name, value in self.start.params.items() if name != size}
        incremental = {}
        if self.cursor and self.cursor.changes and self.filter:
            params[self.filter.param] = "{incremental.start_value}"
            lag = {} if self.filter.leaves_out is False else {"lag": 1}
            incremental = {"incremental": {"cursor_path": path_of((self.cursor.name,)), **lag}}
        return {
            "path": self.start.path,
            **({"params": params} if params else {}),
            **({"response_format": self.form} if self.form != "json" else {}),
            "data_selector": self.selector,
            **({"paginator": block} if block else {}),
            **incremental,
        }

    def answers(self) -> Iterator[Answer]:
        """Everything that was found, in the order of the source."""
        yield self._records()
        if self.key.names:
            told = f"no two of {self.count} records have the same, and none is without"
            told += "" if self.key.sure else "; the name does not say that it is one: look it up"
            shown = ", ".join(self.key.names)
            yield Answer("key", shown, told, doubt=not self.key.sure, steps=(*RESOURCE, "primary_key"))
        else:
            yield Answer("key", "none", "no field tells each record from the others; targets will append", doubt=True)
        block = self.paging.block
        shown = (
            " ".join([block["type"], *(f"{key}={value}" for key, value in block.items() if key != "type")])
            if block
            else "not written"
        )
        yield Answer("pages", shown, self.paging.reason, doubt=not self.paging.proved, steps=(*ENDPOINT, "paginator"))
        yield self._replication()
        if self.headers:
            limit = limits.rate_limit(self.headers)
            found = f"{limit['requests']} requests in {limit['seconds']} s" if limit else "not told in full"
            told = ", ".join(f"{name}: {value}" for name, value in self.headers.items())
            yield Answer("rate limit", found, told, steps=("client", "rate_limit"))

    def _records(self) -> Answer:
        if self.list_size is None:
            return Answer("records", self.selector, "the reply is one object", steps=(*ENDPOINT, "data_selector"))
        told = f"the list of the reply, with {self.list_size} records on the first page"
        return Answer("records", self.selector, told, doubt=not self.list_size, steps=(*ENDPOINT, "data_selector"))

    def _replication(self) -> Answer:
        if self.cursor is None:
            return Answer("replication", "full table", "no field says in every record when it changed")
        name = self.cursor.name
        if self.filter is None:
            told = (
                f"{name} may say what is new, but no parameter was found that asks by it; if there is one, write "
                f"params: {{its_name: '{{incremental.start_value}}'}} and incremental: {{cursor_path: {name}}}"
            )
            return Answer("replication", "full table", told, doubt=True)
        asked = f"{name}, asked with {self.filter.param}"
        if not self.cursor.changes:
            told = (
                f"{self.filter.reason}; but {name} does not move when a record changes: if records never do, write "
                f"params: {{{self.filter.param}: '{{incremental.start_value}}'}} and "
                f"incremental: {{cursor_path: {name}}}"
            )
            return Answer("replication", f"full table ({asked})", told, doubt=True)
        told = f"proved: {self.filter.reason}{_GAPS[self.filter.leaves_out]}"
        return Answer("replication", f"incremental by {asked}", told, steps=(*ENDPOINT, "incremental"))


_GAPS = {
    False: "",
    True: "; records of that very moment are left out, so a run looks back by one (lag)",
    None: "; whether records of that very moment come is not known, so a run looks back by one (lag)",
}


def find(bench: Bench, start: Start) -> Finding:
    """Asks an API what it looks like.

    Args:
        bench: The tap of a source with this one resource, nothing said about it.
        start: What is known.

    Raises:
        RestGenericError: The first request fails.
    """
    asker = Asker(bench)
    first = asker.page(asker.call)
    selector = str(asker.selector)
    is_list = isinstance(first.reply.body, list) or selector != "$"
    if first.entries and not first.records:
        raise ReplyError(f"the list at {selector} holds no objects, and a record is one")
    key = fields.key(first.records, start.name)
    if is_list and first.records:
        found = paging.found(asker, first, start, key.alone)
    else:
        found = _without_list(first.records, is_list=is_list, page=first)
    seen = distinct(found.pages)
    key = fields.key(seen, start.name)
    cursor = next(iter(fields.cursors(seen)), None) if is_list else None
    by = filters.found(asker, found.pages, cursor, key.alone) if cursor and found.pages else None
    return Finding(
        start=start,
        selector=selector,
        form=asker.form,
        count=len(seen),
        list_size=len(first.records) if is_list else None,
        key=key,
        paging=found,
        cursor=cursor,
        filter=by,
        headers=limits.seen(first.reply.headers),
        requests=len(bench.exchanges),
    )


def _without_list(records: Sequence[Any], *, is_list: bool, page: Any) -> Found:
    if is_list:
        reason = "the list is empty: found at run time, when there are records"
        return paging.Found(None, reason, proved=False, pages=(page,))
    return paging.Found({"type": "single_page"}, "one object has no pages", proved=bool(records), pages=(page,))
