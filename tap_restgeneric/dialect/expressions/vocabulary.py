"""What may an expression speak of, and what if it cannot?"""

from __future__ import annotations

NAMES = frozenset({"response", "headers", "last_record", "last_page_size", "record"})
"""What an expression may speak of; which of them are at hand depends on where it stands."""


class ExpressionError(ValueError):
    """An expression cannot be evaluated with the values at hand; the message says which is missing."""
