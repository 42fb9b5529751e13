"""Which block of the dialect is an instance of one of dlt's classes?"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Instance:
    """How dlt's class is written as a block.

    Attributes:
        type: The `type` of the block.
        positional: The keys that arguments without a name stand for, in dlt's order.
    """

    type: str
    positional: tuple[str, ...] = ()


INSTANCES = {
    "incremental": Instance(
        "incremental", ("cursor_path", "initial_value", "last_value_func", "primary_key", "end_value", "row_order")
    ),
    "BearerTokenAuth": Instance("bearer", ("token",)),
    "HttpBasicAuth": Instance("http_basic", ("username", "password")),
    "APIKeyAuth": Instance("api_key", ("name", "api_key", "location")),
    # No positions: dlt put another argument first between its versions, and a guess would mix up secrets.
    "OAuth2ClientCredentials": Instance("oauth2_client_credentials"),
    "SinglePagePaginator": Instance("single_page"),
    "JSONLinkPaginator": Instance("json_link", ("next_url_path",)),
    "JSONResponsePaginator": Instance("json_link", ("next_url_path",)),
    "HeaderLinkPaginator": Instance("header_link", ("links_next_key",)),
    "HeaderCursorPaginator": Instance("header_cursor", ("cursor_key", "cursor_param")),
    "JSONResponseCursorPaginator": Instance("cursor", ("cursor_path", "cursor_param", "cursor_body_path")),
    "PageNumberPaginator": Instance(
        "page_number",
        ("base_page", "page", "page_param", "total_path", "maximum_page", "stop_after_empty_page"),
    ),
    "OffsetPaginator": Instance(
        "offset",
        (
            "limit",
            "offset",
            "offset_param",
            "limit_param",
            "total_path",
            "maximum_offset",
            "stop_after_empty_page",
        ),
    ),
}
