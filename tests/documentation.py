"""What is in the documentation that can be run?"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
ADDRESS = "https://api.example.com/v1"
"""The API that the pages speak of."""

FENCE = re.compile(
    r'^(?:<!-- not run: (?P<reason>[^>]+) -->\n)?^```(?P<language>\w+)(?: title="(?P<title>[^"]+)")?\n'
    r"(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Snippet:
    """A fenced block.

    Attributes:
        page: Path of its page in the checkout.
        line: Where it begins there, from 1.
        language: The word behind the backticks.
        title: What stands above it on the site; empty: a source, or a part of one.
        text: What is in it.
        reason: Why it is not run, if it is not.
    """

    page: str
    line: int
    language: str
    title: str
    text: str
    reason: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def snippets(page: Path) -> list[Snippet]:
    text = page.read_text("utf-8")
    return [
        Snippet(
            page=page.relative_to(ROOT).as_posix(),
            line=text.count("\n", 0, fence.start()) + 1,
            language=fence["language"],
            title=fence["title"] or "",
            text=fence["text"],
            reason=fence["reason"] or "",
        )
        for fence in FENCE.finditer(text)
    ]


def prose(page: Path) -> str:
    """A page without its blocks."""
    return FENCE.sub("", page.read_text("utf-8"))


def commands(text: str) -> list[list[str]]:
    """The commands of shell lines, as words, without what is assigned before them and where their output goes."""
    found = []
    for line in _lines(text):
        tokens = list(shlex.shlex(line, posix=True, punctuation_chars="|&;<>"))
        command: list[str] = []
        for token in [*tokens, ";"]:
            if token in {"|", "&&", ";", "||"}:
                found.append([word for word in command if not re.match(r"[A-Z_]+=", word)] or command)
                command = []
            else:
                command.append(token)
    return [command for command in found if command]


def _lines(text: str) -> list[str]:
    """Lines of a shell, without those that a command reads from below it."""
    joined = re.sub(r"\\\n", " ", text)
    joined = re.sub(r"<<'END'\n.*?^END$", "", joined, flags=re.MULTILINE | re.DOTALL)
    return [line for line in joined.splitlines() if line.strip() and not line.lstrip().startswith("#")]
