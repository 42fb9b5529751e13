"""Where do the lines go, and is somebody there to take them?"""

from __future__ import annotations

import os
import select
import sys
import threading
from typing import TYPE_CHECKING, Any

import msgspec

from tap_restgeneric.errors import TargetGoneError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

GONE = "nobody reads what the tap writes any more: the target has ended. Its own messages say why"


class Output:
    """The one output of the tap, and its lock: who has it is not in the middle of a block of lines.

    The state is changed under this lock too, so that what is written never tells of records that are not.
    """

    def __init__(self) -> None:
        """Nothing was written."""
        self._lock = threading.RLock()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._lock.release()

    def held(self, seconds: float) -> bool:
        """Takes the lock for good, before the process ends; False if somebody else keeps it for so long."""
        return self._lock.acquire(timeout=seconds)

    def write(self, *pieces: bytes | memoryview) -> None:
        """Writes whole lines at once, behind what the SDK wrote.

        Args:
            pieces: Parts of them that follow each other.

        Raises:
            BrokenPipeError: Nobody reads them.
        """
        with self._lock:
            out = getattr(sys.stdout, "buffer", None)
            if out is None:
                sys.stdout.write(b"".join(pieces).decode())
                return
            sys.stdout.flush()
            out.writelines(pieces)
            out.flush()

    def watch(self) -> None:
        """Looks whether the reader of a pipe is still there, without writing.

        Raises:
            TargetGoneError: It is not.
        """
        if (pipe := _descriptor()) is None or not hasattr(select, "poll"):
            return
        poll = select.poll()
        poll.register(pipe, 0)  # errors are told unasked
        if any(event & select.POLLERR for _, event in poll.poll(0)):
            raise TargetGoneError(GONE)


class StateWriter:
    """Writes STATE lines, each of which says something new; the SDK's copies the whole state twice for each.

    Args:
        output: Takes them.
        others: The SDK's way, for what cannot be encoded here: numbers beyond 64 bits, halves of characters.

    Attributes:
        size: Bytes of the last line.
    """

    def __init__(self, output: Output, others: Callable[[Any], None]) -> None:
        """Nothing was written."""
        self._output = output
        self._others = others
        self._encode = msgspec.json.Encoder(enc_hook=str, decimal_format="number").encode
        self._last = b""
        self.size = 0

    def write_state(self, state: dict[str, Any]) -> None:
        """Writes a state, unless it is the one that was written last.

        Args:
            state: Of the tap; nobody changes it meanwhile.
        """
        try:
            line = self._encode({"type": "STATE", "value": state})
        except (OverflowError, UnicodeEncodeError):
            self._others(state)
            return
        if line != self._last:
            self._output.write(line, b"\n")
            self._last, self.size = line, len(line)


def discard() -> None:
    """Lets all that is still to be written vanish: Python would try to write it once more at its end, and complain."""
    if (pipe := _descriptor()) is not None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, pipe)
        os.close(nowhere)


def _descriptor() -> int | None:
    """The descriptor of stdout, if it is one of the system."""
    try:
        return sys.stdout.fileno()
    except (OSError, ValueError, AttributeError):
        return None
