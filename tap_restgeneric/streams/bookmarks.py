"""How far has each sequence of requests of a stream come? In the SDK's layout, readable by every Singer tool."""

from __future__ import annotations

import base64
import hashlib
import json
import math
from typing import TYPE_CHECKING, Any

from tap_restgeneric.dialect.progress import instants

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

Bookmark = dict[str, Any]

MOST = 1_000
"""Partitions that a stream keeps a bookmark for, each, where one for all of them loses nothing."""
_KEY, _VALUE = "replication_key", "replication_key_value"
_READ, _LOOK_BACK = "partitions_read", "look_back_seconds"
_MARK = 8
_MARGIN = 60
"""Seconds that a look-back is longer than the run: an API may show a record a little later than it is dated."""


class Bookmarks:
    """The bookmarks of one stream.

    A stream of more than `MOST` partitions gets one bookmark for all of them when a run has read them all: the latest
    value, with a look-back as long as that run was. What comes to a partition after it was read is dated later than the
    beginning of that run, so the next one finds it. `partitions_read` says which partitions this holds for: others are
    read from their beginning.

    Args:
        state: The writable state of the stream; of a stream with partitions, it holds a list of them.
        moment: The moment that a cursor value is, if it is one; None where one bookmark would not do for all.
    """

    def __init__(self, state: dict[str, Any], moment: Callable[[Any], datetime | None] | None = None) -> None:
        """What the state holds, indexed: there may be a partition for each of many parents."""
        self._state = state
        self._moment = moment
        self._partitions: dict[str, Bookmark] = {
            _text(entry["context"]): entry for entry in state.get("partitions", ())
        }
        self._read = _unpacked(state.get(_READ, ""))
        self._before: dict[str, Bookmark] = {}
        self._ended: set[bytes] = set()
        self._latest: tuple[datetime, Bookmark] | None = None

    def of(self, context: Mapping[str, Any]) -> Bookmark:
        """The bookmark of a sequence of requests; a new one is not part of the state before it moves."""
        if not context:
            return self._state
        text = _text(context)
        own: Bookmark | None = self._partitions.get(text)
        if own is None:
            return {"context": dict(context), **(self._common() if _mark(text) in self._read else {})}
        self._note(own)
        return own

    def before(self, bookmark: Bookmark) -> Bookmark:
        """A bookmark as the run found it: sequences of requests that share one are all read from there."""
        return self._before.get(_text(bookmark["context"]), bookmark) if "context" in bookmark else bookmark

    def advance(self, bookmark: Bookmark, name: str, value: Any) -> bool:
        """Moves a bookmark to a value; whether the state has changed."""
        own = self._own(bookmark)
        if last_value(own, name) == value:
            return False
        before = dict(own)
        own.update({_KEY: name, _VALUE: value})
        if "context" not in own:
            return True
        self._note(own)
        return self._keep(own, before)

    def take_back(self, bookmark: Bookmark) -> None:
        """Forgets how far a sequence of requests has come."""
        own = self._own(bookmark)
        for key in (_KEY, _VALUE):
            own.pop(key, None)

    def ended(self, bookmark: Bookmark) -> None:
        """Notes that a sequence of requests has come to its end."""
        if "context" in bookmark:
            self._ended.add(_mark(_text(bookmark["context"])))

    def all_read(self, seconds: float, now: datetime) -> bool:
        """Notes that a run has read all partitions there are; whether there is one bookmark for them now.

        Args:
            seconds: How long the run took.
            now: Its end: a value from the future must not hide what comes before it.
        """
        many = len(self._ended) > MOST or _READ in self._state
        if self._moment is None or self._latest is None or not many:
            return False
        moment, latest = self._latest
        ahead = (moment - now).total_seconds()
        self._state.pop("partitions", None)
        self._partitions.clear()
        self._read = set(self._ended)
        self._state[_KEY] = latest[_KEY]
        self._state[_VALUE] = instants.moved(latest[_VALUE], -ahead) if ahead > 0 else latest[_VALUE]
        self._state[_LOOK_BACK] = math.ceil(seconds) + _MARGIN
        self._state[_READ] = base64.b64encode(b"".join(sorted(self._read))).decode()
        return True

    def _common(self) -> Bookmark:
        """The bookmark of a partition that an earlier run has read with many others."""
        self._note(self._state)
        name, value = self._state[_KEY], self._state[_VALUE]
        return {_KEY: name, _VALUE: instants.moved(value, -self._state[_LOOK_BACK])}

    def _note(self, bookmark: Bookmark) -> None:
        """Remembers the latest of all bookmarks."""
        moment = self._moment(bookmark.get(_VALUE)) if self._moment else None
        if moment is not None and (self._latest is None or moment > self._latest[0]):
            self._latest = moment, {key: bookmark[key] for key in (_KEY, _VALUE)}

    def _own(self, bookmark: Bookmark) -> Bookmark:
        """The bookmark that is part of the state, if another one of the same partition has become that."""
        return self._partitions.get(_text(bookmark["context"]), bookmark) if "context" in bookmark else bookmark

    def _keep(self, bookmark: Bookmark, before: Bookmark) -> bool:
        """Makes a bookmark of a partition part of the state, unless there is one for all, or will be."""
        text = _text(bookmark["context"])
        if text in self._partitions:
            self._before.setdefault(text, before)
            return True
        full = len(self._partitions) >= MOST or _READ in self._state
        if full and self._moment and self._moment(bookmark[_VALUE]) is not None:
            return False
        self._partitions[text], self._before[text] = bookmark, before
        self._state.setdefault("partitions", []).append(bookmark)
        return True


def last_value(bookmark: Bookmark, name: str) -> Any:
    """The value in a bookmark, if it is of that name."""
    return bookmark.get(_VALUE) if bookmark.get(_KEY) == name else None


def _text(context: Mapping[str, Any]) -> str:
    return json.dumps(context, sort_keys=True, default=str)


def _mark(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=_MARK).digest()


def _unpacked(text: str) -> set[bytes]:
    packed = base64.b64decode(text)
    return {packed[place : place + _MARK] for place in range(0, len(packed), _MARK)}
