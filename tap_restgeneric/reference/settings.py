"""How do the settings of the tap read as tables?"""

from __future__ import annotations

import re

from tap_restgeneric import settings
from tap_restgeneric.reference.dialect import Schema, default_of, row, type_in_words
from tap_restgeneric.reference.plugin import about


def tables() -> str:
    """The settings of the tap in Markdown: its own, then those that every tap of the SDK has."""
    own = settings.JSONSCHEMA["properties"]
    everything = about()
    others = {name: schema for name, schema in everything.items() if name not in own}
    return "\n".join(
        [
            "## Its own",
            "",
            "| setting | type | default | meaning |",
            "|---|---|---|---|",
            *(_own_row(name, everything[name]) for name in own),
            "",
            "## Those of every SDK tap",
            "",
            "| setting | meaning |",
            "|---|---|",
            *(row(f"`{name}`", _meaning(schema)) for name, schema in others.items()),
            "",
        ]
    )


def _own_row(name: str, schema: Schema) -> str:
    return row(f"`{name}`", type_in_words(schema), default_of(schema), _meaning(schema))


def _meaning(schema: Schema) -> str:
    """The description on one line; what looks like a tag stays to be seen."""
    words = " ".join(schema.get("description", "").split())
    return re.sub(r"(`[^`]*`)|<", lambda found: found[1] or "&lt;", words)
