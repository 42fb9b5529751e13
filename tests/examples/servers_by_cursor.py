"""How do APIs behave whose replies hold a cursor?"""

from __future__ import annotations

import base64
from datetime import datetime, timezone
from typing import Any, ClassVar

from playing import Api, Record, moment, refused, row, token, unknown
from scripted import Answer, Asked


class SearchPost(Api):
    """Reads nothing but the JSON body, and is strict about its keys."""

    base = "/v1"
    headers: ClassVar = {"authorization": "Token secret-token"}

    def __init__(self) -> None:
        self.records = {"contacts": [self.contact(n) for n in range(1, 181)]}

    @staticmethod
    def contact(number: int) -> Record:
        properties = {"email": f"{number}@example.com", "updated_at": 1704067200000 + number * 1000}
        return {"id": f"c-{number}", "archived": False, "properties": properties}

    def more(self) -> dict[str, list[Record]]:
        self.records["contacts"] += [self.contact(n) for n in range(181, 184)]
        return {"contacts": self.records["contacts"][-4:]}

    def answer(self, asked: Asked) -> Any:
        if (asked.method, asked.path) != ("POST", "/v1/contacts/search"):
            return refused(405, "search by POST")
        if asked.headers.get("content-type") != "application/json":
            return refused(415, "a JSON body is needed")
        body = asked.json
        if asked.query or set(body) - {"filters", "sort", "page"} or set(body["page"]) - {"size", "after"}:
            return refused(400, "unknown parameter")
        if body["page"]["size"] > 100:
            return refused(400, "page.size is at most 100")
        since = next(entry["value"] for entry in body["filters"] if entry["field"] == "updated_at")
        if not isinstance(since, int):
            return refused(400, "updated_at is a number")
        found = [record for record in self.records["contacts"] if record["properties"]["updated_at"] >= since]
        begin = row(body["page"]["after"]) if "after" in body["page"] else 0
        end = begin + body["page"]["size"]
        return {"results": found[begin:end], "page": {"after": token(end)} if end < len(found) else {}}


class NestedParents(Api):
    """Lists below lists, six entries a page; the last organization is empty."""

    base = "/v1"

    def __init__(self) -> None:
        organizations = [{"id": f"org {n}", "name": f"Organization {n}"} for n in range(14)]
        projects = [
            {"id": n * 100 + k, "name": f"Project {k}", "_organizations_id": owner["id"]}
            for n, owner in enumerate(organizations[:-1])
            for k in range(n % 8)
        ]
        tasks = [
            {
                "id": project["id"] * 100 + k,
                "title": f"Task {k}",
                "_projects_id": project["id"],
                "_projects__organizations_id": project["_organizations_id"],
            }
            for project in projects
            for k in range(project["id"] % 15)
        ]
        self.records = {"organizations": organizations, "projects": projects, "tasks": tasks}

    def answer(self, asked: Asked) -> Any:
        query = dict(asked.query)
        match asked.path.split("/")[2:]:
            case ["organizations"]:
                complaint, found = unknown(asked, "cursor"), self.records["organizations"]
            case ["organizations", owner, "projects"]:
                owner = owner.replace("%20", " ")
                complaint = unknown(asked, "cursor")
                found = [record for record in self.records["projects"] if record["_organizations_id"] == owner]
            case ["projects", owner, "tasks"]:
                complaint = unknown(asked, "cursor", "archived", "workspace")
                found = [record for record in self.records["tasks"] if record["_projects_id"] == int(owner)]
                if any(record["_projects__organizations_id"] != query["workspace"] for record in found):
                    return refused(403, "another workspace")
            case _:
                return refused(404, "no such list")
        if complaint:
            return complaint
        begin = row(query["cursor"]) if "cursor" in query else 0
        shown = [{name: value for name, value in record.items() if name[0] != "_"} for record in found]
        return {"data": shown[begin : begin + 6], "next_cursor": token(begin + 6) if begin + 6 < len(found) else None}


class TimeWindow(Api):
    """Events from a moment on, in seconds; they are oldest first, and a chunk belongs to its window."""

    base = "/export/v1"
    secrets: ClassVar = {"project": "project-1", "secret": "secret-of-it"}
    headers: ClassVar = {"authorization": f"Basic {base64.b64encode(b'project-1:secret-of-it').decode()}"}

    def __init__(self) -> None:
        self.records = {"events": [{"event_id": f"e-{n}", "occurred_at": moment(n)} for n in range(701)]}

    def more(self) -> dict[str, list[Record]]:
        late = {"event_id": "e-late", "occurred_at": moment(695.5)}
        events = [*self.records["events"], late, {"event_id": "e-new", "occurred_at": moment(710)}]
        self.records["events"] = sorted(events, key=lambda event: event["occurred_at"])
        return {"events": [event for event in self.records["events"] if event["occurred_at"] >= moment(690)]}

    def answer(self, asked: Asked) -> Any:
        if asked.path != "/export/v1/events":
            return refused(404, "no such export")
        if complaint := unknown(asked, "from", "count", "continue"):
            return complaint
        query = dict(asked.query)
        if not query["from"].isdigit() or int(query["count"]) > 1000:
            return refused(400, "from are seconds, and count is at most 1000")
        since = datetime.fromtimestamp(int(query["from"]), timezone.utc).isoformat().replace("+00:00", "Z")
        found = [event for event in self.records["events"] if event["occurred_at"] >= since]
        begin = row(query["continue"]) if "continue" in query else 0
        end = begin + int(query["count"])
        body: Record = {"events": found[begin:end]}
        return {**body, "continue": token(end)} if end < len(found) else body


