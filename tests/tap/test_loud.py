"""Does nothing pass in silence?

Each case is something that other taps end green with, and rows missing. The command runs against a server on loopback:
what counts is the exit code and the WARNING and ERROR lines, each with stream, key and remedy in it.
"""

from __future__ import annotations

import json
import logging
import sys
from dataclasses import dataclass, field
from typing import Any

import pytest
from click.testing import CliRunner
from scripted import Answer, by_path
from tapping import api, resource

from tap_restgeneric.tap import TapRestGeneric

KNOWN = {"schema": {"properties": {"id": {"type": "integer"}, "name": {"type": ["string", "null"]}}}}
CURSOR = {"type": "cursor", "cursor_param": "after", "cursor_path": "next"}
TOLD = ("WARNING", "ERROR")


def items(*ids, **more):
    return {"items": [{"id": each} for each in ids], **more}


def things(path="/things", *, settings=None, resource_=None, **endpoint):
    """A resource whose schema is known, so that all requests are those of the sync; None takes a key away."""
    made = resource("things", path, resource_={**KNOWN, **(resource_ or {})}, **endpoint)
    made["endpoint"] = {key: value for key, value in made["endpoint"].items() if value is not None}
    return made


def numbered(*pages):
    """A server that gives the page of the number asked for."""
    return lambda asked: pages[int(dict(asked.query).get("page", 0))]


@dataclass(frozen=True)
class Case:
    """What goes wrong, and what is said.

    Attributes:
        item: What it is.
        says: The lines, without what stands before the text.
        answers: What the server answers, by path.
        resources: The resources.
        settings: More settings.
        code: The exit code.
        records: The ids of the records of all streams.
    """

    item: str
    says: list[tuple[str, str]]
    answers: dict[str, Any]
    resources: list[Any] = field(default_factory=lambda: [things()])
    settings: dict[str, Any] = field(default_factory=dict)
    code: int = 0
    records: list[Any] = field(default_factory=list)


def warned(text, stream="things"):
    return [("WARNING", f"stream {stream!r}: {text}")]


def failed(text, before=()):
    return [*before, ("ERROR", f"stream 'things'{text}")]


AT_ONCE = {"max_retries": 0}
DATED = {"properties": {"id": {"type": "integer"}, "at": {"type": ["string", "null"], "format": "date-time"}}}

