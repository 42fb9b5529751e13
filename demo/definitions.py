"""Which tables does a built-in API fill, and which requests belong to which?"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from demo.project import CHECKOUT
from tap_restgeneric import readers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tap_restgeneric.sandbox import Recorded


@dataclass(frozen=True, kw_only=True)
class Resource:
    """What the demo needs to know about a resource.

    Attributes:
        api: Name of the built-in API.
        name: Name of the resource, and of its table.
        keyed: Whether its records have a key; without one a loader can only append what each run saw.
        incremental: Whether a second run asks for what is new only.
        path: The path of its requests; None for rows inside of another resource's records.
    """

    api: str
    name: str
    keyed: bool
    incremental: bool
    path: re.Pattern[str] | None

    def asked(self, requests: Iterable[Recorded]) -> int | None:
        """How many of the requests were for this resource and were answered; None if it sends none of its own."""
        if self.path is None:
            return None
        return sum(self._is_asked(each) for each in requests)

    def _is_asked(self, request: Recorded) -> bool:
        answered = request.api == self.api and request.status < 400  # noqa: PLR2004
        return answered and self.path is not None and bool(self.path.fullmatch(request.path))


def resources(api: str) -> list[Resource]:
    """The resources that the plugin of a built-in API delivers, in the order of its definition."""
    definition = readers.read(_plugin_config(api), folders=[]).config
    defaults = definition.get("resource_defaults", {})
    merged = [{**defaults, **each} for each in definition["resources"]]
    return [_resource(api, each) for each in merged if each.get("selected", True)]


def _plugin_config(api: str) -> dict[str, Any]:
    project = yaml.safe_load((CHECKOUT / "meltano.yml").read_text())
    configs = [plugin.get("config", {}) for plugin in project["plugins"]["extractors"]]
    return next(config for config in configs if config.get("source") == api)


def _resource(api: str, written: dict[str, Any]) -> Resource:
    endpoint = written.get("endpoint", {})
    return Resource(
        api=api,
        name=written["name"],
        keyed=written["primary_key"] is not None,
        incremental="incremental" in endpoint,
        path=None if "expand" in written else _pattern(endpoint["path"]),
    )


def _pattern(path: str) -> re.Pattern[str]:
    """Matches the path of a request; only a raw value has slashes in it."""
    parts = re.split(r"(\{.*?\})", path)
    return re.compile("".join(map(_part, parts)))


def _part(part: str) -> str:
    if not part.startswith("{"):
        return re.escape(part)
    return ".+" if part.endswith(":raw}") else "[^/]+"