class LastRecordCursor(Api):
    """Newest first; a cursor is the id of a record there is."""

    base = "/v1"
    secrets: ClassVar = {"key": "sk_secret_key"}
    headers: ClassVar = {"authorization": f"Basic {base64.b64encode(b'sk_secret_key:').decode()}"}

    def __init__(self) -> None:
        self.records = {
            "charges": [self.charge(n) for n in range(330, 0, -1)],
            "refunds": [{"id": f"re_{n:04}", "amount": n} for n in range(200, 0, -1)],
        }

    @staticmethod
    def charge(number: int) -> Record:
        return {"id": f"ch_{number:04}", "object": "charge", "created": 1704067200 + number}

    def more(self) -> dict[str, list[Record]]:
        self.records["charges"][:0] = [self.charge(n) for n in (333, 332, 331)]
        return {**self.records, "charges": self.records["charges"][:4]}

    def answer(self, asked: Asked) -> Any:
        found = self.records.get(asked.path.removeprefix("/v1/"))
        if found is None:
            return refused(404, "no such list")
        if complaint := unknown(asked, "limit", "starting_after", "created[gte]"):
            return complaint
        query = dict(asked.query)
        if int(query.get("limit", 10)) > 100:
            return refused(400, "limit is at most 100")
        found = [record for record in found if record.get("created", 0) >= int(query.get("created[gte]", 0))]
        ids = [record["id"] for record in found]
        if query.get("starting_after", ids[0] if ids else None) not in ids:
            return refused(404, "starting_after is no such object")
        begin = ids.index(query["starting_after"]) + 1 if "starting_after" in query else 0
        end = begin + int(query.get("limit", 10))
        return {"object": "list", "data": found[begin:end], "has_more": end < len(found)}


class HeaderCursor(Api):
    """The cursor of the next page stands in a header, and only there."""

    base = "/v1"

    def __init__(self) -> None:
        self.records = {
            "devices": [{"serial": f"D-{n}", "online": n % 2 == 0} for n in range(110)],
            "firmware": [{"version": f"1.{n}.0"} for n in range(25)],
        }

    def answer(self, asked: Asked) -> Any:
        name = {"/v1/devices": "devices", "/v1/firmware/releases": "firmware"}.get(asked.path)
        if name is None:
            return refused(404, "no such list")
        if complaint := unknown(asked, "page_size", "cursor"):
            return complaint
        query = dict(asked.query)
        begin = row(query["cursor"]) if "cursor" in query else 0
        end = begin + int(query["page_size"])
        header = {"X-Next-Cursor": token(end)} if end < len(self.records[name]) else {}
        return Answer(200, self.records[name][begin:end], header)


class OAuth2(Api):
    """Gives one token at a time, and forgets it after seven requests."""

    uses_of_a_token = 7
    secrets: ClassVar = {"client_id": "client-1", "client_secret": "secret-of-client-1"}
    basic: ClassVar = f"Basic {base64.b64encode(b'client-1:secret-of-client-1').decode()}"

    def __init__(self) -> None:
        self.tokens, self.uses, self.answered = 0, 0, 0
        self.records = {
            "accounts": [{"id": n, "iban": f"XX{n:010}"} for n in range(64)],
            "transfers": [{"id": n, "amount": n / 100} for n in range(150)],
        }

    def __call__(self, asked: Asked) -> Any:
        if asked.path == "/oauth/token":
            return self.issued(asked)
        self.uses += 1
        if asked.headers.get("authorization") != f"Bearer token-{self.tokens}" or self.uses > self.uses_of_a_token:
            return refused(401, "the token has expired")
        self.answered += 1
        return self.answer(asked)

    def issued(self, asked: Asked) -> Any:
        if asked.method != "POST" or asked.headers.get("authorization") != self.basic:
            return Answer(401, {"error": "invalid_client"})
        expected = [("grant_type", "client_credentials"), ("scope", "accounts.read transfers.read")]
        if sorted(asked.form) != expected:
            return Answer(400, {"error": "invalid_request"})
        self.tokens, self.uses = self.tokens + 1, 0
        return {"access_token": f"token-{self.tokens}", "token_type": "Bearer", "expires_in": 300}

    def answer(self, asked: Asked) -> Any:
        found = self.records.get(asked.path.removeprefix("/v1/"))
        if found is None:
            return refused(404, "no such list")
        if complaint := unknown(asked, "page_token"):
            return complaint
        begin = row(dict(asked.query).get("page_token", token(0)))
        return {
            "data": found[begin : begin + 20],
            "meta": {"next_token": token(begin + 20) if begin + 20 < len(found) else None},
        }
