"""Where does a full table go on that an earlier run did not finish?"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from tap_restgeneric.dialect.exchange import Position
from tap_restgeneric.dialect.paging.paginators import AnyPaginator, Auto

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_restgeneric.streams.parts import Part
    from tap_restgeneric.streams.stream import ResourceStream
    from tap_restgeneric.tap import TapRestGeneric

PLACE = "position"
"""Under this name the state of a stream holds where its next page is, as long as it has not ended.

`part`: which of its sequences of requests; `page`: `kind`, `value` and `total` of a Position, null for the beginning of
that part; `paginator`: the one that was detected, if none was given; `version`: of the table; `of`: a digest of what is
read; `at`: when this was written.
"""


class Resumption:
    """The place that the full table of a root stream has come to.

    Args:
        stream: The stream.
        tap: Holds the one output, which is also the lock of the state.
    """

    def __init__(self, stream: ResourceStream, tap: TapRestGeneric) -> None:
        """Nothing was read."""
        self._stream = stream
        self._tap = tap
        self._digest = ""
        self._taken: dict[str, Any] = {}
        self._parts = 0

    def begin(self) -> None:
        """Takes the place that the state holds, if it is one of what is read now, and not too old."""
        self._taken = {}
        if not self._is_kept:
            self.over()
            return
        self._digest = self._digested()
        found = self._stream.stream_state.get(PLACE)
        if isinstance(found, dict) and self._holds(found):
            self._taken = found
        else:
            self.over()

    @property
    def is_taken(self) -> bool:
        """Whether this run reads what an earlier one has left."""
        return bool(self._taken)

    @property
    def version(self) -> int:
        """The version of the table: that of the run which began to read it."""
        version: int = self._taken.get("version") or self._tap.initialized_at // 1000
        return version

    def left(self, parts: Sequence[Part]) -> Sequence[Part]:
        """What is still to be read of a stream."""
        self._parts = len(parts)
        if not self._taken or self._taken["part"] >= len(parts):
            return parts
        first, *later = parts[self._taken["part"] :]
        page, paginator = self._taken["page"], self._taken.get("paginator")
        since = self._taken["at"]
        self._tap.logger.info(
            "stream %r: goes on where the run stopped that wrote its state at %s", self._stream.name, since
        )
        if page is None:
            return [first, *later]
        known = TypeAdapter(AnyPaginator).validate_python(paginator) if paginator else None
        return [replace(first, reading=first.reading.from_(Position(**page), known)), *later]

    def reached(self, part: Part, following: Position | None) -> None:
        """Notes that all before a page of a part is out, children included.

        Args:
            part: The part; it may have been read further, for children that are still to come.
            following: Where the page stands; None: the part has no more.
        """
        is_last = following is None and part.number + 1 >= self._parts
        if is_last or not self._is_kept or not self._stream.progress.is_told:
            return
        place = self._place(part, following)
        with self._tap.output:
            if place is None:
                self._stream.stream_state.pop(PLACE, None)
            else:
                self._stream.stream_state[PLACE] = place
            self._stream.has_news(state=True)

    def over(self) -> None:
        """Forgets the place: the stream has ended, or begins anew."""
        with self._tap.output:
            if self._stream.stream_state.pop(PLACE, None) is not None:
                self._stream.has_news(state=True)

    @property
    def _is_kept(self) -> bool:
        """Whether the place of the stream is kept: of a full table that is read for itself."""
        stream = self._stream
        root = stream.parent_stream_type is None and not stream.node.reads_changes
        return root and not stream.get_batch_config(stream.config) and self._tap.resume_within > timedelta()

    def _holds(self, found: dict[str, Any]) -> bool:
        try:
            age = self._tap.now() - datetime.fromisoformat(found["at"])
            Position(**(found["page"] or {"kind": "start"}))  # it may have been written by hand
            return found["of"] == self._digest and age <= self._tap.resume_within and found["part"] >= 0
        except (KeyError, TypeError, ValueError):
            return False

    def _place(self, part: Part, following: Position | None) -> dict[str, Any] | None:
        """The place behind a page; None if it cannot be kept: it is no JSON, or there is a secret in it."""
        place: dict[str, Any] = {"part": part.number + (following is None), "page": None}
        if following is not None and following.kind != "start":
            if not isinstance(following.value, (str, int)):
                return None
            place["page"] = {"kind": following.kind, "value": following.value, "total": following.total}
            if isinstance(self._stream.node.paginator, Auto):
                known = part.reading.paginator
                place["paginator"] = known.model_dump(mode="json", exclude_defaults=True) | {"type": known.type}
        text = json.dumps(place)
        if self._tap.redactor(text) != text:
            return None
        kept = {"version": self._stream.version} if self._stream.replaces_tables else {}
        return {**place, **kept, "of": self._digest, "at": self._tap.now().isoformat()}

    def _digested(self) -> str:
        """A digest of what the stream asks for, and of the streams that are read with it; no secret goes in."""
        node = self._stream.node
        tree = [stream.name for stream in (self._stream, *self._stream.tree) if stream.selected]
        read = [node.client.base_url, repr(node.resource), repr(node.paginator), repr(node.parameters), tree]
        text = self._tap.redactor(json.dumps(read, default=str))
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
