"""How are tap-rest-api-msdk and Airbyte's CDK told what to read?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.records import PARENT, RECORD

if TYPE_CHECKING:
    from benchmarks.scenarios import Load


def msdk(load: Load) -> dict[str, Any] | None:
    """Settings of tap-rest-api-msdk; None where it cannot do it: it knows no parents."""
    one = load.scenario
    if one.parents or one.incremental:
        return None
    styles: dict[str, dict[str, Any]] = {
        "offset": {
            "pagination_request_style": "offset_paginator",
            "pagination_response_style": "offset",
            "pagination_page_size": one.page,
            "pagination_initial_offset": 0,
            "pagination_limit_per_page_param": "limit",
            "pagination_next_page_param": "offset",
            "next_page_token_path": "$.page",
        },
        "cursor": {
            "pagination_request_style": "jsonpath_paginator",
            "pagination_response_style": "page",
            "pagination_next_page_param": "cursor",
            "next_page_token_path": "$.next",
        },
    }
    return {
        "api_url": load.url,
        "records_path": "$.data[*]",
        "params": {"limit": one.page},
        "streams": [{"name": name, "path": f"/{name}", "primary_keys": ["id"]} for name in load.names],
        **styles[one.paging],
    }


def _option(name: str) -> dict[str, Any]:
    return {"type": "RequestOption", "inject_into": "request_parameter", "field_name": name}


def airbyte(load: Load, width: int) -> dict[str, Any] | None:
    """A declarative manifest for so many requests at once; None where state would be compared with state."""
    one = load.scenario
    if one.incremental:
        return None
    cursor = {
        "type": "CursorPagination",
        "page_size": one.page,
        "cursor_value": "{{ response.get('next') }}",
        "stop_condition": "{{ not response.get('next') }}",
    }
    paginator = {
        "type": "DefaultPaginator",
        "page_token_option": _option("cursor" if one.paging == "cursor" else "offset"),
        "page_size_option": _option("limit"),
        "pagination_strategy": cursor if one.paging == "cursor" else {"type": "OffsetIncrement", "page_size": one.page},
    }

    def stream(name: str, path: str, schema: dict[str, Any], **router: Any) -> dict[str, Any]:
        requester = {"type": "HttpRequester", "url_base": load.url, "path": path, "http_method": "GET"}
        extractor = {"type": "DpathExtractor", "field_path": ["data"]}
        selector = {"type": "RecordSelector", "extractor": extractor}
        retriever = {"requester": requester, "record_selector": selector, "paginator": paginator, **router}
        return {
            "type": "DeclarativeStream",
            "name": name,
            "primary_key": ["id"],
            "retriever": {"type": "SimpleRetriever", **retriever},
            "schema_loader": {"type": "InlineSchemaLoader", "schema": schema},
        }

    streams = [stream(name, f"/{name}", RECORD) for name in load.names]
    if one.parents:
        parents = stream("parents", "/parents", PARENT)
        way = {"type": "ParentStreamConfig", "stream": parents, "parent_key": "id", "partition_field": "parent"}
        router = {"type": "SubstreamPartitionRouter", "parent_stream_configs": [way]}
        path = "/parents/{{ stream_partition.parent }}/children"
        streams = [parents, stream("children", path, RECORD, partition_router=router)]
    return {
        "version": "6.0.0",
        "type": "DeclarativeSource",
        "check": {"type": "CheckStream", "stream_names": [streams[0]["name"]]},
        "streams": streams,
        "spec": {"type": "Spec", "connection_specification": {"type": "object", "properties": {}}},
        "concurrency_level": {"type": "ConcurrencyLevel", "default_concurrency": width, "max_concurrency": width},
    }


def airbyte_catalog(load: Load) -> dict[str, Any]:
    """The catalog for a manifest: everything, in full."""
    names = ["parents", "children"] if load.scenario.parents else load.names
    return {
        "streams": [
            {
                "stream": {
                    "name": name,
                    "json_schema": PARENT if name == "parents" else RECORD,
                    "supported_sync_modes": ["full_refresh"],
                },
                "sync_mode": "full_refresh",
                "destination_sync_mode": "overwrite",
            }
            for name in names
        ]
    }
