"""What does a text make of the process that reads it? Nothing but a value or one of our errors, and soon."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hostile.targets import Target

LONGEST = 5.0
"""Seconds that a text of a few thousand characters may take on a busy machine."""
_FORBIDDEN = (
    "open",
    "os.",
    "socket.",
    "subprocess.",
    "shutil.",
    "ctypes.",
    "urllib.",
    "http.",
    "import",
    "pty.",
    "code.",
)
_watched = threading.local()


_HARMLESS = ("<unknown>", "<string>", "encodings.")
"""Python looks for the line of a syntax error in what it calls the file, and for a charset in its own."""


class FellOverError(Exception):
    """A text did what no text may do."""


def _watch(event: str, args: tuple[object, ...]) -> None:
    seen = getattr(_watched, "seen", None)
    if seen is None or (args and str(args[0]).startswith(_HARMLESS)):
        return
    if event.startswith(_FORBIDDEN) or (event == "exec" and not _watched.executes):
        seen.append(f"{event} {str(args)[:200]}")


def read(target: Target, text: str) -> None:
    """Lets a target read a text.

    Raises:
        FellOverError: It raised something that is not ours, took too long, or reached for the world.
    """
    begun = time.process_time()
    _watched.seen, _watched.executes = [], target.executes
    try:
        target.reads(text)
    except target.raises:
        pass
    except BaseException as error:
        _watched.seen, seen = None, _watched.seen
        raise FellOverError(f"{target.name} on {text!r}: {error!r} {seen}") from error
    _watched.seen, seen = None, _watched.seen
    took = time.process_time() - begun
    if seen or took > LONGEST:
        raise FellOverError(f"{target.name} on {text!r}: {seen or f'{took:.1f} s'}")


_LATE = (
    "jsonpath_ng.ext.parser",
    "tap_restgeneric.dialect.expressions.meaning",
    "tap_restgeneric.readers.snippet",
    "tap_restgeneric.readers.yaml_text",
)
"""What the tap imports when it is needed: that is no text's doing."""


def ready(target: Target) -> None:
    """Lets a target load what it loads once, and has it watched from then on."""
    for module in _LATE:
        import_module(module)
    for seed in target.seeds:
        with suppress(*target.raises):
            target.reads(seed)


sys.addaudithook(_watch)
