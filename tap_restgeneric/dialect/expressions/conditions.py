"""What may a condition speak of where it stands?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_restgeneric.dialect.blocks import suggestion

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from tap_restgeneric.dialect.expressions.expression import Expression


def speaking_of(condition: Expression | None, at_hand: AbstractSet[str]) -> Expression | None:
    """The condition, if all it speaks of is at hand.

    Raises:
        ValueError: It is not.
    """
    for name in sorted(condition.names - at_hand) if condition else ():
        raise ValueError(f"{condition}: {name!r} is not known here{suggestion('', at_hand)}")
    return condition
