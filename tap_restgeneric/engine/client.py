"""How is one call exchanged for one reply? Sign, wait for a turn, send, judge, try again."""

from __future__ import annotations

import logging
import math
import random
import re
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urljoin, urlsplit

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from tap_restgeneric.dialect.auth.tokens import Token
from tap_restgeneric.dialect.exchange import Call, Reply, origin, without_query
from tap_restgeneric.dialect.replies import bodies
from tap_restgeneric.dialect.replies.verdicts import ACCEPT, ErrorHandler, ReplyMatch, ResponseAction, judged
from tap_restgeneric.engine.gate import Gate, Gates
from tap_restgeneric.engine.kept_replies import KeptReplies
from tap_restgeneric.engine.transport import Send, TransientError
from tap_restgeneric.errors import CredentialError, ReplyError, RestGenericError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tap_restgeneric.dialect.auth.schemes import Auth
    from tap_restgeneric.dialect.source import Client as ClientBlock
    from tap_restgeneric.dialect.source import RateLimit
    from tap_restgeneric.engine.kept_tokens import KeptTokens
    from tap_restgeneric.engine.redaction import Redactor
    from tap_restgeneric.engine.report import Tally

logger = logging.getLogger("tap-restgeneric")

_UNAUTHORIZED = 401
_TOO_BUSY = (429, 503)
_REDIRECTS = (301, 302, 303, 307, 308)
_MOST_REDIRECTS = 10
_FIRST_ERROR = 400
_JITTER = 0.1
_PLAIN = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]+)?(?=[/?#]|$)")
"""Scheme and host of a URL in which both can be read in one way only."""


@dataclass(frozen=True, kw_only=True)
class Policy:
    """How the calls of one resource are treated.

    Attributes:
        auth: The credentials, or None.
        handler: Which replies are retried.
        actions: What replies mean beside their status.
        rate_limit: A limit of the resource alone.
        resource: Its name.
        origins: Origins beside the client's that get the credentials: those the user wrote.
        decoded: Makes values of a body and its charset; None: it is JSON, and wanted whole.
        rejected: Which replies mean that the sync token is not taken; None where none is sent.
        guarded: Whether replies may hold a token, so that messages do not show them.
        keeps: Whether replies are kept for whoever asks for the same soon.
    """

    auth: Auth | None = None
    handler: ErrorHandler = field(default_factory=ErrorHandler)
    actions: Sequence[ResponseAction] = ()
    rate_limit: RateLimit | None = None
    resource: str = ""
    origins: frozenset[str] = frozenset()
    decoded: Callable[[bytes, str | None], Any] | None = None
    rejected: ReplyMatch | None = None
    guarded: bool = False
    keeps: bool = False


class SyncTokenRejectedError(Exception):
    """The API does not take the token of the last run. No user meets it: the read begins anew without."""


@dataclass
class Attempts:
    """What is left of the retries of one exchange: an action with numbers of its own has a budget of its own.

    Attributes:
        made: Requests that were answered so that they have to be repeated.
        busy: Whether the API refused the last one because it has too much to do: the next one goes alone.
        crowded: Whether others were under way then. It may be well without them, so that uses up no retry.
    """

    made: int = 0
    busy: bool = False
    crowded: bool = False
    _waits: dict[ErrorHandler, Iterator[float]] = field(default_factory=dict)

    def wait(self, handler: ErrorHandler) -> float | None:
        """Seconds before the next attempt; None if there is none."""
        self.made += 1
        if self.busy and self.crowded and handler.max_retries:
            return next(handler.waits())
        return next(self._waits.setdefault(handler, handler.waits()), None)


class Client:
    """Exchanges calls for replies: one token per auth block, one pace per host, credentials only where they belong.

    Args:
        block: The `client` block of the source.
        send: Sends one signed call.
        sleep: Waits for seconds.
        now: Seconds since the epoch.
        clock: Seconds that only grow.
        redactor: Learns the tokens that are obtained.
        rate_limit: The tap's own limit over all requests.
        kept: Where refresh tokens are that an API has changed; None: nowhere.

    Attributes:
        replies: What was read a moment ago, and is not asked for again.
    """

    def __init__(  # noqa: PLR0913 (the outside world, piece by piece)
        self,
        block: ClientBlock,
        *,
        send: Send,
        sleep: Callable[[float], None],
        now: Callable[[], float],
        clock: Callable[[], float],
        redactor: Redactor,
        rate_limit: RateLimit | None = None,
        kept: KeptTokens | None = None,
    ) -> None:
        """Nothing was sent, no token was asked for."""
        self._block = block
        self._send = send
        self._sleep = sleep
        self._now = now
        self._redactor = redactor
        self._clock = clock
        self._gates = Gates(sleep=sleep, now=clock)
        self._limits = tuple(Gate(limit) for limit in (rate_limit, block.rate_limit) if limit)
        self._resource_limits: dict[str, tuple[Gate, ...]] = {}
        self._trusted: set[tuple[str, frozenset[str]]] = set()
        self._tokens: dict[Auth, Token] = {}
        self._kept = kept
        self._token_lock = threading.Lock()
        self.replies = KeptReplies(clock)

    def exchange(self, call: Call, policy: Policy, tally: Tally) -> Reply | None:
        """The reply to a call; None if a response action ignores it.

        Raises:
            CredentialError: The API refuses the credentials.
            ReplyError: The reply means failure.
            SyncTokenRejectedError: The reply means that the sync token is not taken.
            UnavailableError: The reply was to be retried, and no retry is left.
        """
        if policy.keeps:
            return self.replies.keeping(call, lambda: self._accepted(call, policy, tally))
        if kept := self.replies.take(call):
            reply, seconds = kept
            tally.had(seconds)
            return replace(reply, decoded=policy.decoded)
        return self._accepted(call, policy, tally)

    def _accepted(self, call: Call, policy: Policy, tally: Tally) -> Reply | None:
        """The reply to a call that means success, after as many requests as it takes."""
        attempts = Attempts()
        renewed = False
        while True:
            token = self._token(policy.auth, tally)
            reply: Reply | None = None
            handler = policy.handler
            try:
                reply = self._followed(call, policy, token, attempts, tally)
            except TransientError as error:
                reason: RestGenericError = UnavailableError(f"no answer from {without_query(call.url)}: {error}")
            else:
                if reply.status == _UNAUTHORIZED and token is not None and not renewed:
                    renewed = True
                    self._renounce(policy.auth, token)
                    continue
                if policy.rejected and policy.rejected.matches(reply):
                    raise SyncTokenRejectedError(bodies.describe(reply))
                shown = bodies.guarded(reply) if policy.guarded else reply
                verdict = judged(shown, policy.handler, policy.actions)
                if verdict.kind == "ignore":
                    return None
                if verdict is ACCEPT:
                    return reply
                reason = _named(verdict.error, call)
                if verdict.kind == "fail":
                    raise reason
                handler = verdict.handler or handler
            self._pause(attempts, handler, reply, reason, tally)

    def _pause(
        self, attempts: Attempts, handler: ErrorHandler, reply: Reply | None, reason: Exception, tally: Tally
    ) -> None:
        computed = attempts.wait(handler)
        if computed is None:
            tally.warn(f"a retry budget is spent (max_retries: {handler.max_retries})")
            raise UnavailableError(f"gave up after {attempts.made} requests; the last: {reason}")
        wait = handler.wait(computed, reply, self._now())
        jitter = random.uniform(0, _JITTER * wait)  # noqa: S311 (spreads retries, hides nothing)
        wait = min(wait + jitter, handler.max_wait)
        tally.asks_again()
        logger.info("stream %r: retry in %.1f s: %s", tally.stream, wait, reason)
        if attempts.busy and reply is not None:
            self._gates.hold(origin(reply.url), wait)
        else:
            self._sleep(wait)

    def _followed(self, call: Call, policy: Policy, token: Token | None, attempts: Attempts, tally: Tally) -> Reply:
        """The reply at the end of redirects, each of which must stay where credentials may go."""
        for _ in range(_MOST_REDIRECTS):
            call = self._contained(call, policy)
            reply = self._sent(call, policy, token, attempts, tally)
            target = reply.headers.get("location") if reply.status in _REDIRECTS else None
            if not target:
                return reply
            call = _redirected(call, reply.status, _joined(call.url, target))
        raise ReplyError(f"more than {_MOST_REDIRECTS} redirects from {without_query(call.url)}")

    def _sent(self, call: Call, policy: Policy, token: Token | None, attempts: Attempts, tally: Tally) -> Reply:
        """The reply to one request, which waits for its turn."""
        signed = policy.auth.sign(call, token) if policy.auth else call
        if signed.params is not call.params:
            self._redactor.conceal(name for name, value in signed.params if (name, value) not in call.params)
        tally.waits()
        passage = self._gates.enter(call.origin, self._limits_of(policy), alone=attempts.busy)
        attempts.busy = well = False
        hold = None
        tally.asked()
        begun = self._clock()
        try:
            reply = self._send(signed, policy.auth.digest if policy.auth else None)
            attempts.busy, well = reply.status in _TOO_BUSY, reply.status < _FIRST_ERROR
            hold = self._hold(reply, policy.handler) if attempts.busy else None
        finally:
            self._gates.leave(passage, well=well, hold=hold)
            tally.answered(self._clock() - begun)
        attempts.crowded = not passage.alone
        if reply.url == call.url and policy.decoded is None:
            return reply
        return replace(reply, url=call.url, decoded=policy.decoded)

    def _hold(self, reply: Reply, handler: ErrorHandler) -> float:
        """Seconds in which nobody asks an API that is too busy."""
        retried = reply.status in handler.retry_on_status_codes
        return handler.wait(handler.backoff_factor, reply, self._now()) if retried else 0

    def _contained(self, call: Call, policy: Policy) -> Call:
        """The call, if its host may see what is sent; plain http becomes https where the base is https.

        Raises:
            ReplyError: It may not.
        """
        plain = _PLAIN.match(call.url)
        if plain and (plain[0], policy.origins) in self._trusted:
            return call
        base = urlsplit(self._block.base_url)
        target = _split(call.url)
        if base.scheme == "https" and target.scheme == "http" and base.hostname == target.hostname:
            netloc = base.netloc.rpartition("@")[2]
            return self._contained(replace(call, url=target._replace(scheme="https", netloc=netloc).geturl()), policy)
        host = target.netloc.rpartition("@")[2].lower()
        own = call.origin in policy.origins or call.origin == origin(self._block.base_url)
        if own or target.hostname in self._block.allowed_hosts or host in self._block.allowed_hosts:
            if plain:
                self._trusted.add((plain[0], policy.origins))
            return call
        raise ReplyError(
            f"will not ask {host or call.url[:50]!r}, which is not the host of client.base_url: "
            "if it belongs to the API, add it to client.allowed_hosts"
        )

    def _token(self, auth: Auth | None, tally: Tally) -> Token | None:
        """The token that signs calls now: one for all streams, renewed before it runs out."""
        if auth is None:
            return None
        with self._token_lock:
            token = self._tokens.get(auth) or self._given(auth)
            if token is not None and token.fresh(self._now()):
                self._tokens[auth] = token
                return token
            call = auth.token_call(self._block.base_url, token, self._now())
            if call is None:
                return None
            renewed = auth.token_from(self._token_reply(call, tally), self._now(), token)
            self._redactor.add([renewed.access_token, renewed.refresh_token])
            used = (token and token.refresh_token) or (auth.refreshing or ("",))[-1]
            if renewed.refresh_token and renewed.refresh_token != used:
                self._keep(auth, renewed.refresh_token, tally)
            self._tokens[auth] = renewed
            return renewed

    def _given(self, auth: Auth) -> Token | None:
        """The token that is known before one is asked for: of the settings, or what an earlier run has left."""
        given = auth.given()
        newest = self._kept.newest(auth) if self._kept and auth.refreshing else None
        if newest is None:
            return given
        self._redactor.add([newest])
        return replace(given or Token(access_token="", expires_at=-math.inf), refresh_token=newest)

    def _keep(self, auth: Auth, refresh_token: str, tally: Tally) -> None:
        """Keeps a refresh token before anything is done with it: the one before is void by now."""
        try:
            if self._kept:
                self._kept.keep(auth, refresh_token)
        except OSError as error:
            file = self._kept.file(auth) if self._kept else None
            tally.warn(
                f"the API has changed the refresh token, and {file} cannot be written ({error.strerror}): after this "
                "run nobody knows it. Name a folder in the setting token_folder"
            )

    def _token_reply(self, call: Call, tally: Tally) -> Reply:
        policy = Policy(origins=frozenset({call.origin}), guarded=True)
        try:
            reply = self.exchange(call, policy, tally)
        except (ReplyError, CredentialError) as error:
            raise CredentialError(f"no token: {error}") from None
        if reply is None:  # pragma: no cover (no action ignores it)
            raise CredentialError("no token: the reply was ignored")
        return reply

    def _renounce(self, auth: Auth | None, refused: Token) -> None:
        """Forgets a token that was refused, unless another thread got a new one already."""
        with self._token_lock:
            if auth is not None and self._tokens.get(auth) is refused:
                self._tokens[auth] = replace(refused, expires_at=0)

    def _limits_of(self, policy: Policy) -> tuple[Gate, ...]:
        """The rate limits that hold for a resource together."""
        if policy.rate_limit is None:
            return self._limits
        own = self._resource_limits.get(policy.resource)
        return own or self._resource_limits.setdefault(policy.resource, (*self._limits, Gate(policy.rate_limit)))


def _joined(url: str, target: str) -> str:
    """Where a redirect leads.

    Raises:
        ReplyError: Nowhere.
    """
    try:
        return urljoin(url, target)
    except ValueError:
        raise ReplyError(f"a redirect to what is no URL: {target[:100]!r}") from None


def _redirected(call: Call, status: int, url: str) -> Call:
    """The call that a redirect asks for: a POST becomes a GET as every client does it, except for 307 and 308."""
    moved = replace(call, url=url, params=())
    keeps_body = status in (307, 308) or call.method in {"GET", "HEAD"}
    return moved if keeps_body else replace(moved, method="GET", json=None, data=None)


def _named(error: RestGenericError | None, call: Call) -> RestGenericError:
    kind = type(error) if error else ReplyError
    return kind(f"{call.method} {without_query(call.url)}: {error}")


def _split(url: str) -> SplitResult:
    r"""The parts of a URL.

    Raises:
        ReplyError: It is none, or `urllib3` would send it to another host than the one that stands here: the two do
            not read every URL alike (`https://one\@two/`).
    """
    try:
        parts = urlsplit(url)
        here, sent = parse_url(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/"), parse_url(url)
    except (ValueError, LocationParseError):
        raise ReplyError(f"this is no URL: {url[:100]!r}") from None
    if (here.scheme, here.host, here.port) != (sent.scheme, sent.host, sent.port):
        raise ReplyError(f"will not ask {url[:100]!r}, whose host can be read in two ways")
    return parts
