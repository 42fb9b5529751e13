"""What does a YAML document say?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

import yaml

from tap_restgeneric.readers.findings import Findings, line_at
from tap_restgeneric.readers.values import plain

if TYPE_CHECKING:
    from collections.abc import Callable

_TAG = "tag:yaml.org,2002:"
_MERGE = f"{_TAG}merge"
_KEYS = (f"{_TAG}str", _MERGE)


class _Loader(yaml.BaseLoader):
    """Builds the nodes of a YAML text; nothing is constructed from them by the library."""


class _Quick(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Builds plain values by itself, and knows no lines afterwards."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}


# A plain scalar means what JSON takes it for; the rest of YAML 1.1 (dates, yes and no, 0o10, 12:30) stays text.
for _kind, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"-?(0|[1-9]\d{0,30})", list("-0123456789")),
    ("float", r"-?(0|[1-9]\d{0,30})(\.\d{1,30})?([eE][-+]?\d{1,2})?", list("-0123456789")),
    ("merge", r"<<", ["<"]),
):
    for _loader in (_Loader, _Quick):
        _loader.add_implicit_resolver(f"{_TAG}{_kind}", re.compile(f"^(?:{_pattern})$", re.ASCII), _first)

_SCALARS: dict[str, Callable[[str], Any]] = {
    f"{_TAG}str": str,
    f"{_TAG}null": lambda _: None,
    f"{_TAG}bool": lambda text: text.lower() == "true",
    f"{_TAG}int": int,
    f"{_TAG}float": float,
}


def read(document: str, name: str) -> Any:
    """The value of a YAML document; anchors, aliases and merge keys are followed.

    Raises:
        ConfigError: It is not YAML, a key stands twice in an object, or a value has no form in JSON.
    """
    findings = Findings(name)
    try:
        root = yaml.compose(document, Loader=_Loader)
        value = None if root is None else _Nodes(findings).value(root, "$", ())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        findings.refuse("$.source", f"not YAML: {error.problem}", line=mark.line + 1 if mark else None)
    except yaml.reader.ReaderError as error:
        line = line_at(document, error.position)
        findings.refuse("$.source", f"not YAML: the character {chr(error.character)!r} is not allowed", line=line)
    except RecursionError:
        findings.refuse("$.source", f"{name} is nested too deeply")
    findings.settle()
    value = plain(value, "$", findings)
    findings.settle()
    return value


class _Nodes:
    """The values of YAML nodes; what cannot be read goes to the findings."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings

    def value(self, node: yaml.Node, path: str, inside: tuple[yaml.Node, ...]) -> Any:
        self._findings.count()
        if node in inside:
            return self._refuse(node, path, "the alias stands for something that contains it")
        if isinstance(node, yaml.MappingNode) and node.tag == f"{_TAG}map":
            return self._object(node, path, (*inside, node))
        if isinstance(node, yaml.SequenceNode) and node.tag == f"{_TAG}seq":
            items = enumerate(node.value)
            return [self.value(item, f"{path}[{index}]", (*inside, node)) for index, item in items]
        if isinstance(node, yaml.ScalarNode) and node.tag in _SCALARS:
            return self._scalar(node, path)
        return self._refuse(node, path, f"the tag {node.tag.replace(_TAG, '!!')} is not read here")

    def _scalar(self, node: yaml.ScalarNode, path: str) -> Any:
        try:
            return _SCALARS[node.tag](node.value)
        except ValueError:
            return self._refuse(node, path, f"this is no {node.tag.replace(_TAG, '!!')}")

    def _object(self, node: yaml.MappingNode, path: str, inside: tuple[yaml.Node, ...]) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        own: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for key, item in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag not in _KEYS:
                self._refuse(key, path, "a key is text; write it in quotes")
                continue
            below = f"{path}.{key.value}"
            if key.value in lines:
                twice = f"the key stands twice in this object, first in line {lines[key.value]}"
                self._refuse(key, below, twice)
            lines[key.value] = key.start_mark.line + 1
            if key.tag == _MERGE:
                merged = self._merged(item, path, inside)
            else:
                own[key.value] = self.value(item, below, inside)
        return {**merged, **own}

    def _merged(self, node: yaml.Node, path: str, inside: tuple[yaml.Node, ...]) -> dict[str, Any]:
        parts = node.value if isinstance(node, yaml.SequenceNode) else [node]
        merged: dict[str, Any] = {}
        # Of several merged objects the first one wins, as YAML says.
        for part in reversed(parts):
            value = self.value(part, path, inside)
            if not isinstance(value, dict):
                self._refuse(part, path, "only objects can be merged with <<")
                continue
            merged |= value
        return merged

    def _refuse(self, node: yaml.Node, path: str, message: str) -> None:
        self._findings.refuse(path, message, line=node.start_mark.line + 1)


def quick(document: str) -> Any:
    """The value of a large document that is not written for us, read fast.

    Raises:
        ValueError: It is neither YAML nor JSON.
    """
    try:
        return yaml.load(document, _Quick)  # noqa: S506 (a safe loader)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark else ""
        raise ValueError(f"{line}neither JSON nor YAML") from None
