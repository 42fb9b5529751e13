"""What does a paginator ask for, given the replies? A walk over scripted replies, without any engine."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from pydantic import TypeAdapter

from tap_restgeneric.dialect import spellings
from tap_restgeneric.dialect.exchange import Call, Page, Position, Reply, Stop
from tap_restgeneric.dialect.jsonpath.selectors import Selector
from tap_restgeneric.dialect.paging.links import full_url
from tap_restgeneric.dialect.paging.paginators import AnyPaginator

BASE = "https://api.test"
URL = f"{BASE}/things"


def paginator_of(block):
    return TypeAdapter(AnyPaginator).validate_python(spellings.paginator(block))


def reply_of(body: Any = None, headers: dict[str, str] | None = None, status: int = 200, url: str = URL) -> Reply:
    content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return Reply(url=url, status=status, headers=headers or {}, content=content)


def page_of(paginator, call, position, reply, selector) -> Page:
    selected = selector.records(reply.body)
    asked = paginator.at(call, position)
    return Page(
        call=asked,
        reply=reply,
        position=position,
        records=selected.records,
        entries=selected.entries,
        matched=selected.matched,
    )


@dataclass
class Walk:
    """What happened: the calls as text, the records, and what stood behind the last page."""

    calls: list[str] = field(default_factory=list)
    records: list[Any] = field(default_factory=list)
    end: Stop | Position | None = None


def walk(block, call: Call, replies, selector: str = "$") -> Walk:
    """Reads as many pages as there are replies, or as the paginator wants."""
    walked, paginator, following, chosen = Walk(), paginator_of(block), None, Selector.parse(selector)
    following = paginator.first()
    for reply in replies:
        page = page_of(paginator, call, following, reply, chosen)
        walked.calls.append(shown(page.call))
        walked.records += page.records
        paginator = paginator.settled(page)
        walked.end = following = paginator.after(page)
        if isinstance(following, Stop):
            break
    return walked


def shown(call: Call) -> str:
    """`POST /things?page=2 {"cursor": "b"}`, `GET /things X-Cursor: b`, `POST /things form a=1&cursor=b`."""
    text = f"{call.method} {full_url(call).removeprefix(BASE)}"
    text += "".join(f" {name}: {value}" for name, value in call.headers.items())
    if call.json is not None:
        text += f" {json.dumps(call.json)}"
    if isinstance(call.data, str):
        return f"{text} text {call.data}"
    pairs = call.data.items() if isinstance(call.data, dict) else map(tuple, call.data or ())
    return text if call.data is None else f"{text} form {urlencode(list(pairs))}"
