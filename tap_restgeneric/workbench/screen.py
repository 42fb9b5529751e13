"""How does a person read it? Colours and boxes on a terminal, plain lines anywhere else; no secret on either."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

Piece = tuple[str, str]
"""A text and its style."""
Line = str | tuple[Piece, ...]

DIM, GOOD, BAD, DOUBT, NAME = "dim", "green", "red", "yellow", "bold"
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def counted(number: int, noun: str) -> str:
    """`1 record`, `2 records`."""
    return f"{number} {noun}{'s' * (number != 1)}"


@dataclass(frozen=True)
class Branch:
    """A line of a tree, and what hangs below it."""

    line: Line
    below: list[Branch] = field(default_factory=list)


class Screen:
    """Writes for people.

    Args:
        masked: Takes the secrets out of a text.
    """

    def __init__(self, masked: Callable[[str], str]) -> None:
        """Standard output and standard error, as they are now."""
        self._masked = masked
        self._console = Console(highlight=False)
        self._beside = Console(highlight=False, stderr=True)

    @property
    def is_terminal(self) -> bool:
        """Whether a person looks at it, rather than a program."""
        return self._console.is_terminal

    @property
    def width(self) -> int:
        """Columns of the terminal."""
        return self._console.width

    def raw(self, text: str) -> None:
        """A line for programs, as it is but for the secrets."""
        click.echo(self._masked(text))

    def line(self, line: Line = "") -> None:
        """One line, wrapped at the width of a terminal."""
        text = self._text(line)
        self._console.print(text, soft_wrap=not self.is_terminal)

    def aside(self, line: Line = "") -> None:
        """One line on standard error."""
        self._beside.print(self._text(line), soft_wrap=True)

    def next_step(self, command: str, why: str) -> None:
        """What to do next; beside the output where a program reads that."""
        line = (("next: ", DIM), (command, NAME), (f"  {why}", DIM))
        if self.is_terminal:
            self.line(line)
        else:
            self.aside(line)

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[Line]], *, title: str = "") -> None:
        """A table; between tabs where no terminal is."""
        if not self.is_terminal:
            for row in (columns, *rows):
                self.raw("\t".join(self._text(cell).plain.replace("\t", " ").replace("\n", " ") for cell in row))
            return
        table = Table(box=box.SIMPLE_HEAD, title=self._text(title) if title else None, title_justify="left")
        for column in columns:
            table.add_column(Text(column), overflow="fold")
        for row in rows:
            table.add_row(*map(self._text, row))
        self._console.print(table)

    def tree(self, branches: Iterable[Branch]) -> None:
        """Trees; indented lines where no terminal is."""
        for branch in branches:
            if self.is_terminal:
                self._console.print(self._grown(branch))
            else:
                self._indented(branch, 0)

    def _grown(self, branch: Branch) -> Tree:
        tree = Tree(self._text(branch.line), guide_style=DIM)
        for below in branch.below:
            tree.children.append(self._grown(below))
        return tree

    def _indented(self, branch: Branch, depth: int) -> None:
        self.raw("  " * depth + self._text(branch.line).plain)
        for below in branch.below:
            self._indented(below, depth + 1)

    def _text(self, line: Line) -> Text:
        pieces = ((line, ""),) if isinstance(line, str) else line
        return Text.assemble(*((self._clean(text), style) for text, style in pieces))

    def _clean(self, text: str) -> str:
        """A text without secrets and without anything that a terminal would obey."""
        return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", self._masked(text))
