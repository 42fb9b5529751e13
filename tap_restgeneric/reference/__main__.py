"""`python -m tap_restgeneric.reference`, in a checkout: write anew what is made from the code."""

from __future__ import annotations

import click

from tap_restgeneric import reference

for path in reference.write():
    click.echo(f"written: {path}")
