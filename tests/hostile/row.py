"""What is one row of the table of bad replies, and of what is it made?"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from hostile.wire import Pieces
    from scripted import Asked

NOT_JSON = r"the body is not JSON"


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What a reply may be made of.

    Attributes:
        asked: The request.
        here: URL of the API.
        elsewhere: URL of a server that must never be asked.
        told: All that the request told, secrets included, as one line of text.
        number: How many requests there were before.
    """

    asked: Asked
    here: str
    elsewhere: str
    told: str
    number: int

    @property
    def page(self) -> str:
        """The page that is asked for."""
        return dict(self.asked.query).get("page", "1")


@dataclass(frozen=True, kw_only=True)
class Row:
    """A bad reply, and what must come of it.

    The API has three pages: records 1 and 2, then the bad reply, then record 3. What `reply` gives is the second page;
    what `pages` gives are all.

    Attributes:
        name: What is bad about it.
        reply: The pieces that are sent.
        says: A pattern of the one ERROR line; None: the run ends well.
        warns: A pattern of a WARNING line.
        delivered: Records that are in the target at the end, by id.
        code: Exit code.
        endpoint: Keys of the endpoint that differ.
        settings: Settings of the tap that differ.
        retried: Whether the reply is asked for again before the run gives up.
        heavy: Whether it takes its time: left out of the short form.
        seconds: The longest the run may take.
        megabytes: The most memory the run may take, beside what an empty one does.
    """

    name: str
    reply: Callable[[Scene], Pieces] | None = None
    pages: Callable[[Scene], Pieces] | None = None
    says: str | None = None
    warns: str | None = None
    delivered: tuple[Any, ...] = (1, 2)
    code: int = 1
    endpoint: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    heavy: bool = False
    seconds: float = 8
    megabytes: float = 60

    def answer(self, scene: Scene) -> Pieces:
        """What the API answers."""
        if self.pages:
            return self.pages(scene)
        assert self.reply
        if scene.page == "2":
            return self.reply(scene)
        return page(1, 2, next="/things?page=2") if scene.page == "1" else page(3)


def http(body: bytes | str = b"", *headers: str, status: str = "200 OK", length: int | None = None) -> list[bytes]:
    """A whole reply, true to HTTP except where it is told otherwise."""
    content = body.encode() if isinstance(body, str) else body
    named = {header.partition(":")[0].lower() for header in headers}
    lines = [f"HTTP/1.1 {status}", *headers]
    if "connection" not in named:
        lines.append("Connection: close")
    if "content-type" not in named:
        lines.append("Content-Type: application/json")
    if not named & {"content-length", "transfer-encoding"}:
        lines.append(f"Content-Length: {len(content) if length is None else length}")
    return ["\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + content]


def listed(*ids: Any, next: Any = None, **more: Any) -> str:  # noqa: A002
    """The JSON of a page."""
    return json.dumps({"items": [{"id": number} for number in ids], "next": next, **more})


def page(*ids: Any, next: Any = None, **more: Any) -> list[bytes]:  # noqa: A002
    """A good page."""
    return http(listed(*ids, next=next, **more))


def body(content: bytes | str, *headers: str, **more: Any) -> Callable[[Scene], Pieces]:
    """A reply with this body; `@told@` in it becomes what the request told."""

    def reply(scene: Scene) -> Pieces:
        raw = content.encode() if isinstance(content, str) else content
        return http(
            raw.replace(b"@told@", scene.told.encode()), *(h.replace("@told@", scene.told) for h in headers), **more
        )

    return reply


def raw(*pieces: bytes | float) -> Callable[[Scene], Pieces]:
    """Pieces as they are; `@told@` in them becomes what the request told."""

    def reply(scene: Scene) -> Iterable[bytes | float]:
        for piece in pieces:
            yield (
                piece.replace(b"@told@", scene.told.encode("latin-1", "replace")) if isinstance(piece, bytes) else piece
            )

    return reply


def leading(to: Any, *ids: Any) -> Callable[[Scene], Pieces]:
    """A page that leads to another one; `@here@`, `@elsewhere@` and `@told@` in the link are filled in."""

    def reply(scene: Scene) -> Pieces:
        return page(*(ids or (9,)), next=filled(to, scene))

    return reply


def filled(value: Any, scene: Scene) -> Any:
    """A text with what stands for parts of the scene."""
    if not isinstance(value, str):
        return value
    for name, part in (
        ("@here@", scene.here),
        ("@elsewhere@", scene.elsewhere),
        ("@told@", scene.told),
        ("@own@", dict(scene.asked.query).get("own", "")),
    ):
        value = value.replace(name, part)
    return value.replace("@host@", scene.here[7:]).replace("@other@", scene.elsewhere[7:])
