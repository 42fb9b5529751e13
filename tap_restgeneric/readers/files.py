"""Where is a file, and what does its YAML or JSON say?"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import yaml

from tap_restgeneric.errors import ConfigError
from tap_restgeneric.readers.findings import Findings
from tap_restgeneric.readers.values import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

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


def find(name: str, folders: Sequence[Path]) -> Path:
    """The first file of that name in the folders; an absolute name is looked up where it says.

    Raises:
        ConfigError: There is none.
    """
    absolute = Path(name).is_absolute()
    for path in [Path(name)] if absolute else [folder / name for folder in folders]:
        if _is_file(path):
            return path
    looked = "" if absolute else f" in {', '.join(map(str, folders))}"
    raise ConfigError.at("$.source", f"there is no file {name}{looked}")


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


def text(path: Path, name: str) -> str:
    """What a file holds, as UTF-8 with or without a byte order mark, lines ending in a line feed.

    Raises:
        ConfigError: The file cannot be opened, or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError.at("$.source", f"{name} cannot be opened: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError.at("$.source", f"{name} is not text in UTF-8") from None


def read_yaml(document: str, name: str) -> Any:
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
        line = _line(document, error.position)
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


def read_json(document: str, name: str) -> Any:
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
        twice = f"the key {key!r} stands twice in an object, first in line {_line(document, first)}"
        findings.refuse("$.source", twice, line=_line(document, again))
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


def _line(document: str, offset: int) -> int:
    return document.count("\n", 0, offset) + 1


def quick(document: str) -> Any:
    """The value of a large document that is not written for us, an OpenAPI one: JSON or YAML, read fast.

    Raises:
        ValueError: It is neither.
    """
    try:
        return json.loads(document)
    except (ValueError, RecursionError):
        pass
    try:
        return yaml.load(document, _Quick)  # noqa: S506 (a safe loader)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark else ""
        raise ValueError(f"{line}neither JSON nor YAML") from None
