"""How do the bytes travel? One request of `requests`, nothing followed, nothing repeated."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import msgspec
import requests
from requests import exceptions as failures
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase, HTTPDigestAuth

from tap_restgeneric.dialect.exchange import Call, Reply
from tap_restgeneric.errors import ReplyError

LARGEST_BODY = 512 * 1024 * 1024
_CHUNK = 1024 * 1024
_encoder = msgspec.json.Encoder(decimal_format="number")


class TransientError(Exception):
    """The exchange did not come to an end, and may if it is tried again."""


class _NoAuth(AuthBase):
    """Keeps `requests` from adding credentials of its own (a .netrc file)."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


Send = Callable[[Call, "tuple[str, str] | None"], Reply]
"""Sends a signed call; beside it user name and password for HTTP digest, if that is how it is signed."""


class Transport:
    """Sends calls over connections that are kept open, one session a thread.

    Args:
        timeout: Seconds to connect, and between two pieces of an answer.
        user_agent: Value of the User-Agent header.
        largest_body: Bytes that a body may have after decompression.
    """

    def __init__(self, *, timeout: float, user_agent: str, largest_body: int = LARGEST_BODY) -> None:
        """No connection is open yet."""
        self._timeout = timeout
        self._user_agent = user_agent
        self._largest_body = largest_body
        self._local = threading.local()

    def __call__(self, call: Call, digest: tuple[str, str] | None) -> Reply:
        """The reply to a signed call.

        Args:
            call: What to send.
            digest: User name and password for HTTP digest, which needs the challenge of the server.

        Raises:
            TransientError: Connection refused or lost, time-out, body cut off.
            ReplyError: The URL cannot be asked, TLS cannot be trusted, or the body is too large.
        """
        auth: AuthBase = HTTPDigestAuth(*digest) if digest else _NoAuth()
        try:
            with self._session.request(
                call.method,
                call.url,
                params=list(_pairs(call)),
                data=_body(call),
                headers=_headers(call),
                auth=auth,
                timeout=self._timeout,
                allow_redirects=False,
                stream=True,
            ) as response:
                content = self._content(response)
        except failures.SSLError as error:
            reason = _reason(error)
            if "EOF" in reason:
                raise TransientError(reason) from None
            raise ReplyError(f"no TLS connection that can be trusted: {reason}") from None
        except (failures.ConnectionError, failures.Timeout, failures.ChunkedEncodingError) as error:
            raise TransientError(_reason(error)) from None
        except failures.ContentDecodingError as error:
            raise TransientError(f"the body cannot be decompressed: {error}") from None
        except (failures.RequestException, ValueError, UnicodeError) as error:
            raise ReplyError(f"the request cannot be sent: {error}") from None
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Reply(url=call.url, status=response.status_code, headers=headers, content=content)

    @property
    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = requests.Session()
            session.headers.update({"User-Agent": self._user_agent, "Accept": "application/json, */*;q=0.5"})
            session.mount("http://", HTTPAdapter(pool_maxsize=2))
            session.mount("https://", HTTPAdapter(pool_maxsize=2))
        return session

    def _content(self, response: requests.Response) -> bytes:
        pieces, size = [], 0
        for piece in response.iter_content(_CHUNK):
            size += len(piece)
            if size > self._largest_body:
                raise ReplyError(f"the body is larger than {self._largest_body // 1024 // 1024} MB")
            pieces.append(piece)
        return b"".join(pieces)


def _pairs(call: Call) -> Any:
    for name, value in call.params:
        for item in value if isinstance(value, (list, tuple)) else (value,):
            if item is not None:
                yield name, item


def _body(call: Call) -> Any:
    return call.data if call.json is None else _encoder.encode(call.json)


def _headers(call: Call) -> dict[str, str]:
    named = {name.lower() for name in call.headers}
    if call.json is None or "content-type" in named:
        return dict(call.headers)
    return {**call.headers, "Content-Type": "application/json"}


def _reason(error: Exception) -> str:
    """The innermost reason: urllib3 wraps it, and repeats the URL around it."""
    inner: Any = error
    while getattr(inner, "args", None) and isinstance(inner.args[0], Exception):
        reason = getattr(inner.args[0], "reason", None)
        inner = reason if isinstance(reason, Exception) else inner.args[0]
    return f"{type(error).__name__}: {str(inner).rpartition('>: ')[2]}"
