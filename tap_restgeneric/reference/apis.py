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
    from collections.abc import Iterator

    from tap_restgeneric.dialect.relations import Node


def page(api: str) -> str:
    """What a definition asks for, its streams and their fields, in Markdown."""
    text = builtin.text(api)
    source = yaml.safe_load(text)
    needed = parameters(source)
    values = {"secrets": dict.fromkeys(secrets_in(text), "..."), "parameters": dict.fromkeys(needed, "...")}
    nodes = loaded(source, secrets=Secrets(values["secrets"], {}), parameters=values["parameters"]).nodes
    settings = {"source": api, "client": {"base_url": source["client"]["base_url"]}}
    return "\n".join(
        [
            *_needs(settings, secrets_in(text), values["parameters"]),
            *_streams(list(nodes.values())),
            *_fields(api, nodes),
        ]
    )


def _needs(settings: dict[str, Any], names: list[str], values: dict[str, str]) -> Iterator[str]:
    given = {**settings, "parameters": values} if values else settings
    yield from ("## What it needs", "")
    yield from ('```yaml title="settings"', yaml.safe_dump(given, sort_keys=False).rstrip(), "```", "")
    yield from (f"and in the environment or in `.env`: {_listed(map(Secrets.variable, names))}.", "")


def _streams(nodes: list[Node]) -> Iterator[str]:
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


def _fields(api: str, names: Any) -> Iterator[str]:
    yield from ("## Fields", "")
    for name in names:
        schema = shipped_schema(api, name) or {}
        yield f"- **{name}**: {_listed(schema.get('properties', {}))}"
    yield ""


def _listed(words: Any) -> str:
    return ", ".join(f"`{word}`" for word in words)
