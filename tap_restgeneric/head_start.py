"""What can begin before the SDK is there? The first requests of a run that has to look at records."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from typing_extensions import override

from tap_restgeneric import settings
from tap_restgeneric.access import Access
from tap_restgeneric.engine.redaction import Redactor, guard_logging
from tap_restgeneric.engine.report import Report

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_restgeneric.discovery import Discovery


class _Held(logging.Handler):
    """Keeps what is logged until somebody has said where it goes."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[logging.LogRecord] = []
        self._root = logging.getLogger()
        self._root.addHandler(self)
        self._root.setLevel(logging.INFO)

    @override
    def emit(self, record: logging.LogRecord) -> None:
        if self._root.handlers == [self]:
            self._lines.append(record)

    def drop(self) -> None:
        self._root.removeHandler(self)

    def replay(self) -> None:
        self.drop()
        for line in self._lines:
            logger = logging.getLogger(line.name)
            if logger.isEnabledFor(line.levelno):
                logger.handle(line)
        self._lines.clear()


@dataclass(frozen=True)
class HeadStart:
    """A discovery that has begun, for a tap with the same settings.

    Attributes:
        access: Reaches the API.
        redactor: Knows the secrets.
        report: Counts warnings.
        discovery: Waits for records.
    """

    access: Access
    redactor: Redactor
    report: Report
    discovery: Discovery
    _held: _Held

    def tell(self) -> None:
        """Logs what there was to log, now that the SDK has said where."""
        self._held.replay()


def begun(arguments: Sequence[str]) -> HeadStart | None:
    """Begins the discovery that a command line asks for, if settings from a file are all that it needs.

    The settings are not checked yet: the tap does that, before it writes anything.

    Args:
        arguments: Those behind the name of the command.

    Returns:
        None if nothing has begun: also where something is wrong, which the tap will say in its own way.
    """
    syncs = "--discover" not in arguments
    options = [argument for argument in arguments if argument != "--discover"]
    if len(options) != 2 or options[0] != "--config" or options[1] == "ENV":  # noqa: PLR2004 (an option and its value)
        return None
    held = _Held()
    try:
        return _begun(options[1], held, syncs=syncs)
    except Exception:  # noqa: BLE001 (the tap meets it, too)
        held.drop()
        return None


def _begun(path: str, held: _Held, *, syncs: bool) -> HeadStart:
    config = settings.read(path, "--config")
    redactor, report = Redactor(), Report()
    guard_logging(redactor)
    access = Access(config, redactor=redactor)
    sampler = access.sampler(ahead=access.ahead if syncs else None)
    discovery = access.discovery(sampler, access.given_schemas(), report)
    discovery.begin(access.source.nodes)
    return HeadStart(access, redactor, report, discovery, held)
