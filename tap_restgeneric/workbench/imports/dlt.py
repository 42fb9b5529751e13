"""What does a configuration of dlt's rest_api say: Python, prose with Python in it, YAML or JSON?"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any

from tap_restgeneric.dialect.loading import loaded
from tap_restgeneric.dialect.secrets import Secrets
from tap_restgeneric.errors import ConfigError
from tap_restgeneric.readers import snippet
from tap_restgeneric.workbench.imports.document import DATA, PROSE, Document, Imported, Left, Steps

if TYPE_CHECKING:
    from tap_restgeneric.errors import Problem

_LINE = re.compile(r"^.*?, line (\d+): ")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]|\[('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")\]")
_PARAMETER = re.compile(r"^\{(\w+)\} has no value: give it in the setting")
_MOST_ROUNDS = 50
_CANNOT_GO = (("client",), ("resources",), ("client", "base_url"))
_ITS_PATH = ("endpoint", "path")


class _Anything(dict[str, Any]):
    """Secrets that are all there: whether they are is not a question of the import."""

    def get(self, key: str, default: Any = None) -> Any:  # noqa: ARG002
        """A stand-in."""
        return self[key]

    def __missing__(self, key: str) -> str:
        return "stand-in"


def recognises(document: Document) -> bool:
    """Whether a document can hold a configuration of dlt."""
    if document.suffix not in DATA:
        return True
    return isinstance(document.value, dict) and bool({"client", "resources"} & document.value.keys())


def read(document: Document) -> Imported:
    """What a document says.

    Raises:
        ConfigError: It holds no configuration, or several.
    """
    if document.suffix in DATA:
        if not isinstance(document.value, dict):
            raise ConfigError.at("FILE", f"{document.name} must hold an object with `client` and `resources`")
        found = Imported(document.value)
    else:
        value, problems = snippet.salvaged(document.text, document.name, prose=document.suffix in PROSE)
        found = Imported(value, [_of_python(problem) for problem in problems])
    _fitted(found, document)
    found.conceal()
    return found


def _of_python(problem: Problem) -> Left:
    at = _LINE.match(problem.message)
    return Left(int(at[1]) if at else None, problem.path, _LINE.sub("", problem.message))


def _fitted(found: Imported, document: Document) -> None:
    """Takes out of a source what the dialect has no place for, until the rest is right."""
    for _ in range(_MOST_ROUNDS):
        problems = _problems(found)
        if not problems:
            return
        for problem in sorted(problems, key=lambda each: each.path, reverse=True):
            parameter = _PARAMETER.match(problem.message)
            if parameter:
                found.settings.setdefault("parameters", {})[parameter[1]] = "..."
                continue
            steps = _steps(problem.path)
            gone = _removed(found.source, steps)
            whole = (
                f"; the resource {gone['name']!r} is left out with it"
                if isinstance(gone, dict) and "name" in gone
                else ""
            )
            found.left.append(Left(_line(document, steps), problem.path, f"{problem.message}{whole}"))
            if gone is None:
                return


def _problems(found: Imported) -> list[Problem]:
    secrets = Secrets(_Anything(), {})
    try:
        loaded(found.source, secrets=secrets, parameters=found.settings.get("parameters", {}))
    except ConfigError as error:
        return list(error.problems)
    return []


def _steps(path: str) -> Steps:
    steps: list[str | int] = []
    for key, index, quoted in _STEP.findall(path):
        steps.append(int(index) if index else ast.literal_eval(quoted) if quoted else key)
    return tuple(steps)


def _line(document: Document, steps: Steps) -> int | None:
    """The line of a key of a data file, or of what encloses it."""
    for length in range(len(steps), 0, -1):
        if steps[:length] in document.lines:
            return document.lines[steps[:length]]
    return None


def _removed(source: dict[str, Any], steps: Steps) -> Any:
    """Takes a key out, and gives what went; None if nothing can go. What lacks a key it needs goes as a whole."""
    value: Any = source
    way: list[tuple[Any, str | int]] = []
    for step in steps:
        try:
            inner = value[step]
        except (KeyError, IndexError, TypeError):
            break
        way.append((value, step))
        value = inner
    if steps[:1] == ("resources",) and steps[2:] == _ITS_PATH:
        way = way[:2]  # without its path a resource would ask for something else
    if not way or tuple(step for _, step in way) in _CANNOT_GO:
        return None
    holder, step = way[-1]
    gone = holder[step]
    del holder[step]
    return {} if gone is None else gone
