"""Which exchanges were recorded, and how are they played again? A cassette of `vcrpy`, without secrets."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qsl, urlencode

import click
import yaml
from typing_extensions import override

from tap_restgeneric.dialect.exchange import without_query
from tap_restgeneric.engine.clock import hurried
from tap_restgeneric.engine.redaction import MASK
from tap_restgeneric.errors import ConfigError, ReplyError
from tap_restgeneric.workbench.bench import Bench

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from tap_restgeneric.dialect.exchange import Call, Reply
    from tap_restgeneric.engine.transport import Send

ABOUT = "restgeneric"
"""Under this key a cassette holds the settings of the tap and the moment it was recorded."""
_MATCHED = ("method", "scheme", "host", "port", "path", "query", "unsigned_body")
_KEPT_HEADERS = frozenset({"accept", "content-type"})
"""Of a request; the others may be credentials, and no reply depends on them but by those."""
_DROPPED_HEADERS = frozenset({"set-cookie", "transfer-encoding", "content-encoding", "content-length", "connection"})
"""Of a reply: cookies are credentials, the others speak of bytes that are stored unpacked."""
_SIGNED = frozenset({"assertion", "client_assertion"})
"""Fields of a body that are signed anew each time."""
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
MISSING = "this needs `pip install 'tap-restgeneric[workbench]'`"


class Recorded(Bench):
    """A tap whose exchanges are kept, one after another, all at the same moment."""

    looks_into_streams: ClassVar[bool] = True
    deadlines: ClassVar[bool] = False
    """The library stands in for the usual connections, and for no others."""
    moment: ClassVar[datetime]
    opened: ClassVar[list[Recorded]]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Known to the cassette before anything is asked."""
        self.opened.append(self)
        super().__init__(*args, **kwargs)

    @override
    def sends(self, send: Send) -> Send:
        from vcr.errors import CannotOverwriteExistingCassetteException  # noqa: PLC0415 (an optional extra)

        watched = super().sends(send)

        def played(call: Call, digest: tuple[str, str] | None) -> Reply:
            try:
                return watched(call, digest)
            except CannotOverwriteExistingCassetteException:
                shown = f"{call.method} {without_query(call.url)}"
                raise ReplyError(f"{shown} is not in the cassette (any more), as it is asked here") from None

        return played

    @override
    @classmethod
    def now(cls) -> datetime:
        return cls.moment

    def credentials(self) -> frozenset[str]:
        """Everything that signs requests, however short it is."""
        nodes = self.source.nodes.values()
        return frozenset(str(secret) for node in nodes if node.auth for secret in node.auth.secrets() if secret)


def recorded(moment: datetime, opened: list[Recorded]) -> type[Recorded]:
    """The class of a tap that is recorded at a moment; `opened` gets the tap."""
    return type("Recorded", (Recorded,), {"moment": moment, "opened": opened})


def replayed(moment: datetime, opened: list[Recorded]) -> type[Recorded]:
    """The class of a tap whose exchanges come from a cassette: it never waits."""
    return type("Replayed", (Recorded,), {"moment": moment, "opened": opened, "clock": hurried(moment.timestamp())})


