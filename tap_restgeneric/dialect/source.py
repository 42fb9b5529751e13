"""What may a source say? The blocks around authentication, paging and replies."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, ConfigDict, Field, field_validator, model_validator
from typing_extensions import override

from tap_restgeneric.dialect.auth.schemes import Auth
from tap_restgeneric.dialect.blocks import Block, WhenGiven
from tap_restgeneric.dialect.exchange import origin
from tap_restgeneric.dialect.jsonpath.selectors import Selector
from tap_restgeneric.dialect.paging.paginators import AnyPaginator
from tap_restgeneric.dialect.placeholders import Template
from tap_restgeneric.dialect.progress.incremental import Incremental
from tap_restgeneric.dialect.progress.sync_tokens import SyncToken
from tap_restgeneric.dialect.records import columns
from tap_restgeneric.dialect.records.processing import ProcessingSteps
from tap_restgeneric.dialect.replies.formats import Csv, ResponseFormat
from tap_restgeneric.dialect.replies.verdicts import ErrorHandler, ResponseAction
from tap_restgeneric.dialect.texts import EMPTY_IS_NONE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from typing_extensions import Self

TEMPLATED_KEYS = ("path", "params", "json", "data", "headers")
"""Keys of an endpoint whose texts may hold placeholders."""

Method = Literal["GET", "POST", "PUT", "PATCH"]
HeaderText = str | int | float | bool
Columns = Annotated[Any, AfterValidator(columns.checked)]
AnyIncremental: TypeAlias = Annotated[Incremental | SyncToken, WhenGiven(Incremental | SyncToken)]


class RateLimit(Block):
    """No more than `requests` begin within any `seconds`."""

    requests: int = Field(gt=0, description="requests that may begin within the time")
    seconds: float = Field(1, gt=0, description="the time, in seconds")


class Client(Block):
    """What all requests to an API share."""

    base_url: str = Field(description="beginning of every URL")
    headers: dict[str, str] = Field(default_factory=dict, description="sent with every request")
    auth: Auth | None = Field(None, description="credentials")
    paginator: AnyPaginator | None = Field(None, description="for resources without one of their own")
    rate_limit: RateLimit | None = Field(None, description="for all requests to the API together")
    allowed_hosts: tuple[str, ...] = Field((), description="further hosts that get the credentials")

    @classmethod
    @override
    def elsewhere(cls) -> Mapping[str, str]:
        of_resources = "belongs into `endpoint` of `resource_defaults`"
        return {
            "session": "leave it out: the tap has sessions of its own",
            "timeout": "is a setting of the tap",
            "verify": "leave it out: TLS is always verified; REQUESTS_CA_BUNDLE names other authorities",
            "proxies": "leave it out: HTTP_PROXY and HTTPS_PROXY in the environment count",
            "cookies": "belongs into `headers`, as Cookie",
            **dict.fromkeys(("params", "error_handler", "data_selector"), of_resources),
        }

    @field_validator("base_url")
    @classmethod
    def _absolute(cls, url: str) -> str:
        if not re.fullmatch(r"https?://[^/?#\s]+\S*", url, re.IGNORECASE):
            raise ValueError("must be an absolute URL (https://...)")
        if re.search(r"[?#]", url):
            raise ValueError("must not hold a query: give it as params of the resources")
        if re.search(r"[{}]", url):
            raise ValueError("only {secrets.x} is filled in here; give client.base_url in the settings")
        if "@" in url.split("/")[2]:
            raise ValueError("must not hold a user or password: give them as auth {type: http_basic, ...}")
        try:
            origin(url)
        except ValueError:
            raise ValueError("the port must be a number below 65536") from None
        return url


class Endpoint(Block):
    """What is asked for, and what is read from the replies."""

    model_config = ConfigDict(protected_namespaces=())

    path: str = Field(description="URL path, or an absolute URL")
    method: Method = Field("GET", description="HTTP method")
    params: dict[str, Any] = Field(default_factory=dict, description="query parameters")
    json_body: dict[str, Any] | None = Field(None, alias="json", description="JSON body")
    data: dict[str, Any] | list[Any] | str | None = Field(None, description="form fields, or a raw body")
    headers: dict[str, HeaderText | None] = Field(
        default_factory=dict, description="laid over the headers of the client; null: not sent"
    )
    auth: Auth | None = Field(None, description="instead of the client's; null: none")
    paginator: AnyPaginator | None = Field(None, description="how pages follow each other")
    data_selector: Annotated[Selector | None, EMPTY_IS_NONE] = Field(
        None, description="where the records are in a reply"
    )
    incremental: AnyIncremental | None = Field(None, description="how a run reads only what is new")
    error_handler: ErrorHandler = Field(default_factory=ErrorHandler)
    response_actions: tuple[ResponseAction, ...] = Field((), description="the first that matches a reply counts")
    response_format: ResponseFormat = Field("json", description="what the bodies of replies are")
    csv: Csv = Field(default_factory=Csv, description="how a CSV body is written")

    @field_validator("method", mode="before")
    @classmethod
    def _upper(cls, value: Any) -> Any:
        return value.upper() if isinstance(value, str) else value

    @field_validator("data")
    @classmethod
    def _pairs(cls, data: Any) -> Any:
        for pair in data if isinstance(data, list) else ():
            if not isinstance(pair, (list, tuple)) or len(pair) != 2 or not isinstance(pair[0], str):  # noqa: PLR2004
                raise ValueError("a list holds pairs of a name and a value: [[tag, a], [tag, b]]")
        return data

    @model_validator(mode="after")
    def _one_body(self) -> Self:
        if self.json_body is not None and self.data:
            raise ValueError("json and data exclude each other: a request has one body (null resets a default)")
        return self

    @property
    def is_single_entity(self) -> bool:
        """Whether the last segment of the path holds a placeholder: the reply is one record then."""
        path = self.path.partition("?")[0].rstrip("/")
        return bool(Template.parse(path.rpartition("/")[2]).placeholders)


class Rows(Block):
    """Rows inside of a record.

    `path` leads to the list, through lists on the way; `carry` names new fields of a row and the field of an
    enclosing record each is taken from: `id` is a field of the record itself, `menus.id` one of the enclosing element
    of `menus`.
    """

    path: str = Field(description="keys that lead to the rows: menus.routes")
    carry: dict[str, str] = Field(default_factory=dict, description="new field: field of an enclosing record")

    @field_validator("path")
    @classmethod
    def _only_keys(cls, path: str) -> str:
        if not re.fullmatch(r"[^.\[\]*$]+(\.[^.\[\]*$]+)*", path):
            raise ValueError("must be keys joined by dots (menus.routes); lists on the way need no sign")
        return path

    @model_validator(mode="after")
    def _carries_from_the_way(self) -> Self:
        for source in self.carry.values():
            if source.rpartition(".")[0] not in self.enclosing:
                ways = ", ".join(f"{above}.<field>" if above else "<field>" for above in self.enclosing)
                raise ValueError(f"carry: {source!r} is no field of a record on the way to {self.path} ({ways})")
        return self

    @property
    def enclosing(self) -> Sequence[str]:
        """The paths of the records on the way, outermost first: `` is the record itself."""
        steps = self.path.split(".")
        return [".".join(steps[:depth]) for depth in range(len(steps))]


class Expand(Block):
    """The records of a resource are rows inside of another's records; no request of its own is sent."""

    resource: str = Field(description="whose records the rows are inside of")
    rows: tuple[Rows, ...] = Field(min_length=1, description="the places they stand in")


