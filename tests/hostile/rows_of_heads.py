"""Replies that break HTTP, or wait for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hostile.row import Row, Scene, body, http, listed, page, raw
from hostile.rows_of_bodies import TO_THE_END

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hostile.wire import Pieces

_OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
_THREE = listed(9, next="/things?page=3").encode()
_GAVE_UP = "gave up after 2 requests"
_LENGTH = b"Content-Length: %d\r\n\r\n"
_BOUND = {"exchange_timeout": 1.5, "timeout": 1}


def _trickle(first: bytes, piece: bytes) -> Any:
    def reply(_: Scene) -> Iterator[bytes | float]:
        yield first
        while True:
            yield piece
            yield 0.1

    return reply


def _once(*pieces: bytes) -> Any:
    """A reply that comes once; then the good one."""

    def pages(scene: Scene) -> Pieces:
        if scene.page == "2":
            return raw(*pieces)(scene) if scene.number == 1 else http(_THREE)
        return page(1, 2, next="/things?page=2") if scene.page == "1" else page(3)

    return pages


def _busy(*headers: str) -> Any:
    return _once(b"".join(http("", *headers, status="429 Busy")))


def _smuggled(scene: Scene) -> Pieces:
    """Behind the reply stands another one, for the next request on the connection."""
    evil = b"".join(page("evil"))
    good = b"".join(http(_THREE, "Connection: keep-alive"))
    return [good + evil]


def status(code: str, says: str | None = None, content: str = "@told@", **more: Any) -> Row:
    return Row(name=f"status {code}", reply=body(content, status=code), says=says or code.split(maxsplit=1)[0], **more)


ROWS = [
    # Statuses
    Row(name="status 204", reply=raw(b"HTTP/1.1 204 No Content\r\n\r\n"), code=0),
    Row(
        name="status 204 with a body",
        reply=raw(b"HTTP/1.1 204 No Content\r\n" + _LENGTH % len(_THREE) + _THREE),
        code=0,
    ),
    Row(name="status 205", reply=raw(b"HTTP/1.1 205 Reset\r\nContent-Length: 0\r\n\r\n"), says="the body is empty"),
    Row(name="status 304", reply=raw(b"HTTP/1.1 304 Not Modified\r\n\r\n"), says="304"),
    Row(
        name="status 304 with a body",
        reply=raw(b"HTTP/1.1 304 Not Modified\r\n" + _LENGTH % len(_THREE) + _THREE),
        says="304",
    ),
    Row(name="status 206", reply=body(_THREE, status="206 Partial"), says="206"),
    status("401 Who"),
    status("403 No"),
    status("404 Gone"),
    status("418 Teapot"),
    status("500 Oops", f"{_GAVE_UP}.*500"),
    status("503 Busy", f"{_GAVE_UP}.*503"),
    status("599 Odd"),
    status("999 Bot"),
    status("600 More"),
    Row(
        name="hints before the reply",
        reply=raw(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", b"".join(http(_THREE))),
        **TO_THE_END,
    ),
    Row(
        name="three kinds of hints",
        reply=raw(
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n",
            b"".join(http(_THREE)),
        ),
        **TO_THE_END,
    ),
    Row(
        name="hints without end",
        reply=_trickle(b"", b"HTTP/1.1 100 Continue\r\nX: @told@\r\n\r\n" * 100),
        settings=_BOUND,
        heavy=True,
        says=f"{_GAVE_UP}.*longer than 1.5 s",
    ),
    Row(name="another protocol", reply=raw(b"HTTP/1.1 101 Switching\r\nUpgrade: @told@\r\n\r\n"), says="101"),
    # Status lines
    Row(name="no status line", reply=raw(b"@told@\r\n\r\n"), says=_GAVE_UP),
    Row(name="the status line of another protocol", reply=raw(b"SSH-2.0-@told@\r\n"), says=_GAVE_UP),
    Row(name="a status that is no number", reply=raw(b"HTTP/1.1 OK @told@\r\n\r\n"), says=_GAVE_UP),
    Row(name="a status below all", reply=raw(b"HTTP/1.1 -1 x\r\n\r\n"), says=_GAVE_UP),
    Row(name="a version that does not exist", reply=raw(b"HTTP/9.9 200 OK\r\n\r\n" + _THREE), says=_GAVE_UP),
    Row(name="HTTP 0.9", reply=raw(_THREE), says=_GAVE_UP),
    Row(
        name="a status line of 100,000 characters",
        reply=raw(b"HTTP/1.1 200 " + b"x" * 100_000 + b"\r\n\r\n"),
        says=_GAVE_UP,
    ),
    Row(name="a connection that ends without a word", reply=raw(), says=_GAVE_UP),
    # Headers
    Row(
        name="a header of 100,000 characters",
        reply=raw(_OK + b"X-Big: @told@" + b"x" * 100_000 + b"\r\n" + _LENGTH % len(_THREE) + _THREE),
        says=_GAVE_UP,
    ),
    Row(
        name="1,000 headers",
        reply=raw(_OK + b"".join(b"X-%d: 1\r\n" % n for n in range(1000)) + _LENGTH % len(_THREE) + _THREE),
        says=_GAVE_UP,
    ),
    Row(
        name="headers without end",
        reply=_trickle(_OK, b"X: " + b"x" * 1000 + b"\r\n"),
        settings=_BOUND,
        heavy=True,
        says=_GAVE_UP,
    ),
    Row(
        name="a header without a colon",
        reply=raw(_OK + b"@told@\r\n" + _LENGTH % len(_THREE) + _THREE),
        says=f"{_GAVE_UP}.*a line of the head is no header",
    ),
    Row(
        name="a header over two lines",
        reply=raw(_OK + b"X-Long: a\r\n b\r\n" + _LENGTH % len(_THREE) + _THREE),
        **TO_THE_END,
    ),
    Row(
        name="a header with NUL in it",
        reply=raw(_OK + b"X-Nul: a\0b\r\n" + _LENGTH % len(_THREE) + _THREE),
        **TO_THE_END,
    ),
    Row(
        name="a header in Latin-1",
        reply=raw(_OK + b"X-Name: caf\xe9\r\n" + _LENGTH % len(_THREE) + _THREE),
        **TO_THE_END,
    ),
    Row(
        name="cookies for everybody",
        reply=raw(
            _OK
            + b"".join(b"Set-Cookie: own%d=evil; Path=/\r\n" % n for n in range(50))
            + _LENGTH % len(_THREE)
            + _THREE
        ),
        **TO_THE_END,
    ),
    # Lengths
    Row(name="a length that is too large", reply=body(_THREE, length=len(_THREE) + 10), says=_GAVE_UP),
    Row(name="a length that is too small", reply=body(_THREE, length=len(_THREE) - 10), says="the body is not JSON"),
    Row(name="a length below zero", reply=raw(_OK + b"Content-Length: -5\r\n\r\n" + _THREE), **TO_THE_END),
    Row(name="a length that is no number", reply=raw(_OK + b"Content-Length: much\r\n\r\n" + _THREE), **TO_THE_END),
    Row(
        name="a length of 30 digits",
        reply=raw(_OK + b"Content-Length: " + b"9" * 30 + b"\r\n\r\n" + _THREE),
        says=_GAVE_UP,
    ),
    Row(
        name="two lengths",
        reply=raw(_OK + b"Content-Length: 3\r\nContent-Length: 500\r\n\r\n" + _THREE),
        says=f"{_GAVE_UP}|cannot be sent",
    ),
    Row(name="a reply behind the reply", reply=_smuggled, **TO_THE_END),
    # Chunks
    Row(
        name="chunks that are none",
        reply=raw(_OK + b"Transfer-Encoding: chunked\r\n\r\n@told@\r\n" + _THREE),
        says=_GAVE_UP,
    ),
    Row(
        name="a chunk of 30 digits",
        reply=raw(_OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 30 + b"\r\n" + _THREE),
        says=_GAVE_UP,
    ),
    Row(
        name="a chunk below zero", reply=raw(_OK + b"Transfer-Encoding: chunked\r\n\r\n-5\r\n" + _THREE), says=_GAVE_UP
    ),
    Row(
        name="chunks without the last one",
        reply=raw(_OK + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n" % (len(_THREE), _THREE)),
        says=_GAVE_UP,
    ),
    Row(
        name="a chunk that is too short",
        reply=raw(_OK + b"Transfer-Encoding: chunked\r\n\r\nfff\r\n" + _THREE),
        says=_GAVE_UP,
    ),
    Row(
        name="chunks and a length",
        reply=raw(
            _OK
            + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(_THREE), _THREE)
        ),
        **TO_THE_END,
    ),
    Row(
        name="trailers without end",
        reply=_trickle(
            _OK + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n" % (len(_THREE), _THREE), b"X: 1\r\n" * 100
        ),
        settings=_BOUND,
        heavy=True,
        says=f"{_GAVE_UP}.*longer than 1.5 s",
    ),
    Row(
        name="empty chunks without end",
        reply=_trickle(_OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1;" + b"x" * 1000 + b"\r\n \r\n"),
        settings=_BOUND,
        heavy=True,
        says=f"{_GAVE_UP}.*longer than 1.5 s",
    ),
    # Time
    Row(
        name="a body by drops",
        reply=_trickle(_OK + b"Content-Length: 100000\r\n\r\n", b" "),
        settings=_BOUND,
        heavy=True,
        says=f"{_GAVE_UP}.*longer than 1.5 s",
    ),
    Row(
        name="a body by drops without a length",
        reply=_trickle(_OK + b"\r\n", b" "),
        settings=_BOUND,
        heavy=True,
        says=f"{_GAVE_UP}.*longer than 1.5 s",
    ),
    Row(
        name="a head by drops",
        reply=_trickle(b"HTTP/1.1 200 OK\r\nX: ", b"x"),
        settings=_BOUND,
        heavy=True,
        says=f"{_GAVE_UP}.*longer than 1.5 s",
    ),
    Row(
        name="a body that stops coming",
        reply=raw(_OK + _LENGTH % 1000 + b"{", 30.0),
        settings={"timeout": 0.3},
        says=f"{_GAVE_UP}.*timed out",
    ),
    Row(name="no reply at all", reply=raw(30.0), settings={"timeout": 0.3}, says=f"{_GAVE_UP}.*timed out"),
    Row(name="a good body without a length", reply=raw(_OK + b"\r\n" + _THREE), **TO_THE_END),
    # Waits
    *[
        Row(name=f"Retry-After: {value}", pages=_busy(f"Retry-After: {value}"), **TO_THE_END)
        for value in (
            "1e400",
            "-5",
            "nan",
            "99999999999",
            "Fri, 31 Dec 9999 23:59:59 GMT",
            "Mon, 99 Foo 0000",
            "soon",
            "1" * 60_000,
            "",
        )
    ],
    Row(
        name="a reset in the far future",
        pages=_busy("X-RateLimit-Reset: 99999999999", "X-RateLimit-Remaining: 0"),
        **TO_THE_END,
    ),
]
