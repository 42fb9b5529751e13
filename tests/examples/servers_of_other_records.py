"""How do APIs behave whose bodies are no JSON, or whose records are not what a table should hold?"""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any, ClassVar

from playing import Api, moment, refused, unknown
from scripted import Answer

if TYPE_CHECKING:
    from scripted import Asked


class CsvReport(Api):
    """Rows in Latin-1, each page with a line of totals; a page behind the last has a header and nothing else."""

    base = "/reports"
    secrets: ClassVar = {"key": "key-of-reports"}
    headers: ClassVar = {"x-report-key": "key-of-reports", "accept": "text/csv"}

    def __init__(self) -> None:
        self.records = {
            "orders": [
                {"order_no": n, "ordered": f"2024-01-{n % 28 + 1:02}", "customer": f'Müller; "{n}"', "amount": n / 4}
                for n in range(130)
            ]
        }

    def answer(self, asked: Asked) -> Any:
        if asked.path != "/reports/orders.csv":
            return refused(404, "no such report")
        if complaint := unknown(asked, "page", "rows"):
            return complaint
        page, size = (int(dict(asked.query)[name]) for name in ("page", "rows"))
        if page < 1:
            return refused(400, "pages begin at 1")
        found = self.records["orders"][(page - 1) * size : page * size]
        written = io.StringIO()
        rows = csv.writer(written, delimiter=";")
        rows.writerow(["Order No", "Ordered", "Customer", "Amount"])
        for order in found:
            amount = f"{order['amount']:.2f}".replace(".", ",")
            rows.writerow(
                [order["order_no"], ".".join(reversed(order["ordered"].split("-"))), order["customer"], amount]
            )
        if found:
            rows.writerow(["Total", "", "", f"{sum(order['amount'] for order in found):.2f}".replace(".", ",")])
        content = written.getvalue().encode("iso-8859-1")
        return Answer(200, content, {"Content-Type": "text/csv; charset=iso-8859-1"}).zipped()


class JsonLines(Api):
    """A record a line; the cursor is the id of one there is."""

    base = "/v1"

    def __init__(self) -> None:
        self.events = [
            {
                "id": f"evt-{n:04}",
                "at": 1704067200000 + n * 1500,
                "actor": {"id": n % 9, "kind": "user"},
                "changes": ["name", "a\u2028b"][: n % 3],
            }
            for n in range(230)
        ]
        self.records = {
            "audit": [
                {
                    "id": event["id"],
                    "at": moment(n * 0.025),
                    "changes": event["changes"],
                    "actor_id": event["actor"]["id"],
                    "actor_kind": "user",
                }
                for n, event in enumerate(self.events)
            ]
        }

    def answer(self, asked: Asked) -> Any:
        if asked.path != "/v1/audit":
            return refused(404, "no such log")
        if complaint := unknown(asked, "limit", "after"):
            return complaint
        query = dict(asked.query)
        ids = [event["id"] for event in self.events]
        if query.get("after", ids[0]) not in ids:
            return refused(404, "after is no such event")
        begin = ids.index(query["after"]) + 1 if "after" in query else 0
        lines = (json.dumps(event, ensure_ascii=False) for event in self.events[begin : begin + int(query["limit"])])
        return Answer(200, "".join(f"{line}\n" for line in lines), {"Content-Type": "application/x-ndjson"}).zipped()


class ProcessingSteps(Api):
    """Orders with their lines; carts are no orders yet."""

    base = "/v1"

    def __init__(self) -> None:
        self.orders = [
            {
                "id": n,
                "state": "cart" if n % 5 == 0 else "paid",
                "total": f"{n * 2.5:.2f}",
                "customer": {"id": n % 7, "email": f"{n}@example.com", "address": {"city": "Ulm"}},
                "lines": [{"sku": f"S-{k}", "quantity": k + 1} for k in range(n % 4)],
                "internal": {"score": n},
            }
            for n in range(65)
        ]
        self.records = {
            "order_lines": [
                {
                    "order_id": order["id"],
                    "state": "paid",
                    "total": float(order["total"]),
                    "large": float(order["total"]) > 100,
                    "source": "shop",
                    "customer_id": order["customer"]["id"],
                    "customer_address_city": "Ulm",
                    "line_number": number,
                    "lines_sku": line["sku"],
                    "lines_quantity": line["quantity"],
                }
                for order in self.orders
                if order["state"] == "paid"
                for number, line in enumerate(order["lines"])
            ]
        }

    def answer(self, asked: Asked) -> Any:
        if asked.path != "/v1/orders":
            return refused(404, "no such list")
        if complaint := unknown(asked, "after"):
            return complaint
        begin = int(dict(asked.query).get("after", 0))
        following = f"/v1/orders?after={begin + 20}" if begin + 20 < len(self.orders) else None
        return {"orders": self.orders[begin : begin + 20], "next": following}