CASES = [
    Case(
        "the selector matches nothing on a body that is not empty",
        warned("data_selector items matches nothing; the body has the keys data, meta"),
        {"/things": {"data": [{"id": 1}], "meta": {"a": 1}}},
    ),
    Case(
        "the selector matches nothing below a key that is there",
        warned("data_selector data.rows matches nothing; the body has the keys data"),
        {"/things": {"data": {"records": [{"id": 1}]}}},
        [things(data_selector="data.rows")],
    ),
    Case(
        "no record of a parent has the rows of an `expand`",
        warned("expand: no record of the parent has a list there", "lines"),
        {"/things": items(1)},
        [things(), {"name": "lines", **KNOWN, "expand": {"resource": "things", "rows": [{"path": "lines"}]}}],
        records=[1],
    ),
    Case(
        "a single page beside a way to more",
        warned("the reply has 'next_page', which looks like the way to a next page, and no paginator follows it"),
        {"/things": items(1, 2, next_page=2)},
        records=[1, 2],
    ),
    Case(
        "a paginator stops beside another way to more",
        warned("the reply has 'page.next_token', which looks like the way to a next page, and no paginator follows it"),
        {"/things": items(1, 2, page={"next_token": "abc"})},
        [things(paginator={"type": "json_link", "next_url_path": "links.next"})],
        records=[1, 2],
    ),
    Case(
        "a paginator stops though a flag says that there is more",
        warned("the reply has 'has_more', which looks like the way to a next page, and no paginator follows it"),
        {"/things": items(1, 2, has_more=True)},
        [things(paginator={"type": "header_link"})],
        records=[1, 2],
    ),
    Case(
        "a cursor is missing though the flag of the paginator says that there is more",
        warned("more says that there is more, but the reply has no next"),
        {"/things": items(1, 2, more=True)},
        [things(paginator={**CURSOR, "has_more_path": "more"})],
        records=[1, 2],
    ),
    Case(
        "pages shorter than the limit while more follow",
        warned("pages are shorter than limit (100) while more follow: the API caps their size"),
        {"/things": lambda asked: {"0": items(1, 2), "2": items(3, 4)}.get(dict(asked.query)["offset"], items())},
        [things(paginator={"type": "offset", "limit": 100})],
        records=[1, 2, 3, 4],
    ),
    Case(
        "a cursor comes again",
        failed(
            ": position repeated: cursor 'A' was read before, so the pages go round in a circle. "
            "It is sent in 'after' of the query: does the API read it there?"
        ),
        {"/things": items(1, next="A")},
        [things(paginator=CURSOR)],
        code=1,
        records=[1, 1],
    ),
    Case(
        "page numbers are ignored",
        failed(
            ": page repeated: page 1 is byte for byte the page before. "
            "The number is sent in 'page' of the query: does the API read it there?"
        ),
        {"/things": items(1)},
        [things(paginator={"type": "page_number"})],
        code=1,
        records=[1],
    ),
    Case(
        "a next link leads to the page itself",
        warned("the next link repeats the URL just read"),
        {"/things": items(1, next="/things")},
        [things(paginator={"type": "json_link"})],
        records=[1],
    ),
    Case(
        "no page ever has the cursor",
        warned("cursor_path next is in no reply: is it right?"),
        {"/things": items(1, 2)},
        [things(paginator=CURSOR)],
        records=[1, 2],
    ),
    Case(
        "page 0 gives nothing",
        warned("page 0 gave nothing and page 1 was never asked for: does the API count from 1 (base_page: 1)?"),
        {"/things": numbered(items(), items(1))},
        [things(paginator={"type": "page_number"})],
    ),
    Case(
        "no way to a next page is found",
        warned("no paginator given, and the reply shows no way to a next page: one page is read"),
        {"/things": items(1, 2)},
        [things(paginator=None)],
        records=[1, 2],
    ),
    Case(
        "no record of the sample has the primary key",
        warned("primary_key 'id' is in none of 2 sampled records: the stream is announced without a key"),
        {"/things": {"items": [{"name": "a"}, {"name": "b"}]}},
        [resource("things")],
        records=[None, None],
    ),
    Case(
        "a record has no primary key",
        failed(", the first page: primary key 'id' is missing in a record: name another primary_key, or none"),
        {"/things": {"items": [{"id": 1}, {"name": "b"}]}},
        code=1,
        records=[1],
    ),
    Case(
        "the primary key of a record is null",
        failed(", the first page: primary key 'id' is null in a record: name another primary_key, or none"),
        {"/things": items(1, None)},
        code=1,
        records=[1],
    ),
    Case(
        "an undeclared field is dropped",
        warned(
            "field 'new' is not in the schema: dropped (undeclared_fields: collect keeps it); "
            "renew the schema to make it a column"
        ),
        {"/things": {"items": [{"id": 1, "new": 5}, {"id": 2, "new": 6}]}},
        records=[1, 2],
    ),
    Case(
        "an undeclared field is refused",
        failed(", the first page: field 'new' is not in the schema, and undeclared_fields is 'fail'"),
        {"/things": {"items": [{"id": 1, "new": 5}]}},
        settings={"undeclared_fields": "fail"},
        code=1,
    ),
    Case(
        "the replication key is missing",
        failed(", the first page: incremental: a record has no at (on_cursor_value_missing: include or exclude)"),
        {"/things": items(1)},
        [things(resource_={"schema": DATED}, incremental={"cursor_path": "at"})],
        code=1,
    ),
    Case(
        "records without the replication key are left out",
        warned("records without at are left out (on_cursor_value_missing: exclude)"),
        {"/things": {"items": [{"id": 1}, {"id": 2, "at": "2024-01-01T00:00:00Z"}, {"id": 3, "at": None}]}},
        [
            things(
                resource_={"schema": DATED}, incremental={"cursor_path": "at", "on_cursor_value_missing": "exclude"}
            )
        ],
        records=[2],
    ),
    Case(
        "records are not in the order that was promised",
        warned("records are not in the order that row_order says: no bookmark before the end of the stream"),
        {"/things": {"items": [{"id": 2, "at": "2024-01-02T00:00:00Z"}, {"id": 1, "at": "2024-01-01T00:00:00Z"}]}},
        [things(resource_={"schema": DATED}, incremental={"cursor_path": "at", "row_order": "asc"})],
        records=[2, 1],
    ),
    Case(
        "a child is skipped",
        warned("skipped for parents whose resources.parents.key is null or missing"),
        {"/parents": {"items": [{"id": 1, "key": "a"}, {"id": 2, "key": None}]}, "/of/a": items(10)},
        [
            resource("parents", resource_={"schema": {"properties": {"id": {}, "key": {}}}}),
            things("/of/{resources.parents.key}"),
        ],
        records=[1, 2, 10],
    ),
    Case(
        "no parent has the field",
        failed(
            ": {resources.parents.key} is in none of the 2 records of 'parents'",
            warned("skipped for parents whose resources.parents.key is null or missing"),
        ),
        {"/parents": items(1, 2)},
        [
            resource("parents", resource_={"schema": {"properties": {"id": {}}}}),
            things("/of/{resources.parents.key}"),
        ],
        code=1,
        records=[1, 2],
    ),
    Case(
        "the retries are spent",
        failed(
            ': gave up after 2 requests; the last: GET {url}/things: status 503, application/json, body: {"busy": 1}',
            warned("a retry budget is spent (max_retries: 1)"),
        ),
        {"/things": Answer(503, {"busy": 1})},
        [things(error_handler={"max_retries": 1, "backoff_factor": 0})],
        code=1,
    ),
    Case(
        "a record is no object",
        failed(", the first page: record 2 of a page is a text, not an object: does data_selector lead to objects?"),
        {"/things": {"items": [{"id": 1}, "two"]}},
        code=1,
    ),
    Case(
        "a body is not JSON, and has a secret in it",
        failed(
            ": the first page of GET {url}/things: the body is not JSON "
            "(JSON is malformed: invalid character (byte 0)); "
            f"status 200, text/html, body: <p>Who is ***?</p> {'Log in. ' * 21}Log…"
        ),
        {"/things": Answer(200, "<p>Who is pl4nted-token?</p> " + "Log in. " * 99, {"Content-Type": "text/html"})},
        settings={"client": {"auth": {"type": "bearer", "token": "pl4nted-token"}}},
        code=1,
    ),
    Case(
        "the API sends another type than the schema says",
        warned("field 'name' is a number where its schema says null or string"),
        {"/things": {"items": [{"id": 1, "name": 5}]}},
        records=[1],
    ),
    Case(
        "start_date means nothing to a stream",
        warned("start_date is ignored: name is no date (give initial_value, or convert: epoch)"),
        {"/things": {"items": [{"id": 1, "name": "a"}]}},
        [things(incremental={"cursor_path": "name"})],
        settings={"start_date": "2024-01-01T00:00:00Z"},
        records=[1],
    ),
]  # fmt: skip


