"""What does a URL, and what is given beside it, say about a source? Values only; no secret gets into the source."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tap_restgeneric.engine.redaction import is_secret_name
from tap_restgeneric.errors import ConfigError
from tap_restgeneric.workbench.naming import word

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_OPEN_HEADERS = frozenset({"accept", "accept-language", "accept-encoding", "content-type", "user-agent", "prefer"})
_OPEN_HEADER = re.compile(r"version$", re.IGNORECASE)
"""Headers whose values are written into a source as they are; every other may hold a secret."""
_POSITION = re.compile(
    r"^(page|p|pg|page[-_]?(no|num|number|token|index)|page\[(number|after|cursor)\]|offset|skip|\$skip|start(_?at|_?index)?"
    r"|cursor|after|starting_after|next(_?token)?|continuation(_?token)?)$",
    re.IGNORECASE,
)
_SIZE = re.compile(
    r"^(limit|per[-_]?page|page[-_]?size|page\[(size|limit)\]|count|size|take|\$top|max_?results)$", re.IGNORECASE
)
_NO_NAME = re.compile(r"^(v?\d[\d.]*|[0-9a-f-]{16,})$", re.IGNORECASE)
_AUTHS = "bearer:TOKEN, basic:USER:PASSWORD, api_key:HEADER:KEY or query:PARAMETER:KEY"


@dataclass
class Start:
    """What is known before the first request.

    Attributes:
        base_url: Beginning of the URLs.
        path: Path behind it.
        name: Name of the resource.
        params: Query parameters, without those that name a page and without secrets.
        headers: Headers that are no secrets.
        auths: Blocks of the dialect; secrets in them are placeholders.
        secrets: Values of the placeholders, by name.
        positions: Query parameters that named a page.
    """

    base_url: str
    path: str
    name: str
    params: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    auths: list[dict[str, Any]] = field(default_factory=list)
    secrets: dict[str, str] = field(default_factory=dict)
    positions: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, url: str, headers: Sequence[str], auths: Sequence[str]) -> Start:
        """What a URL says, headers (`Name: value`) and credentials (`bearer:TOKEN` and the like) beside it.

        Raises:
            ConfigError: One of them cannot be read; its value is not shown.
        """
        parts = urlsplit(url if "://" in url else f"https://{url}")
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ConfigError.at("URL", "must be the URL of a list of records: https://api.example.com/v1/orders")
        above, _, path = parts.path.rpartition("/") if not parts.path.endswith("/") else ("", "", parts.path.strip("/"))
        host = parts.netloc.rpartition("@")[2]
        start = cls(base_url=f"{parts.scheme}://{host}{above}", path=path or "/", name=_name(parts.path, host))
        if parts.password is not None or parts.username:
            start._basic(unquote(parts.username or ""), unquote(parts.password or ""))
        for name, value in parse_qsl(parts.query, keep_blank_values=True):
            start._param(name, value)
        for text in auths:
            start._auth(text)
        for text in headers:
            start._header(text)
        return start

    @property
    def client(self) -> dict[str, Any]:
        """The `client` block."""
        auth = self.auths[0] if len(self.auths) == 1 else {"type": "multi", "auths": self.auths}
        return {
            "base_url": self.base_url,
            **({"headers": self.headers} if self.headers else {}),
            **({"auth": auth} if self.auths else {}),
        }

    @property
    def size(self) -> tuple[str, int] | None:
        """The parameter of the query that says how large a page is, and what it says."""
        return next(
            ((name, int(text)) for name, text in self.params.items() if _SIZE.match(name) and text.isdigit()), None
        )

    def _param(self, name: str, value: str) -> None:
        if is_secret_name(name) and not _POSITION.match(name):
            self._key(name, value, "query")
        elif _POSITION.match(name):
            self.positions[name] = value
        else:
            self.params[name] = value.replace("{", "{{").replace("}", "}}")

    def _header(self, text: str) -> None:
        name, colon, value = (piece.strip() for piece in text.partition(":"))
        if not colon or not name or not value:
            raise ConfigError.at("--header", "must be written 'Name: value'")
        if name.lower() == "authorization" and value.lower().startswith("bearer "):
            self._bearer(value[len("bearer ") :].strip())
        elif name.lower() in _OPEN_HEADERS or (_OPEN_HEADER.search(name) and not is_secret_name(name)):
            self.headers[name] = value
        else:
            self._key(name, value, "header")

    def _auth(self, text: str) -> None:
        kind, _, rest = text.partition(":")
        name, _, value = rest.partition(":")
        if kind == "bearer" and rest:
            self._bearer(rest)
        elif kind == "basic" and rest:
            self._basic(name, value)
        elif kind == "api_key" and name and value:
            self._key(name, value, "header")
        elif kind == "query" and name and value:
            self._key(name, value, "query")
        else:
            raise ConfigError.at("--auth", f"must be {_AUTHS}")

    def _bearer(self, token: str) -> None:
        self.auths.append({"type": "bearer", "token": self._secret("token", token)})

    def _basic(self, user: str, password: str) -> None:
        username = self._secret("username", user)
        self.auths.append({"type": "http_basic", "username": username, "password": self._secret("password", password)})

    def _key(self, name: str, value: str, location: str) -> None:
        place = {} if location == "header" else {"location": location}
        self.auths.append({"type": "api_key", "name": name, "api_key": self._secret(word(name), value), **place})

    def _secret(self, name: str, value: str) -> str:
        """The placeholder of a secret; an empty one is written as it is."""
        if not value:
            return ""
        self.secrets[name] = value
        return f"{{secrets.{name}}}"


def _name(path: str, host: str) -> str:
    return next(_names(path), word(host.split(":", maxsplit=1)[0]))


def _names(path: str) -> Iterator[str]:
    """Words that can name a resource, the last of a path first."""
    for segment in reversed(path.split("/")):
        found = word(re.sub(r"\.(json|csv|jsonl|ndjson|php|aspx?)$", "", unquote(segment)))
        if found and not _NO_NAME.match(found):
            yield found
