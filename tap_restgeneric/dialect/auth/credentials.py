"""What does the engine ask of any credentials?"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator

from tap_restgeneric.dialect.auth.carriers import carried
from tap_restgeneric.dialect.blocks import Block

if TYPE_CHECKING:
    from tap_restgeneric.dialect.auth.tokens import Token
    from tap_restgeneric.dialect.exchange import Call, Reply

HEADER_NAME = r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"
_ABSOLUTE = re.compile(r"https?://[^/?#\s]+", re.IGNORECASE)
_PUBLIC = frozenset({"grant_type", "scope", "scopes", "audience", "resource", "response_type"})


class AuthBase(Block):
    """What the engine asks of any credentials; the answers here are those of a type that needs no token.

    What a field hides from `repr` is a secret: `secrets()` lists exactly those values.
    """

    @property
    def obtains_token(self) -> bool:
        """Whether a token has to be fetched before a call can be signed."""
        return False

    def sign(self, call: Call, token: Token | None = None) -> Call:
        """The call with the credentials on it.

        Args:
            call: An unsigned call.
            token: The token that counts now, for a type that obtains one.

        Raises:
            CredentialError: The type obtains tokens, and there is none.
        """
        raise NotImplementedError

    def unsigned(self, url: str) -> str:
        """A URL out of a reply without the key that `sign` would add to it."""
        return url

    def given(self) -> Token | None:
        """The token that the user wrote into the block: it counts until it is refused."""
        return None

    def token_call(self, base_url: str, token: Token | None, now: float | None = None) -> Call | None:  # noqa: ARG002
        """The request that gets a token; None for a type that needs none.

        Args:
            base_url: Where a relative token or login URL begins.
            token: The one before, whose refresh token counts.
            now: Seconds since the epoch: `oauth2_jwt` signs it.
        """
        return None

    def token_from(self, reply: Reply, now: float, previous: Token | None) -> Token:
        """The token in the reply to `token_call`.

        Args:
            reply: What the token or login URL answered.
            now: Seconds since the epoch when it did.
            previous: The token before, whose refresh token stays unless the reply has a new one.

        Raises:
            CredentialError: The reply has no token; the message has its keys, never its values.
        """
        raise NotImplementedError

    def origins(self, base_url: str) -> set[str]:  # noqa: ARG002
        """Origins beside that of `base_url` which the user wrote into the block."""
        return set()

    @property
    def refreshing(self) -> tuple[str, ...] | None:
        """What tells the refresh token that the user wrote from all others; None if there is none."""
        return None

    @property
    def digest(self) -> tuple[str, str] | None:
        """User name and password for HTTP digest, which only the transport can compute: it needs a challenge."""
        return None

    def secrets(self) -> list[str]:
        """Every secret in the block, for redaction."""
        hidden = [name for name, field in type(self).model_fields.items() if not field.repr]
        return [secret for name in hidden for secret in _leaves(getattr(self, name))]

    def __hash__(self) -> int:
        # Blocks with mappings in them must find their token in a dict all the same.
        return hash((type(self), self.model_dump_json()))


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key not in _PUBLIC:
                yield from _leaves(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _leaves(item)
    elif value not in (None, "") and not isinstance(value, bool):
        yield str(value)


def _absolute_or_relative(url: str) -> str:
    if not url.strip() or ("://" in url and not _ABSOLUTE.match(url)):
        raise ValueError("must be a URL: absolute (https://...), or a path behind base_url")
    return url


LoginUrl = Annotated[str, AfterValidator(_absolute_or_relative)]
HeaderValue = Annotated[str, AfterValidator(carried)]


def joined(base_url: str, url: str) -> str:
    """A token or login URL: absolute, or behind `base_url`."""
    return url if _ABSOLUTE.match(url) else f"{base_url.rstrip('/')}/{url.lstrip('/')}"


def basic(username: str, password: str) -> str:
    """The header value of HTTP basic authentication; UTF-8, not percent-encoded."""
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()
