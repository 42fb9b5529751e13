"""Is this a source? `loaded` makes one from what a user wrote, and reports every mistake at once."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct
from pydantic import ValidationError

from tap_restgeneric.dialect import merging, spellings
from tap_restgeneric.dialect.blocks import Block, Steps, Where, path_text, problems_of, suggestion
from tap_restgeneric.dialect.linking import Linker, ordered
from tap_restgeneric.dialect.source import LOADER_HINTS, Client, Resource, ResourceDefaults
from tap_restgeneric.errors import ConfigError, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_restgeneric.dialect.relations import Node
    from tap_restgeneric.dialect.secrets import Secrets

TOP_LEVEL = ("client", "resource_defaults", "resources")
_PLACE = re.compile(r"\$\.(\w+)(?:\[(\d+)\])?")
AnyBlock = TypeVar("AnyBlock", bound=Block)


class Source(Struct, frozen=True):
    """One API: a client and its resources.

    Attributes:
        client: What all requests share.
        nodes: The resources by name, parents before children.
        notes: What was accepted without effect, for the log.
    """

    client: Client
    nodes: Mapping[str, Node]
    notes: tuple[str, ...] = ()


def loaded(
    config: Mapping[str, Any], *, secrets: Secrets, parameters: Mapping[str, Any], start_date: str | None = None
) -> Source:
    """The source that a user described.

    Args:
        config: `client`, `resource_defaults` and `resources`, as written.
        secrets: Where `{secrets.x}` finds its value.
        parameters: Values for placeholders that no parent fills; a list asks once for each.
        start_date: Lower bound of incremental resources without one of their own.

    Raises:
        ConfigError: With all mistakes.
    """
    problems = [
        Problem(path_text([key]), f"unknown key{suggestion(key, TOP_LEVEL)}") for key in config if key not in TOP_LEVEL
    ]
    written = secrets.resolved(spellings.folded(dict(config)))
    client = _client(written, problems)
    defaults = _defaults(written, problems)
    resources = _resources(written, defaults, problems)
    linker = Linker(
        client or Client.model_construct(base_url="https://unknown.invalid"),
        names=_names(written),
        parameters=secrets.resolved(dict(parameters), ("parameters",), templated=True),
        start_date=start_date is not None,
    )
    nodes, circles = ordered(
        [linker.node(resource, where) for where, resource in resources],
        {resource.name: where for where, resource in resources},
    )
    problems += [*secrets.problems, *linker.problems, *circles]
    if problems or client is None:
        raise ConfigError(sorted(dict.fromkeys(problems), key=_standing))
    return Source(client, nodes, tuple(_notes(written)))


def _standing(problem: Problem) -> tuple[int, int]:
    """Where a problem stands among the others: the client first, then resource by resource."""
    found = _PLACE.match(problem.path)
    key, index = found.groups(default="-1") if found else ("", "-1")
    return TOP_LEVEL.index(key) if key in TOP_LEVEL else len(TOP_LEVEL), int(index)


def _client(written: Mapping[str, Any], problems: list[Problem]) -> Client | None:
    if "client" not in written:
        problems.append(Problem("$.client", "required, but missing"))
        return None
    return _checked(Client, written["client"], "client", problems)


def _defaults(written: Mapping[str, Any], problems: list[Problem]) -> dict[str, Any]:
    """The resource defaults; their endpoint is checked where it is used, merged with that of a resource."""
    defaults = written.get("resource_defaults")
    if defaults is None:
        return {}
    if not isinstance(defaults, dict):
        problems.append(Problem("$.resource_defaults", "must be an object"))
        return {}
    own = {key: value for key, value in defaults.items() if key != "endpoint"}
    _checked(ResourceDefaults, own, "resource_defaults", problems)
    if not isinstance(defaults.get("endpoint", {}), dict):
        problems.append(Problem("$.resource_defaults.endpoint", "must be an object"))
        return own
    return defaults


def _checked(block: type[AnyBlock], value: Any, key: str, problems: list[Problem]) -> AnyBlock | None:
    try:
        return block.model_validate(value)
    except ValidationError as error:
        problems += problems_of(error, value, lambda steps: path_text((key, *steps)))
        return None


def _names(written: Mapping[str, Any]) -> list[str]:
    entries = written.get("resources")
    found = [entry.get("name") for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    return [name for name in found if isinstance(name, str)]


def _resources(
    written: Mapping[str, Any], defaults: dict[str, Any], problems: list[Problem]
) -> list[tuple[Where, Resource]]:
    """The merged resources that are well-formed, each with what gives the paths of its keys."""
    entries = written.get("resources")
    if not isinstance(entries, list) or not entries:
        problems.append(Problem("$.resources", "required: a list of resources, at least one"))
        return []
    found: dict[str, tuple[Where, Resource]] = {}
    for index, entry in enumerate(entries):
        if not isinstance(entry, dict):
            problems.append(Problem(f"$.resources[{index}]", "must be an object, or a text that is name and path"))
            continue
        where = partial(_where, defaults, entry, index)
        resource = _resource(entry, defaults, where, problems)
        if resource and resource.name in found:
            problems.append(Problem(where(("name",)), f"{resource.name!r} is given twice: names must differ"))
        elif resource:
            found[resource.name] = where, resource
    return list(found.values())


def _where(defaults: dict[str, Any], entry: dict[str, Any], index: int, steps: Steps) -> str:
    """The path of a key of a merged resource: where the user wrote it, be it in the defaults."""
    if merging.stands_in_defaults(defaults, entry, steps):
        return path_text(("resource_defaults", *steps))
    return path_text(("resources", index, *steps))


def _resource(
    entry: dict[str, Any], defaults: dict[str, Any], where: Where, problems: list[Problem]
) -> Resource | None:
    """One merged resource; with mistakes in it, what is left without them."""
    if entry.get("expand") is not None and entry.get("endpoint") is not None:
        problems.append(Problem(where(("endpoint",)), "has no effect beside expand, which sends no request"))
    merged = merging.with_defaults(defaults, entry)
    try:
        return Resource.model_validate(merged)
    except ValidationError as error:
        problems += problems_of(error, merged, where)
        return _salvaged(merged, error)


def _salvaged(merged: dict[str, Any], error: ValidationError) -> Resource | None:
    """The resource without its wrong keys, so that what it needs from others is checked all the same."""
    wrong = {line["loc"][:2] for line in error.errors(include_url=False)}
    endpoint = merged.get("endpoint")
    if not isinstance(endpoint, dict):
        return None
    kept = {key: value for key, value in merged.items() if key == "endpoint" or not _begins(wrong, (key,))}
    kept["endpoint"] = {key: value for key, value in endpoint.items() if ("endpoint", key) not in wrong}
    try:
        return Resource.model_validate(kept)
    except ValidationError:
        return None


def _begins(wrong: set[tuple[int | str, ...]], steps: Steps) -> bool:
    return any(loc[: len(steps)] == steps for loc in wrong)


def _notes(written: Mapping[str, Any]) -> list[str]:
    defaults = written.get("resource_defaults") or {}
    hints = sorted({key for block in (defaults, *written["resources"]) for key in block if key in LOADER_HINTS})
    notes = [f"{', '.join(hints)}: the business of the target; accepted, without effect here"] if hints else []
    if "path" in (defaults.get("endpoint") or {}):
        notes.append("resource_defaults.endpoint.path: without effect; a resource without a path has its name for one")
    return notes