ITEMS = {
    "selector matched nothing on a non-empty body (say which keys are there)": [
        "the selector matches nothing on a body that is not empty",
        "the selector matches nothing below a key that is there",
        "no record of a parent has the rows of an `expand`",
    ],
    "paginator stopped on a full page with a next-like key present": [
        "a single page beside a way to more",
        "a paginator stops beside another way to more",
        "a paginator stops though a flag says that there is more",
        "a cursor is missing though the flag of the paginator says that there is more",
    ],
    "server returned fewer rows than the limit while more remain": ["pages shorter than the limit while more follow"],
    "position repeated": [
        "a cursor comes again",
        "page numbers are ignored",
        "a next link leads to the page itself",
    ],
    "cursor path never present on any page": ["no page ever has the cursor"],
    "base page guess gave nothing": ["page 0 gives nothing"],
    "auto-detection fell back to one page": ["no way to a next page is found"],
    "primary key missing or null in records": [
        "no record of the sample has the primary key",
        "a record has no primary key",
        "the primary key of a record is null",
    ],
    "undeclared fields": ["an undeclared field is dropped", "an undeclared field is refused"],
    "replication key missing": [
        "the replication key is missing",
        "records without the replication key are left out",
        "records are not in the order that was promised",
        "start_date means nothing to a stream",
    ],
    "a child skipped": ["a child is skipped", "no parent has the field"],
    "a retry budget spent": ["the retries are spent"],
    "records that are not objects": ["a record is no object"],
    "body not JSON (status, content type, first 200 characters, redacted)": [
        "a body is not JSON, and has a secret in it",
    ],
    "schema says one type and the API sends another": ["the API sends another type than the schema says"],
}
"""What must never pass in silence: the cases that provoke it."""


