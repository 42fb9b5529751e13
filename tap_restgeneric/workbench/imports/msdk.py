"""What do the settings of tap-rest-api-msdk say? JSON or YAML, alone or in a meltano.yml."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tap_restgeneric.errors import ConfigError
from tap_restgeneric.workbench.imports.document import Document, Imported, Left, Steps
from tap_restgeneric.workbench.naming import word

if TYPE_CHECKING:
    from collections.abc import Callable

Settings = dict[str, Any]

_OF_THE_TAP = (
    "user_agent",
    "stream_maps",
    "stream_map_config",
    "flattening_enabled",
    "flattening_max_depth",
    "batch_config",
)
"""Settings with the same name and meaning here."""
_NOT_NEEDED = {
    "except_keys": "nothing is flattened unless flattening_enabled says so",
    "store_raw_json_message": "nested fields stay as they are; undeclared_fields: collect keeps unknown ones",
    "offset_records_jsonpath": "the step is what the selector found",
    "backoff_type": "Retry-After and reset headers are followed; error_handler says the rest",
    "backoff_param": "Retry-After and reset headers are followed; error_handler says the rest",
    "backoff_time_extension": "a little jitter is added; error_handler: {backoff_factor} says the rest",
    "pagination_response_style": "how a page is asked for follows from the paginator",
    "redirect_uri": "give it in access_token_request_data of the auth block, if the API wants it",
    "aws_credentials": "requests are not signed for AWS",
}
_PAGING = (
    *("pagination_request_style", "next_page_token_path", "pagination_page_size", "pagination_results_limit"),
    *("pagination_next_page_param", "pagination_limit_per_page_param", "pagination_total_limit_param"),
    "pagination_initial_offset",
)
_AUTH = (
    *("auth_method", "api_keys", "client_id", "client_secret", "username", "password", "bearer_token", "refresh_token"),
    *("grant_type", "scope", "access_token_url", "oauth_extras", "oauth_expiration_secs"),
)
_OF_STREAMS = (
    *("path", "params", "headers", "records_path", "primary_keys", "replication_key", "num_inference_records"),
    *("start_date", "source_search_field", "source_search_query", "schema", "use_request_body_not_params"),
)
_LIST_END = re.compile(r"\[\*\]$")


def recognises(document: Document) -> bool:
    """Whether a document holds settings of that tap."""
    return _found(document.value) is not None


def _found(value: Any, steps: Steps = ()) -> tuple[Settings, Steps] | None:
    """The settings in a value, at its top or in a meltano.yml, and the steps that lead there."""
    if not isinstance(value, dict):
        return None
    if "api_url" in value:
        return value, steps
    plugins = value.get("plugins")
    extractors = plugins.get("extractors") if isinstance(plugins, dict) else None
    for index, plugin in enumerate(extractors if isinstance(extractors, list) else ()):
        found = (
            _found(plugin.get("config"), ("plugins", "extractors", index, "config"))
            if isinstance(plugin, dict)
            else None
        )
        if found:
            return found
    return None


def read(document: Document) -> Imported:
    """What the settings say.

    Raises:
        ConfigError: There are none.
    """
    found = _found(document.value)
    if found is None:
        raise ConfigError.at("FILE", f"{document.name} has no api_url")
    return _Reading(document, *found).imported()


class _Reading:
    """One reading of settings: what was carried over, and what was not."""

    def __init__(self, document: Document, settings: Settings, steps: Steps) -> None:
        self._document = document
        self._settings = settings
        self._steps = steps
        self._result = Imported({})

    def imported(self) -> Imported:
        """The settings in our words."""
        client: dict[str, Any] = {"base_url": str(self._settings["api_url"])}
        auth = self._auth()
        if auth:
            client["auth"] = auth
        streams = self._settings.get("streams") or []
        resources = [self._resource(stream, ("streams", index)) for index, stream in enumerate(streams)]
        paginator = self._paginator()
        if paginator:
            client["paginator"] = paginator
        self._result.source.update(client=client, resources=resources)
        self._tap_settings()
        self._rest()
        self._result.conceal()
        return self._result

    def _leave(self, steps: Steps, reason: str) -> None:
        line = self._document.lines.get((*self._steps, *steps))
        self._result.left.append(Left(line, ".".join(map(str, steps)), reason))

    def _tap_settings(self) -> None:
        settings = self._result.settings
        settings.update({key: self._settings[key] for key in _OF_THE_TAP if key in self._settings})
        if "num_inference_records" in self._settings:
            settings["infer_records"] = self._settings["num_inference_records"]
        if self._settings.get("start_date"):
            settings["start_date"] = self._settings["start_date"]

    def _rest(self) -> None:
        """Lists every key that nothing was made of."""
        known = {*_OF_THE_TAP, *_PAGING, *_AUTH, *_OF_STREAMS, "api_url", "streams"}
        for key in self._settings:
            if key not in known:
                self._leave((key,), _NOT_NEEDED.get(key, "is not known here"))

    # Credentials

    def _auth(self) -> dict[str, Any] | None:
        method = self._settings.get("auth_method", "no_auth")
        made: dict[str, Callable[[], dict[str, Any] | None]] = {
            "no_auth": lambda: None,
            "basic": lambda: {"type": "http_basic", **self._taken("username", "password")},
            "api_key": self._api_keys,
            "bearer_token": lambda: {"type": "bearer", "token": "{secrets.token}"},
            "oauth": self._oauth,
        }
        if method not in made:
            self._leave(("auth_method",), f"{method} is not there: write an auth block, or another way in")
            return None
        return made[method]()

    def _api_keys(self) -> dict[str, Any] | None:
        names = list(self._settings.get("api_keys") or {})
        keys = [{"type": "api_key", "name": name, "api_key": f"{{secrets.{word(name)}}}"} for name in names]
        return keys[0] if len(keys) == 1 else {"type": "multi", "auths": keys} if keys else None

    def _oauth(self) -> dict[str, Any]:
        grant = self._settings.get("grant_type", "client_credentials")
        block: dict[str, Any] = {"type": "oauth2_password" if grant == "password" else "oauth2_client_credentials"}
        block |= self._taken("client_id", "client_secret", "refresh_token", "username", "password")
        if grant != "password":
            block = {key: value for key, value in block.items() if key not in {"username", "password"}}
        block["access_token_url"] = self._settings.get("access_token_url", "")
        if self._settings.get("scope"):
            block["scope"] = self._settings["scope"]
        if self._settings.get("oauth_extras"):
            block["access_token_request_data"] = self._settings["oauth_extras"]
        if self._settings.get("oauth_expiration_secs"):
            block["default_token_expiration"] = self._settings["oauth_expiration_secs"]
        return block

    def _taken(self, *keys: str) -> dict[str, Any]:
        """Secrets that are given, as placeholders of their name."""
        return {key: f"{{secrets.{key}}}" for key in keys if self._settings.get(key)}

    # Streams

    def _resource(self, stream: Settings, steps: Steps) -> dict[str, Any]:
        def of(key: str) -> Any:
            return stream.get(key, self._settings.get(key))

        params = {**(self._settings.get("params") or {}), **(stream.get("params") or {})}
        headers = {**(self._settings.get("headers") or {}), **(stream.get("headers") or {})}
        body = bool(of("use_request_body_not_params"))
        endpoint: dict[str, Any] = {"path": str(of("path") or "").lstrip("/") or "/"}
        incremental = self._incremental(of, stream, params, steps)
        if params:
            endpoint["json" if body else "params"] = params
        if headers:
            endpoint["headers"] = headers
        selector = _selector(of("records_path"))
        if selector:
            endpoint["data_selector"] = selector
        if incremental:
            endpoint["incremental"] = incremental
        self._rest_of_stream(stream, steps)
        named = {"name": str(stream.get("name", "")), "primary_key": of("primary_keys"), "schema": stream.get("schema")}
        return {**{key: value for key, value in named.items() if value}, "endpoint": endpoint}

    def _rest_of_stream(self, stream: Settings, steps: Steps) -> None:
        """Lists every key of a stream that nothing was made of."""
        for key in stream:
            if key not in {*_OF_STREAMS, "name"}:
                self._leave((*steps, key), _NOT_NEEDED.get(key, "is not known here"))
        if "num_inference_records" in stream:
            self._leave((*steps, "num_inference_records"), "infer_records counts for all streams")

    def _incremental(
        self, of: Callable[[str], Any], stream: Settings, params: dict[str, Any], steps: Steps
    ) -> dict[str, Any] | None:
        cursor, name, query = of("replication_key"), of("source_search_field"), of("source_search_query")
        if not cursor:
            for key in ("source_search_field", "source_search_query"):
                if stream.get(key):
                    self._leave((*steps, key), "has no effect without replication_key")
            return None
        start = {"initial_value": stream["start_date"]} if stream.get("start_date") else {}
        if name and query:
            params[str(name)] = re.sub(r"\$\{?last_run_date\}?", "{incremental.start_value}", _literal(str(query)))
        else:
            params.update({"sort": "asc", "order_by": cursor})
        return {"cursor_path": cursor, **start}

    # Pages

    def _paginator(self) -> dict[str, Any] | None:
        style = self._settings.get("pagination_request_style", "default")
        made: dict[str, Callable[[], dict[str, Any]]] = {
            "default": self._token,
            "jsonpath_paginator": self._token,
            "simple_header_paginator": self._header,
            "header_link_paginator": lambda: {"type": "header_link"},
            "restapi_header_link_paginator": lambda: {"type": "header_link"},
            "style1": self._offset,
            "offset_paginator": self._offset,
            "page_number_paginator": self._numbers,
            "hateoas_paginator": self._link,
            "single_page_paginator": lambda: {"type": "single_page"},
        }
        if style not in made:
            self._leave(("pagination_request_style",), f"{style} is not known: the first reply shows how the API pages")
            return None
        block = made[style]()
        limit = self._settings.get("pagination_results_limit")
        if limit and block["type"] == "offset":
            block["maximum_offset"] = limit
        elif limit:
            self._leave(("pagination_results_limit",), "ends a run with an error there; here all is read")
        return block

    def _token(self) -> dict[str, Any]:
        if self._settings.get("pagination_response_style") == "hateoas_body":
            return self._link()
        path = _path(self._settings.get("next_page_token_path") or "$.next_page")
        return {
            "type": "cursor",
            "cursor_path": path,
            "cursor_param": self._next_param("page"),
            **self._size(given=True),
        }

    def _header(self) -> dict[str, Any]:
        if self._settings.get("next_page_token_path"):
            return self._token()
        return {"type": "header_cursor", "cursor_key": "X-Next-Page", "cursor_param": self._next_param("page")}

    def _offset(self) -> dict[str, Any]:
        total = self._settings.get("pagination_total_limit_param")
        above = _path(self._settings.get("next_page_token_path") or "$.pagination")
        first = self._settings.get("pagination_initial_offset", 1)
        if "pagination_initial_offset" not in self._settings:
            self._leave(
                ("pagination_initial_offset",), "is 1 there if it is not given, which leaves out a record: 0 here"
            )
            first = 0
        return {
            "type": "offset",
            "limit": self._settings.get("pagination_page_size", 25),
            **({"offset": first} if first else {}),
            "offset_param": self._next_param("offset"),
            **self._size(given=False),
            "total_path": (total if "." in total else f"{above}.{total}") if total else None,
        }

    def _numbers(self) -> dict[str, Any]:
        more = _path(self._settings.get("next_page_token_path") or "$.hasMore")
        block = {
            "type": "page_number",
            "base_page": 1,
            "page_param": self._next_param("page"),
            **self._size(given=True),
        }
        return {**block, "total_path": None, "has_more_path": more}

    def _link(self) -> dict[str, Any]:
        path = self._settings.get("next_page_token_path")
        return {"type": "json_link", **({"next_url_path": _path(path)} if path else {})}

    def _next_param(self, usual: str) -> str:
        return str(self._settings.get("pagination_next_page_param") or usual)

    def _size(self, *, given: bool) -> dict[str, Any]:
        """The page size and its name; with `given` only where the size is."""
        size, name = (self._settings.get(f"pagination_{key}") for key in ("page_size", "limit_per_page_param"))
        if given and not size:
            return {}
        named = {"limit_param": name} if name and name != "limit" else {}
        return {"limit": size, **named} if given else named


def _selector(path: Any) -> str | None:
    """A records_path as a selector: `$.data[*]` is `data`."""
    if not path or path == "$[*]":
        return "$" if path else None
    return _path(_LIST_END.sub("", str(path)))


def _path(path: str) -> str:
    return str(path).removeprefix("$.")


def _literal(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}") if "${" not in text else text
