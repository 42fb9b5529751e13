"""Is it a plain value, as JSON knows them?"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tap_restgeneric.readers.findings import Findings

_NAME = re.compile(r"[\w-]+(\.[\w-]+)*", re.ASCII)
_REFERENCE = re.compile(r"""dlt\.(?:secrets|config)\[\s*(?P<quote>["'])(?P<name>.*)(?P=quote)\s*\]""")
_NEAR_REFERENCE = ("dlt.secrets", "dlt.config")

NAMING = "the name of a secret has letters, digits, `_`, `-`, and `.` between them"


def secret(name: str) -> str | None:
    """The placeholder of a secret, `{secrets.x}`; None if no secret can have that name."""
    return f"{{secrets.{name}}}" if _NAME.fullmatch(name) else None


def plain(value: Any, path: str, findings: Findings) -> Any:
    """A copy of a value in dict, list, str, int, float, bool and None; what has no such form is refused.

    A text that is a whole reference, `dlt.secrets["x"]`, becomes the placeholder `{secrets.x}`.
    """
    findings.count()
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return _text(value, path, findings)
    if isinstance(value, float | Decimal) and math.isfinite(value):
        return float(value)
    if isinstance(value, Mapping):
        return {_key(key, path, findings): plain(item, f"{path}.{key}", findings) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item, f"{path}[{index}]", findings) for index, item in enumerate(value)]
    kind = "number without an end" if isinstance(value, float | Decimal) else type(value).__name__
    findings.refuse(path, f"a {kind} has no form in JSON; write it as text")
    return None


def _key(key: Any, path: str, findings: Findings) -> Any:
    if not isinstance(key, str):
        findings.refuse(f"{path}.{key}", f"the key {key!r} is not text; write it in quotes")
    return key


def _text(text: str, path: str, findings: Findings) -> str:
    written = text.strip()
    if not written.startswith(_NEAR_REFERENCE):
        return text
    found = _REFERENCE.fullmatch(written)
    placeholder = secret(found["name"]) if found else None
    if placeholder is None:
        findings.refuse(path, f'a reference to a secret is written dlt.secrets["name"]; {NAMING}')
        return text
    return placeholder
