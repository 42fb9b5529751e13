"""How do the bytes travel? One request, nothing followed, nothing repeated, over connections that are kept open.

`requests` says where a host is reached (proxies, certificates, its environment variables) and how a URL is written;
that is asked once per host and once per URL. The bytes themselves go straight over the connection pool behind it.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import msgspec
import requests
import urllib3
from msgspec import Struct
from requests import exceptions as failures
from requests.adapters import HTTPAdapter
from requests.auth import HTTPDigestAuth
from requests.cookies import extract_cookies_to_jar, get_cookie_header
from requests.structures import CaseInsensitiveDict
from urllib3 import exceptions as breaks

from tap_restgeneric.dialect.exchange import Call, Reply
from tap_restgeneric.engine import unpacking
from tap_restgeneric.engine.deadlines import PatientAdapter
from tap_restgeneric.errors import ReplyError

if TYPE_CHECKING:
    from urllib3.response import BaseHTTPResponse

LONGEST_EXCHANGE = 600.0
LARGEST_BODY = 100 * unpacking.MEGABYTE
_URLS = 1024
_PLAIN = re.compile(r"https?://[A-Za-z0-9.:-]+(?P<path>/(?:[A-Za-z0-9_~$&+,;=:@-]|\.(?!\.?(?:/|\Z))|/(?!\.))*)")
"""A URL that is sent as it stands: nothing to be encoded or resolved in it, and no query."""
_MOST_COOKIES = 100
_encoder = msgspec.json.Encoder(decimal_format="number")


class TransientError(Exception):
    """The exchange did not come to an end, and may if it is tried again."""


Send = Callable[[Call, "tuple[str, str] | None"], Reply]
"""Sends a signed call; beside it user name and password for HTTP digest, if that is how it is signed."""


class _Route(Struct, frozen=True):
    """How a host is reached.

    Attributes:
        pool: Connections to it, or to the proxy before it.
        forwarded: Whether a proxy wants the whole URL in the request line.
    """

    pool: urllib3.HTTPConnectionPool
    forwarded: bool


class Transport:
    """Sends calls; threads share its connections and cookies.

    Args:
        timeout: Seconds to connect, and between two pieces of an answer.
        user_agent: Value of the User-Agent header.
        largest_body: Bytes that a body may have after decompression.
        connections: Connections that are kept open for each host.
        exchange_timeout: Seconds that an answer may take in all; None: no bound, over the usual connections, which
            others may stand in for.
    """

    def __init__(
        self,
        *,
        timeout: float,
        user_agent: str,
        largest_body: int = LARGEST_BODY,
        connections: int = 1,
        exchange_timeout: float | None = LONGEST_EXCHANGE,
    ) -> None:
        """No connection is open yet."""
        self._timeout = urllib3.Timeout(connect=timeout, read=timeout)
        self._largest_body = largest_body
        self._session = requests.Session()
        self._session.headers.update({"User-Agent": user_agent, "Accept": "application/json, */*;q=0.5"})
        self._session.headers["Accept-Encoding"] = unpacking.ACCEPTED
        if exchange_timeout is not None:
            for scheme in ("http://", "https://"):
                self._session.mount(scheme, PatientAdapter(seconds=exchange_timeout, pool_maxsize=connections))
        self._headers = {name.lower(): (name, str(value)) for name, value in self._session.headers.items()}
        self._routes: dict[str, _Route] = {}
        self._lock = threading.Lock()

    def __call__(self, call: Call, digest: tuple[str, str] | None) -> Reply:
        """The reply to a signed call.

        Args:
            call: What to send.
            digest: User name and password for HTTP digest, which needs the challenge of the server.

        Raises:
            TransientError: Connection refused or lost, time-out, body cut off.
            ReplyError: The URL cannot be asked, TLS cannot be trusted, or the body is too large.
        """
        try:
            answer = self._challenged(call, HTTPDigestAuth(*digest)) if digest else self._sent(call)
            try:
                content = unpacking.content(answer, self._largest_body)
            except BaseException:
                answer.close()  # what is left of the answer must not be taken for the next one
                raise
            answer.release_conn()
        except (failures.SSLError, breaks.SSLError) as error:
            reason = _reason(error)
            if "EOF" in reason:
                raise TransientError(reason) from None
            raise ReplyError(f"no TLS connection that can be trusted: {reason}") from None
        except unpacking.PackedError as error:
            raise TransientError(str(error)) from None
        except (
            failures.ConnectionError,
            failures.Timeout,
            failures.ChunkedEncodingError,
            failures.ContentDecodingError,
        ) as error:
            raise TransientError(_reason(error)) from None
        except (failures.RequestException, breaks.LocationValueError, ValueError, UnicodeError) as error:
            raise ReplyError(f"the request cannot be sent: {error}") from None
        except breaks.HTTPError as error:
            raise TransientError(_reason(error)) from None
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Reply(url=call.url, status=answer.status, headers=headers, content=content)

    def close(self) -> None:
        """Closes all connections; the next call opens new ones."""
        with self._lock:
            self._routes.clear()
            self._session.close()

    def _sent(self, call: Call) -> BaseHTTPResponse:
        route = self._routes.get(call.origin) or self._route(call.origin, _place(call.url))
        plain = None if route.forwarded else _PLAIN.fullmatch(call.url)
        target = plain["path"] if plain else _target(call.url, route)
        headers, body = self._written(call)
        answer = route.pool.urlopen(
            call.method,
            _with_query(target, call),
            body=body,
            headers=headers,
            timeout=self._timeout,
            retries=False,
            redirect=False,
            assert_same_host=False,
            preload_content=False,
            decode_content=False,
        )
        if "set-cookie" in answer.headers and len(self._session.cookies) < _MOST_COOKIES:
            extract_cookies_to_jar(self._session.cookies, _place(call.url), answer)  # type: ignore[no-untyped-call]
        return answer

    def _route(self, origin: str, place: requests.PreparedRequest) -> _Route:
        with self._lock:
            url = str(place.url)
            settings = self._session.merge_environment_settings(url, {}, None, None, None)
            adapter = self._session.get_adapter(url)
            if not isinstance(adapter, HTTPAdapter):  # pragma: no cover (there are no others)
                raise TypeError(f"no way to {origin}")
            pool: Any = adapter.get_connection_with_tls_context(
                place, settings["verify"], proxies=settings["proxies"], cert=settings["cert"]
            )
            forwarded = adapter.request_url(place, settings["proxies"]) != place.path_url
            return self._routes.setdefault(origin, _Route(pool, forwarded))

    def _written(self, call: Call) -> tuple[dict[str, str], bytes | str | None]:
        """Header fields and body as they are sent."""
        fields = dict(self._headers)
        body = call.data
        if call.json is not None:
            fields["content-type"] = ("Content-Type", "application/json")
            body = _encoder.encode(call.json)
        elif call.data and not isinstance(call.data, (str, bytes)):
            fields["content-type"] = ("Content-Type", "application/x-www-form-urlencoded")
            body = urlencode(list(_pairs(call.data.items() if isinstance(call.data, dict) else call.data)))
        if self._session.cookies and (cookies := _cookies(self._session, _place(call.url))):
            fields["cookie"] = ("Cookie", cookies)
        for name, value in call.headers.items():
            if value is not None:
                fields[name.lower()] = (name, value)
        return dict(fields.values()), body or None

    def _challenged(self, call: Call, auth: HTTPDigestAuth) -> BaseHTTPResponse:
        """The answer to a call that `requests` signs, once it knows the challenge of the server."""
        _, body = self._written(call)
        headers = {"Content-Type": "application/json", **call.headers} if call.json is not None else call.headers
        url = _with_query(str(_place(call.url).url), call)
        response = self._session.request(
            call.method,
            url,
            data=call.data if call.json is None else body,
            headers=CaseInsensitiveDict(headers),
            auth=auth,
            timeout=self._timeout,  # type: ignore[arg-type]  # requests takes urllib3's
            allow_redirects=False,
            stream=True,
        )
        answer: BaseHTTPResponse = response.raw
        return answer


def _cookies(session: requests.Session, place: requests.PreparedRequest) -> str | None:
    cookies: str | None = get_cookie_header(session.cookies, place)  # type: ignore[no-untyped-call]
    return cookies


def _target(url: str, route: _Route) -> str:
    """What stands in the request line for a URL without its parameters."""
    place = _place(url)
    return str(place.url).partition("#")[0] if route.forwarded else place.path_url


@lru_cache(_URLS)
def _place(url: str) -> requests.PreparedRequest:
    """A URL as `requests` would write it. It is shared: nobody changes it."""
    place = requests.PreparedRequest()
    place.headers = CaseInsensitiveDict()
    place.prepare_method("GET")
    place.prepare_url(url, None)
    return place


def _with_query(target: str, call: Call) -> str:
    query = urlencode(list(_pairs(call.params)))
    return f"{target}{'&' if '?' in target else '?'}{query}" if query else target


def _pairs(fields: Any) -> Any:
    """Names and values one by one; a list gives a name as often as it has entries, and None none."""
    for name, value in fields:
        for item in value if isinstance(value, (list, tuple)) else (value,):
            if item is not None:
                yield name, item


def _reason(error: Exception) -> str:
    """The innermost reason: urllib3 wraps it, and repeats the URL around it."""
    inner: Any = error
    while causes := [each for each in getattr(inner, "args", ()) if isinstance(each, Exception)]:
        reason = getattr(causes[0], "reason", None)
        inner = reason if isinstance(reason, Exception) else causes[0]
    return f"{type(error).__name__}: {str(inner).rpartition('>: ')[2]}"
