"""What does a source say that stands in the settings as an object?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_restgeneric.readers.findings import Findings
from tap_restgeneric.readers.values import plain

if TYPE_CHECKING:
    from collections.abc import Mapping


def read(source: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A copy of the object in plain values; `name` is how messages call it.

    Raises:
        ConfigError: Values in it have no form in JSON.
    """
    findings = Findings(name)
    config: dict[str, Any] = plain(source, "$", findings)
    findings.settle()
    return config
