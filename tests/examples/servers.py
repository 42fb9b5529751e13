"""Which kind of API does each example describe?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from servers_by_cursor import HeaderCursor, LastRecordCursor, NestedParents, OAuth2, SearchPost, TimeWindow
from servers_by_link import ApiKeyInQuery, LinkHeader, OData, RowsInRecords
from servers_by_number import OffsetTotal, PageNumber
from servers_of_200 import ErrorsIn200, GraphQL
from servers_of_changes import BackfillInSteps, DeltaLink, TokenSync
from servers_of_other_records import CsvReport, JsonLines, ProcessingSteps

if TYPE_CHECKING:
    from playing import Api

APIS: dict[str, type[Api]] = {
    "api_key_in_query": ApiKeyInQuery,
    "backfill_in_steps": BackfillInSteps,
    "csv_report": CsvReport,
    "delta_link": DeltaLink,
    "errors_in_200": ErrorsIn200,
    "graphql": GraphQL,
    "header_cursor": HeaderCursor,
    "json_lines": JsonLines,
    "last_record_cursor": LastRecordCursor,
    "link_header": LinkHeader,
    "nested_parents": NestedParents,
    "oauth2": OAuth2,
    "odata": OData,
    "offset_total": OffsetTotal,
    "page_number": PageNumber,
    "processing_steps": ProcessingSteps,
    "rows_in_records": RowsInRecords,
    "search_post": SearchPost,
    "time_window": TimeWindow,
    "token_sync": TokenSync,
}
"""The API that each example describes, by the name of its file."""
