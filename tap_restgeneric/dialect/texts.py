"""How does something that users write as one text become the field of a model?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct
from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError, core_schema

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from typing_extensions import Self

EMPTY_IS_NONE = BeforeValidator(lambda value: None if value == "" else value)
"""Annotates a field to which the empty text means what null means."""


class Written(Struct, frozen=True, eq=False):
    """A value that is written as one text, and is that text wherever it is shown or stored."""

    text: str

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"{type(self).__name__}(text={self.text!r})"

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(self.text)

    @classmethod
    def parse(cls, text: Any) -> Self:
        """What `text` says.

        Raises:
            ValueError: It says nothing this class understands; the message is for the user.
        """
        raise NotImplementedError

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._for_model, serialization=core_schema.to_string_ser_schema()
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, _schema: core_schema.CoreSchema, _handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": "string"}

    @classmethod
    def _for_model(cls, value: Any) -> Self:
        if isinstance(value, cls):
            return value
        try:
            return cls.parse(value)
        except ValueError as error:
            # a ValueError would be shown as "Value error, ..."; and the message may hold braces
            raise PydanticCustomError(cls.__name__.lower(), "{message}", {"message": str(error)}) from None
