"""What must nobody read?"""

from __future__ import annotations

import base64
import io
import json
import logging
import threading
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_restgeneric.engine.redaction import (
    LONGEST,
    MASK,
    Redactor,
    guard_logging,
    log_uncaught,
    named_secrets,
    url_secrets,
)

SECRET = 'p4ss/w+rd=&"ü'


def knowing(*secrets):
    redactor = Redactor()
    redactor.add(secrets)
    return redactor


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        quote(SECRET),
        quote(SECRET, safe=""),
        quote_plus(SECRET),
        repr(SECRET),
        json.dumps(SECRET, ensure_ascii=False),
        json.dumps(SECRET),
        quote(SECRET, safe="").lower(),
        base64.b64encode(SECRET.encode()).decode(),
        base64.urlsafe_b64encode(SECRET.encode()).decode(),
    ],
)
def test_a_secret_is_masked_in_every_form(form):
    masked = knowing(SECRET)(f"before {form} after")

    assert masked.startswith("before ")
    assert masked.endswith(" after")
    assert MASK in masked
    assert len(masked) <= len("before *** after") + 4  # quotes, and the last letters of base64


@given(before=st.text(max_size=7), secret=st.text(min_size=6, max_size=40), after=st.text(max_size=7))
def test_a_secret_inside_of_base64_is_masked(before, secret, after):
    coded = base64.b64encode(f"{before}{secret}{after}".encode()).decode()
    masked = knowing(secret)(coded)
    # A group of four that the secret shares with its neighbours may stay at either end.
    assert len(masked.replace(MASK, "")) <= len(coded) - len(secret.encode()) * 4 // 3 + 6


def test_the_longest_secret_is_masked_first():
    assert knowing("secret", "secret-and-more")("x secret-and-more y secret z") == f"x {MASK} y {MASK} z"


@pytest.mark.parametrize("length", range(6, 14))
def test_a_secret_that_was_cut_off_is_masked(length):
    cut = "planted-secret"[:length]

    assert knowing("planted-secret", "another")(f"body: x{cut}… and more") == f"body: x{MASK}… and more"


def test_a_text_that_was_cut_off_elsewhere_stays():
    text = "body: planted… or an… and planted-"

    assert knowing("plants-secret")(text) == text


def test_secrets_that_are_learned_later_count_from_then_on():
    redactor = knowing("first-secret")
    redactor.add(["second-secret", None, ""])

    assert redactor("first-secret second-secret") == f"{MASK} {MASK}"


def test_a_short_secret_is_masked_at_its_own_place_only():
    text = "GET /x?page=abc&api_key=abc&token=abc HTTP/1.1, abc"

    assert knowing("abc")(text) == f"GET /x?page=abc&api_key={MASK}&token={MASK} HTTP/1.1, abc"


def test_passwords_in_urls_are_masked_without_being_known():
    assert Redactor()("GET https://me:pw@api.example.com/x") == f"GET https://{MASK}@api.example.com/x"


@pytest.mark.parametrize(
    "name",
    [
        "api_key",
        "API-Key",
        "apikey",
        "X-Api-Key",
        "token",
        "access_token",
        "client_secret",
        "Password",
        "pwd",
        "key",
        "KEY",
    ],
)
def test_values_under_the_names_of_secrets_are_secrets(name):
    assert list(named_secrets({"a": [{name: "value-1"}], "b": "value-2"})) == ["value-1"]


@pytest.mark.parametrize(
    "name",
    [
        "keyboard",
        "monkey",
        "id",
        "primary_key",
        "cursor",
        "token_url",
        "access_token_url",
        "token_path",
        "token_lifetime",
    ],
)
def test_other_names_are_not(name):
    assert list(named_secrets({name: "value-1"})) == []


def test_a_list_under_the_name_of_a_secret_is_secret_too():
    assert list(named_secrets({"tokens": ["value-1", "value-2"]})) == ["value-1", "value-2"]


