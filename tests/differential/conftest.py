from __future__ import annotations

import pytest
from comparison import Dlt, Here
from scripted import serving
from server import Api


@pytest.fixture(scope="session")
def _api():
    api = Api()
    with serving(api) as server:
        yield api, server.url


@pytest.fixture(scope="session")
def dlt(_api, tmp_path_factory):
    """dlt, as the configurations were written for."""
    process = Dlt(tmp_path_factory.mktemp("dlt"), *_api)
    yield process
    process.close()


@pytest.fixture
def here(_api, tmp_path):
    """This tap."""
    return Here(tmp_path, *_api)
