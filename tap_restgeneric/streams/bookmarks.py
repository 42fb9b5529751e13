"""How far has each sequence of requests of a stream come? In the SDK's layout, readable by every Singer tool."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

Bookmark = dict[str, Any]


class Bookmarks:
    """The bookmarks of one stream.

    Args:
        state: The writable state of the stream; of a stream with partitions, it holds a list of them.
    """

    def __init__(self, state: dict[str, Any]) -> None:
        """What the state holds, indexed: there may be a partition for each of many parents."""
        self._state = state
        self._partitions = {_mark(entry["context"]): entry for entry in state.get("partitions", ())}

    def __len__(self) -> int:
        return len(self._partitions)

    def of(self, context: Mapping[str, Any]) -> Bookmark:
        """The bookmark of a sequence of requests; a new one is not part of the state before it moves."""
        if not context:
            return self._state
        return self._partitions.get(_mark(context)) or {"context": dict(context)}

    def advance(self, bookmark: Bookmark, name: str, value: Any) -> bool:
        """Moves a bookmark to a value; whether it was not there yet."""
        moved = {"replication_key": name, "replication_key_value": value}
        if {key: bookmark.get(key) for key in moved} == moved:
            return False
        bookmark.update(moved)
        if "context" in bookmark and self._partitions.setdefault(_mark(bookmark["context"]), bookmark) is bookmark:
            self._keep(bookmark)
        return True

    def _keep(self, bookmark: Bookmark) -> None:
        partitions = self._state.setdefault("partitions", [])
        if len(partitions) < len(self._partitions):
            partitions.append(bookmark)


def last_value(bookmark: Bookmark, name: str) -> Any:
    """The value in a bookmark, if it is of that name."""
    return bookmark.get("replication_key_value") if bookmark.get("replication_key") == name else None


def _mark(context: Mapping[str, Any]) -> str:
    return json.dumps(context, sort_keys=True, default=str)
