"""Which shapes do APIs have? Servers as data: what each answers, and what is true of it."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scripted import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from scripted import Asked

SIZE = 10
ORDERS = [
    {
        "id": 100 + number,
        "title": f"order {number % 4}",
        "total": 5 * number,
        "created_at": f"2024-01-{1 + number:02}T08:00:00Z",
        "updated_at": f"2024-03-{1 + (number * 7) % 25:02}T09:30:00Z",
    }
    for number in range(25)
]
EPOCHS = [{"id": f"ch_{number}", "amount": 7, "created": 1_704_067_200 + 3600 * number} for number in range(25)]
LINES = [{"order_id": number // 3, "line_no": number % 3, "text": "x"} for number in range(25)]
KEYED = [{"order_id": f"o-{number}", "customer_id": number % 3, "note": None} for number in range(25)]
UUIDS = [
    {"name": "same", "uuid": f"6f9619ff-{number:04}", "lastModified": f"2024-02-{1 + number:02}"}
    for number in range(25)
]

Records = list[dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Shape:
    """An API, and what is true of it.

    Attributes:
        answer: What it answers, given the request and the records that are asked for.
        records: What it holds.
        selector: Where its records are.
        key: Their key.
        paginator: Keys of the paginator that is right.
        filter: The parameter that asks for what is new, and the field it is about.
        keeps: Whether that parameter gives records of the very moment that is asked for.
        lag: How far a run should look back.
        changes: Whether that field moves when a record changes, so that a source should ask by it.
        path: Path and query that a person would give.
        client: Keys of the client that are right beside base_url.
    """

    answer: Callable[[Asked, Records], Any]
    records: Sequence[dict[str, Any]] = field(default_factory=lambda: ORDERS)
    selector: str = "$"
    key: Any = "id"
    paginator: Mapping[str, Any] | None
    filter: tuple[str, str] | None = None
    keeps: bool = True
    changes: bool = True
    lag: int | None = None
    path: str = "/v1/orders"
    client: Mapping[str, Any] = field(default_factory=dict)

    def script(self, asked: Asked) -> Any:
        """What it answers to a request."""
        query = dict(asked.query)
        if self.filter and self.filter[0] in query:
            since, name = query[self.filter[0]], self.filter[1]
            found = [
                each for each in self.records if str(each[name]) > since or (self.keeps and str(each[name]) == since)
            ]
            return self.answer(asked, found)
        return self.answer(asked, list(self.records))


def number(asked: Asked, name: str, default: int) -> int:
    text = dict(asked.query).get(name, "")
    return int(text) if text.isdigit() else default


def cut(records: Records, start: int, size: int = SIZE) -> Records:
    return records[start : start + size]


def url(asked: Asked, **query: Any) -> str:
    """The URL of a page, with what was asked for beside it."""
    kept = {name: value for name, value in asked.query if name not in query}
    pairs = "&".join(f"{name}={value}" for name, value in {**kept, **query}.items())
    return f"http://{asked.headers['host']}{asked.path}?{pairs}"


def paged(body: Callable[[Asked, Records, int, int], Any], *, param: str = "page", base: int = 1) -> Any:
    """Answers by page number; `body` gets the records of a page, its number and how many pages there are."""

    def answer(asked: Asked, records: Records) -> Any:
        page = number(asked, param, base)
        pages = -(-len(records) // SIZE)
        return body(asked, cut(records, (page - base) * SIZE), page, pages)

    return answer


def skipping(body: Callable[[Records, int, int], Any], *, param: str = "offset", size: str = "limit") -> Any:
    """Answers by how many records to leave out."""

    def answer(asked: Asked, records: Records) -> Any:
        start = number(asked, param, 0)
        return body(cut(records, start, number(asked, size, SIZE)), start, len(records))

    return answer


def tokens(body: Callable[[Records, str | None], Any], *, param: str, always: bool = False) -> Any:
    """Answers by a token that says nothing to a person."""

    def answer(asked: Asked, records: Records) -> Any:
        token = dict(asked.query).get(param, "").removeprefix("/+")
        start = int(token.removeprefix("tok-")) if token.startswith("tok-") else 0
        more = start + SIZE < len(records)
        return body(cut(records, start), f"tok-{start + SIZE}" if more or always else None)

    return answer


def after_id(asked: Asked, records: Records) -> Any:
    last = dict(asked.query).get("starting_after")
    start = next((place for place, each in enumerate(records, 1) if each["id"] == last), 0)
    return {"object": "list", "data": cut(records, start), "has_more": start + SIZE < len(records)}


def github(asked: Asked, records: Records, page: int, pages: int) -> Answer:
    link = {"Link": f'<{url(asked, page=page + 1)}>; rel="next"'} if page < pages else {}
    return Answer(200, records, {**link, "X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "4999"})


def as_csv(asked: Asked, records: Records, page: int, pages: int) -> Answer:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(ORDERS[0]))
    writer.writeheader()
    writer.writerows(records)
    return Answer(200, text.getvalue(), {"Content-Type": "text/csv"})


def as_lines(asked: Asked, records: Records, page: int, pages: int) -> Answer:
    return Answer(200, "\n".join(map(json.dumps, records)), {"Content-Type": "application/x-ndjson"})


def strict(asked: Asked, records: Records) -> Any:
    known = ("page", "updated_after")
    unknown = [name for name, _ in asked.query if name not in known]
    if unknown:
        return Answer(400, {"error": "unknown parameter", "allowed": list(known)})
    return paged(lambda _, found, page, pages: {"orders": found, "page": page, "total_pages": pages})(asked, records)


def with_key(asked: Asked, records: Records) -> Any:
    if dict(asked.query).get("api_key") != "key-of-mine-9":
        return Answer(401, {"error": "no key"})
    start = number(asked, "from", 0)
    following = url(asked, **{"from": start + SIZE}) if start + SIZE < len(records) else None
    return {"rows": cut(records, start), "next": following}


def limited(asked: Asked, records: Records, page: int, pages: int) -> Answer:
    body = {"data": records, "pagination": {"page": page, "pages": pages}}
    return Answer(200, body, {"RateLimit-Policy": '"default";q=100;w=60'})


UPDATED = ("updated_since", "updated_at")

SHAPES: dict[str, Shape] = {
    "Link header": Shape(
        answer=paged(github), paginator={"type": "header_link"}, filter=("since", "updated_at"), path="/repos/x/orders"
    ),
    "JSON:API": Shape(
        answer=paged(
            lambda asked, records, page, pages: {
                "data": records,
                "links": {"self": url(asked), "next": url(asked, page=page + 1) if page < pages else None},
                "included": [{"id": 1}],
            }
        ),
        selector="data",
        paginator={"type": "json_link", "next_url_path": "links.next"},
    ),
    "results, count and next": Shape(
        answer=paged(
            lambda asked, records, page, pages: {
                "count": 25,
                "next": url(asked, page=page + 1) if page < pages else None,
                "previous": None,
                "results": records,
            }
        ),
        selector="results",
        paginator={"type": "json_link", "next_url_path": "next"},
        filter=("updated_at__gte", "updated_at"),
    ),
    "next link without host": Shape(
        answer=paged(
            lambda asked, records, page, pages: {
                "items": records,
                "_links": {"next": {"href": f"/v1/orders?page={page + 1}"}} if page < pages else {},
            }
        ),
        selector="items",
        paginator={"type": "json_link", "next_url_path": "_links.next.href"},
    ),
    "pages that begin with the last record of the one before": Shape(
        answer=lambda asked, records: {
            "calls": records[number(asked, "from", 0) :][:SIZE],
            "next": url(asked, **{"from": number(asked, "from", 0) + SIZE - 1})
            if number(asked, "from", 0) + SIZE < len(records)
            else None,
        },
        selector="calls",
        paginator={"type": "json_link", "next_url_path": "next"},
    ),
    "OData": Shape(
        answer=paged(
            lambda asked, records, page, pages: {
                "@odata.context": "x",
                "value": records,
                **({"@odata.nextLink": url(asked, page=page + 1)} if page < pages else {}),
            }
        ),
        selector="value",
        paginator={"type": "json_link", "next_url_path": "$['@odata.nextLink']"},
    ),
    "a flag, and the id of the last record": Shape(
        answer=after_id,
        records=EPOCHS,
        selector="data",
        paginator={
            "type": "cursor",
            "cursor_path": "data[-1].id",
            "cursor_param": "starting_after",
            "has_more_path": "has_more",
        },
        filter=("created[gte]", "created"),
        changes=False,
    ),
    "a cursor among metadata": Shape(
        answer=tokens(
            lambda records, token: {"ok": True, "orders": records, "response_metadata": {"next_cursor": token or ""}},
            param="cursor",
        ),
        selector="orders",
        paginator={"type": "cursor", "cursor_path": "response_metadata.next_cursor", "cursor_param": "cursor"},
        filter=UPDATED,
    ),
    "nextPageToken": Shape(
        answer=tokens(
            lambda records, token: {"kind": "list", "items": records, **({"nextPageToken": token} if token else {})},
            param="pageToken",
        ),
        selector="items",
        paginator={"type": "cursor", "cursor_path": "nextPageToken", "cursor_param": "pageToken"},
        filter=("updatedAfter", "updatedAt"),
        records=[{"id": each["id"], "updatedAt": each["updated_at"]} for each in ORDERS],
    ),
    "a token that begins with a slash": Shape(
        answer=tokens(
            lambda records, token: {"items": records, "next_page_token": token and f"/+{token}"}, param="page-token"
        ),
        selector="items",
        paginator={"type": "cursor", "cursor_path": "next_page_token", "cursor_param": "page-token"},
    ),
    "after": Shape(
        answer=tokens(
            lambda records, token: {"results": records, "paging": {"next": {"after": token}} if token else None},
            param="after",
        ),
        selector="results",
        paginator={"type": "cursor", "cursor_path": "paging.next.after", "cursor_param": "after"},
    ),
    "a cursor even on the last page, and a flag": Shape(
        answer=tokens(
            lambda records, token: {"data": records, "next_cursor": token, "has_more": len(records) == SIZE},
            param="cursor",
            always=True,
        ),
        selector="data",
        paginator={
            "type": "cursor",
            "cursor_path": "next_cursor",
            "cursor_param": "cursor",
            "has_more_path": "has_more",
        },
    ),
    "the number of the next page": Shape(
        answer=paged(
            lambda asked, records, page, pages: {"orders": records, "next_page": page + 1 if page < pages else None}
        ),
        selector="orders",
        paginator={"type": "cursor", "cursor_path": "next_page", "cursor_param": "page"},
        filter=("min_updated_at", "updated_at"),
    ),
    "the next offset": Shape(
        answer=skipping(
            lambda records, start, total: {
                "list": records,
                "more": start + SIZE < total,
                "next_offset": start + SIZE if start + SIZE < total else None,
            }
        ),
        selector="list",
        paginator={"type": "cursor", "cursor_path": "next_offset", "cursor_param": "offset"},
    ),
    "current and last page": Shape(
        answer=paged(
            lambda asked, records, page, pages: {"data": records, "current_page": page, "last_page": pages, "total": 25}
        ),
        selector="data",
        paginator={"type": "page_number", "base_page": 1, "total_path": "last_page"},
        filter=UPDATED,
    ),
    "total pages among metadata, exclusive filter": Shape(
        answer=paged(
            lambda asked, records, page, pages: {
                "orders": records,
                "meta": {"current_page": page, "total_pages": pages, "total_count": 25},
            }
        ),
        selector="orders",
        paginator={"type": "page_number", "base_page": 1, "total_path": "meta.total_pages"},
        filter=("updated_after", "updated_at"),
        keeps=False,
        lag=1,
    ),
    "pages from 0": Shape(
        answer=paged(
            lambda asked, records, page, pages: {
                "content": records,
                "number": page,
                "size": SIZE,
                "totalPages": pages,
                "totalElements": 25,
            },
            base=0,
        ),
        selector="content",
        paginator={"type": "page_number", "base_page": 0, "total_path": "totalPages"},
    ),
    "pageNumber": Shape(
        answer=paged(
            lambda asked, records, page, pages: {"records": records, "pageNumber": page, "totalPages": pages},
            param="pageNumber",
        ),
        selector="records",
        paginator={"type": "page_number", "base_page": 1, "page_param": "pageNumber", "total_path": "totalPages"},
    ),
    "the page, without how many": Shape(
        answer=paged(
            lambda asked, records, page, pages: {"page": page, "per_page": SIZE, "total": 25, "data": records}
        ),
        selector="data",
        paginator={"type": "page_number", "base_page": 1, "total_path": None},
    ),
    "offset, limit and total": Shape(
        answer=skipping(
            lambda records, start, total: {"items": records, "offset": start, "limit": SIZE, "total": total}
        ),
        selector="items",
        paginator={"type": "offset", "limit": SIZE, "total_path": "total"},
        filter=("modified_since", "updated_at"),
    ),
    "skip": Shape(
        answer=skipping(
            lambda records, start, total: {"orders": records, "skip": start, "limit": SIZE, "total": total},
            param="skip",
        ),
        selector="orders",
        paginator={"type": "offset", "limit": SIZE, "offset_param": "skip", "total_path": "total"},
    ),
    "startAt and maxResults": Shape(
        answer=skipping(
            lambda records, start, total: {"startAt": start, "maxResults": SIZE, "total": total, "issues": records},
            param="startAt",
            size="maxResults",
        ),
        selector="issues",
        paginator={
            "type": "offset",
            "limit": SIZE,
            "offset_param": "startAt",
            "limit_param": "maxResults",
            "total_path": "total",
        },
    ),
    "a bare list by page": Shape(
        answer=paged(lambda asked, records, page, pages: records),
        paginator={"type": "page_number", "base_page": 1, "total_path": None},
        filter=UPDATED,
    ),
    "a bare list by page from 0": Shape(
        answer=paged(lambda asked, records, page, pages: records, base=0),
        paginator={"type": "page_number", "base_page": 0, "total_path": None},
    ),
    "a bare list by offset": Shape(
        answer=skipping(lambda records, start, total: records),
        paginator={"type": "offset", "limit": SIZE, "total_path": None},
        filter=UPDATED,
        lag=1,
    ),
    "a bare list by start": Shape(
        answer=skipping(lambda records, start, total: records, param="start"),
        paginator={"type": "offset", "limit": SIZE, "offset_param": "start", "total_path": None},
    ),
    "the next page in a header": Shape(
        answer=paged(
            lambda asked, records, page, pages: Answer(
                200, records, {"X-Next-Page": str(page + 1) if page < pages else "", "X-Total": "25"}
            )
        ),
        paginator={"type": "header_cursor", "cursor_key": "x-next-page", "cursor_param": "page"},
        filter=("updated_after", "updated_at"),
    ),
    "a cursor in a header": Shape(
        answer=tokens(
            lambda records, token: Answer(200, records, {"X-Next-Cursor": token} if token else {}), param="cursor"
        ),
        paginator={"type": "header_cursor", "cursor_key": "x-next-cursor", "cursor_param": "cursor"},
    ),
    "a page size in the URL": Shape(
        answer=skipping(lambda records, start, total: records, size="count"),
        paginator={"type": "offset", "limit": 7, "limit_param": "count", "total_path": None},
        path="/v1/orders?count=7&offset=0",
    ),
    "all in one page": Shape(
        answer=lambda asked, records: {"data": records},
        records=ORDERS[:23],
        selector="data",
        paginator={"type": "single_page"},
        filter=UPDATED,
    ),
    "a page of a round size, and nothing about more": Shape(
        answer=lambda asked, records: {"data": records}, selector="data", paginator=None, filter=UPDATED
    ),
    "a bare list of one page, the next one empty": Shape(
        answer=paged(lambda asked, records, page, pages: records),
        records=ORDERS[:7],
        paginator={"type": "page_number", "base_page": 1, "total_path": None},
        filter=UPDATED,
    ),
    "one object": Shape(
        answer=lambda asked, records: records[0],
        records=ORDERS[:1],
        paginator={"type": "single_page"},
        path="/v1/account",
    ),
    "objects by id": Shape(
        answer=lambda asked, records: {"status": "ok", "data": {str(each["id"]): each for each in records}},
        records=ORDERS[:23],
        selector="data.*",
        paginator={"type": "single_page"},
    ),
    "CSV": Shape(
        answer=paged(as_csv),
        records=[{name: str(value) for name, value in each.items()} for each in ORDERS],
        paginator={"type": "page_number", "base_page": 1, "total_path": None},
        path="/exports/orders.csv",
    ),
    "JSON lines": Shape(
        answer=paged(as_lines), paginator={"type": "page_number", "base_page": 1, "total_path": None}, filter=UPDATED
    ),
    "no unknown parameter is taken": Shape(
        answer=strict,
        selector="orders",
        paginator={"type": "page_number", "base_page": 1, "total_path": "total_pages"},
        filter=("updated_after", "updated_at"),
    ),
    "a key in the query, that next links repeat": Shape(
        answer=with_key,
        selector="rows",
        paginator={"type": "json_link", "next_url_path": "next"},
        path="/v1/orders?api_key=key-of-mine-9",
        client={"auth": {"type": "api_key", "name": "api_key", "api_key": "{secrets.api_key}", "location": "query"}},
    ),
    "two fields are the key": Shape(
        answer=paged(lambda asked, records, page, pages: {"lines": records, "page": page, "pages": pages}),
        records=LINES,
        selector="lines",
        key=["order_id", "line_no"],
        paginator={"type": "page_number", "base_page": 1, "total_path": "pages"},
    ),
    "the name of the resource in the key": Shape(
        answer=paged(lambda asked, records, page, pages: {"orders": records, "page": page, "pages": pages}),
        records=KEYED,
        selector="orders",
        key="order_id",
        paginator={"type": "page_number", "base_page": 1, "total_path": "pages"},
    ),
    "uuids, dates, a limit told in full": Shape(
        answer=paged(limited),
        records=UUIDS,
        selector="data",
        key="uuid",
        paginator={"type": "page_number", "base_page": 1, "total_path": "pagination.pages"},
        filter=("modified_since", "lastModified"),
        client={"rate_limit": {"requests": 100, "seconds": 60}},
    ),
}