def test_every_item_has_its_cases_and_every_case_its_item():
    assert sorted(name for names in ITEMS.values() for name in names) == sorted(case.item for case in CASES)


@pytest.fixture
def did(serve, tmp_path, caplog):
    """What the command does with a case: its result, the lines at WARNING and above, and those of reports."""
    root, hook = logging.getLogger(), sys.excepthook
    handlers, level = list(root.handlers), root.level

    def run(case):
        server = serve(by_path(case.answers))
        source = api(server.url, *case.resources, **case.settings.get("client", {}))
        settings = {**case.settings, **source, "concurrency": 1}
        config = tmp_path / "config.json"
        config.write_text(json.dumps(settings))
        with caplog.at_level(logging.INFO):
            result = CliRunner().invoke(TapRestGeneric.cli, ["--config", str(config)])
        lines = [(each.levelname, each.getMessage().replace(server.url, "{url}")) for each in caplog.records]
        return result, lines

    yield run
    logging.captureWarnings(capture=False)
    root.handlers[:], root.level, sys.excepthook = handlers, level, hook


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.item)
def test_it_is_said(did, case):
    result, lines = did(case)
    messages = [json.loads(line) for line in result.stdout.splitlines()]
    told = [line for line in lines if line[0] in TOLD]

    assert [line for line in told if "An unhandled error" not in line[1]] == case.says
    assert result.exit_code == case.code
    assert [each["record"].get("id") for each in messages if each["type"] == "RECORD"] == case.records


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.item)
def test_it_is_in_the_report(did, case):
    _, lines = did(case)
    reports = [text for _, text in lines if "; ended: " in text]
    (summary,) = [text for _, text in lines if " streams, " in text]
    warnings = sum(level == "WARNING" for level, _ in case.says)

    assert len(reports) == len(case.resources)
    assert all(text.startswith("stream '") for text in reports)
    assert bool(warnings) == (", 0 warnings" not in summary)
    assert ("; failed: " in summary) == (case.code != 0)
    assert any("an error" in text.partition("; ended: ")[2] for text in reports) == (case.code != 0)


SHORT = {
    "until an empty page": {"type": "offset", "limit": 2},
    "up to a total": {"type": "offset", "limit": 2, "total_path": "total"},
    "until a flag is false": {"type": "offset", "limit": 2, "total_path": None, "has_more_path": "more"},
}


@pytest.mark.parametrize("paginator", SHORT.values(), ids=SHORT)
def test_a_short_page_that_is_the_last_is_no_sign_of_anything(did, paginator):
    def answer(asked):
        pages = {"0": items(1, 2, total=3, more=True), "2": items(3, total=3, more=False)}
        return pages.get(dict(asked.query)["offset"], items(total=3, more=False))

    _, lines = did(Case("", [], {"/things": answer}, [things(paginator=paginator)]))

    assert [line for line in lines if line[0] in TOLD] == []


def test_records_outside_of_the_window_are_counted_in_the_report(did):
    stream = things(incremental={"cursor_path": "id", "initial_value": 2, "end_value": 4})
    _, lines = did(Case("", [], {"/things": items(1, 2, 3, 4, 5)}, [stream]))

    (report,) = [text for _, text in lines if "; ended: " in text]
    assert report.startswith("stream 'things': 2 records,")
    assert report.endswith("; outside of the window of this run: 3")
