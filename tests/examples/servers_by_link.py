"""How do APIs behave whose replies hold the URL of the next page?"""

from __future__ import annotations

import time
from collections import deque
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import urlencode

from playing import Api, Record, moment, origin, refused, row, token, unknown
from scripted import Answer, Asked


class LinkHeader(Api):
    """Pages by the `Link` header; a page behind the last is empty, and no User-Agent is no service."""

    base = "/v3"
    known = ("state", "sort", "direction", "since", "per_page", "page")

    def __init__(self) -> None:
        self.records = {
            "issues": [{"id": n, "title": f"Issue {n}", "updated_at": moment(n)} for n in range(1, 176)],
            "labels": [{"id": n, "name": f"label-{n}"} for n in range(100)],
        }

    def more(self) -> dict[str, list[Record]]:
        new = {"id": 7, "title": "Issue 7, edited", "updated_at": moment(500)}
        self.records["issues"] = [*(issue for issue in self.records["issues"] if issue["id"] != 7), new]
        return {**self.records, "issues": self.records["issues"][-2:]}

    def answer(self, asked: Asked) -> Any:
        found = self.records.get(asked.path.removeprefix("/v3/repos/main/"))
        if found is None:
            return refused(404, "no such list")
        if not asked.headers.get("user-agent"):
            return refused(403, "say who you are")
        if complaint := unknown(asked, *self.known):
            return complaint
        query = dict(asked.query)
        size, page = int(query.get("per_page", 30)), int(query.get("page", 1))
        if size > 100:
            return refused(422, "per_page is at most 100")
        found = [record for record in found if record.get("updated_at", "") >= query.get("since", "")]
        begin, last = (page - 1) * size, -(-len(found) // size)
        links = {"first": 1, "prev": page - 1, "next": page + 1, "last": last}
        link = ", ".join(
            f'<{origin(asked)}{asked.path}?{urlencode({**query, "page": number})}>; rel="{rel}"'
            for rel, number in links.items()
            if 1 <= number <= last
        )
        return Answer(200, found[begin : begin + size], {"Link": link})


class OData(Api):
    """Pages as large as `Prefer` says, else 25; dates in filters stand without quotes."""

    base = "/odata/v4"
    keys = ("$select", "$filter", "$orderby", "$expand", "$skiptoken")

    def __init__(self) -> None:
        self.records = {
            "sales_orders": [
                {"OrderId": n, "Customer": f"C{n % 9}", "Amount": n * 1.25, "ModifiedOn": moment(n)}
                for n in range(1, 131)
            ],
            "products": [{"ProductId": f"P{n}", "Supplier": {"SupplierId": n % 5}} for n in range(81)],
        }

    def more(self) -> dict[str, list[Record]]:
        self.records["sales_orders"] += [
            {"OrderId": n, "Customer": "C1", "Amount": 2.5, "ModifiedOn": moment(n)} for n in range(131, 135)
        ]
        return {**self.records, "sales_orders": self.records["sales_orders"][-5:]}

    def answer(self, asked: Asked) -> Any:
        name = {"/odata/v4/SalesOrders": "sales_orders", "/odata/v4/Products": "products"}.get(asked.path)
        if name is None:
            return refused(404, "no such entity set")
        if complaint := unknown(asked, *self.keys):
            return complaint
        query = dict(asked.query)
        found = self.records[name]
        if "$filter" in query:
            field, operator, literal = query["$filter"].split(" ")
            datetime.strptime(literal, "%Y-%m-%dT%H:%M:%S%z")
            if (field, operator) != ("ModifiedOn", "ge"):
                return refused(400, "the filter cannot be parsed")
            found = [record for record in found if record[field] >= literal]
        prefer = asked.headers.get("prefer", "")
        size = int(prefer.removeprefix("odata.maxpagesize=") or 25)
        begin = int(query.get("$skiptoken", 0))
        body = {"@odata.context": f"$metadata#{name}", "value": found[begin : begin + size]}
        if begin + size < len(found):
            rest = urlencode({**query, "$skiptoken": begin + size})
            body["@odata.nextLink"] = f"{origin(asked)}{asked.path}?{rest}"
        return Answer(200, body, {"OData-Version": "4.0", "Content-Type": "application/json;odata.metadata=minimal"})


class ApiKeyInQuery(Api):
    """Links hold the key that they were asked with; more than ten requests in half a second are too many."""

    base = "/data"
    secrets: ClassVar = {"api_key": "open data key"}
    headers: ClassVar = {}

    def __init__(self) -> None:
        self.refusals = 0
        self._begun: deque[float] = deque(maxlen=10)
        stations = [{"station": f"S-{n}", "height": n} for n in range(23)]
        readings = [
            {"station": entry["station"], "taken_at": moment(k), "celsius": k / 2}
            for entry in stations[:4]
            for k in range(entry["height"] * 5)
        ]
        self.records = {"stations": stations, "readings": readings}

    def answer(self, asked: Asked) -> Any:
        query = dict(asked.query)
        if [value for name, value in asked.query if name == "api_key"] != [self.secrets["api_key"]]:
            return refused(403, "api_key is missing, wrong, or there twice")
        now = time.monotonic()
        # A request is under way for a moment: what left half a second apart may arrive in less.
        if len(self._begun) == 10 and now - self._begun[0] < 0.35:
            self.refusals += 1
            return Answer(429, {"error": "too many requests"}, {"Retry-After": "1"})
        self._begun.append(now)
        if query.get("format") != "json" or unknown(asked, "format", "page", "api_key"):
            return refused(406, "format is json")
        match asked.path.split("/")[2:]:
            case ["stations"]:
                found = self.records["stations"]
            case ["stations", station, "readings"]:
                found = [record for record in self.records["readings"] if record["station"] == station]
            case _:
                return refused(404, "no such data")
        page = int(query.get("page", 1))
        body: Record = {"results": found[(page - 1) * 5 : page * 5], "links": {"next": None}}
        if page * 5 < len(found):
            rest = urlencode({"format": "json", "page": page + 1, "api_key": query["api_key"]})
            body["links"]["next"] = f"{asked.path}?{rest}" if page % 2 else f"?{rest}"
        return body


class RowsInRecords(Api):
    """Invoices with lines and taxes in them; some have none."""

    base = "/v1"

    def __init__(self) -> None:
        invoices = [{"number": f"R-{n}", "lines": [self.line(k) for k in range(n % 4)]} for n in range(70)]
        lines = [{**line, "invoice_number": invoice["number"]} for invoice in invoices for line in invoice["lines"]]
        taxes = [
            {**tax, "invoice_number": line["invoice_number"], "line_position": line["position"]}
            for line in lines
            for tax in line["taxes"]
        ]
        self.records = {"invoices": invoices, "lines": lines, "taxes": taxes}

    @staticmethod
    def line(number: int) -> Record:
        return {
            "position": number,
            "amount": 10.5,
            "taxes": [{"kind": kind, "rate": 7} for kind in ("VAT", "EXC")[:number]],
        }

    def answer(self, asked: Asked) -> Any:
        if asked.path != "/v1/invoices":
            return refused(404, "no such list")
        if complaint := unknown(asked, "page[size]", "page[after]"):
            return complaint
        query = dict(asked.query)
        begin = row(query.get("page[after]", token(0)))
        end = begin + int(query["page[size]"])
        rest = urlencode({**query, "page[after]": token(end)})
        return {
            "invoices": self.records["invoices"][begin:end],
            "next": f"{asked.path}?{rest}" if end < len(self.records["invoices"]) else None,
        }
