"""How does a built-in API read as a page: what it needs, and which streams it has?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from tap_restgeneric.dialect.loading import loaded
from tap_restgeneric.dialect.secrets import Secrets
from tap_restgeneric.discovery import shipped_schema
from tap_restgeneric.readers import builtin
from tap_restgeneric.reference.dialect import row
from tap_restgeneric.workbench.apis import parameters
from tap_restgeneric.workbench.described import replication, request_line
from tap_restgeneric.workbench.naming import secrets_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tap_restgeneric.dialect.relations import Node


def page(api: str) -> str:
    """What a definition asks for, its streams and their fields, in Markdown."""
    text = builtin.text(api)
    source = yaml.safe_load(text)
    secrets, given = secrets_in(text), dict.fromkeys(parameters(source), "...")
    nodes = loaded(source, secrets=Secrets(dict.fromkeys(secrets, "..."), {}), parameters=given).nodes
    settings = {"source": api, "client": {"base_url": source["client"]["base_url"]}, "parameters": given}
    parts = (*_needs(settings, secrets), *_streams(nodes.values()), *_fields(api, nodes))
    return "\n".join(parts)


def _needs(settings: dict[str, Any], secrets: Iterable[str]) -> Iterator[str]:
    written = yaml.safe_dump({key: value for key, value in settings.items() if value}, sort_keys=False)
    yield from ("## What it needs", "")
    yield from ('```yaml title="settings"', written.rstrip(), "```", "")
    yield from ("Secrets, in the environment or in `.env`; those of other ways to sign in are among them:", "")
    yield from (f"{_listed(map(Secrets.variable, secrets))}.", "")


def _streams(nodes: Iterable[Node]) -> Iterator[str]:
    yield from ("## Streams", "")
    yield from ("| stream | asks for | key | from run to run | pages |", "|---|---|---|---|---|")
    for node in nodes:
        key = _listed(node.resource.primary_key) or "none"
        pages = f"`{node.paginator.type}`" if node.request else ""
        asks = f"`{request_line(node)}`" if node.request else "nothing"
        yield row(f"`{node.name}`", asks, key, _progress(node), pages)
    yield ""


def _progress(node: Node) -> str:
    return replication(node) if node.request else f"rows inside of `{node.parent}`"


def _fields(api: str, names: Iterable[str]) -> Iterator[str]:
    yield from ("## Fields", "")
    for name in names:
        schema = shipped_schema(api, name) or {}
        yield f"- **{name}**: {_listed(schema.get('properties', {}))}"
    yield ""


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)
