"""What does a file hold that is to be imported, and in which line?"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tap_restgeneric.engine.redaction import is_secret_name
from tap_restgeneric.errors import ConfigError
from tap_restgeneric.readers import files, json_text, yaml_text
from tap_restgeneric.workbench.naming import secrets_in, word

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Steps = tuple[str | int, ...]
PYTHON, PROSE, DATA = (".py",), (".md", ".txt"), (".yaml", ".yml", ".json")
_PLACEHOLDER = re.compile(r"\{(?:secrets|resources|incremental)\.[^{}]+\}")
_PLACES = ("auth", "headers", "params")
"""Keys of a client or an endpoint under which secrets stand."""


@dataclass(frozen=True)
class Left:
    """Something that is not carried over.

    Attributes:
        line: The line of the file; None if it is not known.
        what: The key, or the piece of code.
        reason: Why, and what to do instead.
    """

    line: int | None
    what: str
    reason: str


@dataclass
class Imported:
    """A configuration in our words.

    Attributes:
        source: `client`, `resource_defaults`, `resources`.
        left: What is not carried over.
        secrets: Names of the secrets that the source asks for.
        settings: Settings of the tap that belong beside the source.
    """

    source: dict[str, Any]
    left: list[Left] = field(default_factory=list)
    secrets: dict[str, None] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)

    def conceal(self) -> None:
        """Takes literal secrets out of auth blocks, headers and parameters: the source names them."""
        defaults = self.source.get("resource_defaults")
        entries = (defaults, *self.source.get("resources", ()))
        for block in (self.source.get("client"), *map(_endpoint, entries)):
            for key in _PLACES if isinstance(block, dict) else ():
                if isinstance(block.get(key), dict):
                    block[key] = self._concealed(block[key])
        self.secrets |= dict.fromkeys(name for text in _texts(self.source) for name in secrets_in(text))

    def _concealed(self, fields: dict[str, Any]) -> dict[str, Any]:
        return {key: self._named(key, value) for key, value in fields.items()}

    def _named(self, key: str, value: Any) -> Any:
        if isinstance(value, list):
            return [self._concealed(one) if isinstance(one, dict) else one for one in value]
        if not isinstance(value, str) or not value or not is_secret_name(key) or _PLACEHOLDER.search(value):
            return value
        return f"{{secrets.{word(key)}}}"


def _endpoint(resource: Any) -> Any:
    return resource.get("endpoint") if isinstance(resource, dict) else None


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(item)


@dataclass(frozen=True)
class Document:
    """A file to be imported.

    Attributes:
        name: How messages call it.
        suffix: End of its name, in lower case.
        text: What it holds.
    """

    name: str
    suffix: str
    text: str

    @classmethod
    def of(cls, path: str) -> Document:
        """The document in a file.

        Raises:
            ConfigError: It cannot be read, or is of no kind that is known.
        """
        suffix = Path(path).suffix.lower()
        known = (*PYTHON, *PROSE, *DATA)
        if suffix not in known:
            raise ConfigError.at("FILE", f"{path} must end in {', '.join(known)}")
        return cls(Path(path).name, suffix, files.text(files.find(path, [Path.cwd()]), f"file {path}"))

    @cached_property
    def value(self) -> Any:
        """Its plain value; None where it is no data.

        Raises:
            ConfigError: It is neither YAML nor JSON.
        """
        if self.suffix not in DATA:
            return None
        read = json_text.read if self.suffix == ".json" else yaml_text.read
        return read(self.text, f"file {self.name}")

    @cached_property
    def lines(self) -> Mapping[Steps, int]:
        """The line of each key, by the steps that lead to it."""
        root = yaml.compose(self.text, Loader=yaml.SafeLoader) if self.suffix in DATA else None
        return dict(_lines(root, ())) if root else {}


def _lines(node: yaml.Node, steps: Steps) -> Iterator[tuple[Steps, int]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*steps, str(key.value))
            yield here, key.start_mark.line + 1
            yield from _lines(value, here)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield (*steps, index), item.start_mark.line + 1
            yield from _lines(item, (*steps, index))
