"""How do APIs behave that count pages or rows?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from playing import Api, refused, unknown

if TYPE_CHECKING:
    from scripted import Asked


class OffsetTotal(Api):
    """Offset and limit are needed, and no page is larger than 60."""

    base = "/v2"
    secrets: ClassVar = {"api_key": "key-of-customers"}
    headers: ClassVar = {"x-api-key": "key-of-customers"}

    def __init__(self) -> None:
        self.records = {
            "customers": [{"id": n, "name": f"Customer {n}"} for n in range(205)],
            "segments": [{"id": n, "name": f"Segment {n}"} for n in range(120)],
        }

    def answer(self, asked: Asked) -> Any:
        found = self.records.get(asked.path.removeprefix("/v2/"))
        if found is None:
            return refused(404, "no such list")
        if complaint := unknown(asked, "offset", "limit", "sort"):
            return complaint
        query = dict(asked.query)
        offset, limit = int(query["offset"]), min(int(query["limit"]), 60)
        if offset and offset >= len(found):
            return refused(416, "offset is behind the last entry")
        paging = {"offset": offset, "limit": limit, "total": len(found)}
        return {"items": found[offset : offset + limit], "paging": paging}


class PageNumber(Api):
    """Pages from 1 to the last one; any other is an error."""

    base = "/api"

    def __init__(self) -> None:
        self.records = {
            "products": [{"sku": f"P-{n}", "price": n / 4} for n in range(226)],
            "brands": [{"id": n, "name": f"Brand {n}"} for n in range(50)],
        }

    def answer(self, asked: Asked) -> Any:
        found = self.records.get(asked.path.removeprefix("/api/"))
        if found is None:
            return refused(404, "no such list")
        if complaint := unknown(asked, "page", "page_size"):
            return complaint
        query = dict(asked.query)
        page, size = int(query["page"]), int(query["page_size"])
        last = -(-len(found) // size)
        if not 1 <= page <= last or size > 50:
            return refused(404, "no such page")
        meta = {"current_page": page, "total_pages": last, "total": len(found)}
        return {"data": found[(page - 1) * size : page * size], "meta": meta}
