"""Where can a secret stand, and in which forms could it be read?"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

if TYPE_CHECKING:
    from collections.abc import Iterator


def forms(secret: str) -> Iterator[str]:
    """A secret plain, percent-encoded in every way, escaped, and in base64 wherever in a longer text it begins."""
    yield secret
    for encoded in (quote(secret), quote(secret, safe=""), quote_plus(secret)):
        yield encoded
        yield encoded.lower()
    yield json.dumps(secret)[1:-1]
    yield repr(secret)[1:-1]
    for pad in range(3):
        text = base64.b64encode(b"\0" * pad + secret.encode()).decode()
        rest = (len(secret.encode()) + pad) % 3
        core = text[(0, 2, 3)[pad] :].rstrip("=")[: -1 if rest else None]
        yield core
        yield core.replace("+", "-").replace("/", "_")


PRIVATE_KEY = rsa.generate_private_key(65537, 2048)
PEM = PRIVATE_KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def planted(place: str) -> str:
    """A secret nobody else has, with characters that are written otherwise in a URL."""
    return f"planted/{place}+{len(place)}=&?"


GIVEN = {place: planted(place) for place in ("from-settings", "token-of-bearer")}
AUTHS: dict[str, dict[str, Any]] = {
    "bearer": {"type": "bearer", "token": "{secrets.token-of-bearer}"},
    "basic": {"type": "http_basic", "username": planted("basic-user"), "password": planted("basic-password")},
    "digest": {"type": "digest", "username": planted("digest-user"), "password": planted("digest-password")},
    "key_header": {"type": "api_key", "name": "X-Own", "api_key": planted("key-in-header")},
    "key_query": {"type": "api_key", "name": "own", "api_key": planted("key-in-query"), "location": "query"},
    "key_cookie": {"type": "api_key", "name": "own", "api_key": "planted-key-in-cookie", "location": "cookie"},
    "client": {
        "type": "oauth2_client_credentials",
        "access_token_url": "/token/client",
        "client_id": "me",
        "client_secret": planted("client-secret"),
        "access_token_request_data": {"extra": planted("request-data")},
    },
    "refresh": {
        "type": "oauth2_client_credentials",
        "access_token_url": "/token/refresh",
        "client_id": "me",
        "client_secret": planted("refresh-client-secret"),
        "refresh_token": planted("refresh-token"),
        "client_auth": "basic",
    },
    "password": {
        "type": "oauth2_password",
        "access_token_url": "/token/password",
        "client_id": "me",
        "username": planted("oauth-user"),
        "password": planted("oauth-password"),
    },
    "jwt": {"type": "oauth2_jwt", "access_token_url": "/token/jwt", "client_id": "me", "private_key": PEM},
    "session": {
        "type": "session_login",
        "login_url": "/token/session",
        "json": {"who": planted("session-json")},
        "headers": {"X-Login": planted("session-header")},
        "token_path": "access_token",
    },
    "multi": {
        "type": "multi",
        "auths": [
            {"type": "api_key", "name": "X-Gateway", "api_key": planted("multi-key")},
            {"type": "http_basic", "username": planted("multi-user"), "password": planted("multi-password")},
        ],
    },
}
REQUESTS: dict[str, dict[str, Any]] = {
    "params": {"params": {"api_key": planted("param"), "visible": "{secrets.from-settings}"}},
    "json": {"method": "POST", "json": {"deep": [{"password": planted("json")}]}},
    "data": {"method": "POST", "data": {"secret": planted("data")}},
    "headers": {"headers": {"X-Token": planted("header")}},
}


def secrets_of(value: Any) -> list[str]:
    """The planted texts in a nested value."""
    if isinstance(value, dict):
        return [secret for item in value.values() for secret in secrets_of(item)]
    if isinstance(value, list):
        return [secret for item in value for secret in secrets_of(item)]
    return [value] if isinstance(value, str) and "planted" in value else []
