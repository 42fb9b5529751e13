"""What do dlt and this tap make of the same configuration? Rows, the two readers, and what each of them got."""

from __future__ import annotations

import contextlib
import io
import json
import re
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tap_restgeneric.errors import RestGenericError
from tap_restgeneric.tap import TapRestGeneric

if TYPE_CHECKING:
    from collections.abc import Callable

    from server import Api

FOLDER = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Row:
    """One configuration, and what may differ.

    Attributes:
        table: The table it stands in.
        row: Its name: what it shows.
        answers: What the API answers beside the styles of the server.
        runs: Further answers of each run; the second begins with the state of the first.
        base: What follows the address of the server in `base_url`.
        client: As in the dialect; without `base_url`, it is the server's. So are the next two.
        snippet: Python that makes the source, instead of these three. `BASE` is the address, here as everywhere.
        secrets: By name: the tap's setting, and dlt's environment.
        env: Further environment of dlt, for what it looks up there under names of its own.
        settings: Further settings of the tap.
        nothing: Why both give no record.
        differs: What each side gives (`dlt`, `here`), why, and the `design` point that decides it.
        refused: What each side says when neither reads it (`dlt`, `here`): regular expressions.
        bug: What is wrong with the tap.
    """

    table: str
    row: str
    answers: dict[str, Any] = field(default_factory=dict)
    runs: list[dict[str, Any]] = field(default_factory=lambda: [{}])
    base: str = ""
    client: dict[str, Any] = field(default_factory=dict)
    resource_defaults: dict[str, Any] | None = None
    resources: list[Any] = field(default_factory=list)
    snippet: str | None = None
    secrets: dict[str, str] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    nothing: str | None = None
    differs: dict[str, Any] | None = None
    refused: dict[str, str] | None = None
    bug: str | None = None

    def config(self, url: str) -> dict[str, Any]:
        """The source for a server."""
        written = {"client": {"base_url": f"BASE{self.base}", **self.client}, "resources": self.resources}
        if self.resource_defaults is not None:
            written["resource_defaults"] = self.resource_defaults
        return placed(written, url)

    def snippet_in(self, folder: Path, url: str) -> Path:
        """The snippet as a file."""
        file = folder / "snippet.py"
        file.write_text(placed(self.snippet, url), "utf-8")
        return file


def rows() -> list[Row]:
    """All rows of all tables."""
    return [
        Row(table=table.stem, **entry)
        for table in sorted(FOLDER.glob("rows/*.yaml"))
        for entry in yaml.safe_load(table.read_text("utf-8"))
    ]


def placed(value: Any, url: str) -> Any:
    """A value with the address of the server for every `BASE` in its texts."""
    return json.loads(json.dumps(value).replace("BASE", url))


@dataclass
class Run:
    """What one reader got in one run.

    Attributes:
        records: By resource, in their order; without resources that gave none.
        requests: Method, target, body and headers of each request; in their order if there is one resource.
        error: What it said when it gave up, or None.
    """

    records: dict[str, list[Any]]
    requests: list[list[Any]]
    error: str | None

    def unmet(self, expected: dict[str, Any]) -> list[str]:
        """What of an expectation this run does not meet: `records` (whole, or ids), `requests`, `error`."""
        found = []
        if "error" in expected and not re.search(expected["error"], self.error or ""):
            found.append(f"error: {self.error}")
        if "error" not in expected and self.error:
            found.append(f"unexpected error: {self.error}")
        if "records" in expected and self._like(expected["records"]) != expected["records"]:
            found.append(f"records: {self.records}")
        if "requests" in expected and [target for _, target, *_ in self.requests] != expected["requests"]:
            found.append(f"requests: {self.requests}")
        return found

    def _like(self, expected: dict[str, list[Any]]) -> dict[str, Any]:
        """The records in the form they are expected in: whole, or only their ids."""
        whole = {name for name, records in expected.items() if any(isinstance(record, dict) for record in records)}
        return {
            name: records if name in whole else [_id(record) for record in records]
            for name, records in self.records.items()
        }


def _id(record: Any) -> Any:
    return record.get("id") if isinstance(record, dict) else record