LOADER_HINTS = (
    "write_disposition",
    "merge_key",
    "table_name",
    "max_table_nesting",
    "schema_contract",
    "table_format",
    "file_format",
    "references",
    "nested_hints",
    "parent_table_name",
    "parallelized",
)


class ResourceDefaults(Block):
    """What resources have unless they say otherwise."""

    primary_key: tuple[str, ...] = Field((), description="key of the records")
    include_from_parent: tuple[str, ...] = Field((), description="fields of the parent that each record carries")
    selected: bool = Field(default=True, description="false: read only if a child needs it")
    rate_limit: RateLimit | None = Field(None, description="for the requests of this resource")
    max_records: int | None = Field(None, gt=0, description="records after which the resource is not read any further")
    max_pages: int | None = Field(None, gt=0, description="pages after which the resource is not read any further")
    processing_steps: ProcessingSteps = Field((), description="what becomes of a record before it is delivered")
    columns: Columns = Field(None, description="types of fields, as dlt writes them")
    write_disposition: Any = None
    merge_key: Any = None
    table_name: Any = None
    max_table_nesting: Any = None
    schema_contract: Any = None
    table_format: Any = None
    file_format: Any = None
    references: Any = None
    nested_hints: Any = None
    parent_table_name: Any = None
    parallelized: Any = None

    @field_validator("primary_key", "include_from_parent", mode="before")
    @classmethod
    def _several(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value


class Resource(ResourceDefaults):
    """One kind of records of an API."""

    name: str = Field(min_length=1, description="name of the resource, and of its stream")
    endpoint: Endpoint
    expand: Expand | None = None
    given_schema: Annotated[str, Field(min_length=1)] | dict[str, Any] | None = Field(
        None,
        alias="schema",
        description="JSON Schema of the records; or the file or URL it is in: `openapi.yaml#/components/schemas/Order`",
    )

    @classmethod
    @override
    def elsewhere(cls) -> Mapping[str, str]:
        return {field.alias or name: "belongs into `endpoint`" for name, field in Endpoint.model_fields.items()}

    @field_validator("given_schema")
    @classmethod
    def _has_properties(cls, schema: str | dict[str, Any] | None) -> str | dict[str, Any] | None:
        kinds = {"$ref": str, "properties": dict}
        if isinstance(schema, dict) and not any(isinstance(schema.get(key), kind) for key, kind in kinds.items()):
            raise ValueError("must have `properties`, an object of schemas by field, or a `$ref`")
        return schema
