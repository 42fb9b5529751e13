"""What is fuzzed? Everything that reads a text from a stranger, and what it may raise."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from itertools import cycle
from pathlib import Path as File
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from tap_restgeneric.dialect.exchange import START, Call, Page, Reply
from tap_restgeneric.dialect.expressions.expression import Expression
from tap_restgeneric.dialect.expressions.vocabulary import ExpressionError
from tap_restgeneric.dialect.jsonpath.selectors import Path, Selector
from tap_restgeneric.dialect.loading import loaded
from tap_restgeneric.dialect.paging import links
from tap_restgeneric.dialect.paging.linked import HeaderLink
from tap_restgeneric.dialect.placeholders import Template
from tap_restgeneric.dialect.progress import instants
from tap_restgeneric.dialect.replies import bodies, formats
from tap_restgeneric.dialect.replies.verdicts import asked_wait
from tap_restgeneric.dialect.secrets import Secrets
from tap_restgeneric.engine import unpacking
from tap_restgeneric.engine.redaction import Redactor
from tap_restgeneric.errors import ConfigError, ReplyError, RestGenericError
from tap_restgeneric.readers import json_text, snippet, yaml_text

if TYPE_CHECKING:
    from collections.abc import Callable

BODY = {
    "items": [
        {"id": 1, "name": "one", "tags": ["a", "b"]},
        {"id": 2, "name": None, "price": Decimal("1.5")},
        None,
        "x",
    ],
    "next": "/things?page=2",
    "meta": {"total": 2, "more": True, "deep": {"er": [[1], [2, [3]]]}},
}
_REPLY = Reply(url="http://127.0.0.1/things?page=1", status=200, headers={}, content=json.dumps({"a": [1]}).encode())


def _page(headers: dict[str, str]) -> Page:
    reply = Reply(url=_REPLY.url, status=200, headers=headers, content=b"{}")
    return Page(call=Call(url=_REPLY.url), reply=reply, position=START, records=[])


@dataclass(frozen=True)
class Target:
    """Something that reads a text.

    Attributes:
        name: How it is called.
        reads: What is tried; it gets the text.
        raises: The errors that are ours.
        seeds: Texts to begin with.
        words: Pieces that texts are made of.
        executes: Whether code that was made of the text is run, in bounds: of an expression alone.
    """

    name: str
    reads: Callable[[str], Any]
    raises: tuple[type[Exception], ...]
    seeds: tuple[str, ...]
    words: tuple[str, ...] = ()
    executes: bool = field(default=False)


def _selector(text: str) -> None:
    try:
        selector = Selector.parse(text)
    except ValueError:
        return
    selector.records(BODY)
    selector.records([BODY, [BODY]])
    selector.first(BODY["items"])


def _path(text: str) -> None:
    try:
        path = Path.parse(text)
    except ValueError:
        return
    path.first(BODY)


def _expression(text: str) -> None:
    try:
        expression = Expression.parse(text)
    except ValueError:
        return
    names = {
        "response": BODY,
        "headers": {"x": "1"},
        "last_record": {"id": 1},
        "last_page_size": 2,
        "record": {"a": "b"},
    }
    value = expression.evaluate(**{name: names[name] for name in expression.names})
    assert len(repr(value)) < 10_000_000


def _template(text: str) -> None:
    template = Template.parse(text)
    values = dict(
        zip((part.name for part in template.placeholders), cycle(["a/../b", 1, None, [1], "."]), strict=False)
    )
    for made in (template.text, template.path):
        with suppress(RestGenericError):
            made(values)


def _source(text: str) -> None:
    config = yaml_text.read(text, "source")
    if isinstance(config, dict):
        secrets = Secrets({"known": "planted"}, SimpleNamespace(get=_environment))  # type: ignore[arg-type]
        loaded(config, secrets=secrets, parameters={})


def _environment(name: str, _: Any = None) -> str | None:
    """An environment of which nothing may be asked but secrets."""
    assert name.startswith("TAP_RESTGENERIC_SECRETS_"), f"asked the environment for {name}"
    return None


def _instant(text: str) -> None:
    instants.instant(text)
    instants.number(text)
    for step in (partial(instants.shifted, by=-1), instants.length, partial(instants.converted, form="date")):
        with suppress(ValueError):
            step(text)


def _body(text: str) -> None:
    charset = bodies.charset({"content-type": f"text/x; charset={text[:10]}"})
    for form in ("json", "jsonl", "csv"):
        with suppress(ReplyError):
            formats.decode(text.encode(errors="surrogatepass"), charset, form)  # type: ignore[arg-type]


def _packed(text: str) -> None:
    raw = text.encode("latin-1", "replace")
    for coding in ("gzip", "deflate", "zstd", "gzip, zstd"):
        answer: Any = SimpleNamespace(
            headers={"content-encoding": coding},
            length_remaining=len(raw),
            stream=lambda *_, **__: iter([raw[:7], raw[7:]]),
        )
        try:
            unpacking.content(answer, 1_000_000)
        except (unpacking.PackedError, ReplyError):
            continue


def _redacted(text: str) -> None:
    redactor = Redactor()
    redactor.add(["planted-secret", "other/+secret"])
    redactor.conceal(["own"])
    assert "planted-secret" not in redactor(f"{text}planted-secret{text}")


def _header_link(text: str) -> None:
    HeaderLink().following(_page({"link": text.replace("\n", " ")}))


def _wait(text: str) -> None:
    for name in ("retry-after", "x-ratelimit-reset"):
        seconds = asked_wait(Reply(url="", status=429, headers={name: text}, content=b""), 1_700_000_000.0)
        assert seconds is None or 0 < seconds < float("inf")


READS: dict[str, tuple[Callable[[str], Any], tuple[type[Exception], ...]]] = {
    "yaml": (lambda text: yaml_text.read(text, "x"), (ConfigError,)),
    "json": (lambda text: json_text.read(text, "x"), (ConfigError,)),
    "source": (_source, (ConfigError,)),
    "python": (lambda text: snippet.read_python(text, "x"), (ConfigError,)),
    "prose": (lambda text: snippet.read_prose(text, "x"), (ConfigError,)),
    "selector": (_selector, (ReplyError,)),
    "path": (_path, (ReplyError,)),
    "expression": (_expression, (ExpressionError,)),
    "placeholder": (_template, (RestGenericError,)),
    "link header": (_header_link, (ReplyError,)),
    "next link": (lambda text: links.position(_page({}), text), (ReplyError,)),
    "instant": (_instant, ()),
    "wait": (_wait, ()),
    "body": (_body, ()),
    "packed": (_packed, ()),
    "redaction": (_redacted, ()),
}
_TEXTS = json.loads(File(__file__).with_name("texts.json").read_text())
EXECUTING = {"expression", "selector", "path"}
"""An expression is compiled by Jinja, and jsonpath-ng imports its own tables by `exec`."""
TARGETS = tuple(
    Target(name, reads, raises, tuple(_TEXTS[name]["seeds"]), tuple(_TEXTS[name]["words"]), name in EXECUTING)
    for name, (reads, raises) in READS.items()
)
