"""How is the tap described to Meltano?

The settings, their kinds and their words are those of `--about`; what Meltano wants beside them stands here. The same
definition is written for the hub and into the Meltano project of this checkout.
"""

from __future__ import annotations

import textwrap
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import yaml

from tap_restgeneric.tap import TapRestGeneric

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Schema = dict[str, Any]

_IDENTITY = {
    "name": "tap-restgeneric",
    "namespace": "tap_restgeneric",
    "variant": "restgeneric",
    "label": "REST API",
    "description": "Any REST API, described in the dlt rest_api dialect",
}
_HUB_ALONE = {
    "maintenance_status": "active",
    "quality": "unknown",
    "keywords": ["api", "meltano_sdk", "rest"],
    "settings_preamble": "A source is the name of a built-in API, a file, or written into `client` and `resources`. "
    "Secrets that it names as `{secrets.x}` come from `secrets`, or from TAP_RESTGENERIC_SECRETS_<X>.\n",
}
_GROUPS = [["source"], ["client", "resources"]]

_BENEATH: dict[str, dict[str, str]] = {
    "client": {
        "client.base_url": "Base URL",
        "client.auth.token": "Bearer token",
        "client.auth.api_key": "API key",
        "client.auth.username": "User name",
        "client.auth.password": "Password",
        "client.auth.client_id": "OAuth2 client id",
        "client.auth.client_secret": "OAuth2 client secret",
        "client.auth.refresh_token": "OAuth2 refresh token",
    },
    "secrets": {
        f"secrets.{name}": f"Secret {name}"
        for name in ("token", "api_key", "username", "password", "client_id", "client_secret", "refresh_token")
    },
}
"""Parts of objects that can be set one by one, so that each is asked for and masked by itself."""
_OPEN = {"client.base_url"}
_UNDECLARED = {
    *("stream_map_config", "faker_config", "flattening_max_key_length", "flattening_separator", "batch_config"),
}
"""Settings of the SDK that meltano.yml takes as well: each that is declared costs Meltano time at every start."""

_KINDS = {
    "string": "string",
    "object": "object",
    "array": "array",
    "integer": "integer",
    "number": "decimal",
    "boolean": "boolean",
}

_HEAD = """\
# Made from the tap's --about by `make reference`; not edited by hand.
# For other Meltano projects: meltano add tap-restgeneric --from-ref <this file, or its URL>
"""
_LOADER_HEAD = """\
# Made from meltano.yml by `make reference`; not edited by hand.
# For other Meltano projects: meltano add {name} --from-ref <this file, or its URL>
"""
_BEGINS = "  # Made from the tap's --about by `make reference`, from here\n"
_ENDS = "  # to here.\n"


def about() -> dict[str, Schema]:
    """The settings of the tap as `--about` has them: the JSON Schema of each by its name."""
    schema = deepcopy(TapRestGeneric.config_jsonschema)
    TapRestGeneric.append_builtin_config(schema)
    properties: dict[str, Schema] = schema["properties"]
    return properties


def hub_definition() -> str:
    """The definition of the plugin as the hub publishes them, in YAML."""
    return _HEAD + _yaml({**_definition("tap-restgeneric"), **_HUB_ALONE, "settings": list(_settings())})


def in_project(project: str) -> str:
    """The text of meltano.yml with the definition in it, between its two marks, installed from the checkout."""
    before, rest = project.split(_BEGINS)
    _, behind = rest.split(_ENDS)
    made = _yaml([{**_definition("-e ."), "settings": list(_settings())}])
    return f"{before}{_BEGINS}{textwrap.indent(made, '  ')}{_ENDS}{behind}"


def loaders(project: str) -> dict[str, str]:
    """The definitions of the loaders in meltano.yml, each in YAML by its name, for other projects."""
    found = yaml.safe_load(project)["plugins"]["loaders"]
    return {loader["name"]: _LOADER_HEAD.format(**loader) + _yaml(loader) for loader in found}


def _definition(pip_url: str) -> dict[str, Any]:
    return {
        **_IDENTITY,
        "pip_url": pip_url,
        "executable": "tap-restgeneric",
        "capabilities": sorted(capability.value for capability in TapRestGeneric.capabilities),
        "settings_group_validation": _GROUPS,
    }


def _settings() -> Iterator[dict[str, Any]]:
    for name, schema in about().items():
        if name in _UNDECLARED:
            continue
        beneath = [_part(part, label) for part, label in _BENEATH.get(name, {}).items()]
        # Sensitive parts stand before the object they belong to: behind it, `meltano config print` fails on them.
        yield from beneath if schema.get("secret") else ()
        yield _setting(name, schema)
        yield from () if schema.get("secret") else beneath


def _part(name: str, label: str) -> dict[str, Any]:
    return {"name": name, "kind": "string", "label": label, **({} if name in _OPEN else {"sensitive": True})}


def _setting(name: str, schema: Schema) -> dict[str, Any]:
    setting = {
        "name": name,
        "kind": _kind(schema),
        "label": schema.get("title", name),
        "description": " ".join(schema["description"].split()),
    }
    if schema.get("secret"):
        setting["sensitive"] = True
    if "default" in schema:
        setting["value"] = schema["default"]
    if "enum" in schema:
        setting["options"] = [{"label": str(word).capitalize(), "value": word} for word in schema["enum"]]
    return setting


def _kind(schema: Mapping[str, Any]) -> str:
    """The word of Meltano for a type: that of a text, where a value may be of several."""
    if "enum" in schema:
        return "options"
    if schema.get("format") == "date-time":
        return "date_iso8601"
    types = [kind for kind in schema["type"] if kind != "null"]
    return _KINDS[types[0]] if len(types) == 1 else "string"


def _yaml(value: Any) -> str:
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=110)
