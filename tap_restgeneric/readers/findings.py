"""What is wrong with a document, all at once?"""

from __future__ import annotations

from msgspec import Struct, field

from tap_restgeneric.errors import ConfigError, Problem

_MOST_VALUES = 200_000


class Findings(Struct):
    """The problems met while one source is read.

    Attributes:
        name: How messages call the document: `file x.yaml`, `settings`.
        problems: What was found so far, in the order of the document.
        values: How many values were read so far.
    """

    name: str
    problems: list[Problem] = field(default_factory=list)
    values: int = 0

    def refuse(self, path: str, message: str, *, line: int | None = None) -> None:
        """Note a problem, with the line of the document where that is known."""
        where = f"{self.name}, line {line}: " if line else ""
        self.problems.append(Problem(path, f"{where}{message}"))

    def count(self) -> None:
        """Count one value: names and anchors can make a small text unfold without end.

        Raises:
            ConfigError: There are more values than a source can sensibly have.
        """
        self.values += 1
        if self.values > _MOST_VALUES:
            raise ConfigError.at("$.source", f"{self.name} unfolds to more than {_MOST_VALUES:,} values")

    def settle(self) -> None:
        """Go on only if nothing was found.

        Raises:
            ConfigError: With everything that was found.
        """
        if self.problems:
            raise ConfigError(self.problems)


def line_at(document: str, offset: int) -> int:
    """The line of a document in which an offset is, from 1."""
    return document.count("\n", 0, offset) + 1
