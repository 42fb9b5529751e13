"""Which pages does a resource have? Its calls in order, and the pages they give."""

from __future__ import annotations

import logging
from collections import deque
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from tap_restgeneric.dialect.exchange import Call, Page, Position, Reply, Stop, origin, without_query
from tap_restgeneric.dialect.jsonpath.selectors import Selected, Selector, detect, rivals
from tap_restgeneric.dialect.paging import links
from tap_restgeneric.dialect.paging.paginators import Paginator, SinglePage
from tap_restgeneric.dialect.replies import bodies, formats
from tap_restgeneric.dialect.words import describe_keys, kind
from tap_restgeneric.engine.client import Client, Policy
from tap_restgeneric.engine.loop_guard import LoopGuard
from tap_restgeneric.engine.pool import ONE_BY_ONE, Pending, Pool
from tap_restgeneric.errors import ReplyError, RestGenericError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tap_restgeneric.dialect.relations import Node
    from tap_restgeneric.dialect.source import Endpoint
    from tap_restgeneric.engine.report import Tally
    from tap_restgeneric.engine.rows import Opener, Openers, Rows

logger = logging.getLogger("tap-restgeneric")

WINDOW_PARAMS = "incremental.params"
"""Under this name the values of a window hold the query parameters of `start_param` and `end_param`."""

_PROMISED = ("cursor", "link")
"""Positions that lead to a page which is there, since the one before says so."""
_NO_CONTENT = 204
_HELD = 16 * 1024 * 1024
"""Bytes of the pages of a sequence that are asked for before their turn, if they are as large as the one in hand."""


def policy(node: Node) -> Policy:
    """How the calls of a resource are treated."""
    endpoint = node.resource.endpoint
    origins = set(node.auth.origins(node.client.base_url)) if node.auth else set()
    if endpoint.path.lower().startswith(("http://", "https://")) and "{" not in endpoint.path.split("/")[2]:
        origins.add(origin(endpoint.path.partition("{")[0]))
    return Policy(
        auth=node.auth,
        handler=endpoint.error_handler,
        actions=endpoint.response_actions,
        rate_limit=node.resource.rate_limit,
        decoded=_decoder(endpoint),
        resource=node.name,
        origins=frozenset(origins),
    )


def _decoder(endpoint: Endpoint) -> Callable[[bytes, str | None], Any] | None:
    if endpoint.response_format == "json":
        return None
    return partial(formats.decode, format=endpoint.response_format, csv=endpoint.csv)


def pages(node: Node, client: Client, values: Mapping[str, Any], tally: Tally) -> Iterator[Page]:
    """The pages of one sequence of requests, each asked for when it is wanted; see `Reading`."""
    return Reading(node, client, values, tally, ONE_BY_ONE).pages()


