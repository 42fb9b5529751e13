"""`restgeneric init`: which source does a URL lead to?"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tap_restgeneric.dialect.secrets import Secrets
from tap_restgeneric.engine.redaction import Redactor
from tap_restgeneric.errors import ConfigError, RestGenericError
from tap_restgeneric.workbench import written
from tap_restgeneric.workbench.bench import USUAL_SOURCE, desk, examples, given
from tap_restgeneric.workbench.probe.finding import find
from tap_restgeneric.workbench.probe.start import Start
from tap_restgeneric.workbench.screen import DOUBT, GOOD, NAME, counted

if TYPE_CHECKING:
    from tap_restgeneric.workbench.bench import Desk
    from tap_restgeneric.workbench.probe.finding import Finding
    from tap_restgeneric.workbench.screen import Screen


@click.command(
    epilog=examples(
        "restgeneric init https://api.example.com/v1/orders",
        "restgeneric init https://api.example.com/v1/orders --auth bearer -o shop.yaml",
        "restgeneric init 'https://api.example.com/orders?per_page=100' --header 'X-Api-Key: ...'",
    )
)
@click.argument("url")
@click.option("--header", "headers", multiple=True, metavar="'NAME: VALUE'", help="Sent with every request.")
@click.option(
    "--auth",
    "auths",
    multiple=True,
    metavar="KIND:...",
    help="bearer:TOKEN, basic:USER:PASSWORD, api_key:HEADER:KEY or query:PARAMETER:KEY. A token or password that is "
    "left out comes from the environment or .env, or is asked for.",
)
@click.option("-o", "--output", default=USUAL_SOURCE, show_default=True, help="The file; - for standard output.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
def init(url: str, headers: tuple[str, ...], auths: tuple[str, ...], output: str, *, force: bool) -> None:
    """Write a source for the records behind a URL.

    The API is asked five times at most: for the records and their key, for how it pages (proved by a second page),
    and for how to ask for what is new. Secrets are not written: the source names them, and you keep their values in
    the environment or in .env.
    """
    with desk() as here:
        if output != "-" and Path(output).exists() and not force:
            raise ConfigError.at("--output", f"{output} is there already: --force writes over it, -o names another")
        start = Start.of(url, headers, [_whole(auth) for auth in auths])
        secrets = Redactor()
        secrets.add(start.secrets.values())
        here.mask(secrets)
        finding = _find(here, start)
        # What it holds comes from the API too, which may repeat what it was sent.
        text = secrets(written.text(finding.source(), head=_head(finding), remarks=_remarks(finding)))
        if output == "-":
            click.echo(text, nl=False)
            return
        try:
            Path(output).write_text(text, "utf-8")
        except OSError as error:
            raise ConfigError.at("--output", f"{output} cannot be written: {error.strerror}") from None
        _report(here.screen, finding, output)


def _whole(auth: str) -> str:
    """Credentials with the secret that was left out of the command line, where others could read it."""
    kind, _, rest = auth.partition(":")
    if auth == "bearer":
        return f"bearer:{_secret('token')}"
    if kind == "basic" and rest and ":" not in rest:
        return f"basic:{rest}:{_secret('password')}"
    return auth


def _secret(name: str) -> str:
    given = os.environ.get(Secrets.variable(name))
    return given or str(click.prompt(name, hide_input=True, err=True))


def _find(here: Desk, start: Start) -> Finding:
    resource = {"name": start.name, "endpoint": {"path": start.path, "params": start.params}}
    bench = here.open(None, beside={"client": start.client, "resources": [resource], "secrets": start.secrets})
    try:
        return find(bench, start)
    except RestGenericError as error:
        hint = "next: give credentials with --auth or --header, or another URL; restgeneric init --help  shows how"
        raise type(error)(f"{error}\n{hint}") from None


def _head(finding: Finding) -> list[str]:
    """What stands at the top of the file."""
    head = [f"Written by `restgeneric init` after {counted(finding.requests, 'request')}."]
    return [
        *head,
        *(f"Secret: {Secrets.variable(name)} in the environment or in .env" for name in finding.start.secrets),
    ]


def _remarks(finding: Finding) -> dict[tuple[str | int, ...], list[str]]:
    found: dict[tuple[str | int, ...], list[str]] = {}
    for answer in finding.answers():
        stands = answer.steps[-1] in ("primary_key", "data_selector", "paginator", "incremental", "rate_limit")
        there = stands and _is_there(finding.source(), answer.steps)
        remark = answer.reason if there else f"{answer.what}: {answer.found}; {answer.reason}"
        found.setdefault(answer.steps if there else ("resources",), []).append(remark)
    return found


def _is_there(value: Any, steps: tuple[str | int, ...]) -> bool:
    for step in steps:
        if isinstance(value, dict) and step not in value:
            return False
        value = value[step]
    return True


def _report(screen: Screen, finding: Finding, output: str) -> None:
    """What was seen and why it was chosen, and what to do next."""
    rows = [
        (((answer.what, NAME),), ((answer.found, DOUBT if answer.doubt else GOOD),), answer.reason)
        for answer in finding.answers()
    ]
    screen.table(("what", "found", "why"), rows)
    screen.line(f"{output} written after {counted(finding.requests, 'request')}")
    for name in finding.start.secrets:
        screen.line(((f"set the secret: {Secrets.variable(name)}=... (a line in .env, or in the environment)", DOUBT),))
    for name in finding.start.positions:
        screen.line(f"{name} of the URL says where to begin, and was left out: all pages are read")
    of = given(output, ())
    screen.next_step(f"restgeneric preview {of}{finding.start.name}", "shows records")
    screen.next_step(f"restgeneric check {of}--live".rstrip(), "shows what each stream does")
