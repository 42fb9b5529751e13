"""What is a thing of an API called here, and which secrets does a text name?"""

from __future__ import annotations

import re

_SECRET = re.compile(r"\{secrets\.([^{}]+)\}")


def word(name: str) -> str:
    """A name as one word: `X-Api-Key` is `x_api_key`."""
    return re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_").lower()


def secrets_in(text: str) -> list[str]:
    """The names of the secrets that a text asks for, each once, in order."""
    return list(dict.fromkeys(_SECRET.findall(text)))
