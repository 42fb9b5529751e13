"""How does a client get a token by OAuth2?"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator
from typing_extensions import Self, override

from tap_restgeneric.dialect.auth.credentials import AuthBase, HeaderValue, LoginUrl, basic, joined
from tap_restgeneric.dialect.auth.tokens import Token, oauth_token
from tap_restgeneric.dialect.exchange import Call, Reply, origin
from tap_restgeneric.errors import CredentialError

if TYPE_CHECKING:
    from collections.abc import Mapping


class OAuth2Base(AuthBase):
    """What all OAuth2 grants have: where tokens come from, how long they live, how they are sent."""

    access_token_url: LoginUrl = Field(description="absolute, or a path behind base_url")
    scope: str | None = Field(None, description="what the token is for, as the API writes it")
    scopes: tuple[str, ...] = Field((), description="the same as a list")
    audience: str | None = Field(None, description="whom the token is for")
    access_token_request_data: dict[str, Any] = Field(
        default_factory=dict, repr=False, description="further form fields of the token request; they win"
    )
    default_token_expiration: float = Field(3600, gt=0, description="seconds, where a reply does not say it")
    access_token: HeaderValue | None = Field(None, repr=False, min_length=1, description="used until it is refused")

    @field_validator("scopes", mode="before")
    @classmethod
    def _several(cls, value: Any) -> Any:
        return tuple(value.split()) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_scope(self) -> Self:
        if self.scope and self.scopes:
            raise ValueError("scope and scopes exclude each other")
        return self

    @property
    @override
    def obtains_token(self) -> bool:
        return True

    @property
    def _scope(self) -> str | None:
        return self.scope or " ".join(self.scopes) or None

    @override
    def sign(self, call: Call, token: Token | None = None) -> Call:
        token = token or self.given()
        if token is None:
            raise CredentialError(f"no token yet from {self.access_token_url}")
        return call.with_header("Authorization", f"Bearer {token.access_token}")

    @override
    def given(self) -> Token | None:
        return Token(access_token=self.access_token) if self.access_token else None

    @override
    def token_from(self, reply: Reply, now: float, previous: Token | None) -> Token:
        return oauth_token(reply, now, previous, self.default_token_expiration)

    @override
    def origins(self, base_url: str) -> set[str]:
        return {origin(joined(base_url, self.access_token_url))}

    def _asking(self, base_url: str, form: Mapping[str, Any], headers: Mapping[str, str]) -> Call:
        fields = {**form, **self.access_token_request_data}
        return Call(
            method="POST",
            url=joined(base_url, self.access_token_url),
            # Without it some servers answer a form instead of JSON.
            headers={"Accept": "application/json", **headers},
            data={name: value for name, value in fields.items() if value is not None},
        )


class OAuth2ClientBase(OAuth2Base):
    """The grants in which a client names itself by id and secret."""

    client_id: str | None = Field(None, min_length=1, description="id of the client")
    client_secret: str | None = Field(None, repr=False, min_length=1, description="secret of the client")
    client_auth: Literal["body", "basic"] = Field("body", description="where id and secret stand in the request")
    refresh_token: str | None = Field(None, repr=False, min_length=1, description="asks by the refresh grant")

    @model_validator(mode="after")
    def _client_is_named(self) -> Self:
        if self.client_auth == "basic" and not self.client_id:
            raise ValueError("client_auth 'basic' needs a client_id")
        return self

    @property
    @override
    def refreshing(self) -> tuple[str, ...] | None:
        return (self.access_token_url, self.client_id or "", self.refresh_token) if self.refresh_token else None

    @override
    def given(self) -> Token | None:
        if not self.access_token:
            return None
        return Token(access_token=self.access_token, refresh_token=self.refresh_token)

    @override
    def token_call(self, base_url: str, token: Token | None, now: float | None = None) -> Call:
        form = self._refresh(token) or {**self._grant(), "audience": self.audience}
        form = {**form, "scope": self._scope}
        if self.client_auth == "basic":
            headers = {"Authorization": basic(self.client_id or "", self.client_secret or "")}
            return self._asking(base_url, form, headers)
        return self._asking(base_url, {"client_id": self.client_id, "client_secret": self.client_secret, **form}, {})

    def _refresh(self, token: Token | None) -> dict[str, Any] | None:
        """The form of the refresh grant, which is asked only of those who wrote a refresh token."""
        if not self.refresh_token:
            return None
        newest = (token.refresh_token if token else None) or self.refresh_token
        return {"grant_type": "refresh_token", "refresh_token": newest}

    def _grant(self) -> dict[str, Any]:
        raise NotImplementedError


class OAuth2ClientCredentials(OAuth2ClientBase):
    """A token for an application; with `refresh_token` by the refresh grant."""

    type: Literal["oauth2_client_credentials"] = "oauth2_client_credentials"

    @model_validator(mode="after")
    def _credentials_are_there(self) -> Self:
        if not self.client_id:
            raise ValueError("client_id is required, but missing")
        if not self.client_secret and not self.refresh_token:
            raise ValueError("client_secret is required, but missing (only a refresh_token can do without)")
        return self

    @override
    def _grant(self) -> dict[str, Any]:
        return {"grant_type": "client_credentials"}


class OAuth2Password(OAuth2ClientBase):
    """A token for a user name and password; with `refresh_token` by the refresh grant."""

    type: Literal["oauth2_password"] = "oauth2_password"
    username: str = Field(repr=False, min_length=1, description="user name")
    password: str = Field(repr=False, description="password")

    @override
    def _grant(self) -> dict[str, Any]:
        return {"grant_type": "password", "username": self.username, "password": self.password}


class OAuth2Jwt(OAuth2Base):
    """A token for a claim that the client signs with its private key (RFC 7523)."""

    lifetime: ClassVar[int] = 300
    """Seconds that the signed claim is good for."""

    type: Literal["oauth2_jwt"] = "oauth2_jwt"
    client_id: str = Field(min_length=1, description="who signs: the claim `iss`")
    subject: str | None = Field(None, description="for whom: the claim `sub`")
    private_key: str = Field(repr=False, min_length=1, description="PEM")
    private_key_passphrase: str | None = Field(None, repr=False, description="if the key is encrypted")
    algorithm: Literal["RS256", "RS384", "RS512", "PS256", "ES256", "ES384"] = Field(
        "RS256", description="how the assertion is signed"
    )
    claims: dict[str, Any] = Field(default_factory=dict, description="further claims; they win")
    jwt_headers: dict[str, Any] = Field(default_factory=dict, description="further header fields of the JWT: `kid`")
    headers: dict[str, HeaderValue] = Field(
        default_factory=dict, repr=False, description="further headers of the token request"
    )

    @model_validator(mode="after")
    def _can_sign(self) -> Self:
        if not find_spec("jwt") or not find_spec("cryptography"):
            raise ValueError("oauth2_jwt needs an extra: pip install 'tap-restgeneric[jwt]'")
        return self

    @override
    def token_call(self, base_url: str, token: Token | None, now: float | None = None) -> Call:
        if now is None:
            raise ValueError("oauth2_jwt signs the time, so it must be told")
        form = {
            "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "assertion": self._assertion(joined(base_url, self.access_token_url), int(now)),
        }
        return self._asking(base_url, form, self.headers)

    def _assertion(self, url: str, now: int) -> str:
        import jwt  # noqa: PLC0415 (an extra)
        from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

        claims = {
            "iss": self.client_id,
            "sub": self.subject,
            "aud": self.audience or url,
            "scope": self._scope,
            "iat": now,
            "exp": now + self.lifetime,
            **self.claims,
        }
        told = {name: value for name, value in claims.items() if value is not None}
        # Environment variables often hold a PEM in one line.
        pem = self.private_key.replace("\\n", "\n").encode()
        passphrase = self.private_key_passphrase.encode() if self.private_key_passphrase else None
        try:
            key: Any = load_pem_private_key(pem, passphrase)
            return jwt.encode(told, key, algorithm=self.algorithm, headers=self.jwt_headers)
        except (ValueError, TypeError, jwt.PyJWTError) as error:
            raise CredentialError(
                f"private_key cannot sign with {self.algorithm} ({type(error).__name__}): "
                "it must be the PEM of a private key, and private_key_passphrase must fit"
            ) from None
