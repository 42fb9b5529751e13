"""What does the API answer, when it may be asked only so often?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from tap_restgeneric.dialect.exchange import START, Page
from tap_restgeneric.dialect.jsonpath.selectors import Selector, detect
from tap_restgeneric.dialect.paging.detection import path_of
from tap_restgeneric.dialect.replies import formats
from tap_restgeneric.dialect.replies.verdicts import ErrorHandler
from tap_restgeneric.engine.reading import policy
from tap_restgeneric.engine.report import Tally
from tap_restgeneric.errors import ReplyError, RestGenericError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_restgeneric.dialect.exchange import Call, Position, Reply
    from tap_restgeneric.workbench.bench import Bench

MOST = 5
"""Requests that an API is asked to find out what it looks like."""
_FORMATS = {"csv": "csv", "ndjson": "jsonl", "jsonl": "jsonl", "json-lines": "jsonl", "x-json-stream": "jsonl"}


@dataclass
class Asker:
    """Asks for pages of one resource.

    Attributes:
        bench: The tap of a source with this one resource.
        selector: Where the records are; None before the first reply.
        form: What the bodies are.
    """

    bench: Bench
    selector: Selector | None = None
    form: formats.ResponseFormat = "json"

    @property
    def left(self) -> int:
        """Requests that may still be sent."""
        return MOST - len(self.bench.exchanges)

    @property
    def call(self) -> Call:
        """The call of the resource, nothing about pages in it."""
        (node,) = self.bench.source.nodes.values()
        if node.request is None:  # pragma: no cover (a resource of its own)
            raise TypeError(node.name)
        return node.request.call({})

    def page(self, call: Call, position: Position = START) -> Page:
        """The page behind a call.

        Raises:
            RestGenericError: It is none; a busy API is asked once more, if it may be.
        """
        (node,) = self.bench.source.nodes.values()
        rules = replace(policy(node), handler=ErrorHandler(max_retries=min(1, max(0, self.left - 1))))
        reply = self.bench.client.exchange(call, rules, Tally(node.name))
        if reply is None:  # pragma: no cover (no action ignores it)
            raise ReplyError("no answer")
        reply = self._decoded(reply)
        self.selector = self.selector or _where(reply.body)
        selected = self.selector.records(reply.body)
        return Page(
            call=call,
            reply=reply,
            position=position,
            records=[record for record in selected.records if isinstance(record, dict)],
            entries=selected.entries,
            matched=selected.matched,
        )

    def tried(self, call: Call) -> Page | None:
        """The page behind a call that is only a guess; None if the API does not like it, or was asked enough."""
        if self.left <= 0:
            return None
        try:
            return self.page(call)
        except RestGenericError:
            return None

    @property
    def last_text(self) -> str:
        """The body of the last reply, as text."""
        last = self.bench.exchanges[-1].reply if self.bench.exchanges else None
        return last.text if last else ""

    def _decoded(self, reply: Reply) -> Reply:
        kind = reply.headers.get("content-type", "").partition(";")[0].rpartition("/")[2].removeprefix("x-").strip()
        self.form = _FORMATS.get(kind, "json")  # type: ignore[assignment]
        if self.form == "json":
            return reply
        return replace(reply, decoded=partial(formats.decode, format=self.form))


def _where(body: Any) -> Selector:
    """Where the records of a body are; objects by key, all of them alike, are records too."""
    found = detect(body)
    if str(found) != "$" or not isinstance(body, dict):
        return found
    keyed = next((key for key, value in body.items() if _are_alike(value)), None)
    return Selector.parse(f"{path_of((keyed,))}.*") if keyed else found


def _are_alike(value: Any) -> bool:
    inner = list(value.values()) if isinstance(value, dict) else []
    return len(inner) > 1 and all(isinstance(one, dict) and one.keys() == inner[0].keys() for one in inner)


def fingerprint(record: dict[str, Any], key: str | None) -> str:
    """What tells a record from others: its key, else all of it."""
    return repr(record.get(key)) if key else repr(sorted(record.items(), key=repr))


def distinct(pages: Sequence[Page]) -> list[dict[str, Any]]:
    """The records of pages, in order, each once: a page may begin with the last records of the one before."""
    return list({fingerprint(record, None): record for page in pages for record in page.records}.values())
