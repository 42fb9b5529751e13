"""How does a run go, and how does it end? All is read, or somebody says why not; the last STATE is always out."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from tap_restgeneric.engine import display
from tap_restgeneric.engine.pool import run_side_by_side
from tap_restgeneric.errors import TargetGoneError, TimeUpError
from tap_restgeneric.output import GONE

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Collection, Sequence

    from tap_restgeneric.streams.stream import ResourceStream
    from tap_restgeneric.tap import TapRestGeneric

_LAST_BLOCK = 5.0
"""Seconds that a signal waits for the lines that are being written."""
_LAST_EXCHANGE = 1.0
"""Seconds that the end of a run waits for exchanges that nobody wants any more."""


class Run:
    """One run of the tap.

    Args:
        tap: What is read, and where it goes.
        begun: When it began, on the clock of the tap.

    Attributes:
        is_reading: Whether streams are being read.
    """

    def __init__(self, tap: TapRestGeneric, begun: float) -> None:
        """No stream was read."""
        self.tap = tap
        self._begun = begun
        self.is_reading = False

    def forget(self, names: Collection[str]) -> None:
        """Drops the state of streams that begin anew, so that a run that breaks off is not taken for a whole one.

        Args:
            names: The streams that are refreshed.
        """
        streams = self.tap.resource_streams
        anew = {name for name, stream in streams.items() if stream.selected and name in names}
        for name, stream in streams.items():
            if name in anew:
                stream.stream_state.clear()
            elif any(below.name in anew for below in stream.tree):
                stream.resumption.over()

    def read(self) -> None:
        """Reads all selected streams, root streams side by side.

        Raises:
            RestGenericError: The first that went wrong; what else did is logged.
        """
        tap, streams = self.tap, self.tap.resource_streams.values()
        roots = [stream for stream in streams if stream.parent_stream_type is None]
        wanted = [stream for stream in roots if stream.selected or stream.has_selected_descendents]
        try:
            errors = self._through(wanted)
        finally:
            self._tell()
        errors += [stream.failure for stream in streams if stream.failure]
        tap.logger.info("%s", tap.report.summary())
        for error in errors[1:]:
            tap.logger.error("%s", error)
        if errors:
            raise errors[0]

    def _through(self, roots: Sequence[ResourceStream]) -> list[BaseException]:
        """Reads root streams with all that is below them; gives what went wrong.

        Raises:
            TargetGoneError: Nobody reads what is written.
            TimeUpError: The run has taken its time.
        """
        tap = self.tap
        self.is_reading = True
        try:
            with display.shown(tap.report, tap.clock.clock) as look:
                return run_side_by_side(
                    [_reading(stream) for stream in roots],
                    tap.pool.width,
                    go_on=tap.config.get("on_stream_error") == "continue",
                    watch=lambda: self._watch(look),
                )
        finally:
            self.is_reading = False
            tap.client.replies.clear()
            tap.pool.close(_LAST_EXCHANGE)
            tap.access.close()

    def _tell(self) -> None:
        """The report: a table on a terminal, and a file if there is to be one."""
        tap = self.tap
        display.show(tap.report, tap.redactor)
        if tap.config.get("report"):
            display.keep(tap.report, str(tap.access.folders[-1] / tap.config["report"]), tap.redactor)

    def _watch(self, look: display.Look) -> None:
        """Looks whether the run may go on; if its time is over, it ends like one that a signal stops."""
        tap = self.tap
        look()
        tap.output.watch()
        limit = tap.config.get("max_seconds")
        if limit is None or tap.clock.clock() - self._begun < limit:
            return
        if tap.output.held(_LAST_BLOCK):
            tap.write_state()
        tap.logger.info("%s", tap.report.summary())
        raise TimeUpError(
            f"max_seconds ({limit:g}) is over, so the run ends here. What is written is whole, and the last STATE says "
            "how far it goes: the next run goes on from there"
        )


def _reading(stream: ResourceStream) -> Callable[[], None]:
    """The task of reading a root stream with all that is below it."""

    def task() -> None:
        try:
            stream.sync()
        except BrokenPipeError:
            raise TargetGoneError(GONE) from None
        except Exception as error:
            stream.broken_off(error)
            stream.progress.write(at_once=True)
            raise
        stream.finalize_state_progress_markers()

    return task


def ended_by(signum: int, run: Run | None, logger: logging.Logger) -> None:
    """Ends the process as a signal asks: the last STATE goes out, unless the target takes no more lines.

    Args:
        signum: The signal.
        run: What it ends, if streams are read.
        logger: Says so.
    """
    logger.info("stopped by %s", signal.Signals(signum).name)
    last = threading.Timer(_LAST_BLOCK, os._exit, [128 + signum])
    last.daemon = True
    last.start()
    if run is not None:
        # Streams are read in threads of their own: whoever has the lock is not in the middle of a block of lines.
        if not run.tap.output.held(_LAST_BLOCK):
            os._exit(128 + signum)
        with suppress(BrokenPipeError):
            if run.is_reading:
                run.tap.write_state()
    sys.exit(128 + signum)
