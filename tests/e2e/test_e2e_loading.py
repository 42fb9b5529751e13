"""Does everything that the sandbox holds arrive in a real database, through Meltano, and only once?"""

from __future__ import annotations

import pytest

from demo.definitions import resources
from tap_restgeneric.sandbox import APIS

pytestmark = pytest.mark.slow

ALL = [(api, resource.name) for api in APIS for resource in resources(api)]
INCREMENTAL = [(api, resource.name) for api in APIS for resource in resources(api) if resource.incremental]


@pytest.fixture(params=["postgres", "duckdb"])
def twice(request, loads):
    return loads[request.param].result()


def table(run, api, name):
    return next(each for each in run.tables if (each.resource.api, each.resource.name) == (api, name))


def test_the_five_apis_have_45_tables():
    assert len(ALL) == 45


@pytest.mark.parametrize(("api", "name"), ALL)
def test_every_record_arrives_with_equal_values(twice, api, name):
    comparison = table(twice.first, api, name).comparison
    assert comparison.agrees, str(comparison)
    assert comparison.held > 0


@pytest.mark.parametrize(("api", "name"), ALL)
def test_a_second_run_duplicates_nothing(twice, api, name):
    comparison = table(twice.second, api, name).comparison
    assert comparison.agrees, str(comparison)


@pytest.mark.parametrize(("api", "name"), INCREMENTAL)
def test_a_second_run_asks_for_less_of_an_incremental_stream(twice, api, name):
    assert 0 < table(twice.second, api, name).asked < table(twice.first, api, name).asked


def test_calls_legs_and_helpdesk_customers_are_incremental():
    assert sorted(INCREMENTAL) == [("helpdesk", "customers"), ("telephony", "call_legs"), ("telephony", "calls")]
