"""Who asks?

One frozen class per `type`; the union `Auth` at the end is the registry. A block answers in values: `sign` puts the
credentials on a call; `token_call` and `token_from` are the request that gets a token and the reading of its reply;
whoever sends it, keeps the token and repeats after a 401 is the engine.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import ConfigDict, Field, field_validator, model_validator
from typing_extensions import Self, override

from tap_restgeneric.dialect.auth.carriers import carried, with_cookie, with_query, without_query_key
from tap_restgeneric.dialect.auth.credentials import HEADER_NAME, AuthBase, HeaderValue, LoginUrl, basic, joined
from tap_restgeneric.dialect.auth.oauth2 import OAuth2ClientCredentials, OAuth2Jwt, OAuth2Password
from tap_restgeneric.dialect.auth.tokens import Token, session_token
from tap_restgeneric.dialect.blocks import WhenGiven
from tap_restgeneric.dialect.exchange import Call, Reply, origin
from tap_restgeneric.dialect.jsonpath.selectors import Path
from tap_restgeneric.errors import CredentialError

__all__ = ("Auth", "AuthBase", "Token")


class Bearer(AuthBase):
    """A token that is known beforehand."""

    type: Literal["bearer"] = "bearer"
    token: HeaderValue = Field(repr=False, min_length=1, description="sent as `Authorization: Bearer <token>`")

    @override
    def sign(self, call: Call, token: Token | None = None) -> Call:
        return call.with_header("Authorization", f"Bearer {self.token}")


class HttpBasic(AuthBase):
    """User name and password in every request."""

    type: Literal["http_basic"] = "http_basic"
    # Many APIs take their key as the user name, so that is a secret too.
    username: str = Field(repr=False, description="may be empty")
    password: str = Field(repr=False, description="may be empty")

    @override
    def sign(self, call: Call, token: Token | None = None) -> Call:
        return call.with_header("Authorization", basic(self.username, self.password))


class Digest(AuthBase):
    """User name and password, answered to the challenge of the server."""

    type: Literal["digest"] = "digest"
    username: str = Field(repr=False, min_length=1, description="user name")
    password: str = Field(repr=False, description="password")

    @override
    def sign(self, call: Call, token: Token | None = None) -> Call:
        return call

    @property
    @override
    def digest(self) -> tuple[str, str]:
        return self.username, self.password


class ApiKey(AuthBase):
    """A key in a header, in the query or in a cookie."""

    type: Literal["api_key"] = "api_key"
    name: str = Field("Authorization", min_length=1, description="name of the header, parameter or cookie")
    api_key: str = Field(repr=False, min_length=1, description="the key itself")
    location: Literal["header", "query", "param", "cookie"] = Field("header", description="where it is sent")
    prefix: str | None = Field(None, description="stands before the key in a header: `Token `")

    @model_validator(mode="after")
    def _can_be_sent(self) -> Self:
        if self.prefix and self.location != "header":
            raise ValueError(f"prefix stands before the key in a header, but location is {self.location!r}")
        if self._in_query:
            return self
        if not re.match(HEADER_NAME, self.name):
            raise ValueError(f"name {self.name!r} is no name of a {self.location}")
        try:
            carried(f"{self.prefix or ''}{self.api_key}")
        except ValueError as error:
            raise ValueError(f"api_key {error}") from None
        if self.location == "cookie" and re.search(r"[;,\s\"\\]", self.api_key):
            raise ValueError("api_key must not hold blanks, quotes, commas or semicolons: a cookie cannot carry them")
        return self

    @property
    def _in_query(self) -> bool:
        return self.location in {"query", "param"}

    @override
    def sign(self, call: Call, token: Token | None = None) -> Call:
        if self._in_query:
            return with_query(call, self.name, self.api_key)
        if self.location == "cookie":
            return with_cookie(call, self.name, self.api_key)
        return call.with_header(self.name, f"{self.prefix or ''}{self.api_key}")

    @override
    def unsigned(self, url: str) -> str:
        return without_query_key(url, self.name) if self._in_query else url


class SessionLogin(AuthBase):
    """A login call whose reply holds the token of a session."""

    model_config = ConfigDict(protected_namespaces=())

    type: Literal["session_login"] = "session_login"
    login_url: LoginUrl = Field(description="absolute, or a path behind base_url")
    method: Literal["POST", "PUT", "GET"] = Field("POST", description="method of the login call")
    json_body: dict[str, Any] | None = Field(None, alias="json", repr=False, description="JSON body of the login")
    data: dict[str, Any] | None = Field(None, repr=False, description="form fields of the login")
    headers: dict[str, HeaderValue] = Field(default_factory=dict, repr=False, description="headers of the login")
    token_path: Path = Field(default_factory=lambda: Path.parse("token"), description="where the token is in the reply")
    token_lifetime: float | None = Field(None, gt=0, description="seconds; null: until it is refused")
    name: str = Field("Authorization", pattern=HEADER_NAME, description="header that carries the token")
    prefix: str | None = Field(None, description="stands before the token; `Bearer ` in Authorization if not given")

    @field_validator("method", mode="before")
    @classmethod
    def _upper(cls, value: Any) -> Any:
        return value.upper() if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_body(self) -> Self:
        if self.json_body and self.data:
            raise ValueError("json and data exclude each other: a request has one body")
        return self

    @property
    @override
    def obtains_token(self) -> bool:
        return True

    @override
    def sign(self, call: Call, token: Token | None = None) -> Call:
        if token is None:
            raise CredentialError(f"no token yet from {self.login_url}")
        usual = "Bearer " if self.name.lower() == "authorization" else ""
        prefix = usual if self.prefix is None else self.prefix
        return call.with_header(self.name, f"{prefix}{token.access_token}")

    @override
    def token_call(self, base_url: str, token: Token | None, now: float | None = None) -> Call:
        return Call(
            method=self.method,
            url=joined(base_url, self.login_url),
            headers={"Accept": "application/json", **self.headers},
            json=self.json_body,
            data=self.data,
        )

    @override
    def token_from(self, reply: Reply, now: float, previous: Token | None) -> Token:
        return session_token(reply, now, self.token_path, self.token_lifetime)

    @override
    def origins(self, base_url: str) -> set[str]:
        return {origin(joined(base_url, self.login_url))}


_One: TypeAlias = (
    Bearer | HttpBasic | Digest | ApiKey | OAuth2ClientCredentials | OAuth2Password | OAuth2Jwt | SessionLogin
)
Single: TypeAlias = Annotated[_One, WhenGiven(_One)]


class Multi(AuthBase):
    """Several at once: a key for the gateway and a user for the API behind it."""

    type: Literal["multi"] = "multi"
    auths: tuple[Single, ...] = Field(min_length=1, description="all are applied, in this order")

    @model_validator(mode="after")
    def _one_token(self) -> Self:
        if sum(part.obtains_token for part in self.auths) > 1:
            raise ValueError("only one of auths may fetch a token")
        if sum(part.digest is not None for part in self.auths) > 1:
            raise ValueError("only one of auths may be digest")
        return self

    @property
    def _fetching(self) -> AuthBase | None:
        return next((part for part in self.auths if part.obtains_token), None)

    @override
    def sign(self, call: Call, token: Token | None = None) -> Call:
        for part in self.auths:
            call = part.sign(call, token)
        return call

    @override
    def unsigned(self, url: str) -> str:
        for part in self.auths:
            url = part.unsigned(url)
        return url

    @override
    def given(self) -> Token | None:
        return self._fetching.given() if self._fetching else None

    @override
    def token_call(self, base_url: str, token: Token | None, now: float | None = None) -> Call | None:
        return self._fetching.token_call(base_url, token, now) if self._fetching else None

    @override
    def token_from(self, reply: Reply, now: float, previous: Token | None) -> Token:
        if self._fetching is None:
            return super().token_from(reply, now, previous)
        return self._fetching.token_from(reply, now, previous)

    @override
    def origins(self, base_url: str) -> set[str]:
        return set().union(*(part.origins(base_url) for part in self.auths))

    @property
    @override
    def refreshing(self) -> tuple[str, ...] | None:
        return self._fetching.refreshing if self._fetching else None

    @property
    @override
    def digest(self) -> tuple[str, str] | None:
        return next((part.digest for part in self.auths if part.digest), None)

    @override
    def secrets(self) -> list[str]:
        return [secret for part in self.auths for secret in part.secrets()]


Auth: TypeAlias = Annotated[_One | Multi, WhenGiven(_One | Multi)]
