"""What must nobody read? Secrets are masked by value, wherever they appear."""

from __future__ import annotations

import base64
import json
import logging
import re
import sys
import threading
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, urlsplit

MASK = "***"
SHORTEST = 6
LONGEST = 2_000
"""Characters that a message has at most: half of them from its end."""
_COMMANDS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
ELLIPSIS = "…"
"""Stands where a text was cut off."""
_SECRET_NAME = re.compile(
    r"(api[-_]?key|access[-_]?key|token|secret|passw|pwd|credential|authorization|private[-_]?key|signature)|^key$",
    re.IGNORECASE,
)
_NAMES_A_PLACE = re.compile(r"(url|uri|path|param|type|name|lifetime|expiration|expires_in)$", re.IGNORECASE)
_ENCODED = re.compile(r"%[0-9A-F]{2}")
_NAMED_IN_URL = re.compile(
    r"(?P<name>[?&][\w.-]*(?:api_?-?key|token|secret|passw\w*|pwd|signature)[\w.-]*=|[?&]key=)(?P<value>[^&\s#'\"]+)",
    re.IGNORECASE,
)
_QUOTE = r"(?:\\?[\"']|%22|%27)"
_NAMED_IN_TEXT = re.compile(
    rf"(?P<name>{_QUOTE}(?:[\w.-]*(?:api_?-?key|secret|passw\w*|pwd|authorization|private_?key|signature)"
    r"|(?:[\w.-]*[_.-])?(?:access|refresh|id|auth|session|bearer|csrf|jwt)_?-?token|token)"
    rf"{_QUOTE}(?:\s|%20|\+)*(?::|%3A)(?:\s|%20|\+)*{_QUOTE})(?P<value>[^\"'\\]+)",
    re.IGNORECASE,
)
"""In JSON, or what Python prints of it, in a URL too. A token alone is one for access: `next_page_token` is none."""
_SCHEME = re.compile(r"(?P<name>\b(?:Bearer|Basic)\s+)(?P<value>[\w.~+/=-]{8,})")
_USER_IN_URL = re.compile(r"(?P<scheme>https?://)[^/\s@:]*:[^/\s@]*@")


def is_secret_name(name: str) -> bool:
    """Whether what stands under a name is a secret."""
    return bool(_SECRET_NAME.search(name)) and not _NAMES_A_PLACE.search(name)


