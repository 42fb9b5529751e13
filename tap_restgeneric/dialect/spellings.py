"""Which spellings mean the same? One table, and the function that folds a source into the first spelling."""

from __future__ import annotations

from typing import Any

AUTH_TYPES = {
    "basic": "http_basic",
    "oauth2": "oauth2_client_credentials",
    "oauth2_auth": "oauth2_client_credentials",
}
PAGINATOR_TYPES = {
    "json_response": "json_link",
    "page": "page_number",
    "none": "single_page",
}
KEYS = {
    "auth": {"token_url": "access_token_url", "auth_endpoint": "access_token_url"},
    "incremental": {"transform": "convert"},
}


def folded(config: dict[str, Any]) -> dict[str, Any]:
    """A source in one spelling; what has an unexpected shape is left for validation to complain about.

    Args:
        config: `client`, `resource_defaults`, `resources` as a user wrote them. Not changed.
    """
    result = dict(config)
    if isinstance(client := result.get("client"), dict):
        result["client"] = _blocks(client)
    if isinstance(defaults := result.get("resource_defaults"), dict) and isinstance(defaults.get("endpoint"), dict):
        result["resource_defaults"] = {**defaults, "endpoint": _blocks(defaults["endpoint"])}
    if isinstance(resources := result.get("resources"), list):
        result["resources"] = [resource(entry) for entry in resources]
    return result


def resource(entry: Any) -> Any:
    """One entry of `resources` in one spelling: a string is a name, a string endpoint is a path."""
    if isinstance(entry, str):
        return {"name": entry}
    if not isinstance(entry, dict) or "endpoint" not in entry:
        return entry
    endpoint = entry["endpoint"]
    if isinstance(endpoint, str):
        endpoint = {"path": endpoint}
    return {**entry, "endpoint": _blocks(endpoint) if isinstance(endpoint, dict) else endpoint}


def _blocks(holder: dict[str, Any]) -> dict[str, Any]:
    result = dict(holder)
    for key, fold in _FOLDS.items():
        if key in result:
            result[key] = fold(result[key])
    if isinstance(params := result.get("params"), dict):
        result["params"] = {
            key: incremental(value) if _is_incremental(value) else value for key, value in params.items()
        }
    return result


def auth(block: Any) -> Any:
    """An auth block in one spelling: `{"token": ...}` is a bearer, `basic` is `http_basic`."""
    if isinstance(block, str):
        return {"type": AUTH_TYPES.get(block, block)}
    if not isinstance(block, dict):
        return block
    result = _renamed(block, KEYS["auth"])
    if "type" not in result and "token" in result:
        result["type"] = "bearer"
    if isinstance(kind := result.get("type"), str):
        result["type"] = AUTH_TYPES.get(kind, kind)
    if isinstance(parts := result.get("auths"), list):
        result["auths"] = [auth(part) for part in parts]
    return result


def paginator(block: Any) -> Any:
    """A paginator block in one spelling: `"header_link"` is `{"type": "header_link"}`."""
    if isinstance(block, str):
        return {"type": PAGINATOR_TYPES.get(block, block)}
    if isinstance(block, dict) and isinstance(kind := block.get("type"), str):
        return {**block, "type": PAGINATOR_TYPES.get(kind, kind)}
    return block


def incremental(block: Any) -> Any:
    """An incremental block in one spelling: without a type it is `incremental`."""
    return {"type": "incremental", **_renamed(block, KEYS["incremental"])} if isinstance(block, dict) else block


_FOLDS = {"auth": auth, "paginator": paginator, "incremental": incremental}


def _is_incremental(value: Any) -> bool:
    return isinstance(value, dict) and value.get("type") == "incremental"


def _renamed(block: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """The block with its keys renamed; a key that stands beside its other spelling stays, to be complained about."""
    return {key if names.get(key) in block else names.get(key, key): value for key, value in block.items()}
