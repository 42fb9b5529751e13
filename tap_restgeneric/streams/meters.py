"""What does a stream measure? The metrics of every SDK tap, logged now and then and never for each record."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from singer_sdk.metrics import Counter, Metric, Point, Tag, get_metrics_logger, http_request_counter, log

if TYPE_CHECKING:
    from tap_restgeneric.streams.stream import ResourceStream


class Meters:
    """The metrics of a stream: `record_count`, `sync_duration`, `http_request_count`, `http_request_duration`.

    Args:
        stream: The stream; its tally counts the requests.
    """

    def __init__(self, stream: ResourceStream) -> None:
        """Nothing is measured."""
        self._stream = stream
        self._open = ExitStack()
        self._records: Counter | None = None
        self._requests: Counter | None = None
        self._told = 0

    def begin(self) -> None:
        """Begins to measure."""
        stream = self._stream
        endpoint = stream.node.resource.endpoint.path
        self._open.callback(self._tell_duration)
        self._records = self._open.enter_context(stream.get_record_counter())
        self._requests = self._open.enter_context(http_request_counter(stream.name, endpoint))
        self._open.enter_context(stream.get_sync_timer())

    def count(self, records: int) -> None:
        """Notes that records went out, and the requests that were made for them."""
        if self._records is not None and records:
            self._records.increment(records)
        if self._requests is not None and self._stream.tally.requests > self._told:
            made = self._stream.tally.requests
            self._requests.increment(made - self._told)
            self._told = made

    def end(self, error: Exception | None = None) -> None:
        """Logs what was measured.

        Args:
            error: What ended the stream.
        """
        self.count(0)
        self._open.__exit__(type(error) if error else None, error, error.__traceback__ if error else None)
        self._records = self._requests = None

    def _tell_duration(self) -> None:
        """Logs the seconds of all requests together: a line for each would be more than the records."""
        stream = self._stream
        tags = {
            Tag.STREAM.value: stream.name,
            Tag.ENDPOINT.value: stream.node.resource.endpoint.path,
            "requests": stream.tally.requests,
        }
        log(get_metrics_logger(), Point("timer", Metric.HTTP_REQUEST_DURATION, stream.tally.waited, tags))
