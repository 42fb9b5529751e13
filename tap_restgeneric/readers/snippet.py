"""Which dlt configuration does a document hold: Python alone, or prose with Python in it?"""

from __future__ import annotations

import ast
import re
import textwrap
import warnings
from typing import TYPE_CHECKING, Any

from tap_restgeneric.readers.findings import Findings
from tap_restgeneric.readers.literals import UNREADABLE, Literals, Spot
from tap_restgeneric.readers.scopes import Scan
from tap_restgeneric.readers.values import plain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

    from tap_restgeneric.errors import Problem
    from tap_restgeneric.readers.scopes import Scope

_ENTRIES = frozenset({"rest_api_source", "rest_api_resources"})
_ANNOTATION = "RESTAPIConfig"
_MARKS = (*_ENTRIES, _ANNOTATION)
_EXPECTED = "rest_api_source({...}), rest_api_resources({...}) or a dict annotated with RESTAPIConfig"

_FENCE = re.compile(r"^[ \t]*(?P<fence>`{3,}|~{3,})(?P<label>[^`\n]*)$")
_TEXT_OR_SLASHES = re.compile(
    r'''(?P<kept>"""(?:[^\\]|\\.)*?"""|\'\'\'(?:[^\\]|\\.)*?\'\'\'|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|#[^\n]*)|//''',
    re.DOTALL,
)


def read_python(document: str, name: str) -> Any:
    """The configuration in a Python text, in plain values; nothing of it is run.

    Raises:
        ConfigError: It holds none, or several, or one that is not written out as plain values.
    """
    return _read([document], name)


def read_prose(document: str, name: str) -> Any:
    """The configuration in the code fences of a text; a text without any is taken as Python as a whole.

    Raises:
        ConfigError: It holds none, or several, or one that is not written out as plain values.
    """
    return _read(list(_fenced(document)) or [textwrap.dedent(document)], name)


def salvaged(document: str, name: str, *, prose: bool) -> tuple[Any, list[Problem]]:
    """What of the configuration in a text can be read, and what cannot: without its pieces that are no plain values.

    Args:
        document: Python, or prose with Python in it.
        name: How messages call it.
        prose: Which of the two it is.

    Raises:
        ConfigError: It holds no configuration, or several.
    """
    findings = Findings(name)
    blocks = list(_fenced(document)) or [textwrap.dedent(document)] if prose else [document]
    value = _only(blocks, findings)
    if not isinstance(value, dict):
        findings.settle()
    readable = _without_unreadable(value)
    kept = plain({} if readable is UNREADABLE else readable, "$", findings)
    return kept, findings.problems


def _without_unreadable(value: Any) -> Any:
    """A value without what cannot be read; `UNREADABLE` if nothing else was in it."""
    if isinstance(value, dict):
        kept = {key: _without_unreadable(item) for key, item in value.items()}
        readable: Any = {key: item for key, item in kept.items() if item is not UNREADABLE}
    elif isinstance(value, list):
        readable = [item for item in map(_without_unreadable, value) if item is not UNREADABLE]
    else:
        return value
    return UNREADABLE if value and not readable else readable


def _read(blocks: list[str], name: str) -> Any:
    findings = Findings(name)
    try:
        value = _only(blocks, findings)
    except (RecursionError, MemoryError):
        findings.refuse("$.source", f"{name} is nested too deeply")
        value = None
    findings.settle()
    value = plain(value, "$", findings)
    findings.settle()
    return value


def _only(blocks: list[str], findings: Findings) -> Any:
    """The value of the one configuration that the blocks hold."""
    found: list[tuple[Literals, Spot]] = []
    broken = Findings(findings.name)
    for block in blocks:
        if any(mark in block for mark in _MARKS):
            found += _in_block(block, findings, broken)
    if len(found) == 1:
        literals, spot = found[0]
        return literals.value(spot)
    if found:
        lines = ", ".join(map(str, sorted(spot.node.lineno for _, spot in found)))
        findings.refuse("$.source", f"{findings.name} holds several configurations, in lines {lines}; keep one")
    elif broken.problems:
        findings.problems += broken.problems
    else:
        findings.refuse("$.source", f"{findings.name} holds no configuration; expected is {_EXPECTED}")
    return None


def _in_block(block: str, findings: Findings, broken: Findings) -> list[tuple[Literals, Spot]]:
    code, tree = block, _parse(block)
    if tree is None:
        # Comments written // are what people put into JSON, and no Python; both ways the columns stay the same.
        code = _TEXT_OR_SLASHES.sub(lambda found: found["kept"] or "# ", block)
        tree = _parse(code, broken)
    if tree is None:
        return []
    scan = Scan.of(tree)
    literals = Literals(code, scan, findings)
    return [(literals, spot) for spot in _configurations(scan)]


def _parse(code: str, broken: Findings | None = None) -> ast.Module | None:
    """The tree of a Python text; None, with a finding where one is wanted, if it is no Python."""
    try:
        with warnings.catch_warnings():
            # What Python deprecates in its texts, such as "\d", is not the business of who reads them.
            warnings.simplefilter("ignore")
            return ast.parse(code)
    except SyntaxError as error:
        message, line = error.msg, error.lineno
    except ValueError as error:
        message, line = str(error), None
    if broken:
        broken.refuse("$.source", f"not Python: {message}", line=line)
    return None


def _configurations(scan: Scan) -> list[Spot]:
    """Where the block gives a configuration, each one once."""
    annotated = [(node.target, scope) for node, scope in scan.annotated if _is_annotated(node, scope)]
    given = [(node, scope) for call, scope in scan.calls for node in _given(call, scope)]
    return list({scope.origin(node): Spot(node, "$", scope) for node, scope in (*annotated, *given)}.values())


def _is_annotated(node: ast.AnnAssign, scope: Scope) -> bool:
    annotation = node.annotation
    quoted = annotation.value if isinstance(annotation, ast.Constant) else None
    return quoted == _ANNOTATION or _ends_in(scope.dotted(annotation), {_ANNOTATION})


def _given(call: ast.Call, scope: Scope) -> list[ast.expr]:
    if not _ends_in(scope.dotted(call.func), _ENTRIES):
        return []
    return call.args[:1] or [keyword.value for keyword in call.keywords if keyword.arg == "config"]


def _ends_in(dotted: str | None, names: AbstractSet[str]) -> bool:
    return dotted is not None and dotted.rsplit(".", 1)[-1] in names


def _fenced(document: str) -> Iterator[str]:
    """What stands in the code fences of a text, each with the line numbers it has there."""
    fence, start = "", 0
    lines = document.split("\n")
    for number, line in enumerate(lines):
        found = _FENCE.match(line)
        if not fence and found:
            fence, start = found["fence"], number + 1
        elif fence and found and found["fence"].startswith(fence) and not found["label"].strip():
            yield _at_line(start, lines[start:number])
            fence = ""
    if fence:
        yield _at_line(start, lines[start:])


def _at_line(start: int, lines: list[str]) -> str:
    return "\n" * start + textwrap.dedent("\n".join(lines))
