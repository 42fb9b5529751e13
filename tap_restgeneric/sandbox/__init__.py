"""What would the real APIs behind the built-in definitions answer?

A local server that plays them, with made-up records, at the paths of the built-in definitions: each API stands
under its own prefix, `http://127.0.0.1:PORT/<api>`, and that is its `base_url`. It was written from what is known
of those APIs and not from the definitions, so that it can prove the definitions, and the tap, wrong.
"""

from tap_restgeneric.sandbox.api import Options
from tap_restgeneric.sandbox.server import APIS, Recorded, Sandbox, running, serve

__all__ = ["APIS", "Options", "Recorded", "Sandbox", "running", "serve"]
