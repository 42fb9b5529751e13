"""What is a stream, in words: what it asks for, where each parameter goes, how it pages, what it carries on?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tap_restgeneric.dialect.auth.tokens import Token
from tap_restgeneric.dialect.exchange import Call
from tap_restgeneric.dialect.placeholders import Template
from tap_restgeneric.engine.redaction import MASK, is_secret_name
from tap_restgeneric.workbench.screen import DIM, NAME, Branch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_restgeneric.dialect.auth.schemes import Auth
    from tap_restgeneric.dialect.paging.placement import Slot
    from tap_restgeneric.dialect.relations import Node
    from tap_restgeneric.workbench.screen import Line, Piece

_UNSHOWN = ("type",)


@dataclass(frozen=True)
class Sent:
    """A part of a request.

    Attributes:
        place: path, query, header, JSON body, form or body.
        name: Its name there.
        value: What is sent, placeholders unfilled.
        reason: What sends it, if it is not a key of the endpoint.
    """

    place: str
    name: str
    value: str
    reason: str = ""

    def __str__(self) -> str:
        shown = f"{self.place} {self.name}" + (f" = {self.value}" if self.value else "")
        return f"{shown}  ({self.reason})" if self.reason else shown


def forest(nodes: Mapping[str, Node]) -> list[Branch]:
    """The streams as trees of parents and children."""
    branches = {name: Branch(_title(node), [Branch(line) for line in _details(node)]) for name, node in nodes.items()}
    roots: list[Branch] = []
    for name, node in nodes.items():
        (branches[node.parent].below if node.parent in branches else roots).append(branches[name])
    return roots


def _title(node: Node) -> Line:
    note = "" if node.resource.selected else "  not selected: read only for its children"
    return ((node.name, NAME), (f"  {request_line(node)}", ""), (note, DIM))


def request_line(node: Node) -> str:
    """Method and path, placeholders unfilled."""
    if node.request is None:
        return f"rows inside of {node.parent}"
    endpoint = node.resource.endpoint
    return f"{endpoint.method} {endpoint.path}"


def _details(node: Node) -> Iterator[Line]:
    key = ", ".join(node.resource.primary_key) or "none, so that targets append the records of every run"
    yield (*_named("key", key), *(_named("   replication", replication(node)) if node.request else ()))
    if node.carried:
        yield _named("from the parent", ", ".join(node.carried))
    if node.request is None:
        return
    records = str(node.selector) if node.selector else "found in the first reply"
    yield (*_named("records", records), *_named("   pages", paging(node)))
    for sent in (*endpoint_parts(node), *_paging_parts(node), *_progress_parts(node), *auth_parts(node.auth)):
        yield _named("sends", str(sent))


def _named(name: str, text: str) -> tuple[Piece, ...]:
    return ((f"{name}: ", DIM), (text, ""))


def replication(node: Node) -> str:
    """How a run goes on where the last one ended."""
    if node.incremental:
        initial = node.incremental.initial_value
        return f"incremental by {node.incremental.cursor_path}" + (f", from {initial}" if initial is not None else "")
    if node.sync_token:
        return f"changes since the token at {node.sync_token.token_path}"
    return "full table"


def paging(node: Node) -> str:
    """The paginator and what was said about it."""
    written = node.paginator.model_dump(mode="json", exclude_unset=True, exclude=set(_UNSHOWN))
    if node.paginator.type == "auto":
        return "found in the first reply"
    return " ".join((node.paginator.type, *(f"{key}={value}" for key, value in written.items())))


def endpoint_parts(node: Node) -> list[Sent]:
    """What the endpoint and the client write into every request."""
    endpoint = node.resource.endpoint
    in_path = {placeholder.name for placeholder in Template.parse(endpoint.path).placeholders}
    found = [Sent("path", f"{{{name}}}", "") for name in sorted(in_path)]
    for name, value in endpoint.params.items():
        if name in in_path:
            found = [
                Sent("path", f"{{{name}}}", _value(name, value)) if f"{{{name}}}" == one.name else one for one in found
            ]
        else:
            found.append(Sent("query", name, _value(name, value)))
    found += [Sent("header", name, _value(name, value)) for name, value in node.client.headers.items()]
    found += [Sent("header", name, _value(name, value)) for name, value in endpoint.headers.items()]
    found += [Sent("JSON body", name, _value(name, value)) for name, value in _leaves(endpoint.json_body)]
    if isinstance(endpoint.data, str):
        return [*found, Sent("body", "text", endpoint.data)]
    pairs = endpoint.data.items() if isinstance(endpoint.data, dict) else endpoint.data or ()
    return [*found, *(Sent("form", name, _value(name, value)) for name, value in pairs)]


def _value(name: str, value: Any) -> str:
    if is_secret_name(name):
        return MASK
    kind = value.get("type") if isinstance(value, dict) else None
    if kind == "incremental":
        return "{incremental.start_value}"
    if kind == "resolve":
        several = f", {value['batch_size']} at once" if "batch_size" in value else ""
        return f"{{resources.{value['resource']}.{value['field']}}}{several}"
    return "not sent" if value is None else str(value)


def _leaves(value: Any, above: str = "") -> Iterator[tuple[str, Any]]:
    for key, item in value.items() if isinstance(value, dict) else ():
        path = f"{above}{key}"
        if isinstance(item, dict) and item:
            yield from _leaves(item, f"{path}.")
        else:
            yield path, item


def _shape(node: Node) -> Call:
    """A call with the method and the kind of body that the calls of a resource have."""
    endpoint = node.resource.endpoint
    return Call(url=node.client.base_url, method=endpoint.method, json=endpoint.json_body, data=endpoint.data)


def _paging_parts(node: Node) -> list[Sent]:
    position, *size = node.paginator.slots(_shape(node)) or (None,)
    limit = getattr(node.paginator, "limit", None)
    found = [Sent(_place(position), _slot_name(position), "", "page position")] if position else []
    return [*found, *(Sent(_place(slot), _slot_name(slot), str(limit), "page size") for slot in size)]


def _progress_parts(node: Node) -> list[Sent]:
    block, token = node.incremental, node.sync_token
    named = [(block.start_param, "start_value"), (block.end_param, "end_value")] if block else []
    found = [Sent("query", name, f"{{incremental.{bound}}}", "window") for name, bound in named if name]
    slots = token.slots(_shape(node)) if token else ()
    return [*found, *(Sent(_place(slot), _slot_name(slot), "", "sync token") for slot in slots)]


def _slot_name(slot: Slot) -> str:
    return slot.body_path or slot.name


def _place(slot: Slot) -> str:
    if slot.body_path:
        return "JSON body"
    return slot.place or "query"


def auth_parts(auth: Auth | None) -> list[Sent]:
    """Where the credentials go."""
    if auth is None:
        return []
    if auth.digest:
        return [Sent("header", "Authorization", "", f"auth {auth.type}")]
    signed = auth.sign(Call(url="https://host.invalid"), Token(access_token=MASK))
    reason = f"auth {auth.type}"
    return [
        *(Sent("header", name, MASK, reason) for name in signed.headers),
        *(Sent("query", name, MASK, reason) for name, _ in signed.params),
    ]
