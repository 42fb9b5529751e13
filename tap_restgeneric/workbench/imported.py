"""`restgeneric import`: what becomes of a configuration of another tool?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import yaml

from tap_restgeneric.dialect.secrets import Secrets
from tap_restgeneric.errors import ConfigError
from tap_restgeneric.workbench import written
from tap_restgeneric.workbench.bench import USUAL_SOURCE, desk, examples, given
from tap_restgeneric.workbench.imports import FORMATS, imported
from tap_restgeneric.workbench.screen import DOUBT, GOOD, counted

if TYPE_CHECKING:
    from tap_restgeneric.workbench.bench import Desk
    from tap_restgeneric.workbench.imports import Imported


@click.command(
    "import",
    epilog=examples(
        "restgeneric import github_pipeline.py",
        "restgeneric import meltano.yml -o shop.yaml",
        "restgeneric import config.json --format tap-rest-api-msdk -o -",
    ),
)
@click.argument("file")
@click.option("--format", "form", type=click.Choice(list(FORMATS)), help="What FILE holds; told from it if not given.")
@click.option(
    "-o", "--output", default=USUAL_SOURCE, show_default=True, help="The file to write; - for standard output."
)
@click.option("--force", is_flag=True, help="Write over a file that is there.")
def import_(file: str, form: str | None, output: str, *, force: bool) -> None:
    """Turn a dlt snippet or a tap-rest-api-msdk config into a source.

    A dlt snippet is Python, a text with Python in it, YAML or JSON; it is parsed and never run. The settings of
    tap-rest-api-msdk are JSON or YAML, alone or in a meltano.yml. What cannot be carried over is listed, line by line.
    """
    with desk() as here:
        if output != "-" and Path(output).exists() and not force:
            raise ConfigError.at("--output", f"{output} is there already: --force writes over it, -o names another")
        name, found = imported(file, form)
        text = written.text(found.source, head=_head(file, name, found))
        if output == "-":
            click.echo(text, nl=False)
        else:
            Path(output).write_text(text, "utf-8")
        _report(here, file, found, output)


def _head(file: str, name: str, found: Imported) -> list[str]:
    head = [f"Imported from {Path(file).name} ({name}) by `restgeneric import`."]
    head += [f"Secret: {Secrets.variable(secret)} in the environment or in .env" for secret in found.secrets]
    return [*head, *(f"Not carried over: {_where(each.line)}{each.what}: {each.reason}" for each in found.left)]


def _where(line: int | None) -> str:
    return f"line {line}, " if line else ""


def _report(here: Desk, file: str, found: Imported, output: str) -> None:
    """What was carried over goes to standard output, unless the source does."""
    screen = here.screen
    say = screen.aside if output == "-" else screen.line
    count = len(found.source.get("resources", ()))
    say(((f"{counted(count, 'resource')} of {file} carried over" + ("" if output == "-" else f" to {output}"), GOOD),))
    for each in sorted(found.left, key=lambda left: left.line or 0):
        say(((f"not carried over: {_where(each.line)}{each.what}: {each.reason}", DOUBT),))
    for secret in found.secrets:
        say(f"set the secret: {Secrets.variable(secret)}=... (a line in .env, or in the environment)")
    if found.settings:
        settings = yaml.safe_dump(found.settings, default_flow_style=True, sort_keys=False, width=float("inf")).strip()
        say(f"settings of the tap beside the source: {settings}")
    if output != "-":
        screen.next_step(f"restgeneric check {given(output, ())}".rstrip(), "shows what it will do")
