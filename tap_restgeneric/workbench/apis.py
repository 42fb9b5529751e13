"""`restgeneric apis`: which APIs are built in, and what do their definitions say?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import yaml

from tap_restgeneric.dialect.blocks import suggestion
from tap_restgeneric.dialect.placeholders import placeholders_in
from tap_restgeneric.errors import ConfigError
from tap_restgeneric.readers import builtin
from tap_restgeneric.workbench.bench import desk, examples
from tap_restgeneric.workbench.naming import secrets_in
from tap_restgeneric.workbench.screen import NAME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_restgeneric.workbench.screen import Line


@click.command(
    epilog=examples(
        "restgeneric apis",
        "restgeneric apis helpdesk > helpdesk.yaml",
    )
)
@click.argument("name", required=False)
def apis(name: str | None) -> None:
    """List the built-in APIs, or show the definition of one."""
    with desk() as here:
        names = builtin.names()
        if name is not None and name not in names:
            raise ConfigError.at("NAME", f"there is no built-in API {name!r}{suggestion(name, names)}")
        if name is not None:
            click.echo(builtin.text(name), nl=False)
            return
        here.screen.table(("source", "resources", "secrets", "parameters"), [_row(api) for api in names])
        here.screen.next_step(f"restgeneric check {names[0]}", "shows what its streams do; `apis NAME` its definition")


def _row(api: str) -> Sequence[Line]:
    text = builtin.text(api)
    source = yaml.safe_load(text)
    return ((api, NAME),), str(len(source["resources"])), ", ".join(secrets_in(text)), ", ".join(parameters(source))


def parameters(source: dict[str, Any]) -> list[str]:
    """The placeholders that only the setting `parameters` can fill."""
    endpoints = [entry.get("endpoint") or {} for entry in source["resources"] if isinstance(entry, dict)]
    found: dict[str, None] = {}
    for endpoint in endpoints:
        bound = endpoint.get("params") or {}
        places = [endpoint.get(key) for key in ("path", "params", "json", "data", "headers")]
        names = (one.name for place in places for one in placeholders_in(place) if not one.root)
        found |= dict.fromkeys(name for name in names if name not in bound)
    return list(found)
