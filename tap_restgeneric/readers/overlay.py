"""What does a source become when the settings are laid over it?"""

from __future__ import annotations

from typing import Any

from tap_restgeneric.dialect import spellings
from tap_restgeneric.dialect.merging import laid_over
from tap_restgeneric.readers.findings import Findings


def lay(over: dict[str, Any], config: dict[str, Any]) -> dict[str, Any]:
    """A source with `client`, `resource_defaults` and `resources` of the settings laid over it.

    `client` and its `headers` go key by key; `resource_defaults`, and resources of the same name, as a resource
    goes over the defaults. New resources come last. A null that is written stays. With another `base_url`, the
    URLs of the source that begin with the old one move along: a token URL, an absolute path.

    Raises:
        ConfigError: One of the two sides has not the shape that this needs.
    """
    findings = Findings("settings")
    for where, side in (("settings", over), ("source", {key: config.get(key) for key in over})):
        _check(side, where, findings)
    findings.settle()
    laid = _moved(config, over)
    if "client" in over:
        laid["client"] = _client(laid.get("client") or {}, over["client"])
    if "resource_defaults" in over:
        laid["resource_defaults"] = _resource(laid.get("resource_defaults") or {}, over["resource_defaults"])
    if "resources" in over:
        laid["resources"] = _resources(laid.get("resources") or [], over["resources"])
    return laid


def _check(side: dict[str, Any], where: str, findings: Findings) -> None:
    for key in ("client", "resource_defaults"):
        if not isinstance(side.get(key), dict | None):
            findings.refuse(f"$.{key}", f"must be an object in the {where}")
    resources = side.get("resources")
    if not isinstance(resources, list | None):
        findings.refuse("$.resources", f"must be an array in the {where}")
        return
    names: set[str] = set()
    for index, resource in enumerate(resources or []):
        name = resource.get("name") if isinstance(resource, dict) else resource
        if not isinstance(name, str):
            findings.refuse(f"$.resources[{index}]", f"must be a name or an object with a `name` in the {where}")
        elif name in names:
            findings.refuse(f"$.resources[{index}].name", f"{name!r} stands twice in the {where}")
        else:
            names.add(name)


def _client(known: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    headers = known.get("headers"), over.get("headers")
    # Meltano sends `base_url: null` where nothing was set; there is no source that goes without one.
    merged = {**known, **{key: value for key, value in over.items() if key != "base_url" or value is not None}}
    if isinstance(headers[0], dict) and isinstance(headers[1], dict):
        merged["headers"] = {**headers[0], **headers[1]}
    return merged


def _resources(known: list[Any], over: list[Any]) -> list[dict[str, Any]]:
    by_name = {resource["name"]: resource for resource in map(spellings.resource, known)}
    for resource in map(spellings.resource, over):
        by_name[resource["name"]] = laid_over(by_name.get(resource["name"], {}), resource)
    return list(by_name.values())


def _resource(known: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    return laid_over(spellings.resource(known), spellings.resource(over))


def _moved(config: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """A source whose URLs below its base_url are below the new one."""
    old, new = ((side.get("client") or {}).get("base_url") for side in (config, over))
    if not isinstance(old, str) or not isinstance(new, str) or not old.strip("/"):
        return {**config}
    moved: dict[str, Any] = _with_base(config, old.rstrip("/"), new.rstrip("/"))
    return moved


def _with_base(value: Any, old: str, new: str) -> Any:
    if isinstance(value, dict):
        return {key: _with_base(item, old, new) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_base(item, old, new) for item in value]
    if isinstance(value, str) and (value == old or value.startswith(f"{old}/")):
        return new + value[len(old) :]
    return value
