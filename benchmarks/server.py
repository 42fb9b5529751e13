"""What does the API say that everyone reads? Ready-made pages, as slow and as unreliable as the address says.

    python -m benchmarks.server --records 200000

    /<run>,total=1000,page=100,wait=50/records?cursor=c100

The first segment of a path names the run that counts, and how the API is to be in it:

    total=N     records of a collection              page=N    records of a page, at most
    wait=MS     time before an answer                gzip=1    bodies are compressed for those who take it
    parents=N, children=N                            fail=P    share of requests that are first answered 500 or 429

Every page says where the next one is, for `cursor=` and for `offset=` with `limit=`: `{"data": [...], "next": "c100",
"total": 1000}`, and in one object, for those who need it so: `"page": {"offset", "limit", "total"}`. `since=` leaves
out what was updated before. `/count/<run>` says what a run asked for.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
from array import array
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit
from zlib import crc32

import msgspec

from benchmarks import records

if TYPE_CHECKING:
    from collections.abc import Callable

_REASONS = {200: "OK", 404: "Not Found", 429: "Too Many Requests", 500: "Internal Server Error"}
_BEGINNING = 1_704_067_200


class Collection:
    """Records that were written as JSON once.

    Args:
        make: Makes the n-th record.
        count: How many there are.
    """

    def __init__(self, make: Callable[[int], Any], count: int) -> None:
        """All of them, in one piece."""
        encode = msgspec.json.Encoder().encode
        written = [encode(make(number)) for number in range(count)]
        self._ends = array("Q", [0])
        for each in written:
            self._ends.append(self._ends[-1] + len(each) + 1)
        self._text = b",".join(written)
        self.count = count

    def piece(self, begin: int, end: int) -> bytes:
        """Records from one to before another, joined by commas."""
        return self._text[self._ends[begin] : max(self._ends[begin], self._ends[end] - 1)]


@dataclass
class Count:
    """What a run asked for: requests, those that failed on purpose, and how many were open at once."""

    requests: int = 0
    failed: int = 0
    most_at_once: int = 0
    open: int = field(default=0, repr=False)


@dataclass(frozen=True)
class Manner:
    """How the API is in one run; the words are those of the address."""

    total: int = 0
    page: int = 100
    wait: int = 0
    gzip: int = 0
    parents: int = 0
    children: int = 0
    fail: float = 0

    @classmethod
    def read(cls, words: list[str]) -> Manner:
        """The manner that `name=number` words describe."""
        return msgspec.convert(dict(word.split("=") for word in words), cls, strict=False)


@dataclass(frozen=True)
class Answer:
    """A status, a body, and header lines."""

    status: int
    body: bytes
    headers: tuple[str, ...] = ()

    @property
    def message(self) -> bytes:
        """The answer as it travels."""
        lines = (
            f"HTTP/1.1 {self.status} {_REASONS[self.status]}",
            "Content-Type: application/json",
            f"Content-Length: {len(self.body)}",
            *self.headers,
        )
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + self.body


class Api:
    """Answers requests; knows each run by its first segment."""

    def __init__(self, count: int, parents: int) -> None:
        """Nothing was asked."""
        self._records = Collection(records.record, count)
        self._parents = Collection(records.parent, parents)
        self._counts: dict[str, Count] = {}
        self._failed: set[tuple[str, str]] = set()
        self._compressed: dict[bytes, bytes] = {}

    async def answer(self, target: str, *, takes_gzip: bool) -> Answer:
        """The answer to a GET."""
        parts = urlsplit(target)
        _, run, *path = parts.path.split("/")
        if run == "count":
            return Answer(200, json.dumps(asdict(self._count(path[0]))).encode())
        name, *words = run.split(",")
        manner, count = Manner.read(words), self._count(name)
        count.requests += 1
        count.open += 1
        count.most_at_once = max(count.most_at_once, count.open)
        if manner.wait:
            await asyncio.sleep(manner.wait / 1000)
        count.open -= 1
        if self._fails(name, target, manner):
            count.failed += 1
            busy = crc32(target.encode()) % 2
            return Answer(429, b"{}", ("Retry-After: 1",)) if busy else Answer(500, b"{}")
        body = self._page(manner, path, dict(parse_qsl(parts.query)))
        if manner.gzip and takes_gzip:
            packed = self._compressed.get(body) or self._compressed.setdefault(body, gzip.compress(body, 6))
            return Answer(200, packed, ("Content-Encoding: gzip",))
        return Answer(200, body)

    def _count(self, name: str) -> Count:
        return self._counts.setdefault(name, Count())

    def _fails(self, name: str, target: str, manner: Manner) -> bool:
        """Whether a request fails: some do, each of them once."""
        key = (name, target)
        if not manner.fail or key in self._failed:
            return False
        self._failed.add(key)
        return crc32(urlsplit(target).query.encode() + b"!") % 1000 < manner.fail * 1000

    def _page(self, manner: Manner, path: list[str], query: dict[str, str]) -> bytes:
        collection, first, total = self._records, 0, min(manner.total, self._records.count)
        if path[0] == "parents" and len(path) == 1:
            collection, total = self._parents, min(manner.parents, self._parents.count)
        elif path[0] == "parents":
            first, total = (
                (int(path[1]) - 1) * manner.children % max(1, collection.count - manner.children),
                manner.children,
            )
        if "since" in query:
            moment = datetime.fromisoformat(query["since"].replace("Z", "+00:00")).timestamp()
            old = min(total, max(0, -int((_BEGINNING - moment) // 60)))
            first, total = first + old, total - old
        begin = min(total, int(query.get("offset") or query.get("cursor", "c0").lstrip("c")))
        end = min(total, begin + min(manner.page, int(query.get("limit", manner.page))))
        following = f'"c{end}"' if end < total else "null"
        place = f'"next":{following},"total":{total},"page":{{"offset":{begin},"limit":{end - begin},"total":{total}}}'
        return b'{"data":[%b],%b}' % (collection.piece(first + begin, first + end), place.encode())


async def _converse(api: Api, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers the requests of one connection, one after another; there are none with a body."""
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            line, _, fields = head.partition(b"\r\n")
            answer = await api.answer(line.split(b" ")[1].decode(), takes_gzip=b"gzip" in fields)
            writer.write(answer.message)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def _serve(count: int, parents: int) -> None:
    api = Api(count, parents)
    server = await asyncio.start_server(lambda r, w: _converse(api, r, w), "127.0.0.1", 0, backlog=256)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)  # noqa: T201 (the one who started it waits for it)
    await server.serve_forever()


def main() -> None:
    """Serve until killed; the first line says where."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--parents", type=int, default=5_000)
    given = parser.parse_args()
    asyncio.run(_serve(given.records, given.parents))


if __name__ == "__main__":
    main()
