"""Bodies that are not what they say, too large, or not to be read."""

from __future__ import annotations

import gzip
import io
import json
import zlib
from functools import cache
from typing import TYPE_CHECKING

from hostile.row import NOT_JSON, Row, Scene, body, http, listed, raw

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_MEGABYTE = 1024 * 1024
_THREE = listed(9, next="/things?page=3")
TO_THE_END = {"code": 0, "delivered": (1, 2, 9, 3)}
"""A reply that is odd and can be read."""


def record(text: str) -> str:
    """A page whose one record is this JSON text."""
    return f'{{"items": [{text}], "next": "/things?page=3"}}'


def _zstd(content: bytes) -> bytes:
    from backports import zstd  # noqa: PLC0415

    return zstd.compress(content)


@cache
def _gzipped(size: int = 1024 * _MEGABYTE) -> bytes:
    """`{"items": [` and then blanks without end."""
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=1) as file:
        file.write(b'{"items": [')
        for _ in range(size // _MEGABYTE):
            file.write(b" " * _MEGABYTE)
    return packed.getvalue()


@cache
def _bomb(coding: str) -> Iterable[bytes]:
    plain = b'{"items": [' + b" " * (300 * _MEGABYTE)
    if coding == "gzip":
        return http(_gzipped(), "Content-Encoding: gzip")
    packed = zlib.compress(plain) if coding == "deflate" else _zstd(plain)
    return http(packed, f"Content-Encoding: {coding}")


def _bomb_in_a_bomb(_: Scene) -> Iterable[bytes]:
    return http(gzip.compress(_gzipped()), "Content-Encoding: gzip, gzip")


def _large(_: Scene) -> Iterator[bytes]:
    """A page of 200 MB that is good otherwise."""
    one = b'{"id": 1, "text": "%s"},' % (b"x" * 1000)
    count = 200 * _MEGABYTE // len(one)
    yield b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (count * len(one) + 23)
    yield b'{"items": ['
    for _ in range(count // 1000 + 1):
        yield one * 1000


def _endless(_: Scene) -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
    yield b'{"items": ['
    while True:
        yield b'{"id": 1},' * 100_000


def _many_values(_: Scene) -> Iterable[bytes]:
    return http(b'{"items": [' + b"{}," * 30_000_000 + b"{}]}")


ROWS = [
    Row(
        name="a page for people with status 200",
        reply=body("<!DOCTYPE html><html><body>Sign in! @told@</body></html>", "Content-Type: text/html"),
        says=rf"{NOT_JSON}.*status 200, text/html, body: <!DOCTYPE html>",
    ),
    Row(name="an empty body where a page was promised", reply=body(""), says="link .*page=2.*: the body is empty"),
    Row(name="nothing but blanks", reply=body(" \r\n\t "), says="link .*page=2.*: the body is empty"),
    Row(name="half a JSON text", reply=body('{"items": [{"id": 9}, {"id": 10'), says=NOT_JSON),
    Row(name="two JSON texts", reply=body(_THREE + _THREE), says=NOT_JSON),
    Row(name="JSON and a rest", reply=body(_THREE + "<!-- cached @told@ -->"), says=NOT_JSON),
    Row(name="what Python prints", reply=body("{'items': [{'id': 9}], 'next': None}"), says=NOT_JSON),
    Row(name="a script around JSON", reply=body(f"callback({_THREE});"), says=NOT_JSON),
    Row(name="XML", reply=body("<items><id>@told@</id></items>", "Content-Type: text/xml"), says=NOT_JSON),
    Row(name="a text", reply=body('"@told@"'.replace("@told@", "come back later")), says=r"page=2.*the body is a text"),
    Row(name="a number", reply=body("42"), says=r"page=2.*the body is a number"),
    Row(name="true", reply=body("true"), says=r"page=2.*the body is a boolean"),
    Row(name="the text null", reply=body("null"), says="link .*page=2.*: the body is empty"),
    # Charsets
    Row(
        name="a charset that is not the one declared",
        reply=body(_THREE, "Content-Type: application/json; charset=utf-16"),
        says=NOT_JSON,
    ),
    Row(
        name="a charset that nobody knows",
        reply=body(_THREE, "Content-Type: application/json; charset=x-klingon"),
        says="the body is not text in x-klingon",
    ),
    Row(
        name="a charset that is no charset",
        reply=body(_THREE, "Content-Type: application/json; charset=base64"),
        says="the body is not text in base64",
    ),
    Row(
        name="UTF-16 that says so",
        reply=body(_THREE.encode("utf-16"), "Content-Type: application/json; charset=utf-16"),
        **TO_THE_END,
    ),
    Row(name="UTF-16 that does not say so", reply=body(_THREE.encode("utf-16")), **TO_THE_END),
    Row(name="a byte order mark", reply=body(b"\xef\xbb\xbf" + _THREE.encode()), **TO_THE_END),
    Row(
        name="Latin-1 that does not say so",
        reply=body(record('{"id": 9, "text": "caf\xe9"}').encode("latin-1")),
        says=NOT_JSON,
    ),
    Row(
        name="UTF-8 in too many bytes",
        reply=body(record('{"id": 9, "text": "?"}').encode().replace(b"?", b"\xc0\xaf")),
        says=NOT_JSON,
    ),
    # Texts
    Row(name="half a surrogate pair", reply=body(record(r'{"id": 9, "text": "\ud800"}')), says=NOT_JSON),
    Row(
        name="half a surrogate pair the other way",
        reply=body(record(r'{"id": 9, "other": "\udc00 \ud83d"}')),
        says=NOT_JSON,
    ),
    Row(name="half a surrogate pair in a key", reply=body(record(r'{"id": 9, "\ud800": 1}')), says=NOT_JSON),
    Row(name="a line feed within a text", reply=body(record('{"id": 9, "text": "a\nb"}')), says=NOT_JSON),
    Row(name="the character NUL", reply=body(record(r'{"id": 9, "text": "\u0000"}')), **TO_THE_END),
    Row(
        name="a text of 20 MB",
        reply=body(record('{"id": 9, "text": "%s"}' % ("x" * 20 * _MEGABYTE))),
        **TO_THE_END,
        megabytes=260,
    ),
    # Numbers
    Row(name="NaN", reply=body(record('{"id": 9, "n": NaN}')), says=NOT_JSON),
    Row(name="Infinity", reply=body(record('{"id": 9, "n": Infinity}')), says=NOT_JSON),
    Row(name="-Infinity", reply=body(record('{"id": 9, "any": -Infinity}')), says=NOT_JSON),
    Row(name="a number of 400 digits", reply=body(record('{"id": 9, "n": %s}' % ("7" * 400))), **TO_THE_END),
    Row(
        name="a number of 400 digits anywhere", reply=body(record('{"id": 9, "any": [%s]}' % ("7" * 400))), **TO_THE_END
    ),
    Row(name="a number of 100,000 digits", reply=body(record('{"id": 9, "n": %s}' % ("7" * 100_000))), says=NOT_JSON),
    Row(name="1e400", reply=body(record('{"id": 9, "n": 1e400, "any": 1e400}')), **TO_THE_END),
    Row(name="an exponent of 30 digits", reply=body(record('{"id": 9, "n": 1e%s}' % ("9" * 30))), says=NOT_JSON),
    Row(
        name="an exponent of 30 digits anywhere",
        reply=body(record('{"id": 9, "other": 1e-%s}' % ("9" * 30))),
        says=NOT_JSON,
    ),
    Row(name="1e400 for a key", reply=body(record('{"id": 1e400}')), code=0, delivered=(1, 2, float("inf"), 3)),
    Row(name="a number with a leading zero", reply=body(record('{"id": 009}')), says=NOT_JSON),
    # Depth and size
    Row(name="lists 10,000 deep", reply=body("[" * 10_000 + "]" * 10_000), says=f"{NOT_JSON}.*recurs"),
    Row(
        name="objects 10,000 deep in a record",
        reply=body(record('{{"id": 9, "any": {}1{}}}'.format('{"a":' * 10_000, "}" * 10_000))),
        says=f"{NOT_JSON}.*recurs",
    ),
    Row(
        name="lists 10,000 deep beside the records",
        reply=body('{{"more": {}{}, {}'.format("[" * 10_000, "]" * 10_000, _THREE[1:])),
        says=f"{NOT_JSON}.*recurs",
    ),
    Row(
        name="lists 100 deep",
        reply=body(record('{{"id": 9, "any": {}{}}}'.format("[" * 100, "]" * 100))),
        **TO_THE_END,
    ),
    Row(
        name="a page of 200 MB",
        reply=_large,
        says="the body is larger than 100 MB.*max_body_mb",
        heavy=True,
        seconds=60,
        settings={"timeout": 60},
        megabytes=400,
    ),
    Row(
        name="a page without end",
        reply=_endless,
        says="the body is larger than 100 MB.*max_body_mb",
        heavy=True,
        seconds=60,
        settings={"timeout": 60},
        megabytes=400,
    ),
    Row(
        name="30 million empty objects",
        reply=_many_values,
        says="more than .* values",
        heavy=True,
        seconds=60,
        settings={"timeout": 60},
        megabytes=600,
    ),
    Row(
        name="a bomb in gzip",
        reply=lambda _: _bomb("gzip"),
        says="the body is larger than 100 MB",
        heavy=True,
        seconds=60,
        settings={"timeout": 60},
        megabytes=400,
    ),
    Row(
        name="a bomb in gzip that does not say so",
        reply=lambda _: http(_gzipped()),
        says="the body is larger than 100 MB",
        heavy=True,
        seconds=60,
        settings={"timeout": 60},
        megabytes=400,
    ),
    Row(
        name="a bomb in deflate",
        reply=lambda _: _bomb("deflate"),
        says="the body is larger than 100 MB",
        heavy=True,
        seconds=60,
        settings={"timeout": 60},
        megabytes=400,
    ),
    Row(
        name="a bomb in zstd",
        reply=lambda _: _bomb("zstd"),
        says="the body is larger than 100 MB",
        heavy=True,
        seconds=60,
        settings={"timeout": 60},
        megabytes=400,
    ),
    Row(
        name="a bomb in a bomb",
        reply=_bomb_in_a_bomb,
        says="the body is larger than 100 MB",
        heavy=True,
        seconds=60,
        settings={"timeout": 60},
        megabytes=400,
    ),
    Row(
        name="a small bomb and a small limit",
        reply=body(gzip.compress(b'{"items": [' + b" " * 20 * _MEGABYTE), "Content-Encoding: gzip"),
        settings={"max_body_mb": 1},
        says="the body is larger than 1 MB",
    ),
    # Compression
    Row(
        name="gzip that ends too early",
        reply=body(gzip.compress(_THREE.encode())[:-8], "Content-Encoding: gzip"),
        says="gave up after 2 requests.*the compressed body ends too early",
    ),
    Row(
        name="gzip that is none",
        reply=body(_THREE, "Content-Encoding: gzip"),
        says="gave up after 2 requests.*cannot be decompressed",
    ),
    Row(
        name="gzip with a wrong sum",
        reply=body(gzip.compress(_THREE.encode())[:-8] + b"12345678", "Content-Encoding: gzip"),
        says="gave up after 2 requests.*cannot be decompressed",
    ),
    Row(name="gzip that does not say so", reply=body(gzip.compress(_THREE.encode())), **TO_THE_END),
    Row(
        name="gzip in ten layers",
        reply=body(b"x", "Content-Encoding: " + ", ".join(["gzip"] * 10)),
        says="gave up after 2 requests.*compressed 10 times over",
    ),
    Row(
        name="a compression that nobody asked for",
        reply=body(b"\x8b\x02\x80{}\x03", "Content-Encoding: br"),
        says=NOT_JSON,
    ),
    Row(name="a compression that does not exist", reply=body(b"@told@", "Content-Encoding: @told@"), says=NOT_JSON),
    # What stands in messages
    Row(
        name="commands for a terminal",
        reply=body("\x1b[2J\x1b]0;@told@\x07 gone", "Content-Type: text/plain"),
        says=NOT_JSON,
    ),
    Row(
        name="lines for a log",
        reply=body("oops\n2026-01-01 00:00:00,000 | ERROR    | root | all is lost @told@"),
        says=NOT_JSON,
    ),
    Row(
        name="a content type of 60,000 characters",
        reply=body("@told@", "Content-Type: text/@told@" + "x" * 60_000),
        says=NOT_JSON,
    ),
    Row(
        name="no content type",
        reply=raw(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(_THREE), _THREE.encode())),
        **TO_THE_END,
    ),
    Row(name="JSON that calls itself a picture", reply=body(_THREE, "Content-Type: image/png"), **TO_THE_END),
    Row(
        name="an error that calls itself success",
        reply=body(json.dumps({"error": "try later"})),
        warns="data_selector",
        code=0,
    ),
]
