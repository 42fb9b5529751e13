"""How do APIs behave that are asked for what is new?"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlencode

from playing import Api, Record, moment, origin, refused, row, token, unknown

if TYPE_CHECKING:
    from scripted import Asked


class TokenSync(Api):
    """Knows its changes by version, and what it forgot; a page belongs to the read that it was begun with."""

    base = "/v1"

    def __init__(self) -> None:
        self.versions = [[self.contact(n) for n in range(170)]]
        self.forgotten = 0

    @staticmethod
    def contact(number: int, *, deleted: bool = False) -> Record:
        return {"id": f"c-{number}", "name": f"Contact {number}", "deleted": deleted}

    @property
    def records(self) -> dict[str, list[Record]]:
        latest = {record["id"]: record for version in self.versions for record in version}
        return {"contacts": list(latest.values())}

    def more(self) -> dict[str, list[Record]]:
        self.versions.append([self.contact(5, deleted=True), *(self.contact(n) for n in range(170, 225))])
        return {"contacts": self.versions[-1]}

    def answer(self, asked: Asked) -> Any:
        if asked.path != "/v1/contacts":
            return refused(404, "no such list")
        if complaint := unknown(asked, "page_size", "page_token", "sync_token"):
            return complaint
        query = dict(asked.query)
        since = row(query["sync_token"]) if "sync_token" in query else 0
        if "sync_token" in query and since <= self.forgotten:
            return refused(410, "sync_token has expired")
        begun, begin = divmod(row(query["page_token"]), 1000) if "page_token" in query else (since, 0)
        if begun != since:
            return refused(400, "page_token belongs to another sync_token")
        changed = [record for version in self.versions[since:] for record in version]
        found = changed if since else self.records["contacts"]
        end = begin + int(query["page_size"])
        if end < len(found):
            return {"contacts": found[begin:end], "next_page_token": token(since * 1000 + end)}
        return {"contacts": found[begin:end], "next_sync_token": token(len(self.versions))}


class DeltaLink(Api):
    """Links to the next page, and at the end to what changes from then on; the links need no further parameters."""

    base = "/v1.0"
    size = 40

    def __init__(self) -> None:
        self.versions = [[self.user(n) for n in range(130)]]

    @staticmethod
    def user(number: int, name: str = "User") -> Record:
        return {"id": f"u-{number}", "displayName": f"{name} {number}"}

    @property
    def records(self) -> dict[str, list[Record]]:
        return {"users": self.versions[0]}

    def more(self) -> dict[str, list[Record]]:
        self.versions.append([self.user(3, "New name of user"), *(self.user(n) for n in range(130, 175))])
        return {"users": self.versions[1]}

    def answer(self, asked: Asked) -> Any:
        if asked.path != "/v1.0/users/delta":
            return refused(404, "no such list")
        query = dict(asked.query)
        if len(query) > 1:
            return refused(400, "a link is asked for as it is")
        if complaint := unknown(asked, "$select", "$skiptoken", "$deltatoken"):
            return complaint
        version, begin = row(query["$deltatoken"]) if "$deltatoken" in query else 0, 0
        if "$skiptoken" in query:
            version, begin = divmod(row(query["$skiptoken"]), 1000)
        found, end = [record for changed in self.versions[version:] for record in changed], begin + self.size
        here = f"{origin(asked)}{asked.path}"
        link = (
            {"@odata.nextLink": f"{here}?{urlencode({'$skiptoken': token(version * 1000 + end)})}"}
            if end < len(found)
            else {"@odata.deltaLink": f"{here}?{urlencode({'$deltatoken': token(len(self.versions))})}"}
        )
        return {"value": found[begin:end], **link}


class BackfillInSteps(Api):
    """Gives a day at a time, eight readings a page; it can be made to break at a day."""

    base = "/v2"
    secrets: ClassVar = {"key": "key-of-meters"}
    headers: ClassVar = {"x-api-key": "key-of-meters"}

    def __init__(self) -> None:
        self.records = {"readings": [self.reading(n) for n in range(10 * 24)]}
        self.breaks_at: str | None = None

    @staticmethod
    def reading(number: int) -> Record:
        return {"id": number, "taken_at": moment(number * 60 + 30), "value": number / 8}

    def more(self) -> dict[str, list[Record]]:
        readings = [self.reading(n) for n in range(10 * 24, 11 * 24)]
        self.records["readings"] += readings
        return {"readings": readings}

    def answer(self, asked: Asked) -> Any:
        if asked.path != "/v2/readings":
            return refused(404, "no such list")
        if complaint := unknown(asked, "from", "to", "next"):
            return complaint
        query = dict(asked.query)
        if datetime.fromisoformat(query["to"][:-1]) - datetime.fromisoformat(query["from"][:-1]) > timedelta(days=1):
            return refused(400, "no more than a day at a time")
        if query["from"] == self.breaks_at:
            return refused(404, "broken")
        found = [each for each in self.records["readings"] if query["from"] <= each["taken_at"] < query["to"]]
        begin = row(query["next"]) if "next" in query else 0
        return {
            "readings": found[begin : begin + 8],
            "next": token(begin + 8) if begin + 8 < len(found) else None,
        }
