"""Next pages that lead nowhere, in circles, or away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hostile.row import Row, Scene, http, leading, listed, page, raw

if TYPE_CHECKING:
    from hostile.wire import Pieces

_AWAY = r"will not ask .*client\.allowed_hosts"
_NO_LINK = "no URL"
_CURSOR = {"paginator": {"type": "cursor", "cursor_path": "next", "cursor_param": "page"}}
_LINKS = {"paginator": {"type": "header_link"}}
_NUMBERS = {"paginator": {"type": "page_number", "base_page": 1, "page_param": "page", "total_path": None}}


def _cursors(*cursors: Any) -> Any:
    """Pages whose cursors are these, then the first of them again."""

    def pages(scene: Scene) -> Pieces:
        return page(scene.number + 1, next=cursors[scene.number % len(cursors)])

    return pages


def _ever_new(scene: Scene) -> Pieces:
    """The server does not read the cursor, and gives another one each time."""
    return page(1, 2, next=f"cursor-{scene.number}")


def _header_link(value: str) -> Any:
    def reply(scene: Scene) -> Pieces:
        filled = value.replace("@elsewhere@", scene.elsewhere).replace("@told@", scene.told)
        return http(listed(9), f"Link: {filled}")

    def pages(scene: Scene) -> Pieces:
        if scene.page == "2":
            return reply(scene)
        return http(listed(1, 2), 'Link: </things?page=2>; rel="next"') if scene.page == "1" else page(3)

    return pages


def _redirect(to: str, status: str = "302 Found") -> Any:
    def reply(scene: Scene) -> Pieces:
        target = to.replace("@elsewhere@", scene.elsewhere).replace("@here@", scene.here).replace("@told@", scene.told)
        return http("", f"Location: {target.replace('@number@', str(scene.number))}", status=status)

    return reply


def away(name: str, to: str, says: str = _AWAY) -> Row:
    """A next link that must not be followed."""
    return Row(name=f"a next link {name}", reply=leading(to), delivered=(1, 2, 9), says=says)


ROWS = [
    # Cursors
    Row(
        name="a cursor that alternates",
        pages=_cursors("a", "b"),
        endpoint=_CURSOR,
        delivered=(1, 2, 3),
        says="position repeated",
    ),
    Row(
        name="a cursor that never changes",
        pages=_cursors("a"),
        endpoint=_CURSOR,
        delivered=(1, 2),
        says="position repeated",
    ),
    Row(
        name="a cursor without end that nobody reads",
        pages=_ever_new,
        endpoint=_CURSOR,
        delivered=(1, 2, 1, 2),
        says="page repeated",
    ),
    Row(
        name="a cursor that is an object", pages=_cursors({"after": 1}), endpoint=_CURSOR, delivered=(1,), says="cursor"
    ),
    Row(name="a cursor that is a list", pages=_cursors(["a"]), endpoint=_CURSOR, delivered=(1,), says="cursor"),
    Row(name="a cursor that is true", pages=_cursors(True), endpoint=_CURSOR, delivered=(1,), says="cursor"),  # noqa: FBT003
    Row(
        name="a cursor of 1 MB",
        seconds=20,
        pages=_cursors("c" * 1024 * 1024),
        endpoint=_CURSOR,
        delivered=(1, 2),
        says="position repeated",
    ),
    Row(
        name="a cursor with line feeds",
        pages=_cursors("a\r\nX-Evil: 1\r\n\r\nGET /", "b"),
        endpoint=_CURSOR,
        delivered=(1, 2, 3),
        says="position repeated",
    ),
    Row(
        name="page numbers that nobody reads",
        pages=lambda _: page(1, 2),
        endpoint=_NUMBERS,
        delivered=(1, 2),
        says="page repeated",
    ),
    # Links
    away("to another host", "@elsewhere@/things?page=3"),
    away("to another host that looks like ours", "http://@host@@@other@/things?page=3"),
    away("to another host without a scheme", "//@other@/things?page=3"),
    away("with a backslash", r"http://@other@\@@host@/things?page=3", says="two ways|will not ask|no URL"),
    away("to a file", "file:///etc/passwd", says=_NO_LINK),
    away("by FTP", "ftp://@other@/things", says=_NO_LINK),
    away("to a script", "javascript:alert('@told@')", says=_NO_LINK),
    away("to data", 'data:application/json,{"items": []}', says=_NO_LINK),
    away("to a private address", "http://10.0.0.1/things"),
    away("to the metadata of a cloud", "http://169.254.169.254/latest/meta-data/iam/"),
    away("to the metadata of a cloud by IPv6", "http://[fd00:ec2::254]/latest/"),
    away("to our host on another port", "http://127.0.0.1:1/things"),
    away("to our host as a number", "http://2130706433/things"),
    away("to our host in wide digits", "http://127\u30020\u30020\u30021/things", says=f"{_NO_LINK}|{_AWAY}"),
    away("to half an IPv6 address", "http://[::1/things", says=_NO_LINK),
    away("to a port that cannot be", "http://127.0.0.1:99999/things", says=f"{_NO_LINK}|{_AWAY}"),
    Row(
        name="a next link to no host",
        reply=leading("http:///things"),
        delivered=(1, 2, 9, 1, 2),
        says="position repeated",
    ),
    away("that is an object", {"href": "/things?page=3"}, says="next"),  # type: ignore[arg-type]
    away("that is a number", 3, says="next"),  # type: ignore[arg-type]
    away("that is a list", ["/things?page=3"], says="next"),  # type: ignore[arg-type]
    Row(
        name="a next link with the key in it", reply=leading("/things?page=3&own=@own@"), delivered=(1, 2, 9, 3), code=0
    ),
    Row(
        name="a next link with all that was told",
        reply=leading("/things?page=3&told=@told@"),
        delivered=(1, 2, 9, 3),
        code=0,
    ),
    Row(
        name="a next link with line feeds",
        reply=leading("/things?page=3\r\nX-Evil: 1\r\n\r\nGET /evil"),
        delivered=(1, 2, 9, 3),
        code=0,
    ),
    Row(
        name="a next link of 1 MB",
        seconds=20,
        reply=leading("/things?page=3&x=" + "x" * 1024 * 1024),
        delivered=(1, 2, 9, 3),
        code=0,
    ),
    Row(
        name="a next link to its own page",
        reply=leading("/things?page=2"),
        delivered=(1, 2, 9),
        code=0,
        warns="repeats",
    ),
    Row(
        name="a next link to the first page",
        reply=leading("/things?page=1"),
        delivered=(1, 2, 9, 1, 2),
        says="position repeated",
    ),
    # Link headers
    *[
        Row(name=f"a Link header {name}", pages=_header_link(value), endpoint=_LINKS, delivered=delivered, **rest)  # type: ignore[arg-type]
        for name, value, delivered, rest in (
            ("to another host", '<@elsewhere@/things>; rel="next"', (1, 2, 9), {"says": _AWAY}),
            ("to a file", '<file:///etc/passwd>; rel="next"', (1, 2, 9), {"says": _NO_LINK}),
            ("without an end", '<things?page=3; rel="next', (1, 2, 9, 3), {"code": 0}),
            ("of nothing but marks", "<>;,;<>;;,,;=;rel=", (1, 2, 9), {"code": 0}),
            ("that says all it was told", '<@told@>; rel="prev"', (1, 2, 9), {"code": 0}),
            ("with 5,000 links", ", ".join(f'<x{n}>; rel="x{n}"' for n in range(3000)), (1, 2, 9), {"code": 0}),
            ("of 60,000 marks", "<" * 60_000, (1, 2, 9), {"code": 0}),
            ("of 60,000 blanks", "<x>;" + " " * 60_000 + "x", (1, 2, 9), {"code": 0}),
        )
    ],
    # Redirects
    Row(name="a redirect to another host", reply=_redirect("@elsewhere@/things?page=3"), says=_AWAY),
    Row(
        name="a redirect to another host that keeps the body",
        reply=_redirect("@elsewhere@/x", "307 Temporary"),
        says=_AWAY,
    ),
    Row(name="a redirect to a file", reply=_redirect("file:///etc/passwd"), says=f"{_AWAY}|{_NO_LINK}|no URL"),
    Row(name="a redirect to itself", reply=_redirect("/things?page=2"), says="more than 10 redirects"),
    Row(name="redirects without end", reply=_redirect("/things?page=2&x=@number@"), says="more than 10 redirects"),
    Row(name="a redirect to nowhere", reply=raw(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"), says="302"),
    Row(name="a redirect to an empty place", reply=_redirect(""), says="302"),
    Row(name="a redirect to half an address", reply=_redirect("http://[::1"), says="URL"),
    Row(
        name="a redirect with all that was told",
        reply=_redirect("/things?page=3&told=@told@"),
        delivered=(1, 2, 3),
        code=0,
    ),
    Row(
        name="a redirect of 60,000 characters",
        reply=_redirect("/things?page=3&x=" + "x" * 60_000),
        delivered=(1, 2, 3),
        code=0,
    ),
]
