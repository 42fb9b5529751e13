"""What does a JSON document say?"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from tap_restgeneric.readers.findings import Findings, line_at
from tap_restgeneric.readers.values import plain

if TYPE_CHECKING:
    from collections.abc import Iterator


def read(document: str, name: str) -> Any:
    """The value of a JSON document.

    Raises:
        ConfigError: It is not JSON, a key stands twice in an object, or a value has no form in JSON.
    """
    findings = Findings(name)
    try:
        value = json.loads(document)
    except json.JSONDecodeError as error:
        findings.refuse("$.source", f"not JSON: {error.msg}", line=error.lineno)
    except ValueError:
        findings.refuse("$.source", f"{name} has a number with too many digits")
    except RecursionError:
        findings.refuse("$.source", f"{name} is nested too deeply")
    findings.settle()
    for key, first, again in _repeated(document):
        twice = f"the key {key!r} stands twice in an object, first in line {line_at(document, first)}"
        findings.refuse("$.source", twice, line=line_at(document, again))
    value = plain(value, "$", findings)
    findings.settle()
    return value


_BRACE_OR_TEXT = re.compile(r'[{}]|("(?:[^"\\]|\\.)*")(\s*:)?')


def _repeated(document: str) -> Iterator[tuple[str, int, int]]:
    """The repeated keys of valid JSON, each with the offset it first stands at and the one it stands at again."""
    objects: list[dict[str, int]] = []
    for token in _BRACE_OR_TEXT.finditer(document):
        text, colon = token.groups()
        if token[0] == "{":
            objects.append({})
        elif token[0] == "}":
            objects.pop()
        elif colon:
            first = objects[-1].setdefault(json.loads(text), token.start())
            if first != token.start():
                yield json.loads(text), first, token.start()
