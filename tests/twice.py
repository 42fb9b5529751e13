"""What does a tap write if it runs twice: once with typed records, once with every record on the SDK's own path?"""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from unittest import mock

from tap_restgeneric.engine.lines import Lines
from tap_restgeneric.errors import RestGenericError
from tap_restgeneric.streams.typed import TypedPath
from tap_restgeneric.tap import TapRestGeneric

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Written:
    """A run.

    Attributes:
        lines: What stood on stdout, line by line.
        error: The type of the error that ended it, or None.
        warnings: Of each stream, and how often each came.
        undeclared: Fields of each stream that its schema does not know.
        typed: Records that went the fast path.
    """

    lines: list[bytes]
    error: type[Exception] | None
    warnings: dict[str, dict[str, int]]
    undeclared: dict[str, dict[str, int]]
    typed: int

    @property
    def messages(self) -> list[Any]:
        """The messages without the time; numbers stand as `("number", value)`, so that 1 is not true."""
        return [without_time(json.loads(line, parse_int=_number, parse_float=_number)) for line in self.lines]

    def of(self, kind: str, stream: str) -> list[Any]:
        """The messages of a type and a stream."""
        return [each for each in self.messages if each["type"] == kind and each.get("stream") == stream]


def without_time(message: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in message.items() if key != "time_extracted"}


def _number(text: str) -> tuple[str, Decimal]:
    return "number", Decimal(text)


def written(config: Mapping[str, Any], **kwargs: Any) -> Written:
    """A run as it is."""
    typed = []
    encoded = Lines.encoded

    def counted(self: Lines, form: Any, records: Any, *args: Any) -> Any:
        typed.append(len(records))
        return encoded(self, form, records, *args)

    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    tap = TapRestGeneric(config=dict(config), **kwargs)
    error = None
    with contextlib.redirect_stdout(out), mock.patch.object(Lines, "encoded", counted):
        try:
            tap.sync_all()
        except RestGenericError as caught:
            error = type(caught)
    out.flush()
    lines = out.buffer.getvalue().split(b"\n")  # type: ignore[attr-defined]
    assert lines.pop() == b""
    tallies = tap.report.tallies
    return Written(
        lines=lines,
        error=error,
        warnings={name: dict(tally.warnings) for name, tally in tallies.items()},
        undeclared={name: dict(tally.undeclared) for name, tally in tallies.items()},
        typed=sum(typed),
    )


def written_by_the_sdk(config: Mapping[str, Any], **kwargs: Any) -> Written:
    """The same with every record on the SDK's own path."""
    with mock.patch.object(TypedPath, "lines", None), mock.patch.object(TypedPath, "openers", None):
        return written(config, **kwargs)
