"""How much of a stream is read? All of it, unless the settings or its resource say less."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_restgeneric.streams.stream import ResourceStream
    from tap_restgeneric.tap import TapRestGeneric


class Extent:
    """What `max_records` and `max_pages` leave of a stream.

    Args:
        stream: The stream.
        tap: Has the settings.
    """

    def __init__(self, stream: ResourceStream, tap: TapRestGeneric) -> None:
        """Nothing was read."""
        self._stream = stream
        self._tap = tap
        resource = stream.node.resource
        self._most_records: int | None = resource.max_records or tap.config.get("max_records")
        self._most_pages: int | None = resource.max_pages or tap.config.get("max_pages")
        self._records = self._pages = 0
        self.is_reached = False

    @property
    def is_limited(self) -> bool:
        """Whether not all of the stream may be read."""
        return self._most_records is not None or self._most_pages is not None

    @property
    def is_whole(self) -> bool:
        """Whether neither the stream nor one above it was cut: then what did not come is not there."""
        above = (self._tap.resource_streams[node.name] for node in self._stream.above)
        return not any(stream.extent.is_reached for stream in (self._stream, *above))

    def begin(self) -> None:
        """Notes that a run begins."""
        self._records = self._pages = 0
        self.is_reached = False

    def cut(self, records: Sequence[Any]) -> Sequence[Any]:
        """The records of a page that are still wanted; they count as read."""
        if self._most_records is None:
            return records
        kept = records[: self._most_records - self._records]
        self._records += len(kept)
        if self._records == self._most_records:
            self._reach(f"max_records ({self._most_records})")
        return kept

    def page(self) -> None:
        """Notes that a page was read."""
        self._pages += 1
        if self._pages == self._most_pages:
            self._reach(f"max_pages ({self._most_pages})")

    def _reach(self, limit: str) -> None:
        """Ends the stream. What is above it moves no further: there are records of which the children were not read."""
        if self.is_reached:
            return
        self.is_reached = True
        self._stream.tally.stops[f"{limit} reached, what is behind was not read"] += 1
        for node in self._stream.above:
            self._tap.resource_streams[node.name].progress.freeze()
