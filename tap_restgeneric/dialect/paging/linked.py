"""Where is the next page, if the reply links to it?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field
from requests.utils import parse_header_links
from typing_extensions import override

from tap_restgeneric.dialect.jsonpath.selectors import Path
from tap_restgeneric.dialect.paging import links
from tap_restgeneric.dialect.paging.family import PaginatorBase, ended, found_kind
from tap_restgeneric.errors import ReplyError

if TYPE_CHECKING:
    from tap_restgeneric.dialect.exchange import Next, Page


class SinglePage(PaginatorBase):
    """One request, whatever the reply says about more."""

    type: Literal["single_page"] = "single_page"

    @override
    def following(self, page: Page) -> Next:
        return ended(page, "single_page")


class JsonLink(PaginatorBase):
    """The body holds the URL of the next page."""

    type: Literal["json_link"] = "json_link"
    next_url_path: Path = Field(default_factory=lambda: Path.parse("next"), description="where the next URL is")

    @override
    def following(self, page: Page) -> Next:
        found = self.next_url_path.first(page.reply.body)
        if not found:
            return ended(page, f"no {self.next_url_path} in the reply")
        if not isinstance(found, str):
            raise ReplyError(f"next_url_path {self.next_url_path} gives {found_kind(found)}, not a URL")
        return links.position(page, found)


class HeaderLink(PaginatorBase):
    """The `Link` header holds the URL of the next page."""

    type: Literal["header_link"] = "header_link"
    links_next_key: str = Field("next", min_length=1, description="the relation (rel) of the link to the next page")

    @override
    def following(self, page: Page) -> Next:
        for link in parse_header_links(page.reply.headers.get("link", "")):
            if self.links_next_key in link.get("rel", "").split() and link.get("url"):
                return links.position(page, link["url"])
        return ended(page, f"no Link header with rel={self.links_next_key}")
