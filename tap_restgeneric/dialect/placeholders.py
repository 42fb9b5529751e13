"""What stands where a text says `{...}`?

`{resources.<parent>.<field>}`, `{incremental.<bound>}`, `{secrets.<name>}` and `{<parameter>}`; `{{` and `}}` are
literal braces. Braces around anything that cannot be a name (`{ id name }`) are text.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from msgspec import Struct

from tap_restgeneric.dialect.words import kind
from tap_restgeneric.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

_TOKEN = re.compile(
    r"\{\{|\}\}"
    # behind a known root a name is a JSONPath and may hold anything; a format has neither quotes nor brackets
    r"|\{(?P<name>(?:resources|incremental|secrets)\.[^{}]*?|[A-Za-z_][\w.-]*)(?::(?P<spec>[^{}'\"\[\]]*))?\}"
    r"|(?P<lone>[{}])"
)
_OF_PARENT = re.compile(r"resources\.(?P<parent>[^.\[]+)(?:\.|(?=\[))(?P<path>.+)")
_DOT_SEGMENTS = {"", ".", ".."}
RAW = "raw"


class _Omit:
    """The parameter or key that holds this value is left out of the request."""

    def __repr__(self) -> str:
        return "OMIT"


OMIT: Final = _Omit()


class PlaceholderError(ApiError):
    """A value that cannot stand where its placeholder stands."""


class Several(list[Any]):
    """The values of several parents, for one request: a list in JSON, elsewhere texts between separators.

    Args:
        values: One of each parent.
        separator: What stands between them; None: in a query the parameter is repeated.
    """

    def __init__(self, values: Iterable[Any], separator: str | None) -> None:
        """A list that knows how it is written."""
        super().__init__(values)
        self.separator = separator


class Placeholder(Struct, frozen=True):
    """One `{name:spec}`.

    Attributes:
        name: What stands between the braces: `resources.posts.id`, `incremental.start_value`, `org_id`.
        spec: What follows a colon: a format of Python, or `raw` in a path.
    """

    name: str
    spec: str = ""

    @property
    def root(self) -> str:
        """The first word of a dotted name (`resources`), or `` for a parameter."""
        head, dot, _ = self.name.partition(".")
        return head if dot else ""

    @property
    def parent(self) -> tuple[str, str] | None:
        """Name of the parent and path of the field, if this is a value of a parent."""
        found = _OF_PARENT.fullmatch(self.name)
        return (found["parent"], found["path"]) if found else None

    def text(self, value: Any) -> str:
        """A value as text, in the format that `spec` asks for.

        Raises:
            PlaceholderError: The value is an object, a list or null, or the format is for another kind of value.
        """
        if isinstance(value, Several):
            return (value.separator or ",").join(self.text(item) for item in value)
        if value is None or isinstance(value, (dict, list)):
            raise PlaceholderError(f"{self} is {kind(value)}, which cannot be part of a text")
        if not self.spec or self.spec == RAW:
            return f"{value:f}" if isinstance(value, Decimal) else str(value)
        try:
            return format(value, self.spec)
        except ValueError as error:
            raise PlaceholderError(f"{self} is {kind(value)}, and the format {self.spec!r} is not: {error}") from None

    def segment(self, value: Any) -> str:
        """A value as one percent-encoded segment of a path.

        Raises:
            PlaceholderError: It is empty, `.` or `..`, or no text.
        """
        text = self.text(value)
        if text in _DOT_SEGMENTS:
            raise PlaceholderError(f"{self} is {text!r}, which cannot be part of a path: HTTP clients drop it")
        return text if self.spec == RAW else quote(text, safe="")

    def __str__(self) -> str:
        return "{" + self.name + "}"


class Template(Struct, frozen=True):
    """A text with placeholders.

    Attributes:
        parts: What stands in it, in order.
        mixed: Whether it has both single and double braces that are text, so that nobody can tell what is meant.
    """

    parts: tuple[str | Placeholder, ...]
    mixed: bool = False

    @classmethod
    def parse(cls, text: str) -> Template:
        """Read a text; never fails: what is no placeholder is text."""
        parts: list[str | Placeholder] = []
        literal, end = "", 0
        braces = set()
        for token in _TOKEN.finditer(text):
            literal += text[end : token.start()]
            end = token.end()
            if token["name"] is None:
                literal += token[0][0]
                braces.add(len(token[0]))
                continue
            if literal:
                parts.append(literal)
            parts.append(Placeholder(token["name"], token["spec"] or ""))
            literal = ""
        literal += text[end:]
        if literal or not parts:
            parts.append(literal)
        return cls(tuple(parts), mixed=len(braces) > 1)

    @property
    def placeholders(self) -> tuple[Placeholder, ...]:
        """The placeholders, in order."""
        return tuple(part for part in self.parts if isinstance(part, Placeholder))

    @property
    def lone(self) -> Placeholder | None:
        """The placeholder, if the text is one placeholder and nothing else."""
        only = self.parts[0]
        return only if len(self.parts) == 1 and isinstance(only, Placeholder) else None

    def value(self, values: Mapping[str, Any]) -> Any:
        """The value: typed for a lone placeholder, else text; OMIT if a part of it is to be left out."""
        if self.lone and not self.lone.spec:
            return values[self.lone.name]
        return self.text(values)

    def text(self, values: Mapping[str, Any]) -> Any:
        """The text; OMIT if a part of it is to be left out.

        Raises:
            PlaceholderError: A value has no form as text.
        """
        if any(values[placeholder.name] is OMIT for placeholder in self.placeholders):
            return OMIT
        if self.lone and isinstance(several := values[self.lone.name], Several) and several.separator is None:
            return list(several)
        return "".join(part if isinstance(part, str) else part.text(values[part.name]) for part in self.parts)

    def path(self, values: Mapping[str, Any]) -> str:
        """The text as the path of a request: each value is one percent-encoded segment, unless `:raw`.

        Behind a `?` a value is one of a query; a text that is one placeholder and nothing else is the value as it is.

        Raises:
            PlaceholderError: A value cannot be part of a path.
        """
        left_out = next((part for part in self.placeholders if values[part.name] is OMIT), None)
        if left_out:
            raise PlaceholderError(f"{left_out} has no value, and a path cannot do without")
        if self.lone:
            return Placeholder(self.lone.name, self.lone.spec or RAW).segment(values[self.lone.name])
        path = ""
        for part in self.parts:
            if isinstance(part, str):
                path += part
            elif "?" in path:
                text = part.text(values[part.name])
                path += text if part.spec == RAW else quote(text, safe="")
            else:
                path += part.segment(values[part.name])
        return path


def escaped(text: str) -> str:
    """A text that reads as itself in a templated place."""
    return text.replace("{", "{{").replace("}", "}}")


def templates_in(value: Any, steps: tuple[int | str, ...] = ()) -> Iterator[tuple[tuple[int | str, ...], Template]]:
    """All texts of a nested value (keys, values and list items) as templates, each with the keys that lead to it."""
    if isinstance(value, str):
        yield steps, Template.parse(value)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield (*steps, key), Template.parse(str(key))
            yield from templates_in(item, (*steps, key))
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from templates_in(item, (*steps, index))


def placeholders_in(value: Any) -> Iterator[Placeholder]:
    """All placeholders in the texts of a nested value."""
    for _, template in templates_in(value):
        yield from template.placeholders


def compiled(value: Any, *, typed: bool) -> Callable[[Mapping[str, Any]], Any]:
    """A function from values to the nested value with its placeholders filled.

    Args:
        value: Any JSON value whose texts may hold placeholders.
        typed: Whether a lone placeholder keeps the type of its value (JSON) or becomes text (query, headers).
    """
    if isinstance(value, str):
        template = Template.parse(value)
        return template.value if typed else template.text
    if isinstance(value, dict):
        fields = [(Template.parse(str(key)).text, compiled(item, typed=typed)) for key, item in value.items()]
        return lambda values: _kept_fields((key(values), item(values)) for key, item in fields)
    if isinstance(value, (list, tuple)):
        items = [compiled(item, typed=typed) for item in value]
        return lambda values: [kept for item in items if (kept := item(values)) is not OMIT]
    return lambda _: value


def _kept_fields(pairs: Iterable[tuple[Any, Any]]) -> dict[str, Any]:
    return {key: value for key, value in pairs if key is not OMIT and value is not OMIT}
