"""Which settings does the tap have? The JSON Schema of them, for --about, Meltano and validation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tap_restgeneric.dialect.blocks import suggestion
from tap_restgeneric.dialect.words import kind
from tap_restgeneric.errors import ConfigError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CONCURRENCY = 8
RESUME_WITHIN = 12 * 60 * 60
"""Seconds: a run that is tried again goes on, that of the next day begins anew."""
_YES = frozenset({"true", "yes", "on", "1"})
_NO = frozenset({"false", "no", "off", "0", ""})


def _setting(*kinds: str, title: str, description: str, **more: Any) -> dict[str, Any]:
    """A setting of one of some kinds; null stands for one that is not given."""
    return {"type": [*kinds, "null"], "title": title, "description": description, **more}


JSONSCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
        "source": _setting(
            "string",
            "object",
            title="Source",
            description=(
                "The description of the API: the name of a built-in one (recruiting, ci, commerce, helpdesk, "
                "telephony), the path of a file (.yaml .yml .json, or .py .md .txt holding a dlt snippet; relative "
                "to the working directory or the Meltano project), or the description itself."
            ),
        ),
        "client": _setting(
            "object",
            title="Client",
            description=(
                "base_url, headers, auth, paginator of the dlt rest_api dialect; laid over those of `source`."
            ),
            additionalProperties=True,
        ),
        "resource_defaults": _setting(
            "object",
            title="Resource defaults",
            description="What resources have unless they say otherwise; laid over those of `source`.",
            additionalProperties=True,
        ),
        "resources": _setting(
            "array",
            title="Resources",
            description="The resources of the API; laid over those of `source` by name, new ones are added.",
            items={"type": ["string", "object"]},
        ),
        "secrets": _setting(
            "object",
            title="Secrets",
            description=(
                'Values for `dlt.secrets["x"]` and `{secrets.x}` in the source. What is not given here is looked '
                "for in the environment variable TAP_RESTGENERIC_SECRETS_<X>."
            ),
            additionalProperties=True,
            secret=True,
            writeOnly=True,
        ),
        "parameters": _setting(
            "object",
            title="Parameters",
            description=(
                "Values for placeholders such as `{org_id}` that no parent fills; a list asks once for each of its "
                "values, a text may be `{resources.<parent>.<field>}`."
            ),
            additionalProperties=True,
        ),
        "start_date": _setting(
            "string",
            title="Start date",
            description="Lower bound of the first run of incremental streams that have no initial_value.",
            format="date-time",
        ),
        "full_refresh": _setting(
            "boolean",
            "array",
            "string",
            title="Full refresh",
            description=(
                "Streams that are read from their beginning in this run, as if they had no state: all of them "
                "(true), or those in a list of names."
            ),
            items={"type": "string"},
            default=False,
        ),
        "resume_within": _setting(
            "number",
            title="Resume within",
            description=(
                "Seconds within which the next run goes on where a full table was interrupted; later, or with 0, "
                "it begins anew."
            ),
            minimum=0,
            default=RESUME_WITHIN,
        ),
        "on_stream_error": _setting(
            "string",
            title="On stream error",
            description=(
                "What an error in one stream means for the others: no more of them begin (stop), or they are read "
                "to their end (continue). The run has failed in both cases."
            ),
            enum=["stop", "continue"],
            default="stop",
        ),
        "concurrency": _setting(
            "integer",
            title="Concurrency",
            description="HTTP exchanges in flight at once, over the whole tap; 1 asks for one thing after another.",
            minimum=1,
            default=CONCURRENCY,
        ),
        "rate_limit": _setting(
            "object",
            title="Rate limit",
            description="No more than `requests` requests begin within any `seconds`, over the whole tap.",
            properties={
                "requests": {
                    "type": ["integer"],
                    "minimum": 1,
                    "description": "Requests that may begin within the time.",
                },
                "seconds": {
                    "type": ["number", "null"],
                    "exclusiveMinimum": 0,
                    "default": 1,
                    "description": "The time, in seconds.",
                },
            },
            required=["requests"],
            additionalProperties=True,
        ),
        "max_records": _setting(
            "integer",
            title="Most records",
            description=(
                "Records of a stream after which it is not read any further, for samples; bookmarks do not pass "
                "what was read."
            ),
            minimum=1,
        ),
        "max_pages": _setting(
            "integer",
            title="Most pages",
            description=(
                "Pages of a stream after which it is not read any further, for samples; bookmarks do not pass what "
                "was read."
            ),
            minimum=1,
        ),
        "max_seconds": _setting(
            "number",
            title="Most seconds",
            description="Time of a run: when it is over, the run ends with its last STATE and exit code 1.",
            exclusiveMinimum=0,
        ),
        "timeout": _setting(
            "number",
            title="Timeout",
            description="Seconds to connect, and to wait for data.",
            exclusiveMinimum=0,
            default=60,
        ),
        "exchange_timeout": _setting(
            "number",
            title="Exchange timeout",
            description="Seconds that one answer may take in all, however steadily it comes.",
            exclusiveMinimum=0,
            default=600,
        ),
        "max_body_mb": _setting(
            "integer",
            title="Largest body",
            description="Megabytes that the body of an answer may have, after decompression.",
            minimum=1,
            default=100,
        ),
        "token_folder": _setting(
            "string",
            title="Folder of refresh tokens",
            description=(
                "Where refresh tokens are kept that an API has changed, for the next run: files that their owner "
                "alone can read. Relative to the Meltano project or the working directory "
                "(~/.local/state/tap-restgeneric/tokens)."
            ),
        ),
        "undeclared_fields": _setting(
            "string",
            title="Undeclared fields",
            description=(
                "What happens to fields that the schema of a stream does not know: dropped with a warning and a "
                "count (warn), kept in one object column `_sdc_undeclared` (collect), or an error (fail)."
            ),
            enum=["warn", "collect", "fail"],
            default="warn",
        ),
        "infer_records": _setting(
            "integer",
            title="Records to infer from",
            description="Records read at discovery to find the schema of a stream that has none.",
            minimum=1,
            default=200,
        ),
        "schemas": _setting(
            "string",
            title="Folder of schemas",
            description=(
                "The path of a folder that keeps record schemas, <stream>.json each, as `restgeneric schema "
                "--write` writes them: what is there is not inferred again. Relative to the working directory or "
                "the Meltano project."
            ),
        ),
        "report": _setting(
            "string",
            title="Report",
            description=(
                "The path of a file that gets the report of a run, as JSON: for each stream its records, requests, "
                "warnings, and why it ended. Relative to the working directory or the Meltano project."
            ),
        ),
        "user_agent": _setting(
            "string",
            title="User agent",
            description="Value of the User-Agent header (tap-restgeneric/<version>).",
        ),
        "emit_activate_version_messages": _setting(
            "boolean",
            title="Emit ACTIVATE_VERSION messages",
            description="Whether full-table streams tell the target to replace what it holds.",
            default=False,
        ),
    },
}


def refreshed(setting: Any, streams: Iterable[str]) -> frozenset[str]:
    """The streams that the setting `full_refresh` names.

    Args:
        setting: Its value; as a text, which is how it comes from an environment, a word for yes or no, a list in
            JSON, or one name.
        streams: The names there are.

    Raises:
        ConfigError: It names others.
    """
    names = _listed(setting)
    known = sorted(streams)
    if isinstance(names, bool):
        return frozenset(known if names else ())
    found = [
        Problem(f"$.full_refresh[{place}]", f"there is no stream {name!r}{suggestion(name, known)}")
        for place, name in enumerate(names)
        if name not in known
    ]
    if found:
        raise ConfigError(found)
    return frozenset(names)


def _listed(setting: Any) -> bool | list[str]:
    if not isinstance(setting, str):
        return setting or False
    if setting.strip().lower() in _YES | _NO:
        return setting.strip().lower() in _YES
    try:
        names = json.loads(setting)
    except ValueError:
        names = [setting]
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ConfigError.at("$.full_refresh", "must be true, false or a list of names of streams")
    return names


def problems(config: Mapping[str, Any], schema: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with settings, as far as their schema tells; no value is shown."""
    from jsonschema import Draft202012Validator  # noqa: PLC0415 (the first request does not wait for it)

    found = Draft202012Validator(schema).iter_errors(config)
    return [Problem(_path(error), _message(error)) for error in sorted(found, key=lambda error: str(error.json_path))]


def _path(error: Any) -> str:
    return str(error.json_path)


def _message(error: Any) -> str:
    if error.validator == "type":
        allowed = error.validator_value
        return f"must be {allowed if isinstance(allowed, str) else ' or '.join(allowed)}, not {kind(error.instance)}"
    if error.validator in {"enum", "minimum", "exclusiveMinimum", "maximum"}:
        return f"{error.validator}: {error.validator_value}"
    return f"does not fit: {error.validator} {error.validator_value}"


def read(path: str, option: str) -> dict[str, Any]:
    """The JSON object in a file that was named on the command line.

    Raises:
        ConfigError: There is no such file, or it holds something else.
    """
    try:
        found = json.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        raise ConfigError.at(option, f"cannot read {path}: {error.strerror}") from None
    except ValueError as error:
        raise ConfigError.at(option, f"{path} is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise ConfigError.at(option, f"{path} must hold an object, not {kind(found)}")
    return found
