"""`restgeneric`: what a person does around the tap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tap_restgeneric.schema_command import schema

if TYPE_CHECKING:
    from tap_restgeneric.sandbox import Sandbox

APIS = ("recruiting", "ci", "commerce", "helpdesk", "telephony")


@click.group()
@click.version_option(package_name="tap-restgeneric")
def main() -> None:
    """Try things out around tap-restgeneric."""


main.add_command(schema)


@main.command()
@click.option("--api", "apis", multiple=True, type=click.Choice(APIS), help="An API to play; all if not given.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8321, show_default=True, help="Port to listen on; 0 picks a free one.")
def sandbox(apis: tuple[str, ...], host: str, port: int) -> None:
    """Serve the built-in APIs with made-up data, behaving as the real ones do.

    Example: restgeneric sandbox --api ci --port 8000
    """
    try:
        from tap_restgeneric.sandbox import serve  # noqa: PLC0415 (an optional extra)
    except ModuleNotFoundError as error:
        raise click.ClickException(f"{error}: the sandbox needs `pip install 'tap-restgeneric[sandbox]'`") from None
    try:
        serve(host, port, apis or APIS, ready=_introduce)
    except OSError as error:
        raise click.ClickException(f"cannot listen on {host}:{port}: {error}") from None


def _introduce(box: Sandbox) -> None:
    for api in box.apis:
        click.echo(f"{api}: {box.url(api)}  secrets: {box.credentials(api)}")
    click.echo("requests so far: GET /_requests; records it holds: GET /_truth/<api>/<resource>. Ctrl-C stops it.")
