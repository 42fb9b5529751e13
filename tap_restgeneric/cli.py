"""`restgeneric`: what a person does around the tap."""

from __future__ import annotations

from importlib import import_module

import click
from typing_extensions import override

_ROOM = "tap_restgeneric.workbench"
COMMANDS = {
    "init": ("init:init", "Write a source for the records behind a URL."),
    "check": ("check:check", "Show what is wrong with a source, or what its streams do."),
    "preview": ("preview:preview", "Show the first records of a stream, and how they came."),
    "plan": ("plan:plan", "Show the requests a sync would begin with, sending none."),
    "schema": ("schema:schema", "Compare kept schemas with what records look like."),
    "import": ("imported:import_", "Turn a dlt snippet or a tap-rest-api-msdk config into a source."),
    "record": ("record:record", "Sync, and keep the exchanges in a cassette."),
    "replay": ("record:replay", "Sync from a cassette, with no network."),
    "apis": ("apis:apis", "List the built-in APIs, or show the definition of one."),
    "demo": ("demo:demo", "Read the five built-in APIs from the sandbox, and compare."),
    "sandbox": ("sandbox:sandbox", "Serve the built-in APIs with made-up data, as the real ones do."),
}
"""The module and function of each command, and its first line: none is imported to list and to complete them."""

_WAY = """\b
A way through:
  restgeneric init URL                      ask an API, and write source.yaml
  restgeneric check                         what is wrong, what each stream does
  restgeneric preview orders --trace        records, and how they came
  restgeneric schema --write                keep the schemas
  restgeneric plan                          what a sync would begin with

\b
Completion in the shell (bash; zsh and fish likewise):
  eval "$(_RESTGENERIC_COMPLETE=bash_source restgeneric)"
"""


class Commands(click.Group):
    """Commands that are imported when they are called."""

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    @override
    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        return name, command and loaded(command.name or ""), rest


def loaded(name: str) -> click.Command:
    """A command, imported."""
    module, _, function = COMMANDS[name][0].partition(":")
    command: click.Command = getattr(import_module(f"{_ROOM}.{module}"), function)
    return command


@click.group(
    cls=Commands,
    commands={name: click.Command(name, short_help=line) for name, (_, line) in COMMANDS.items()},
    epilog=_WAY,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="tap-restgeneric")
def main() -> None:
    """From the URL of an API to a working source."""
