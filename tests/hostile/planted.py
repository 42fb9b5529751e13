"""In which forms could a secret be read?"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterator


def forms(secret: str) -> Iterator[str]:
    """A secret plain, percent-encoded in every way, escaped, and in base64 wherever in a longer text it begins."""
    yield secret
    for encoded in (quote(secret), quote(secret, safe=""), quote_plus(secret)):
        yield encoded
        yield encoded.lower()
    yield json.dumps(secret)[1:-1]
    yield repr(secret)[1:-1]
    for pad in range(3):
        text = base64.b64encode(b"\0" * pad + secret.encode()).decode()
        rest = (len(secret.encode()) + pad) % 3
        core = text[(0, 2, 3)[pad] :].rstrip("=")[: -1 if rest else None]
        yield core
        yield core.replace("+", "-").replace("/", "_")
