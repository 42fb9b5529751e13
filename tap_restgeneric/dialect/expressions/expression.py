"""What does a condition say?

An expression is Jinja's, with or without `{{ }}`, over the names of the vocabulary. It is checked whole when it is
loaded; when it is evaluated it gives a value or says what is missing, and never guesses.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from tap_restgeneric.dialect.texts import Written
from tap_restgeneric.dialect.words import kind

if TYPE_CHECKING:
    from typing_extensions import Self

    from tap_restgeneric.dialect.expressions.meaning import Meaning


class Expression(Written, frozen=True, eq=False):
    """A condition or a value, as a text over the names of the dialect."""

    @classmethod
    def parse(cls, text: Any) -> Self:
        """The expression that `text` writes.

        Raises:
            ValueError: It is none; below the message stands the text with a caret under the mistake.
        """
        if not isinstance(text, str):
            raise ValueError(f"an expression is a text, not {kind(text)}")  # noqa: TRY004
        _meaning(text)
        return cls(text)

    @property
    def names(self) -> frozenset[str]:
        """Those of `vocabulary.NAMES` that it speaks of."""
        return _meaning(self.text).names

    def evaluate(self, **names: Any) -> Any:
        """The value, as JSON values; numbers with a fraction are `Decimal`.

        Args:
            names: A value for each of `names`; header names are compared without case.

        Raises:
            ExpressionError: Something it needs is missing or of the wrong kind.
        """
        return _meaning(self.text).evaluated(names)

    def holds(self, **names: Any) -> bool:
        """Whether the value is true, as Jinja's `if` would take it.

        Raises:
            ExpressionError: Something it needs is missing or of the wrong kind.
        """
        return bool(self.evaluate(**names))


@cache
def _meaning(text: str) -> Meaning:
    from tap_restgeneric.dialect.expressions import meaning  # noqa: PLC0415  # Jinja, which most sources do without

    return meaning.of(text)
