"""Which secret does a source mean?"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from tap_restgeneric.dialect.blocks import path_text
from tap_restgeneric.dialect.placeholders import escaped
from tap_restgeneric.dialect.source import TEMPLATED_KEYS
from tap_restgeneric.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_restgeneric.dialect.blocks import Steps

ENV_PREFIX = "TAP_RESTGENERIC_SECRETS_"
_TOKEN = re.compile(r"\{\{|\}\}|\{secrets\.(?P<name>[^{}]+)\}")
_TWICE = re.compile(r"\{\{\s*(secrets\.[^{}]+?)\s*\}\}")


class Secrets(Struct):
    """The secrets of a run.

    Attributes:
        given: The setting `secrets`; values may be nested.
        environ: Environment variables; an empty one is as good as none.
        used: Values that were asked for: what redaction has to hide.
        problems: One for each secret that is nowhere.
    """

    given: Mapping[str, Any]
    environ: Mapping[str, str]
    used: list[Any] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def resolved(self, config: Any, steps: Steps = (), *, templated: bool = False) -> Any:
        """A nested value with its `{secrets.x}` replaced; other braces stay as they are.

        Args:
            config: The value.
            steps: Where it stands.
            templated: Whether braces in it will be read again, so that those of a secret must be doubled.
        """
        if isinstance(config, dict):
            below = steps[-1:] == ("endpoint",)
            return {
                key: self.resolved(item, (*steps, key), templated=templated or (below and key in TEMPLATED_KEYS))
                for key, item in config.items()
            }
        if isinstance(config, list):
            return [self.resolved(item, (*steps, index), templated=templated) for index, item in enumerate(config)]
        if not isinstance(config, str) or "secrets." not in config:
            return config
        return self._templated(config, steps) if templated else self._plain(config, steps)

    def _templated(self, text: str, steps: Steps) -> Any:
        """A text whose braces are read again: those of a value are doubled, and double ones are left alone."""
        lone = _TOKEN.fullmatch(text)
        if lone and lone["name"]:
            value = self._value(lone["name"], steps)
            return escaped(value) if isinstance(value, str) else value

        def replaced(found: re.Match[str]) -> str:
            return escaped(str(self._value(found["name"], steps))) if found["name"] else found[0]

        return _TOKEN.sub(replaced, text)

    def _plain(self, text: str, steps: Steps) -> Any:
        """A text that is used as it is: numbers become text, since a header or a password is one."""
        if twice := _TWICE.search(text):
            self._problem(steps, f"write {{{twice[1]}}}, with single braces")
            return text
        lone = _TOKEN.fullmatch(text)
        if lone and lone["name"]:
            value = self._value(lone["name"], steps)
            return value if isinstance(value, (dict, list, bool)) else str(value)
        return re.sub(r"\{secrets\.([^{}]+)\}", lambda found: str(self._value(found[1], steps)), text)

    def _value(self, name: str, steps: Steps) -> Any:
        """The value of a secret; one that is nowhere is a problem, and its value its name."""
        value = self._found(name)
        if value is not None:
            self.used.append(value)
            return value
        close = get_close_matches(name, map(str, self.given), n=1)
        hint = f" (did you mean {close[0]!r}?)" if close else ""
        self._problem(
            steps, f"secret {name!r} is not set{hint}: give it in the setting `secrets`, or as {self.variable(name)}"
        )
        return name

    def _found(self, name: str) -> Any:
        if self.given.get(name) is not None:
            return self.given[name]
        value: Any = self.given
        for word in name.split("."):
            value = value.get(word) if isinstance(value, dict) else None
        return value if value is not None else self.environ.get(self.variable(name)) or None

    def _problem(self, steps: Steps, message: str) -> None:
        self.problems.append(Problem(path_text(steps), message))

    @staticmethod
    def variable(name: str) -> str:
        """The environment variable that holds a secret."""
        return ENV_PREFIX + re.sub(r"[^A-Za-z0-9]", "_", name).upper()
