"""Which settings does the tap have? The JSON Schema of them, for --about, Meltano and validation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator
from singer_sdk import typing as th

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

_RATE_LIMIT = th.ObjectType(
    th.Property(
        "requests", th.IntegerType(minimum=1), required=True, description="Requests that may begin within the time."
    ),
    th.Property("seconds", th.NumberType(exclusive_minimum=0), default=1, description="The time, in seconds."),
)

JSONSCHEMA: dict[str, Any] = th.PropertiesList(
    th.Property(
        "source",
        th.CustomType({"type": ["string", "object"]}),
        title="Source",
        description="The description of the API: the name of a built-in one (recruiting, ci, commerce, helpdesk, "
        "telephony), the path of a file (.yaml .yml .json, or .py .md .txt holding a dlt snippet; relative to the "
        "working directory or the Meltano project), or the description itself.",
    ),
    th.Property(
        "client",
        th.ObjectType(additional_properties=True),
        title="Client",
        description="base_url, headers, auth, paginator of the dlt rest_api dialect; laid over those of `source`.",
    ),
    th.Property(
        "resource_defaults",
        th.ObjectType(additional_properties=True),
        title="Resource defaults",
        description="What resources have unless they say otherwise; laid over those of `source`.",
    ),
    th.Property(
        "resources",
        th.ArrayType(th.CustomType({"type": ["string", "object"]})),
        title="Resources",
        description="The resources of the API; laid over those of `source` by name, new ones are added.",
    ),
    th.Property(
        "secrets",
        th.ObjectType(additional_properties=True),
        secret=True,
        title="Secrets",
        description='Values for `dlt.secrets["x"]` and `{secrets.x}` in the source. What is not given here is looked '
        "for in the environment variable TAP_RESTGENERIC_SECRETS_<X>.",
    ),
    th.Property(
        "parameters",
        th.ObjectType(additional_properties=True),
        title="Parameters",
        description="Values for placeholders such as `{org_id}` that no parent fills; a list asks once for each of "
        "its values, a text may be `{resources.<parent>.<field>}`.",
    ),
    th.Property(
        "start_date",
        th.DateTimeType,
        title="Start date",
        description="Lower bound of the first run of incremental streams that have no initial_value.",
    ),
    th.Property(
        "full_refresh",
        th.CustomType({"type": ["boolean", "array", "string"], "items": {"type": "string"}}),
        default=False,
        title="Full refresh",
        description="Streams that are read from their beginning in this run, as if they had no state: all of them "
        "(true), or those in a list of names.",
    ),
    th.Property(
        "resume_within",
        th.NumberType(minimum=0),
        default=RESUME_WITHIN,
        title="Resume within",
        description="Seconds within which the next run goes on where a full table was interrupted; later, or with 0, "
        "it begins anew.",
    ),
    th.Property(
        "on_stream_error",
        th.StringType(allowed_values=["stop", "continue"]),
        default="stop",
        title="On stream error",
        description="What an error in one stream means for the others: no more of them begin (stop), or they are read "
        "to their end (continue). The run has failed in both cases.",
    ),
    th.Property(
        "concurrency",
        th.IntegerType(minimum=1),
        default=CONCURRENCY,
        title="Concurrency",
        description="HTTP exchanges in flight at once, over the whole tap; 1 asks for one thing after another.",
    ),
    th.Property(
        "rate_limit",
        _RATE_LIMIT,
        title="Rate limit",
        description="No more than `requests` requests begin within any `seconds`, over the whole tap.",
    ),
    th.Property(
        "max_records",
        th.IntegerType(minimum=1),
        title="Most records",
        description="Records of a stream after which it is not read any further, for samples; bookmarks do not pass "
        "what was read.",
    ),
    th.Property(
        "max_pages",
        th.IntegerType(minimum=1),
        title="Most pages",
        description="Pages of a stream after which it is not read any further, for samples; bookmarks do not pass "
        "what was read.",
    ),
    th.Property(
        "max_seconds",
        th.NumberType(exclusive_minimum=0),
        title="Most seconds",
        description="Time of a run: when it is over, the run ends with its last STATE and exit code 1.",
    ),
    th.Property(
        "timeout",
        th.NumberType(exclusive_minimum=0),
        default=60,
        title="Timeout",
        description="Seconds to connect, and to wait for data.",
    ),
    th.Property(
        "exchange_timeout",
        th.NumberType(exclusive_minimum=0),
        default=600,
        title="Exchange timeout",
        description="Seconds that one answer may take in all, however steadily it comes.",
    ),
    th.Property(
        "max_body_mb",
        th.IntegerType(minimum=1),
        default=100,
        title="Largest body",
        description="Megabytes that the body of an answer may have, after decompression.",
    ),
    th.Property(
        "token_folder",
        th.StringType,
        title="Folder of refresh tokens",
        description="Where refresh tokens are kept that an API has changed, for the next run: files that their owner "
        "alone can read. Relative to the Meltano project or the working directory "
        "(~/.local/state/tap-restgeneric/tokens).",
    ),
    th.Property(
        "undeclared_fields",
        th.StringType(allowed_values=["warn", "collect", "fail"]),
        default="warn",
        title="Undeclared fields",
        description="What happens to fields that the schema of a stream does not know: dropped with a warning and a "
        "count (warn), kept in one object column `_sdc_undeclared` (collect), or an error (fail).",
    ),
    th.Property(
        "infer_records",
        th.IntegerType(minimum=1),
        default=200,
        title="Records to infer from",
        description="Records read at discovery to find the schema of a stream that has none.",
    ),
    th.Property(
        "schemas",
        th.StringType,
        title="Folder of schemas",
        description="The path of a folder that keeps record schemas, <stream>.json each, as `restgeneric schema "
        "--write` writes them: what is there is not inferred again. Relative to the working directory or the "
        "Meltano project.",
    ),
    th.Property(
        "report",
        th.StringType,
        title="Report",
        description="The path of a file that gets the report of a run, as JSON: for each stream its records, requests, "
        "warnings, and why it ended. Relative to the working directory or the Meltano project.",
    ),
    th.Property(
        "user_agent",
        th.StringType,
        title="User agent",
        description="Value of the User-Agent header (tap-restgeneric/<version>).",
    ),
    th.Property(
        "emit_activate_version_messages",
        th.BooleanType,
        default=False,
        title="Emit ACTIVATE_VERSION messages",
        description="Whether full-table streams tell the target to replace what it holds.",
    ),
).to_dict()


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