class Masked:
    """Writes and reads a cassette; what is written has no secret in it.

    Args:
        mask: Takes secrets out of a text, by their value.
        about: Gives what stands beside the exchanges, when they are written.
    """

    def __init__(self, mask: Callable[[str], str], about: Callable[[], dict[str, Any]]) -> None:
        """Nothing is written yet."""
        self._mask = mask
        self._about = about

    def serialize(self, cassette: dict[str, Any]) -> str:
        """The text of a cassette."""
        whole = {ABOUT: self._about(), **cassette}
        options: dict[str, Any] = {"sort_keys": False, "allow_unicode": True, "width": 2**31 - 1}
        text: str = yaml.dump(self._clean(whole), Dumper=_Dumper, **options)
        return text

    @staticmethod
    def deserialize(text: str) -> Any:
        """The cassette in a text."""
        return yaml.load(text, Loader=_Loader)  # noqa: S506 (a safe one)

    def _clean(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._clean(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._clean(item) for item in value]
        if isinstance(value, bytes):
            with contextlib.suppress(UnicodeDecodeError):
                return self._mask(value.decode())
        return self._mask(value) if isinstance(value, str) else value


@contextmanager
def cassette(
    path: Path, bench: list[Recorded], about: Callable[[], dict[str, Any]], *, records: bool
) -> Iterator[None]:
    """All that is asked goes into a cassette; or it comes from there, and nothing reaches the network.

    Args:
        path: The file.
        bench: Will hold the tap that asks, whose secrets are masked.
        about: Gives what stands beside the exchanges, when they are written.
        records: Which of the two; what the file held before is gone then.

    Raises:
        ClickException: The library that records is not installed.
    """
    try:
        import vcr  # noqa: PLC0415 (an optional extra)
    except ModuleNotFoundError as error:
        raise click.ClickException(f"{error}: {MISSING}") from None
    logging.getLogger("vcr").setLevel(logging.WARNING)
    if records:
        path.unlink(missing_ok=True)

    def mask(text: str) -> str:
        return bench[0].redactor.by_value(text) if bench else text

    def masked_request(request: Any) -> Any:
        request.uri = mask(request.uri)
        request.headers = {name: each for name, each in request.headers.items() if name.lower() in _KEPT_HEADERS}
        request.body = _unsigned(request.body, mask, bench[0].credentials() if bench else frozenset())
        return request

    recorder = vcr.VCR(
        record_mode="all" if records else "none",
        before_record_request=masked_request,
        before_record_response=_reply,
        decode_compressed_response=True,
        match_on=_MATCHED,
    )
    recorder.register_serializer("masked", Masked(mask, about))
    recorder.register_matcher("unsigned_body", _same_body)
    with recorder.use_cassette(str(path), serializer="masked"):
        yield


def _reply(response: dict[str, Any]) -> dict[str, Any]:
    kept = {name: each for name, each in response["headers"].items() if name.lower() not in _DROPPED_HEADERS}
    return {**response, "headers": kept}


def _same_body(one: Any, other: Any) -> None:
    if (one.body or b"") != (other.body or b""):
        raise AssertionError("the bodies differ")


def _unsigned(body: Any, mask: Callable[[str], str], credentials: frozenset[str]) -> Any:
    """A body of a request without credentials, be they short, and without what is signed anew each time."""
    if not body:
        return body
    text = body.decode(errors="replace") if isinstance(body, bytes) else str(body)
    with contextlib.suppress(ValueError):
        return mask(json.dumps(_without(json.loads(text), credentials))).encode()
    pairs = parse_qsl(text, keep_blank_values=True)
    if pairs and urlencode(pairs) == text:
        text = urlencode([(name, _without({name: value}, credentials)[name]) for name, value in pairs], safe="*")
    return mask(text).encode()


def _without(value: Any, credentials: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {key: MASK if key in _SIGNED else _without(item, credentials) for key, item in value.items()}
    if isinstance(value, list):
        return [_without(item, credentials) for item in value]
    return MASK if isinstance(value, str) and value in credentials else value


def about(path: str) -> dict[str, Any]:
    """What stands beside the exchanges of a cassette: `settings`, `streams` and `moment`.

    Raises:
        ConfigError: It is no cassette of ours.
    """
    try:
        found = Masked.deserialize(Path(path).read_text("utf-8"))
    except OSError as error:
        raise ConfigError.at("CASSETTE", f"cannot read {path}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        found = None
    if not isinstance(found, dict) or not isinstance(found.get(ABOUT), dict):
        raise ConfigError.at("CASSETTE", f"{path} was not written by `restgeneric record`")
    told: dict[str, Any] = found[ABOUT]
    return told


@contextmanager
def silent_output() -> Iterator[None]:
    """Singer messages go nowhere."""
    nowhere = io.TextIOWrapper(io.BytesIO(), write_through=True)
    kept, sys.stdout = sys.stdout, nowhere
    try:
        yield
    finally:
        sys.stdout = kept
