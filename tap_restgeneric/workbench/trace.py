"""What was asked, what came, what was taken from it, and where does it go on?"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tap_restgeneric.dialect.jsonpath.selectors import detect
from tap_restgeneric.dialect.paging.links import full_url
from tap_restgeneric.engine.redaction import MASK, is_secret_name
from tap_restgeneric.workbench import live
from tap_restgeneric.workbench.screen import GOOD, counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_restgeneric.dialect.exchange import Call, Page, Reply
    from tap_restgeneric.dialect.relations import Node
    from tap_restgeneric.engine.watching import Exchange
    from tap_restgeneric.workbench.bench import Bench
    from tap_restgeneric.workbench.screen import Screen

_ALWAYS_MASKED = frozenset({"authorization", "cookie", "set-cookie", "proxy-authorization"})
_BODY_SHOWN = 2000
SENT = "cyan"


class Trace:
    """Writes exchanges to standard error as they come.

    Args:
        bench: The tap whose exchanges they are.
        screen: Where they are written.
    """

    def __init__(self, bench: Bench, screen: Screen) -> None:
        """Nothing was written yet."""
        self._bench = bench
        self._screen = screen
        self._shown = 0

    def page(self, node: Node, page: Page) -> None:
        """Writes the exchanges that led to a page, and what was made of it."""
        self.rest()
        selector = node.selector or detect(page.reply.body)
        self._screen.aside(((f"= {counted(len(page.records), 'record')} selected at {selector}", GOOD),))
        self._screen.aside(((f"= {live.after(node, page)}", GOOD),))
        self._screen.aside()

    def rest(self) -> None:
        """Writes the exchanges that led to no page."""
        new = self._bench.exchanges[self._shown :]
        self._shown += len(new)
        secrets = short_secrets(self._bench)
        for exchange in new:
            for line in told(exchange, secrets):
                self._screen.aside(((line, SENT if line.startswith(">") else ""),))


def short_secrets(bench: Bench) -> frozenset[str]:
    """The credentials of a source: where one of them is all that stands in a place, it is masked, be it short."""
    nodes = bench.source.nodes.values()
    return frozenset(str(secret) for node in nodes if node.auth for secret in node.auth.secrets() if secret)


def told(exchange: Exchange, secrets: frozenset[str]) -> Iterator[str]:
    """The lines of one exchange; secrets that are values of their own are masked."""
    call = concealed(exchange.call, secrets)
    yield f"> {call.method} {full_url(call)}"
    yield from (f"> {name}: {value}" for name, value in call.headers.items())
    body = call.data if call.json is None else call.json
    if body is not None:
        yield f"> {_text(body)}"
    if exchange.reply is None:
        yield f"< no answer after {exchange.seconds * 1000:.0f} ms: {exchange.failure}"
        return
    yield from _reply(exchange.reply, exchange.seconds, secrets)


def _reply(reply: Reply, seconds: float, secrets: frozenset[str]) -> Iterator[str]:
    yield f"< {reply.status}  {len(reply.content)} bytes in {seconds * 1000:.0f} ms"
    yield from (f"< {name}: {_masked(name, value, secrets)}" for name, value in reply.headers.items())


def concealed(call: Call, secrets: frozenset[str]) -> Call:
    """A call to look at: what stands under the name of a secret, or is one, is masked, be it short."""
    return replace(
        call,
        params=tuple((name, _without_secrets(value, secrets, name)) for name, value in call.params),
        headers={name: _masked(name, value, secrets) for name, value in call.headers.items()},
        json=_without_secrets(call.json, secrets),
        data=_without_secrets(call.data, secrets),
    )


def _masked(name: str, value: Any, secrets: frozenset[str]) -> Any:
    return MASK if name.lower() in _ALWAYS_MASKED or is_secret_name(name) or str(value) in secrets else value


def _without_secrets(value: Any, secrets: frozenset[str], name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _without_secrets(item, secrets, str(key)) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_secrets(item, secrets, name) for item in value]
    return _masked(name, value, secrets)


def _text(body: Any) -> str:
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False, default=str)
    return text if len(text) <= _BODY_SHOWN else f"{text[:_BODY_SHOWN]}…"