class Dlt:
    """dlt in a process of its own, without telemetry, configuration files or patience."""

    def __init__(self, folder: Path, api: Api, url: str) -> None:
        self._folder, self._api, self._url = folder, api, url
        self._found: dict[str, list[Run]] = {}
        settings = {
            "RUNTIME__DLTHUB_TELEMETRY": "false",
            "RUNTIME__LOG_LEVEL": "CRITICAL",
            "RUNTIME__REQUEST_MAX_ATTEMPTS": "1",
            "DLT_DATA_DIR": str(folder / "data"),
            "DLT_PROJECT_DIR": str(folder),
            "HOME": str(folder),
            "PATH": "",
        }
        self._process = subprocess.Popen(
            [sys.executable, str(FOLDER / "dlt_reader.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=folder,
            env=settings,
        )
        self.version = json.loads(self._line())["dlt"]

    def runs(self, row: Row) -> list[Run]:
        """What a row gives, run after run; read once."""
        if row.row not in self._found:
            self._found[row.row] = self._read(row)
        return self._found[row.row]

    def _read(self, row: Row) -> list[Run]:
        state: dict[str, Any] = {}
        found = []
        for answers in row.runs:
            self._api.begin(placed({**row.answers, **answers}, self._url))
            order: dict[str, Any] = {"state": state, "env": {**_environment(row.secrets), **row.env}}
            if row.snippet:
                order["snippet"] = str(row.snippet_in(self._folder, self._url))
            else:
                order["config"] = row.config(self._url)
            answer = self._ask(order)
            if not answer["error"]:  # a pipeline keeps the state of the run before
                state = answer["state"]
            found.append(_run(answer["records"], self._api, row, answer["error"]))
        return found

    def close(self) -> None:
        """Ends the process."""
        self._process.communicate(timeout=10)

    def _ask(self, order: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._line())
        return answer

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "dlt ended: is the dependency group `differential` installed?"
        return line


@dataclass
class Here:
    """This tap, in this process."""

    folder: Path
    api: Api
    url: str

    def runs(self, row: Row) -> list[Run]:
        """Reads a row, run after run, after discovery."""
        settings = {**self._settings(row), **placed(row.settings, self.url)}
        self._begin(row, row.runs[0])
        catalog, error = _attempted(lambda: TapRestGeneric(config=settings).catalog_dict)
        if error:
            return [Run({}, [], error)]
        state: dict[str, Any] = {}
        found = []
        for answers in row.runs:
            self._begin(row, answers)
            messages, error = _messages(settings, state, catalog)
            records: dict[str, list[Any]] = defaultdict(list)
            for message in messages:
                if message["type"] == "RECORD":
                    records[message["stream"]].append(message["record"])
                if message["type"] == "STATE":
                    state = message["value"]
            found.append(_run(dict(records), self.api, row, error))
        return found

    def _begin(self, row: Row, answers: dict[str, Any]) -> None:
        self.api.begin(placed({**row.answers, **answers}, self.url))

    def _settings(self, row: Row) -> dict[str, Any]:
        # one exchange at a time: the requests of a sequential client, in its order
        common = {"concurrency": 1, "secrets": row.secrets}
        if row.snippet:
            return {**common, "source": str(row.snippet_in(self.folder, self.url))}
        return {**common, **row.config(self.url)}


def _messages(settings: Any, state: Any, catalog: Any) -> tuple[list[dict[str, Any]], str | None]:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        _, error = _attempted(lambda: TapRestGeneric(config=settings, state=state, catalog=catalog).sync_all())
    return [json.loads(line) for line in out.getvalue().splitlines()], error


def _attempted(attempt: Callable[[], Any]) -> tuple[Any, str | None]:
    try:
        return attempt(), None
    except RestGenericError as error:
        return None, f"{type(error).__name__}: {error}"


def _run(records: dict[str, list[Any]], api: Api, row: Row, error: str | None) -> Run:
    requests = api.requests()
    if len(row.resources) != 1:
        # in which order resources take turns is nobody's business
        requests.sort(key=repr)
    return Run({name: found for name, found in records.items() if found}, requests, error)


def _environment(secrets: dict[str, str]) -> dict[str, str]:
    return {name.upper(): value for name, value in secrets.items()}
