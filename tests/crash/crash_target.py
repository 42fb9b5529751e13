"""What would a target hold that read these lines? It upserts by key, and heeds ACTIVATE_VERSION."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crash_kinds import Tables


class Target:
    """Tables, and the last state that came."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[int, tuple[Any, dict[str, Any]]]] = {}
        self.state: dict[str, Any] = {}

    def take(self, lines: Iterable[bytes]) -> None:
        """Reads whole lines."""
        for line in lines:
            self.take_message(json.loads(line))

    def take_message(self, message: dict[str, Any]) -> None:
        if message["type"] == "STATE":
            self.state = message["value"]
            return
        table = self._rows.setdefault(message["stream"], {})
        if message["type"] == "RECORD":
            table[message["record"]["id"]] = message.get("version"), message["record"]
        elif message["type"] == "ACTIVATE_VERSION":
            for key in [key for key, (version, _) in table.items() if version != message["version"]]:
                del table[key]

    def copy(self) -> Target:
        other = Target()
        other._rows = {stream: dict(table) for stream, table in self._rows.items()}
        other.state = self.state
        return other

    @property
    def tables(self) -> Tables:
        return {stream: {key: row for key, (_, row) in table.items()} for stream, table in self._rows.items()}
