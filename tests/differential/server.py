"""Which API do both readers meet? One server on loopback: the answers of a row, else a few styles of paging.

A style is the first segment of the path, and its knobs are the segments behind it: `/numbered/base=1/size=3`. All of
them page through the same seven rows.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from scripted import Answer, Asked

ROWS = [{"id": number, "name": f"row {number}", "even": number % 2 == 0} for number in range(1, 8)]
ENOUGH = 40
"""So many requests a row may send. Who sends more goes round in a circle, and is told so by a status of its own."""
_SHOWN = ("authorization", "content-type", "cookie")
_ENDS = {"null": None, "empty": "", "false": False, "zero": 0}


@dataclass
class Api:
    """What the server answers.

    Attributes:
        answers: Body by target or path; an object with `$status`, `$headers`, `$body` or `$text` (in `$encoding`) says
            more than a body.
        asked: What was asked so far.
    """

    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def begin(self, answers: dict[str, Any]) -> None:
        """Forgets what was asked; from now on these are the answers."""
        self.answers = answers
        self.asked = []

    def requests(self) -> list[list[Any]]:
        """What was asked: method, target, body and headers that mean something, of each request."""
        return [[each.method, each.target, body_of(each), named_headers(each)] for each in self.asked]

    def __call__(self, asked: Asked) -> Any:
        self.asked.append(asked)
        if len(self.asked) > ENOUGH:
            return Answer(418, {"error": "asked for ever"})
        for target in (asked.target, unquote(asked.target), asked.path):
            if target in self.answers:
                return _answer(self.answers[target])
        style, *segments = asked.path.strip("/").split("/")
        knobs = dict(segment.split("=", 1) for segment in segments if "=" in segment)
        found = STYLES.get(style)
        return found(asked, knobs) if found else Answer(404, {"error": f"nothing at {asked.path}"})


def body_of(asked: Asked) -> str:
    """The body as text; JSON in one way of writing it."""
    with suppress(ValueError):
        return json.dumps(json.loads(asked.body), ensure_ascii=False)
    return asked.body.decode()


def named_headers(asked: Asked) -> dict[str, str]:
    """The headers that a configuration can give."""
    return {name: value for name, value in asked.headers.items() if name in _SHOWN or name.startswith("x-")}


def _answer(body: Any) -> Any:
    if not isinstance(body, dict) or not any(str(key).startswith("$") for key in body):
        return body
    text = body.get("$text")
    content = body.get("$body") if text is None else text.encode(body.get("$encoding", "utf-8"))
    return Answer(body.get("$status", 200), content, body.get("$headers", {}))


def echo(asked: Asked, knobs: dict[str, str]) -> Any:
    """One record: the request itself. Knob: show (a header beside those that are always shown)."""
    target = urlsplit(asked.target)
    record = {"id": 1, "method": asked.method, "path": target.path, "query": target.query}
    more = {name: asked.headers.get(name) for name in [knobs.get("show")] if name}
    return [{**record, "headers": {**named_headers(asked), **more}, "body": body_of(asked)}]


def _sent(asked: Asked, name: str, place: str) -> Any:
    """The value of a parameter, in the place where the API reads it."""
    if place == "json":
        body = json.loads(asked.body or b"{}")
        for step in name.split("."):
            body = body.get(step) if isinstance(body, dict) else None
        return body
    if place == "header":
        return asked.headers.get(name)
    return dict(asked.form if place == "form" else asked.query).get(name)


def _page(rows: list[Any], knobs: dict[str, str], **beside: Any) -> Any:
    return rows if knobs.get("bare") else {"items": rows, **beside}


def numbered(asked: Asked, knobs: dict[str, str]) -> Any:
    """Pages by number. Knobs: base, size, param, at, pages (key of their total), more (key of a flag), bare."""
    base, size = int(knobs.get("base", 0)), int(knobs.get("size", 3))
    number = _sent(asked, knobs.get("param", "page"), knobs.get("at", "query"))
    begin = (base if number is None else int(number)) * size - base * size
    beside: dict[str, Any] = {}
    if "pages" in knobs:
        beside[knobs["pages"]] = -(-len(ROWS) // size)
    if "more" in knobs:
        beside[knobs["more"]] = begin + size < len(ROWS)
    return _page(ROWS[begin : begin + size] if begin >= 0 else [], knobs, **beside)


def offset(asked: Asked, knobs: dict[str, str]) -> Any:
    """Pages by offset and limit. Knobs: offset, limit, at, total and more (keys), cap (largest page), bare."""
    place = knobs.get("at", "query")
    begin = int(_sent(asked, knobs.get("offset", "offset"), place) or 0)
    limit = int(_sent(asked, knobs.get("limit", "limit"), place) or 2)
    end = begin + min(limit, int(knobs.get("cap", limit)))
    beside: dict[str, Any] = {}
    if "total" in knobs:
        beside[knobs["total"]] = len(ROWS)
    if "more" in knobs:
        beside[knobs["more"]] = end < len(ROWS)
    return _page(ROWS[begin:end], knobs, **beside)


def cursor(asked: Asked, knobs: dict[str, str]) -> Any:
    """Pages by cursor. Knobs: param, at, size, end (null, empty, false, zero, else missing), kind (int), more (key)."""
    sent = _sent(asked, knobs.get("param", "cursor"), knobs.get("at", "query"))
    size = int(knobs.get("size", 3))
    begin = int(str(sent).removeprefix("after ")) if sent else 0
    end = begin + size
    beside: dict[str, Any] = {"more": end < len(ROWS)} if "more" in knobs else {}
    if end < len(ROWS):
        beside["cursor"] = end if knobs.get("kind") == "int" else f"after {end}"
    elif knobs.get("end") in _ENDS:
        beside["cursor"] = _ENDS[knobs["end"]]
    return _page(ROWS[begin:end], knobs, **beside)


def link(asked: Asked, knobs: dict[str, str]) -> Any:
    """Pages by link. Knobs: form (absolute, rooted, query, sibling), end, size, where (body, header, cursor)."""
    query = dict(asked.query)
    size = int(knobs.get("size", 3))
    begin = int(query.get("from", 0))
    path = asked.path
    forms = {"absolute": f"http://{asked.headers['host']}{path}", "rooted": path, "query": ""}
    start = forms.get(knobs.get("form", "absolute"), path.rpartition("/")[2])
    following = f"{start}?from={begin + size}&fixed=yes" if begin + size < len(ROWS) else None
    rows = ROWS[begin : begin + size]
    if knobs.get("where") == "header":
        prev = f'<http://{asked.headers["host"]}{path}?from=0>; rel="first"'
        return Answer(200, rows, {"Link": f'{prev}, <{following}>; rel="next"' if following else prev})
    if following is None:
        return _page(rows, knobs, **({"next": _ENDS[knobs["end"]]} if knobs.get("end") in _ENDS else {}))
    return _page(rows, knobs, next=following)


def headed(asked: Asked, knobs: dict[str, str]) -> Any:
    """Pages by a cursor in a header. Knobs: key (its name), param."""
    begin = int(dict(asked.query).get(knobs.get("param", "cursor"), 0))
    end = begin + 3
    return Answer(200, ROWS[begin:end], {knobs.get("key", "next"): str(end)} if end < len(ROWS) else {})


STYLES = {
    "echo": echo,
    "numbered": numbered,
    "offset": offset,
    "cursor": cursor,
    "link": link,
    "headed": headed,
}
