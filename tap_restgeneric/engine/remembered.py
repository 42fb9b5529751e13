"""Was this here before?"""

from __future__ import annotations

import hashlib
from collections import OrderedDict


class Remembered:
    """Digests of what was here, in bounded memory.

    Args:
        limit: How many are kept: the latest ones.
    """

    def __init__(self, limit: int) -> None:
        """Nothing was here."""
        self._limit = limit
        self._marks: OrderedDict[bytes, None] = OrderedDict()

    def again(self, text: str) -> bool:
        """Whether a text was here before; it is remembered from now on."""
        mark = hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest()
        if mark in self._marks:
            return True
        self._marks[mark] = None
        if len(self._marks) > self._limit:
            self._marks.popitem(last=False)
        return False

    def clear(self) -> None:
        """Forgets all."""
        self._marks.clear()
