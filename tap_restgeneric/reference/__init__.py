"""What is made from the code, for people, for editors and for Meltano?

`make reference` writes the JSON Schema of the dialect, the pages of the dialect, the settings and the built-in APIs,
and the definitions for Meltano. In a page what stands before the mark is written by hand, what follows is made.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from tap_restgeneric.dialect.grammar import schema as grammar
from tap_restgeneric.readers import builtin
from tap_restgeneric.reference import apis, dialect, plugin, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

MARK = "<!-- Made from the code by `make reference`: what follows is not edited by hand. -->"
CHECKOUT = Path(__file__).parents[2]


def files(checkout: Path = CHECKOUT) -> dict[Path, str]:
    """What is made from the code, by path, as it should be."""
    docs, plugins, project = checkout / "docs", checkout / "plugins", checkout / "meltano.yml"
    loaders = plugin.loaders(project.read_text("utf-8"))
    pages = {
        docs / "dialect.md": dialect.tables(),
        docs / "settings.md": settings.tables(),
        **{docs / "apis" / f"{api}.md": apis.page(api) for api in builtin.names()},
    }
    return {
        checkout / "schemas" / "config.schema.json": json.dumps(grammar.json_schema(), indent=2) + "\n",
        plugins / "extractors" / "tap-restgeneric.yml": plugin.hub_definition(),
        **{plugins / "loaders" / f"{name}.yml": text for name, text in loaders.items()},
        project: plugin.in_project(project.read_text("utf-8")),
        **{page: _behind_the_mark(page, made) for page, made in pages.items()},
    }


def write(checkout: Path = CHECKOUT) -> Iterator[Path]:
    """Write what is not as it should be, and say which files that were."""
    for path, text in files(checkout).items():
        if not path.exists() or path.read_text("utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
            yield path


def _behind_the_mark(page: Path, made: str) -> str:
    written = page.read_text("utf-8").partition(MARK)[0]
    return f"{written}{MARK}\n\n{made}"
