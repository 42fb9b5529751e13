"""Which resource gives another its values, and in what order are they read? Finds every mistake in the answers."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from pydantic import ValidationError

from tap_restgeneric.dialect.blocks import Steps, Where, problems_of, suggestion
from tap_restgeneric.dialect.exchange import Call
from tap_restgeneric.dialect.jsonpath.selectors import Path
from tap_restgeneric.dialect.placeholders import Placeholder, Template, compiled, placeholders_in, templates_in
from tap_restgeneric.dialect.progress.incremental import Incremental
from tap_restgeneric.dialect.progress.sync_tokens import SyncToken
from tap_restgeneric.dialect.relations import Batch, Node
from tap_restgeneric.dialect.requests import Request
from tap_restgeneric.dialect.source import TEMPLATED_KEYS, Client, Endpoint, Resource
from tap_restgeneric.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

PARAM_BLOCKS: Mapping[str, type[Incremental | SyncToken]] = {"incremental": Incremental, "token": SyncToken}
"""Blocks that may stand under a query parameter, which takes their value."""
BOUNDS = ("start_value", "last_value", "initial_value", "end_value", "lag")
TOKEN = ("start_value",)
"""What a placeholder may name of an incremental block, and of one of `type: token`."""
ROOTS = ("resources", "incremental", "secrets")
_DOUBLE = "double the braces ({{ }}) if they are part of the text"


class _Needs(Struct):
    """What the placeholders of one resource need, as far as it was found.

    Attributes:
        where: Gives the path of a key of the resource as the user wrote it.
        incremental: The incremental block.
        bounds: What placeholders name of it.
        params: Query parameters that are sent.
        bindings: Values of placeholders by name, which may hold placeholders themselves.
        fields: Values of the parent, by placeholder.
        parameters: Values of the setting `parameters`, by name.
        written: The templates of the endpoint without its params.
        batch: How many parents one request asks for.
    """

    where: Where
    incremental: Incremental | SyncToken | None
    written: Sequence[tuple[Steps, Template]] = ()
    batch: Batch | None = None
    params: dict[str, Any] = field(default_factory=dict)
    bindings: dict[str, Any] = field(default_factory=dict)
    fields: dict[str, Path] = field(default_factory=dict)
    parameters: dict[str, Sequence[Any]] = field(default_factory=dict)
    bounds: set[str] = field(default_factory=set)

    def in_order(self) -> Iterable[str]:
        """The names of the bindings, each behind those that stand in its value.

        Raises:
            CycleError: They go round in a circle.
        """
        inside = {name: {inner.name for inner in placeholders_in(value)} for name, value in self.bindings.items()}
        order = TopologicalSorter({name: inner & self.bindings.keys() for name, inner in inside.items()})
        return order.static_order()


class Linker(Struct):
    """Turns resources into nodes.

    Attributes:
        client: The client of the source.
        names: Names of all resources.
        parameters: The setting `parameters`.
        start_date: Whether the setting `start_date` gives incremental streams a lower bound.
        problems: Every mistake that was found.
    """

    client: Client
    names: Sequence[str]
    parameters: Mapping[str, Any]
    start_date: bool = False
    problems: list[Problem] = field(default_factory=list)

    def node(self, resource: Resource, where: Where) -> Node:
        """A resource with its relations; mistakes go to `problems`.

        Args:
            resource: The merged resource.
            where: Gives the path of a key of the resource as the user wrote it.
        """
        if resource.expand:
            self._known(resource.expand.resource, where(("expand", "resource")))
            return Node(resource=resource, client=self.client, parent=resource.expand.resource)
        needs = self._params(resource.endpoint, where)
        for steps, template in _templates(resource.endpoint, needs.params):
            if template.mixed:
                self._problem(where(steps), f"has both single and double braces as text: {_DOUBLE}")
            for placeholder in template.placeholders:
                self._need(placeholder, steps, needs)
        node = Node(
            resource=resource,
            client=self.client,
            parent=self._parent(needs, resource, where),
            request=Request.of(self.client, resource.endpoint, needs.params),
            incremental=needs.incremental if isinstance(needs.incremental, Incremental) else None,
            sync_token=needs.incremental if isinstance(needs.incremental, SyncToken) else None,
            fields=needs.fields,
            batch=needs.batch,
            bindings={name: compiled(needs.bindings[name], typed=True) for name in self._ordered(needs)},
            parameters=needs.parameters,
        )
        self._check_slots(node, where)
        self._check_steps(node, where)
        if node.sync_token and not (needs.bounds or node.sync_token.is_url or node.sync_token.slots(Call(url=""))):
            places = "token_param, token_body_path, {incremental.start_value}, or send_in: url"
            self._problem(where(("endpoint", "incremental")), f"the token is sent nowhere: give {places}")
        return node

    def _params(self, endpoint: Endpoint, where: Where) -> _Needs:
        """Sorts `params` into what is sent, what is bound into the path, and an incremental block."""
        in_path = {placeholder.name for placeholder in Template.parse(endpoint.path).placeholders}
        needs = _Needs(where, endpoint.incremental, written=list(_templates(endpoint, {})))
        for name, value in endpoint.params.items():
            at = where(("endpoint", "params", name))
            kind = value.get("type") if isinstance(value, dict) else None
            if kind == "resolve":
                self._resolve(value, name, at, in_path, needs)
            elif isinstance(kind, str) and kind in PARAM_BLOCKS:
                self._incremental(value, name, needs)
            elif isinstance(value, dict) or (
                isinstance(value, list) and any(isinstance(v, (dict, list)) for v in value)
            ):
                self._problem(at, "must be a value or a list; an object is `type: resolve`, `incremental` or `token`")
            elif name in in_path and (value is None or isinstance(value, list)):
                self._problem(at, "stands in the path, and must be one value; several belong into `parameters`")
                needs.bindings[name] = ""
            else:
                (needs.bindings if name in in_path else needs.params)[name] = value
        return needs

    def _resolve(self, value: dict[str, Any], name: str, at: str, in_path: set[str], needs: _Needs) -> None:
        parent, path = value.get("resource"), value.get("field")
        known = {"type", "resource", "field", "batch_size", "separator"}
        if not isinstance(parent, str) or not isinstance(path, str) or set(value) - known:
            self._problem(at, "type: resolve takes `resource` and `field`, both texts, and batch_size and separator")
            needs.bindings[name] = ""
        elif "batch_size" in value or "separator" in value:
            self._batch(value, name, at, needs)
        elif name not in in_path:
            self._problem(at, f"the path has no {{{name}}}; elsewhere write {{resources.{parent}.{path}}} itself")
        else:
            needs.bindings[name] = f"{{resources.{parent}.{path}}}"

    def _batch(self, value: dict[str, Any], name: str, at: str, needs: _Needs) -> None:
        """Values of several parents in one request: where `{name}` stands, else in the query."""
        size, separator = value.get("batch_size"), value.get("separator", ",")
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            self._problem(at, "batch_size must be a whole number, 1 or more")
            size = 1
        if separator is not None and not isinstance(separator, str):
            self._problem(at, "separator must be a text, or null to repeat the parameter")
        if needs.batch is not None:
            self._problem(at, "a second batch: a resource has one")
        needs.batch = Batch(size, separator)
        needs.bindings[name] = f"{{resources.{value['resource']}.{value['field']}}}"
        if all(placeholder.name != name for _, text in needs.written for placeholder in text.placeholders):
            needs.params[name] = f"{{{name}}}"

    def _incremental(self, value: dict[str, Any], name: str, needs: _Needs) -> None:
        steps = ("endpoint", "params", name)
        if needs.incremental is not None:
            self._problem(needs.where(steps), "a second incremental block: a resource has one")
            return
        try:
            needs.incremental = PARAM_BLOCKS[value["type"]].model_validate(value)
            needs.params[name] = "{incremental.start_value}"
        except ValidationError as error:
            self.problems += problems_of(error, value, lambda inner: needs.where((*steps, *inner)))

    def _need(self, placeholder: Placeholder, steps: Steps, needs: _Needs, via: frozenset[str] = frozenset()) -> None:
        """Notes what a placeholder needs, and what those in its value need; `via` are the names that led to it."""
        at = needs.where(steps)
        if placeholder.root == "resources":
            self._field(placeholder, at, needs)
        elif placeholder.root == "incremental":
            self._bound(placeholder, steps, needs)
        elif placeholder.root:
            self._problem(at, f"unknown {placeholder}{suggestion(placeholder.root, ROOTS)}; {_DOUBLE}")
        elif placeholder.name not in needs.bindings and not self._parameter(placeholder, at, needs):
            return
        elif placeholder.name not in via:
            for inner in placeholders_in(needs.bindings.get(placeholder.name)):
                self._need(inner, steps, needs, via | {placeholder.name})

    def _field(self, placeholder: Placeholder, at: str, needs: _Needs) -> None:
        if placeholder.parent is None:
            self._problem(at, f"{placeholder} names no field: write {{resources.<parent>.<field>}}")
            return
        parent, path = placeholder.parent
        if not self._known(parent, at):
            return
        try:
            needs.fields[placeholder.name] = Path.parse(path)
        except ValueError as error:
            self._problem(at, f"{placeholder}: {error}")

    def _bound(self, placeholder: Placeholder, steps: Steps, needs: _Needs) -> None:
        name, at = placeholder.name.partition(".")[2], needs.where(steps)
        needs.bounds.add(name)
        known = TOKEN if isinstance(needs.incremental, SyncToken) else BOUNDS
        cannot_be_left_out = steps in {("endpoint", "path"), ("endpoint", "data")}
        if needs.incremental is None:
            self._problem(at, f"{placeholder} needs an `incremental` block in this endpoint")
        elif name not in known:
            self._problem(at, f"unknown {placeholder}{suggestion(name, known)}")
        elif cannot_be_left_out and (missing := self._missing(name, needs.incremental)):
            self._problem(at, f"{placeholder} has no value on a first run: give {missing}")

    def _missing(self, bound: str, incremental: Incremental | SyncToken) -> str | None:
        """What has to be given so that a bound has a value on a first run; None if it has one."""
        if isinstance(incremental, SyncToken):
            return "token_param"
        if bound == "end_value":
            return "end_value" if incremental.end_value is None else None
        has_value = bound == "lag" or incremental.initial_value is not None or self.start_date
        return None if has_value else "initial_value (or the setting start_date)"

    def _parameter(self, placeholder: Placeholder, at: str, needs: _Needs) -> bool:
        """Notes the value of a parameter; gives whether it has one."""
        name = placeholder.name
        if name in needs.parameters:
            return True
        if name not in self.parameters:
            self._problem(
                at,
                f"{placeholder} has no value: give it in the setting `parameters`, "
                f"or write {{resources.<parent>.<field>}}; {_DOUBLE}",
            )
            return False
        value = self.parameters[name]
        if isinstance(value, str) and any(placeholders_in(value)):
            needs.bindings[name] = value
            return True
        several = value if isinstance(value, list) else [value]
        if not several or any(one is None or isinstance(one, (dict, list)) for one in several):
            self._problem(f"$.parameters.{name}", "must be a value or a list of values, and not empty")
        elif any(placeholders_in(several)):
            self._problem(f"$.parameters.{name}", "a list holds values, not placeholders")
        else:
            needs.parameters[name] = compiled(several, typed=True)({})
            return True
        return False

    def _ordered(self, needs: _Needs) -> Iterable[str]:
        try:
            return list(needs.in_order())
        except CycleError as error:
            circle = " -> ".join(reversed(error.args[1]))
            self._problem(needs.where(("endpoint",)), f"parameters go round in a circle: {circle}")
            return ()

    def _parent(self, needs: _Needs, resource: Resource, where: Where) -> str | None:
        parents = dict.fromkeys(found[0] for name in needs.fields if (found := Placeholder(name).parent))
        if needs.batch and (resource.include_from_parent or needs.incremental or len(needs.fields) > 1):
            self._problem(
                where(("endpoint",)),
                "a batch asks for several parents at once: it goes with one field of the parent, "
                "without include_from_parent and incremental",
            )
        if len(parents) > 1:
            self._problem(
                where(("endpoint",)),
                f"values of several parents ({', '.join(parents)}): a resource has one; "
                "carry the others down with include_from_parent",
            )
        if not parents and resource.include_from_parent:
            self._problem(where(("include_from_parent",)), "the resource has no parent to take fields from")
        return next(iter(parents), None)

    def _check_slots(self, node: Node, where: Where) -> None:
        """Whether what the paginator and a sync token send has a place in the requests of the resource."""
        endpoint = node.resource.endpoint
        call = Call(url="", method=endpoint.method, json=endpoint.json_body, data=endpoint.data)
        paging = where(("endpoint", "paginator")) if endpoint.paginator else where(("endpoint",))
        places = [(slot, paging) for slot in node.paginator.slots(call)]
        if node.sync_token:
            places += [(slot, where(("endpoint", "incremental"))) for slot in node.sync_token.slots(call)]
        for slot, at in places:
            if obstacle := slot.obstacle(call):
                self._problem(at, obstacle)

    def _check_steps(self, node: Node, where: Where) -> None:
        """Whether a backfill in steps has a beginning."""
        block = node.incremental
        if block and block.step is not None and block.initial_value is None and not self.start_date:
            message = "there is no beginning: give initial_value (or the setting start_date)"
            self._problem(where(("endpoint", "incremental", "step")), message)

    def _known(self, name: str, at: str) -> bool:
        if name in self.names:
            return True
        self._problem(at, f"no resource {name!r}{suggestion(name, self.names)}")
        return False

    def _problem(self, at: str, message: str) -> None:
        problem = Problem(at, message)
        if problem not in self.problems:
            self.problems.append(problem)


def _templates(endpoint: Endpoint, params: Mapping[str, Any]) -> Iterator[tuple[Steps, Template]]:
    """The templates of an endpoint, each with the keys that lead to it; `params` are those that are sent."""
    values = {"path": endpoint.path, "params": params, "json": endpoint.json_body, "data": endpoint.data}
    values["headers"] = endpoint.headers
    for key in TEMPLATED_KEYS:
        yield from templates_in(values[key], ("endpoint", key))


def ordered(nodes: Sequence[Node], where: Mapping[str, Where]) -> tuple[dict[str, Node], list[Problem]]:
    """Nodes by name with parents before children, and a problem for each circle of them.

    Args:
        nodes: In the order of the source, which is kept where parents allow.
        where: Gives the paths of each resource, by name.
    """
    by_name = {node.name: node for node in nodes}
    result: dict[str, Node] = {}
    circles: dict[frozenset[str], Problem] = {}
    for node in nodes:
        line = _lineage(node, by_name)
        if by_name.get(line[0].parent or "") in line:
            circle = line[: line.index(by_name[line[0].parent or ""]) + 1]
            text = " -> ".join([circle[-1].name, *(one.name for one in circle)])
            problem = Problem(where[circle[-1].name](()), f"parents go round in a circle: {text}")
            circles.setdefault(frozenset(one.name for one in circle), problem)
        result |= {one.name: one for one in line if one.name not in result}
    return result, list(circles.values())


def _lineage(node: Node, by_name: Mapping[str, Node]) -> list[Node]:
    """A node behind its parent behind that one's, as far as they are known and met for the first time."""
    line = [node]
    while (parent := by_name.get(line[0].parent or "")) and parent not in line:
        line.insert(0, parent)
    return line
