"""`restgeneric plan`: which requests would a sync begin with?"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

import click
from typing_extensions import override

from tap_restgeneric import settings
from tap_restgeneric.dialect.paging.links import full_url
from tap_restgeneric.workbench import described
from tap_restgeneric.workbench.bench import Bench, configs, desk, examples, given, source_and_streams
from tap_restgeneric.workbench.screen import DIM, NAME, Branch
from tap_restgeneric.workbench.trace import concealed, short_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tap_restgeneric.dialect.exchange import Call
    from tap_restgeneric.dialect.relations import Node
    from tap_restgeneric.streams.stream import ResourceStream

_MOST = 5
"""Requests of one stream that are written out."""


class _Unsent(Bench):
    """A tap that sends nothing: of streams whose schema only records could tell, the keys are all it knows."""

    looks_into_streams: ClassVar[bool] = True

    @override
    def sampler(self, *args: Any, **kwargs: Any) -> Any:
        return _NoSamples()

    @override
    def given_schemas(self, *, fetches: bool = True) -> dict[str, dict[str, Any]]:
        return super().given_schemas(fetches=False)

    @override
    def start_date_for(self, node: Node, schema: Mapping[str, Any]) -> str | None:
        """The setting; of a cursor whose type only records could tell, it is taken to be a date."""
        cursor = schema.get("properties", {}).get(str(node.incremental.cursor_path), {}) if node.incremental else {}
        known = {**schema, "properties": {}} if cursor == {"type": ["string", "null"]} else schema
        return super().start_date_for(node, known)


class _NoSamples:
    """Reads no record."""

    def begin(self, nodes: Sequence[Node]) -> None:
        """Nothing."""

    def records(self, node: Node) -> list[dict[str, Any]]:  # noqa: ARG002
        """None."""
        return []


@click.command(
    epilog=examples(
        "restgeneric plan",
        "restgeneric plan --config config.json --state state.json",
    )
)
@click.argument("words", nargs=-1, metavar="[SOURCE]")
@configs
@click.option("--state", metavar="FILE", help="The state a sync would begin with.")
def plan(words: tuple[str, ...], configs: tuple[str, ...], state: str | None) -> None:
    """Show the requests a sync would begin with, sending none.

    They follow from settings and state. SOURCE is a file or the name of a built-in API; source.yaml if it is left out.
    """
    with desk() as here:
        source, _ = source_and_streams(words, configs)
        known = settings.read(state, "--state") if state else None
        bench = here.open_as(_Unsent, source, configs, state=known)
        secrets = short_secrets(bench)
        streams = bench.streams
        roots = [stream for stream in streams.values() if stream.parent_stream_type is None]
        here.screen.tree(_branch(stream, secrets) for stream in roots)  # type: ignore[arg-type]
        here.screen.next_step(f"restgeneric check {given(source, configs)}--live", "asks each stream for one page")


def _branch(stream: ResourceStream, secrets: frozenset[str]) -> Branch:
    node = stream.node
    below = [Branch(((line, ""),)) for line in (_first(stream, secrets) if node.parent is None else _later(stream))]
    children = [_branch(child, secrets) for child in stream.child_streams]  # type: ignore[arg-type]
    note = "" if stream.selected else "  not selected"
    return Branch(((stream.name, NAME), (f"  {described.replication(node)}{note}", DIM)), [*below, *children])


def _first(stream: ResourceStream, secrets: frozenset[str]) -> Iterator[str]:
    """The requests that a root stream begins its sequences with."""
    parts = stream.parts.of(None)
    for part in parts[:_MOST]:
        yield _request(part.reading.opening(), secrets)
    if len(parts) > _MOST:
        yield f"... and {len(parts) - _MOST} more"
    auth = stream.node.auth
    if auth is None:
        return
    token = auth.token_call(stream.node.client.base_url, None, 0.0)
    if token is not None:
        yield f"before it, for a token: {token.method} {full_url(concealed(token, secrets))}"
    signed = [f"{sent.place} {sent.name}" for sent in described.auth_parts(auth)]
    yield f"signed: {auth.type}, {', '.join(signed)}"


def _request(call: Call, secrets: frozenset[str]) -> str:
    shown = concealed(call, secrets)
    body = shown.data if shown.json is None else shown.json
    text = "" if body is None else f"  {json.dumps(body, ensure_ascii=False, default=str)}"
    return f"{shown.method} {full_url(shown)}{text}"


def _later(stream: ResourceStream) -> Iterator[str]:
    """What a stream asks for once for each record of its parent."""
    node = stream.node
    yield described.request_line(node) + ("" if node.request is None else f"  for each record of {node.parent}")
    known = len(stream.stream_state.get("partitions", ()))
    if known:
        yield f"{known} of them go on from their bookmark"
