"""What does the tap say, run in this process?"""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import dataclass
from typing import Any

from tap_restgeneric.errors import RestGenericError
from tap_restgeneric.tap import TapRestGeneric


@dataclass(frozen=True)
class Run:
    """A tap that has run, and what it wrote."""

    tap: TapRestGeneric
    messages: list[dict[str, Any]]

    def of(self, kind: str, stream: str | None = None) -> list[dict[str, Any]]:
        """Messages of a type, and of a stream."""
        of_kind = [message for message in self.messages if message["type"] == kind]
        return [message for message in of_kind if stream is None or message["stream"] == stream]

    def records(self, stream: str) -> list[dict[str, Any]]:
        return [message["record"] for message in self.of("RECORD", stream)]

    def schema(self, stream: str) -> dict[str, Any]:
        (message,) = self.of("SCHEMA", stream)
        return message

    @property
    def order(self) -> list[str]:
        """RECORD messages as `stream id`."""
        return [f"{message['stream']} {message['record']['id']}" for message in self.of("RECORD")]

    @property
    def states(self) -> list[dict[str, Any]]:
        return [message["value"] for message in self.of("STATE")]

    @property
    def state(self) -> dict[str, Any]:
        """The last state."""
        return self.states[-1]

    def warnings(self, stream: str) -> list[str]:
        return list(self.tap.report.tallies[stream].warnings)


def made(config: dict[str, Any], **kwargs: Any) -> TapRestGeneric:
    """A tap that has discovered its streams."""
    return TapRestGeneric(config=config, **kwargs)


def run(config: dict[str, Any], **kwargs: Any) -> Run:
    """A tap after a sync.

    Args:
        config: Its settings.
        kwargs: `state`, `catalog`.
    """
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        tap = made(config, **kwargs)
        tap.sync_all()
    return Run(tap, [json.loads(line) for line in out.getvalue().split("\n")[:-1]])


def outcome(tap: TapRestGeneric) -> tuple[Run, RestGenericError | None]:
    """A tap after a sync, whatever comes of it."""
    out, error = io.StringIO(), None
    with contextlib.redirect_stdout(out):
        try:
            tap.sync_all()
        except RestGenericError as caught:
            error = caught
    return Run(tap, [json.loads(line) for line in out.getvalue().splitlines()]), error


def api(base_url: str, *resources: Any, **client: Any) -> dict[str, Any]:
    """Settings that hold a source."""
    return {"client": {"base_url": base_url, **client}, "resources": list(resources)}


def resource(name: str, path: str | None = None, **endpoint: Any) -> dict[str, Any]:
    """A resource; keys that are not those of an endpoint are given in `resource_`."""
    outer = endpoint.pop("resource_", {})
    usual = {"path": path or f"/{name}", "data_selector": "items", "paginator": {"type": "single_page"}}
    return {"name": name, "primary_key": "id", **outer, "endpoint": {**usual, **endpoint}}