def test_urls_hold_secrets():
    assert list(url_secrets("https://me:pass%2Fword@h/x?page=1&token=t%2Fn")) == ["pass%2Fword", "t/n"]


def test_whatever_is_logged_by_whomever_is_masked(capsys):
    guard_logging(knowing("planted-secret"))
    handler = logging.StreamHandler()
    logger = logging.getLogger("somebody.else")
    logger.addHandler(handler)
    try:
        logger.error("in the text planted-secret, as a value: %s, %r", "planted-secret", {"a": "planted-secret"})
        try:
            int("planted-secret")
        except ValueError:
            logger.exception("with a traceback")
    finally:
        logger.removeHandler(handler)

    logged = capsys.readouterr().err
    assert "planted-secret" not in logged
    assert "ValueError: invalid literal for int() with base 10: '***'" in logged
    assert "in the text ***, as a value: ***, {'a': '***'}" in logged


def test_a_broken_log_call_breaks_nothing_else(capsys):
    guard_logging(knowing("planted-secret"))
    # `logging` itself only complains about arguments that do not fit.
    logging.getLogger("somebody.else").error("%d of planted-secret", "planted-secret")

    assert "planted-secret" not in capsys.readouterr().err


def test_guards_do_not_pile_up():
    guard_logging(knowing("secret-first"))
    for number in range(1000):
        guard_logging(knowing(f"secret-{number}"))

    assert not hasattr(logging.getLogRecordFactory().unguarded, "unguarded")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('{"access_token": "abc123", "type": 1}', '{"access_token": "***", "type": 1}'),
        ("{'client_secret': 'abc123'}", "{'client_secret': '***'}"),
        (r'"{\"token\": \"abc123\"}"', r'"{\"token\": \"***\"}"'),
        ('{"next_page_token": "abc123"}', '{"next_page_token": "abc123"}'),
        ("Authorization: Bearer abc123456", "Authorization: Bearer ***"),
        ("Bearer of news", "Bearer of news"),
    ],
)
def test_what_is_named_a_secret_in_a_text_is_masked_whoever_wrote_it(text, shown):
    assert Redactor()(text) == shown


@pytest.fixture
def logged():
    """A logger, and what is logged, in the way of the command line."""
    guard_logging(knowing("planted-secret"))
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logger = logging.getLogger("somebody.else")
    logging.getLogger().addHandler(handler)
    guard_logging(knowing("planted-secret"))
    yield logger, stream
    logging.getLogger().removeHandler(handler)


def test_what_a_thread_raises_is_logged_and_masked(logged):
    logger, stream = logged
    log_uncaught(logger)
    thread = threading.Thread(target=lambda: int("planted-secret"))
    thread.start()
    thread.join()

    assert "a thread ended with an error" in stream.getvalue()
    assert "ValueError" in stream.getvalue()
    assert "planted-secret" not in stream.getvalue()


def test_what_a_finalizer_raises_is_logged_and_masked(logged):
    class Falling:
        def __del__(self):
            int("planted-secret")

    logger, stream = logged
    log_uncaught(logger)
    Falling()

    assert "an error that nobody could catch" in stream.getvalue()
    assert "planted-secret" not in stream.getvalue()


def test_what_stands_beside_a_message_is_masked(logged):
    logger, stream = logged
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler) and handler.stream is stream:
            handler.setFormatter(logging.Formatter("%(message)s %(beside)s"))
    logger.error("message", extra={"beside": {"a": "planted-secret"}})

    assert stream.getvalue() == "message {'a': '***'}\n"


def test_a_message_has_an_end_and_commands_no_terminal(logged):
    logger, stream = logged
    logger.error("\x1b[2J %s", "x" * 1_000_000)

    assert stream.getvalue().startswith("\\x1b[2J xxx")
    assert len(stream.getvalue()) < LONGEST + 10
