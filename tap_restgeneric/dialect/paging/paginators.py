"""Where is the next page?

One frozen class per `type`; the union `Paginator` is the registry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from typing_extensions import override

from tap_restgeneric.dialect.blocks import WhenGiven
from tap_restgeneric.dialect.paging.counted import Offset, PageNumber
from tap_restgeneric.dialect.paging.cursors import Cursor, HeaderCursor
from tap_restgeneric.dialect.paging.detection import Detected, detected
from tap_restgeneric.dialect.paging.family import PaginatorBase
from tap_restgeneric.dialect.paging.linked import HeaderLink, JsonLink, SinglePage

if TYPE_CHECKING:
    from tap_restgeneric.dialect.exchange import Next, Page

__all__ = (
    "AnyPaginator",
    "Auto",
    "Cursor",
    "HeaderCursor",
    "HeaderLink",
    "JsonLink",
    "Offset",
    "PageNumber",
    "Paginator",
    "SinglePage",
)


class Auto(PaginatorBase):
    """The first reply shows how the API pages."""

    type: Literal["auto"] = "auto"

    @override
    def settled(self, page: Page) -> Detected:
        found = detected(page)
        return found.model_copy(update={"stop_condition": self.stop_condition}) if self.stop_condition else found

    @override
    def following(self, page: Page) -> Next:
        return self.settled(page).following(page)


Paginator: TypeAlias = SinglePage | JsonLink | HeaderLink | HeaderCursor | Cursor | PageNumber | Offset | Auto
AnyPaginator: TypeAlias = Annotated[Paginator, WhenGiven(Paginator)]
