"""What went over the wire, as it was sent and as it came?"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from tap_restgeneric.dialect.exchange import Call, Reply
    from tap_restgeneric.engine.transport import Send


class Exchange(Struct, frozen=True, kw_only=True):
    """One request and what became of it.

    Attributes:
        call: What was sent, credentials included: nothing to show without masking.
        reply: What came back; None if nothing did.
        failure: Why nothing did.
        seconds: From sending to the last byte.
    """

    call: Call
    reply: Reply | None
    failure: str
    seconds: float


class Watched:
    """Sends calls and keeps what was exchanged.

    Args:
        send: Sends them.
        exchanges: Takes the exchanges, in the order in which they end.
    """

    def __init__(self, send: Send, exchanges: list[Exchange]) -> None:
        """Nothing was sent yet."""
        self._send = send
        self._exchanges = exchanges

    def __call__(self, call: Call, digest: tuple[str, str] | None) -> Reply:
        """The reply to a signed call; raises what sending raises."""
        begun = time.monotonic()
        try:
            reply = self._send(call, digest)
        except Exception as error:
            self._keep(call, None, str(error), begun)
            raise
        self._keep(call, reply, "", begun)
        return reply

    def _keep(self, call: Call, reply: Reply | None, failure: str, begun: float) -> None:
        seconds = time.monotonic() - begun
        self._exchanges.append(Exchange(call=call, reply=reply, failure=failure, seconds=seconds))
