"""`restgeneric sandbox`: where can the built-in APIs be tried out without any account?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tap_restgeneric.readers import builtin
from tap_restgeneric.workbench.bench import examples

if TYPE_CHECKING:
    from tap_restgeneric.sandbox import Sandbox


@click.command(
    epilog=examples(
        "restgeneric sandbox",
        "restgeneric sandbox --api ci --port 8000",
    )
)
@click.option(
    "--api", "apis", multiple=True, type=click.Choice(builtin.names()), help="An API to play; all if not given."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8321, show_default=True, help="Port to listen on; 0 picks a free one.")
def sandbox(apis: tuple[str, ...], host: str, port: int) -> None:
    """Serve the built-in APIs with made-up data, as the real ones do."""
    try:
        from tap_restgeneric.sandbox import serve  # noqa: PLC0415 (an optional extra)
    except ModuleNotFoundError as error:
        raise click.ClickException(f"{error}: the sandbox needs `pip install 'tap-restgeneric[sandbox]'`") from None
    try:
        serve(host, port, apis or tuple(builtin.names()), ready=_introduce)
    except OSError as error:
        raise click.ClickException(f"cannot listen on {host}:{port}: {error}; --port 0 picks a free one") from None


def _introduce(box: Sandbox) -> None:
    for api in box.apis:
        click.echo(f"{api}: {box.url(api)}  secrets: {box.credentials(api)}")
    click.echo("requests so far: GET /_requests; records it holds: GET /_truth/<api>/<resource>. Ctrl-C stops it.")