class Reading:
    """One sequence of requests: its pages in order, the next ones asked for ahead where the pool has room.

    Args:
        node: The resource; it has a request.
        client: Exchanges calls for replies.
        values: Values of the placeholders.
        tally: Counts what happens.
        pool: Runs the exchanges.
        openers: Type the records on the way, where nothing needs them as objects.
        rules: The policy of the resource, if somebody has it at hand.

    Attributes:
        following: Where the page behind the one in hand stands; None if there is none.
        resumes: Whether it begins where an earlier run stopped, and no page has come yet. A page there without
            anything on it, or none, is taken for a place that the API does not know any more: a ReplyError.
        ignored: Whether a reply was left out by a response action, and with it what would have come behind it.
    """

    def __init__(  # noqa: PLR0913 (all that a sequence of requests needs)
        self,
        node: Node,
        client: Client,
        values: Mapping[str, Any],
        tally: Tally,
        pool: Pool,
        *,
        openers: Openers | None = None,
        rules: Policy | None = None,
    ) -> None:
        """Nothing was asked for."""
        self._node = node
        self._client = client
        self._values = values
        self._tally = tally
        self._pool = pool
        self._openers = openers
        self._policy = rules or policy(node)
        rejected = node.sync_token.rejection(values) if node.sync_token else None
        self._rules = replace(self._policy, rejected=rejected) if rejected else self._policy
        self._paginator = node.paginator
        self._selector = node.selector
        self._asked: deque[tuple[Position, Call, Pending[Reply | None]]] = deque()
        self._call: Call | None = None
        self._foreseen = True
        self._short = False
        self.following: Position | None = self._paginator.first()
        self.resumes = self._is_rest = False
        self.ignored = False

    @property
    def paginator(self) -> Paginator:
        """The one that is followed: what the first reply showed, if none was given."""
        return self._paginator

    def from_(self, position: Position, paginator: Paginator | None) -> Reading:
        """The same sequence of requests from a page on which an earlier run did not read any more.

        Args:
            position: Where the page stands.
            paginator: The one that was detected then.
        """
        later = self.anew({})
        later.following, later.resumes, later._is_rest = position, True, True  # noqa: SLF001
        later._paginator = paginator or self._paginator  # noqa: SLF001
        return later

    def anew(self, values: Mapping[str, Any]) -> Reading:
        """The same sequence of requests with other values of some placeholders, nothing asked for."""
        changed = {**self._values, **values}
        return Reading(
            self._node, self._client, changed, self._tally, self._pool, openers=self._openers, rules=self._policy
        )

    def begin(self) -> Call:
        """Asks for the first page, so that it is there when its turn comes; gives the call without its position."""
        if self._call is None:
            self._call = self._first_call()
            self._ask(self._call, self.following or self._paginator.first())
        return self._call

    def opening(self) -> Call:
        """The call for the first page, unsigned, asked for by nobody."""
        return self._paginator.at(self._first_call(), self._paginator.first())

    def pages(self) -> Iterator[Page]:
        """The pages in order. A page is given before anything about the next one goes wrong.

        Raises:
            RestGenericError: With the stream in its message.
            SyncTokenRejectedError: The token among the values is not taken.
        """
        try:
            keyed = bool(self._node.resource.primary_key)
            yield from self._pages(LoopGuard(self._paginator, self.begin(), keyed=keyed))
        except RestGenericError as error:
            raise type(error)(f"stream {self._node.name!r}: {error}") from error
        finally:
            self.drop()

    def drop(self) -> None:
        """Gives up what was asked for and not read."""
        for _, _, pending in self._asked:
            pending.drop()
        self._asked.clear()

    def _first_call(self) -> Call:
        if self._node.request is None:
            raise TypeError(f"{self._node.name!r} has no request: its rows stand in records of {self._node.parent!r}")
        bound = self._node.bound(self._values)
        call = self._node.request.call(bound)
        for name, value in bound.get(WINDOW_PARAMS, {}).items():
            call = call.with_param(name, value)
        return self._node.sync_token.placed(call, self._values) if self._node.sync_token else call

    def _pages(self, guard: LoopGuard) -> Iterator[Page]:
        while self._asked:
            position, call, pending = self._asked.popleft()
            guard.go_to(position)
            reply = pending.result()
            if reply is None and self.resumes:
                raise ReplyError(f"{position}: ignored by response_actions")
            if reply is None:
                self.ignored = True
                self._stop(Stop("ignored by response_actions"))
                return
            self._selector = self._selector or _detected_selector(reply, self._tally)
            page = self._page(call, reply, position, self._selector)
            if self._paginator is self._node.paginator:
                self._paginator = guard.paginator = _settled(self._paginator, page, self._tally)
            guard.check(page)
            self._compare(page)
            if self.resumes and not page.entries:
                raise ReplyError(f"{position}: there is nothing")
            self.resumes = False
            failure = self._tried(page)
            yield page
            if failure:
                raise failure

    def _page(self, call: Call, reply: Reply, position: Position, selector: Selector) -> Page:
        tally = self._tally
        try:
            rows = self._typed(reply)
            selected = selector.records(reply.body) if rows is None else Selected(rows, len(rows), matched=True)
            self._look_at(reply, position, selected, selector)
        except ReplyError as error:
            raise ReplyError(f"{position} of {call.method} {without_query(call.url)}: {error}") from None
        tally.pages += 1
        return Page(
            call=call,
            reply=reply,
            position=position,
            records=selected.records,
            entries=selected.entries,
            matched=selected.matched,
        )

    def _compare(self, page: Page) -> None:
        """Warns if a page before this one was shorter than asked for, and yet not the last."""
        limit = getattr(self._paginator, "limit", None)
        if self._short and page.entries:
            self._tally.warn(f"pages are shorter than limit ({limit}) while more follow: the API caps their size")
        self._short = bool(self._paginator.counts and limit and page.entries < limit)

    def _look_at(self, reply: Reply, position: Position, selected: Selected, selector: Selector) -> None:
        """Says where a reply may not be the page that was asked for.

        Raises:
            ReplyError: It cannot be.
        """
        body = reply.body
        if body is None and position.kind in _PROMISED and reply.status != _NO_CONTENT:
            raise ReplyError(f"the body is empty (status {reply.status}), though the page before leads here")
        if not selected.matched and body is not None and not isinstance(body, (dict, list)):
            raise ReplyError(f"the body is {kind(body)}, neither an object nor a list: {bodies.describe(reply)}")
        if not selected.matched and body:
            missed = f"data_selector {selector} matches nothing; the body has {describe_keys(body)}"
            self._tally.unmatched = self._tally.unmatched or missed
        if selected.nulls:
            self._tally.warn("null stands among the records: it is left out")

    def _tried(self, page: Page) -> RestGenericError | None:
        """Asks for what comes behind a page; what goes wrong waits until the page was delivered."""
        try:
            self._go_on(page)
        except RestGenericError as error:
            return error
        return None

    def _go_on(self, page: Page) -> None:
        following = self._paginator.after(page)
        if isinstance(following, Position) and following.kind == "link" and self._rules.auth:
            # Only without the key can it be seen that a link leads to the page just read.
            following = links.position(page, self._rules.auth.unsigned(str(following.value)))
        self.following = following if isinstance(following, Position) else None
        if self.following and not self._node.parent:
            self._tally.share = self._paginator.share(self.following)
        if isinstance(following, Stop):
            self._stop(following)
            return
        if self._asked and self._asked[0][0] != following:
            self._foreseen = False  # pages of other sizes: what was asked ahead was in vain, and would be again
            self.drop()
        if not self._asked:
            self._ask(self.begin(), following)
        self._ask_ahead(page)

    def _ask_ahead(self, page: Page) -> None:
        """Asks for pages whose places are known from a total: as many as the pool can take, and memory."""
        if not (self._pool.reads_ahead and self._foreseen):
            return
        asked = len(self._asked)
        held = min(self._pool.holds, max(1, _HELD // max(1, len(page.reply.content))))
        under_way = sum(not pending.is_there for _, _, pending in self._asked)
        more = min(held - asked, self._pool.width - under_way)
        if more > 0:
            for position in islice(self._paginator.known_after(page, asked), more):
                self._ask(self.begin(), position)

    def _ask(self, first: Call, position: Position) -> None:
        call = self._paginator.at(first, position)
        self._asked.append((position, call, self._pool.submit(lambda: self._exchanged(call))))

    def _exchanged(self, call: Call) -> Reply | None:
        opener = self._opener
        rules = self._rules if opener is None else replace(self._rules, decoded=opener)
        reply = self._client.exchange(call, rules, self._tally)
        if reply is not None and self._pool.reads_ahead and not rules.keeps:
            with suppress(ReplyError):
                _ = reply.body  # here, and not where its turn is waited for
        return reply

    @property
    def _opener(self) -> Opener | None:
        """Types the records of a body, if nobody needs them as objects and the way to them is plain."""
        return self._openers.of(str(self._selector)) if self._openers and self._selector else None

    def _typed(self, reply: Reply) -> Rows | None:
        """The records of a reply, typed; None if they are not."""
        opener = self._opener
        return opener.rows(reply.body) if opener else None

    def _stop(self, stop: Stop) -> None:
        self.drop()
        self._tally.sequences += 1
        self._tally.stops[stop.reason] += 1
        if not self._is_rest:  # the first pages, which say more, came in an earlier run
            self._tally.doubt = stop.doubt or self._tally.doubt
        if stop.warning:
            self._tally.warn(stop.warning)


def _detected_selector(reply: Reply, tally: Tally) -> Selector:
    selector, others = detect(reply.body), rivals(reply.body)
    logger.info("stream %r: records found at %s (no data_selector given)", tally.stream, selector)
    if others:
        tally.warn(f"records are read at {selector}, and the reply has {', '.join(others)} too: say data_selector")
    return selector


def _settled(paginator: Paginator, page: Page, tally: Tally) -> Paginator:
    settled = paginator.settled(page)
    if settled is not paginator:
        details = settled.model_dump(mode="json", exclude_defaults=True)
        logger.info("stream %r: paginator detected: %s %s", tally.stream, settled.type, details or "")
        if isinstance(settled, SinglePage) and page.entries > 1:
            tally.warn("no paginator given, and the reply shows no way to a next page: one page is read")
    return settled