def named_secrets(value: Any) -> Iterable[Any]:
    """The values that stand under the name of a secret anywhere in a nested value."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if is_secret_name(str(key)):
                yield from _scalars(item)
            yield from named_secrets(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from named_secrets(item)


def _scalars(value: Any) -> Iterable[Any]:
    """A value that is one, or those directly in a list."""
    items = value if isinstance(value, (list, tuple)) else (value,)
    return (item for item in items if not isinstance(item, (Mapping, list, tuple)))


def url_secrets(url: str) -> Iterable[str]:
    """The secrets that a URL holds: a password, and parameters under the name of one."""
    parts = urlsplit(url)
    if parts.password:
        yield parts.password
    for name, value in parse_qsl(parts.query):
        if is_secret_name(name):
            yield value


class Redactor:
    """Masks the secrets of a run in texts."""

    def __init__(self) -> None:
        """No secret is known yet."""
        # Replaced, never changed: other threads may be reading them.
        self._known: frozenset[str] = frozenset()
        self._pattern: re.Pattern[str] | None = None
        self._concealed: frozenset[str] = frozenset()
        self._places: re.Pattern[str] | None = None

    def conceal(self, names: Iterable[str]) -> None:
        """Masks the values of query parameters from here on, however short they are."""
        new = {quote_plus(name) for name in names} - self._concealed
        if new:
            self._concealed = self._concealed | new
            named = "|".join(map(re.escape, sorted(self._concealed)))
            self._places = re.compile(rf"(?P<name>[?&](?:{named})=)[^&\s#'\"]+")

    def add(self, secrets: Iterable[Any]) -> None:
        """Secrets from here on; shorter than 6 characters they are masked only where a name tells."""
        new = {form for secret in secrets if secret for form in _forms(str(secret))} - self._known
        if not new:
            return
        self._known = self._known | new
        longest_first = sorted(self._known, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first)))

    def __call__(self, text: str) -> str:
        """The text without secrets."""
        if self._pattern:
            text = self._pattern.sub(MASK, text)
            text = ELLIPSIS.join([*map(self._without_beginning, text.split(ELLIPSIS)[:-1]), text.split(ELLIPSIS)[-1]])
        if self._places:
            text = self._places.sub(rf"\g<name>{MASK}", text)
        text = _USER_IN_URL.sub(rf"\g<scheme>{MASK}@", text)
        for named in (_NAMED_IN_URL, _NAMED_IN_TEXT, _SCHEME):
            text = named.sub(rf"\g<name>{MASK}", text)
        return text

    def by_value(self, text: str) -> str:
        """The text without the secrets themselves; what stands under the name of one is left as it is."""
        text = self._pattern.sub(MASK, text) if self._pattern else text
        return self._places.sub(rf"\g<name>{MASK}", text) if self._places else text

    def _without_beginning(self, text: str) -> str:
        """A text that was cut off, without the beginning of a secret at its end."""
        longest = max(map(len, self._known))
        tail = text[-longest:]
        for start in range(max(len(tail) - SHORTEST + 1, 0)):
            if any(form.startswith(tail[start:]) for form in self._known):
                return text[: len(text) - len(tail) + start] + MASK
        return text


def _forms(secret: str) -> Iterable[str]:
    """A secret as it may appear: plain, percent-encoded, escaped as JSON or Python, in base64."""
    if len(secret) < SHORTEST:
        return
    yield secret
    for encoded in (quote(secret, safe=""), quote(secret), quote_plus(secret)):
        yield encoded
        yield _ENCODED.sub(lambda found: found[0].lower(), encoded)
    yield repr(secret)[1:-1]
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    raw = secret.encode()
    for pad in range(3):
        # Inside a longer text (`user:password`) the secret begins at any of three places of a base64 group.
        coded = base64.b64encode(b"\0" * pad + raw).decode()
        core = coded[(0, 2, 3)[pad] :].rstrip("=")[: -1 if (len(raw) + pad) % 3 else None]
        if len(core) >= SHORTEST:
            yield core
            yield core.replace("+", "-").replace("/", "_")


def guard_logging(redactor: Redactor) -> None:
    """Masks secrets in all that is logged from here on, tracebacks included, whoever logs it."""
    base = logging.getLogRecordFactory()
    while hasattr(base, "unguarded"):
        base = base.unguarded

    def record(*args: Any, **kwargs: Any) -> logging.LogRecord:
        made = base(*args, **kwargs)
        made.msg, made.args = _readable(redactor(_in_bounds(_text(made), 10 * LONGEST))), None
        if made.exc_info:
            made.exc_text = redactor(logging.Formatter().formatException(made.exc_info))
            made.exc_info = None
        return made

    record.unguarded = base  # type: ignore[attr-defined]
    logging.setLogRecordFactory(record)
    for handler in logging.getLogger().handlers:
        for old in [each for each in handler.filters if isinstance(each, _Beside)]:
            handler.removeFilter(old)
        handler.addFilter(_Beside(redactor))


class _Beside(logging.Filter):
    """Masks secrets in what stands beside the message of a record (`extra`), which comes after its making."""

    _own = frozenset(vars(logging.LogRecord("", 0, "", 0, "", (), None)))

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def filter(self, record: logging.LogRecord) -> bool:
        for name in vars(record).keys() - self._own:
            text = str(getattr(record, name))
            masked = self._redactor(text)
            if masked != text:
                setattr(record, name, masked)
        return True


def log_uncaught(logger: logging.Logger) -> None:
    """Logs what threads and finalizers raise and nobody catches: Python prints it unmasked."""

    def in_thread(raised: threading.ExceptHookArgs) -> None:
        if raised.exc_value is not None:
            logger.error("a thread ended with an error", exc_info=raised.exc_value)

    def in_finalizer(raised: sys.UnraisableHookArgs) -> None:
        if raised.exc_value is not None:
            logger.error("an error that nobody could catch", exc_info=raised.exc_value)

    threading.excepthook, sys.unraisablehook = in_thread, in_finalizer


def _readable(text: str) -> str:
    """A text that commands no terminal and has an end, whatever an API put into it."""
    return _in_bounds(_COMMANDS.sub(lambda found: repr(found[0])[1:-1], text), LONGEST)


def _in_bounds(text: str, most: int) -> str:
    """The beginning and the end of a text."""
    return text if len(text) <= most else f"{text[: most // 2]} {ELLIPSIS} {text[-most // 2 :]}"


def _text(record: logging.LogRecord) -> str:
    """The message of a record; one whose arguments do not fit is no reason to stop."""
    try:
        return record.getMessage()
    except (TypeError, ValueError):
        return f"{record.msg} {record.args!r}"
