from __future__ import annotations

import logging
import signal
import sys
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from scripted import Script, Server, serving

from tap_restgeneric.sandbox import Options, running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_restgeneric.sandbox import Sandbox


settings.register_profile("here", deadline=None)  # machines are noisy: time is no evidence
settings.load_profile("here")


@pytest.fixture(scope="session", autouse=True)
def _state_of_its_own(tmp_path_factory):
    """What the tap keeps for its user is not that of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture
def serve():
    """Starts servers on loopback: `serve([answer, ...])` or `serve(lambda asked: answer)`."""
    with ExitStack() as servers:

        def start(script: Script) -> Server:
            return servers.enter_context(serving(script))

        yield start


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """The sandbox, without the failures that it makes on purpose: each of them costs seconds."""
    with running(options=Options(unavailable_every=0, refused_every=0)) as box:
        yield box


@pytest.fixture(autouse=True)
def _as_it_was():
    """A tap takes over signals and log records of its process: given back after each test."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    factory = logging.getLogRecordFactory()
    hooks = threading.excepthook, sys.unraisablehook
    yield
    logging.setLogRecordFactory(factory)
    threading.excepthook, sys.unraisablehook = hooks
    for number, handler in handlers.items():
        signal.signal(number, handler)
