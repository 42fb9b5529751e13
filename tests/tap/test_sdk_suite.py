"""Is the tap one that the SDK's own tests accept, for every built-in API?"""

from __future__ import annotations

import atexit
from contextlib import ExitStack

import pytest
from singer_sdk.testing import SuiteConfig, get_tap_test_class

from tap_restgeneric.sandbox import APIS, Options, running
from tap_restgeneric.tap import TapRestGeneric

# The classes need the server when they are made, which is before any fixture.
_STACK = ExitStack()
_SANDBOX = _STACK.enter_context(running(options=Options(size=40, unavailable_every=0, refused_every=0)))
atexit.register(_STACK.close)


def suite(api: str) -> type:
    return get_tap_test_class(
        TapRestGeneric,
        config={
            "source": api,
            "client": {"base_url": _SANDBOX.url(api)},
            "secrets": _SANDBOX.credentials(api),
            "parameters": _SANDBOX.parameters(api),
        },
        suite_config=SuiteConfig(max_records_limit=150),
        parse_env_config=False,
    )


TestTapRecruiting = suite("recruiting")
TestTapCi = suite("ci")
TestTapCommerce = suite("commerce")
TestTapHelpdesk = suite("helpdesk")
TestTapTelephony = suite("telephony")

_SUITES = {"recruiting": 14, "ci": 12, "commerce": 3, "helpdesk": 3, "telephony": 13}


def test_every_built_in_api_has_its_suite():
    assert sorted(_SUITES) == sorted(APIS)
    assert {f"TestTap{api.capitalize()}" for api in APIS} == {name for name in globals() if name.startswith("TestTap")}


@pytest.mark.parametrize("api", APIS)
def test_the_tests_of_the_sdk_are_collected_for_every_stream(request, api):
    collected = [item.name for item in request.session.items if item.parent.name == f"TestTap{api.capitalize()}"]
    if request.config.option.keyword or any("::" in arg for arg in request.config.args):
        pytest.skip("only a part of this file was asked for")
    names = {name.partition("[")[0] for name in collected}

    assert names >= {
        "test_tap_cli_prints",
        "test_tap_discovery",
        "test_tap_stream_connections",
        "test_tap_stream_returns_record",
        "test_tap_stream_record_matches_stream_schema",
        "test_tap_stream_primary_keys",
    }
    streams = [name for name in collected if name.startswith("test_tap_stream_returns_record[")]
    assert len(streams) == _SUITES[api]
