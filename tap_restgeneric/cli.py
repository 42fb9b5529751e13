"""`restgeneric`: what a person does around the tap."""

from __future__ import annotations

import click

from tap_restgeneric.workbench.apis import apis
from tap_restgeneric.workbench.check import check
from tap_restgeneric.workbench.demo import demo
from tap_restgeneric.workbench.imported import import_
from tap_restgeneric.workbench.init import init
from tap_restgeneric.workbench.plan import plan
from tap_restgeneric.workbench.preview import preview
from tap_restgeneric.workbench.record import record, replay
from tap_restgeneric.workbench.sandbox import sandbox
from tap_restgeneric.workbench.schema import schema

COMMANDS = (init, check, preview, plan, schema, import_, record, replay, apis, demo, sandbox)


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


@click.group(epilog=_WAY, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="tap-restgeneric")
def main() -> None:
    """From the URL of an API to a working source."""


for command in COMMANDS:
    main.add_command(command)
