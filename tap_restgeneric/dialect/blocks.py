"""How does a block of the dialect say what is wrong with it?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError, core_schema

from tap_restgeneric.errors import Problem

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.fields import FieldInfo
    from typing_extensions import Self

Steps = tuple[int | str, ...]
Where = Callable[[Steps], str]
"""Gives the path of a place as the user wrote it: `$.resources[3].endpoint.path` for `("endpoint", "path")`."""


class Block(BaseModel):
    """A block of the dialect: frozen, and strict about its keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    @model_validator(mode="wrap")
    @classmethod
    def _strictly(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        wrong = list(cls._flags(value))
        try:
            block = handler(cls._without_nulls(value))
        except ValidationError as error:
            known = [key for key, _ in cls._fields()]
            said = {line["loc"] for line in wrong}
            lines = [line for line in error.errors(include_url=False) if line["loc"] not in said]
            wrong += [_with_suggestion(line, known, cls.elsewhere()) for line in lines]
        else:
            if not wrong:
                return block
        raise ValidationError.from_exception_data(cls.__name__, wrong) from None

    @classmethod
    def elsewhere(cls) -> Mapping[str, str]:
        """Keys that users write here, and where they belong."""
        return {}

    @classmethod
    def _without_nulls(cls, value: Any) -> Any:
        """A block without the nulls that mean nothing but the default."""
        if not isinstance(value, dict) or None not in value.values():
            return value
        resets = {key for key, field in cls._fields() if _is_reset_by_null(field)}
        return {key: given for key, given in value.items() if given is not None or key not in resets}

    @classmethod
    def _flags(cls, value: Any) -> Iterator[InitErrorDetails]:
        """Numbers that are written as true or false, which pydantic would read as 1 or 0."""
        given = {key: flag for key, flag in value.items() if isinstance(flag, bool)} if isinstance(value, dict) else {}
        for key, field in cls._fields() if given else ():
            if key in given and (kinds := _numbers(field.annotation)):
                kind = PydanticCustomError("flag", "must be {kinds}", {"kinds": kinds})
                yield {"type": kind, "loc": (key,), "input": given[key]}

    @classmethod
    def _fields(cls) -> Iterator[tuple[str, FieldInfo]]:
        for name, field in cls.model_fields.items():
            yield field.alias or name, field


class WhenGiven:
    """Marks blocks that are made ready when one of them is given: a source has few of all there are.

    Args:
        blocks: The blocks that may stand there: one, or a union of several that `type` tells apart.
    """

    def __init__(self, blocks: Any) -> None:
        """None of them is ready yet."""
        self._blocks = blocks

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return self._told_apart(lambda block: core_schema.no_info_plain_validator_function(block.model_validate))

    def __get_pydantic_json_schema__(
        self, _schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return handler(self._told_apart(_made_ready))

    def _told_apart(self, schema_of: Callable[[type[Block]], core_schema.CoreSchema]) -> core_schema.CoreSchema:
        several = get_args(self._blocks)
        if not several:
            return schema_of(self._blocks)
        choices = {block.model_fields["type"].default: schema_of(block) for block in several}
        return core_schema.tagged_union_schema(choices, "type")


def _made_ready(block: type[Block]) -> core_schema.CoreSchema:
    block.model_rebuild()
    # inside of another schema, so that JSON Schema refers to it by name
    return core_schema.definitions_schema(block.__pydantic_core_schema__, [])


def _is_reset_by_null(field: FieldInfo) -> bool:
    return not field.is_required() and not {NoneType, Any} & set(_alternatives(field.annotation))


def _numbers(annotation: Any) -> str | None:
    """What a field takes that takes numbers and no booleans, in words; None for other fields."""
    kinds = set(_alternatives(annotation))
    if bool in kinds or not kinds & {int, float}:
        return None
    number = "a number" if float in kinds else "a whole number"
    return f"a text or {number}" if str in kinds else number


def _alternatives(annotation: Any) -> Iterator[Any]:
    """The types that a field may have, one by one."""
    if get_origin(annotation) is Annotated:
        yield from _alternatives(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, UnionType):
        for one in get_args(annotation):
            yield from _alternatives(one)
    else:
        yield annotation


_REBUILT = {"missing", "union_tag_invalid", "union_tag_not_found"}
"""Kinds of errors that pydantic makes again from their name; the others need their text."""


def _with_suggestion(line: ErrorDetails, known: Iterable[str], elsewhere: Mapping[str, str]) -> InitErrorDetails:
    kind, context = line["type"], line.get("ctx", {})
    made: InitErrorDetails = {"type": kind, "loc": line["loc"], "input": line["input"], "ctx": context}
    if kind == "extra_forbidden" and len(line["loc"]) == 1:
        key = str(line["loc"][0])
        text = elsewhere.get(key) or f"unknown key{suggestion(key, known)}"
        made["type"] = PydanticCustomError("unknown_key", "{text}", {"text": text})
    elif kind not in _REBUILT:
        made["type"] = PydanticCustomError(kind, "{text}", {"text": line["msg"], **context})
    return made


def suggestion(word: str, known: Iterable[str]) -> str:
    """` (did you mean 'cursor_param'?)`, or the words there are if none is close."""
    options = sorted(known)
    close = get_close_matches(word, options, n=1, cutoff=0.6)
    if close:
        return f" (did you mean {close[0]!r}?)"
    return f" (known: {', '.join(options)})" if options else ""


def problems_of(error: ValidationError, raw: Any, where: Where) -> list[Problem]:
    """One problem per mistake that pydantic found, each with the path the user wrote.

    Args:
        error: What pydantic says.
        raw: The value that was validated: names of union members are told from keys by looking into it.
        where: Gives the path of a place in `raw`.
    """
    lines: dict[str, list[ErrorDetails]] = {}
    found = error.errors(include_url=False)
    for line in found:
        # a list all of whose entries are wrong is called too short as well
        if line["type"] != "too_short" or all(
            other is line or other["loc"][: len(line["loc"])] != line["loc"] for other in found
        ):
            lines.setdefault(where(_steps(line, raw)), []).append(line)
    return [Problem(path, _message(several)) for path, several in lines.items()]


def _steps(line: ErrorDetails, raw: Any) -> Steps:
    """The keys on the way to a mistake, without the names of union members that pydantic puts between them."""
    steps: list[int | str] = []
    tags = {id(raw)}
    for place, step in enumerate(line["loc"], 1):
        if isinstance(raw, dict) and raw.get("type") == step and id(raw) not in tags:
            tags.add(id(raw))
            continue
        is_last = place == len(line["loc"])
        if isinstance(step, int) or (
            isinstance(raw, dict) and (step in raw or (is_last and line["type"] == "missing"))
        ):
            steps.append(step)
            raw = _inside(raw, step)
    return (*steps, "type") if line["type"].startswith("union_tag") else tuple(steps)


def _inside(raw: Any, step: int | str) -> Any:
    try:
        return raw[step]
    except (TypeError, LookupError):
        return None


_KINDS = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "none_required": "null",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "tuple_type": "a list",
    "list_type": "a list",
}
_SENTENCES = {
    "missing": "required, but missing",
    "union_tag_not_found": "required, but missing",
    "string_too_short": "must not be empty",
    "too_short": "must not be empty",
}


def _message(lines: Sequence[ErrorDetails]) -> str:
    """One sentence for all that is wrong at one place; the members of a union each have their say."""
    kinds = dict.fromkeys(_KINDS[line["type"]] for line in lines if line["type"] in _KINDS)
    others = dict.fromkeys(_sentence(line) for line in lines if line["type"] not in _KINDS)
    if others:
        return "; ".join(others)
    if "a number" in kinds:
        kinds.pop("a whole number", None)
    *most, last = kinds
    return f"must be {', '.join(most)} or {last}" if most else f"must be {last}"


def _sentence(line: ErrorDetails) -> str:
    context = line.get("ctx", {})
    if line["type"] == "union_tag_invalid":
        tags = [tag.strip(" '") for tag in str(context["expected_tags"]).split(",")]
        return f"unknown type {context['tag']!r}{suggestion(str(context['tag']), tags)}"
    message = line["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    return _SENTENCES.get(line["type"], message)


def path_text(steps: Iterable[int | str]) -> str:
    """The steps as a JSONPath from the root of the source: `$.resources[3].endpoint`."""
    text = "$"
    for step in steps:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step.replace("-", "_").isidentifier():
            text += f".{step}"
        else:
            text += f"[{step!r}]"
    return text
