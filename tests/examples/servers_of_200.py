"""How do APIs behave whose status is 200, whatever happens?"""

from __future__ import annotations

from typing import Any, ClassVar

from playing import Api, moment, refused, row, token, unknown
from scripted import Answer, Asked


class GraphQL(Api):
    """Says 200 to everything that is JSON, and is too busy for every fourth request."""

    headers: ClassVar = {"x-access-token": "secret-token"}

    def __init__(self) -> None:
        self.asked = 0
        self.records = {
            "orders": [
                {"id": f"gid:{n}", "name": f"#{n}", "createdAt": moment(n), "customer": {"id": f"gid:c{n % 7}"}}
                for n in range(170)
            ]
        }

    def answer(self, asked: Asked) -> Any:
        if (asked.method, asked.path) != ("POST", "/graphql"):
            return refused(404, "there is one URL")
        body = asked.json
        if set(body) != {"query", "variables"} or set(body["variables"]) - {"first", "after"} or asked.query:
            return refused(400, "query and variables are needed, and nothing else")
        if body["query"].count("{") != body["query"].count("}") or "customer { id }" not in body["query"]:
            return {"errors": [{"message": "syntax error", "extensions": {"code": "GRAPHQL_PARSE_FAILED"}}]}
        self.asked += 1
        if self.asked % 4 == 0:
            return Answer(
                200,
                {"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]},
                {"Retry-After": "0.01"},
            )
        found, first = self.records["orders"], body["variables"]["first"]
        begin = row(body["variables"]["after"]) if body["variables"].get("after") else 0
        end = begin + first
        page = {"endCursor": token(end), "hasNextPage": end < len(found)}
        return {"data": {"orders": {"edges": [{"node": order} for order in found[begin:end]], "pageInfo": page}}}


class ErrorsIn200(Api):
    """Its status is always 200; every fifth request comes too soon, and one channel is closed."""

    base = "/api"

    def __init__(self) -> None:
        self.asked = 0
        channels = [{"id": f"C{n:02}", "name": f"channel-{n}"} for n in range(5)]
        messages = [
            {"ts": f"{n}.{k:04}", "text": f"Message {k}", "_channels_id": f"C{n:02}"}
            for n in range(5)
            for k in range(n * 25)
            if n != 3
        ]
        self.records = {"channels": channels, "messages": messages}

    def answer(self, asked: Asked) -> Any:
        self.asked += 1
        query = dict(asked.query)
        if self.asked % 5 == 0:
            return Answer(200, {"ok": False, "error": "ratelimited"}, {"Retry-After": "0.01"})
        if query.get("channel") == "C03":
            return {"ok": False, "error": "not_in_channel"}
        name = asked.path.removeprefix("/api/").removesuffix(".list")
        if name not in self.records or unknown(asked, "limit", "cursor", "channel"):
            return {"ok": False, "error": "invalid_arguments"}
        found = [
            {key: value for key, value in record.items() if key[0] != "_"}
            for record in self.records[name]
            if record.get("_channels_id") == query.get("channel")
        ]
        begin = row(query["cursor"]) if "cursor" in query else 0
        end = begin + int(query["limit"])
        return {"ok": True, name: found[begin:end], "next_cursor": token(end) if end < len(found) else ""}
