"""What could be done at best, by hand and without a feature: `requests`, `msgspec`, one line per record.

python limit.py load.json [--connections 16]
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import requests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


class Page(msgspec.Struct):
    """A reply."""

    data: list[dict[str, Any]]
    next: str | None
    total: int


class Limit:
    """Reads a load over so many connections; one of them: one request after another."""

    def __init__(self, load: dict[str, Any], connections: int) -> None:
        """Nothing was asked."""
        self._load = load
        self._wide = connections > 1
        self._pool = ThreadPoolExecutor(connections)
        self._window = connections
        self._local = threading.local()
        self._decode = msgspec.json.Decoder(Page).decode
        self._encode = msgspec.json.Encoder().encode
        self._writing = threading.Lock()

    def read(self) -> None:
        """All of it."""
        if not self._load["names"]:
            self._family()
        elif self._wide and len(self._load["names"]) > 1:
            list(self._pool.map(self._collection, self._load["names"]))
        else:
            for name in self._load["names"]:
                self._collection(name)

    def _family(self) -> None:
        for page in self._pages("parents"):
            self._write("parents", page.data)
            ids = [each["id"] for each in page.data]
            for number, pages in zip(ids, self._ordered(self._children, ids), strict=True):
                for each in pages:
                    for record in each.data:
                        record["_parents_id"] = number
                    self._write("children", each.data)

    def _children(self, number: int) -> list[Page]:
        return list(self._pages(f"parents/{number}/children"))

    def _collection(self, name: str) -> None:
        for page in self._pages_of_one(name):
            self._write(name, page.data)

    def _pages_of_one(self, name: str) -> Iterator[Page]:
        if not self._wide or len(self._load["names"]) > 1:
            yield from self._pages(name)
        elif self._load["paging"] == "offset":
            first = self._page(name, {})
            yield first
            offsets = range(self._load["page"], first.total, self._load["page"])
            yield from self._ordered(lambda offset: self._page(name, {"offset": offset}), offsets)
        else:
            pages = self._pages(name)
            ahead = self._pool.submit(next, pages, None)
            while (page := ahead.result()) is not None:
                ahead = self._pool.submit(next, pages, None)
                yield page

    def _pages(self, name: str) -> Iterator[Page]:
        place: dict[str, Any] = {}
        while True:
            page = self._page(name, place)
            yield page
            if page.next is None:
                return
            place = {"cursor": page.next} if self._load["paging"] == "cursor" else {"offset": page.next[1:]}

    def _page(self, name: str, place: dict[str, Any]) -> Page:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = requests.Session()
        since = {"since": self._load["since"]} if self._load["since"] else {}
        query = {"limit": self._load["page"], **since, **place}
        reply = session.get(f"{self._load['url']}/{name}", params=query, timeout=60)
        reply.raise_for_status()
        return self._decode(reply.content)

    def _ordered(self, task: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
        """What a task makes of items, in their order, some of them at once."""
        if not self._wide:
            yield from map(task, items)
            return
        running: deque[Any] = deque()
        for item in items:
            running.append(self._pool.submit(task, item))
            if len(running) > self._window:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()

    def _write(self, stream: str, records: list[Any]) -> None:
        now = datetime.now(timezone.utc).isoformat()
        message = {"type": "RECORD", "stream": stream, "record": None, "time_extracted": now}
        lines = [self._encode({**message, "record": record}) + b"\n" for record in records]
        with self._writing:
            sys.stdout.buffer.write(b"".join(lines))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("load", type=Path)
    parser.add_argument("--connections", type=int, default=1)
    given = parser.parse_args()
    Limit(json.loads(given.load.read_text()), given.connections).read()
