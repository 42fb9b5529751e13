"""Does a refresh token that the API has changed survive, whatever happens to the run?"""

from __future__ import annotations

import itertools
import json
import stat
from typing import TYPE_CHECKING

import pytest
from hostile.nursery import Nursery
from hostile.planted import forms
from hostile.row import http, page
from hostile.wire import wired

if TYPE_CHECKING:
    from pathlib import Path

FIRST = "planted-refresh-token-0"


class Rotating:
    """An API that takes each refresh token once, and whose pages come slowly if it is told so."""

    def __init__(self) -> None:
        self.valid = FIRST
        self.slow = False
        self.refused = 0
        self._numbers = itertools.count(1)

    def __call__(self, asked):
        if asked.path == "/token":
            return self._token(dict(asked.form))
        assert asked.headers["authorization"].startswith("Bearer planted-access-token-")
        return [60.0] if self.slow else page(1, 2)

    def _token(self, form):
        if form["refresh_token"] != self.valid:
            self.refused += 1
            return http(json.dumps({"error": "invalid_grant"}), status="400 Bad")
        number = next(self._numbers)
        self.valid = f"planted-refresh-token-{number}"
        return http(json.dumps({"access_token": f"planted-access-token-{number}", "refresh_token": self.valid}))


@pytest.fixture(scope="module")
def nursery():
    with Nursery() as mother:
        yield mother


@pytest.fixture
def api():
    rotating = Rotating()
    with wired(rotating) as wire:
        rotating.url = wire.url
        yield rotating


@pytest.fixture
def run(nursery, api, tmp_path):
    """Runs the tap in one home, again and again."""
    home = tmp_path / "home"
    home.mkdir()

    def start(*, seconds=20.0, written=FIRST, **settings):
        auth = {
            "type": "oauth2_client_credentials",
            "access_token_url": "/token",
            "client_id": "me",
            "refresh_token": written,
        }
        endpoint = {"path": "/things", "data_selector": "items", "paginator": {"type": "single_page"}}
        schema = {"schema": {"properties": {"id": {"type": "integer"}}}}
        config = {
            "client": {"base_url": api.url, "auth": auth},
            "resources": [{"name": "things", "primary_key": "id", "endpoint": endpoint, **schema}],
            **settings,
        }
        (tmp_path / "config.json").write_text(json.dumps(config))
        return nursery.run(
            home, "--config", str(tmp_path / "config.json"), seconds=seconds, TAP_RESTGENERIC_LOGLEVEL="DEBUG"
        )

    start.home = home
    return start


def kept(home: Path) -> list[Path]:
    return [path for path in home.rglob("*") if path.is_file()]


def test_a_run_that_is_killed_leaves_the_token_for_the_next(run, api):
    api.slow = True
    assert run(seconds=2).code == -9
    assert api.valid != FIRST

    api.slow = False
    ended = run()

    assert (ended.code, ended.ids("things"), api.refused) == (0, [1, 2], 0)


def test_it_goes_on_from_run_to_run(run, api):
    assert [run().code for _ in range(3)] == [0, 0, 0]
    assert (api.valid, api.refused) == ("planted-refresh-token-3", 0)


def test_only_its_owner_can_read_it_and_nothing_else_holds_it(run, api):
    ended = run()
    (file,) = kept(run.home)

    assert json.loads(file.read_text()) == {"refresh_token": api.valid}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    secrets = [FIRST, api.valid, "planted-access-token-1"]
    assert [form for secret in secrets for form in forms(secret) if form in ended.out + ended.err + file.name] == []


def test_another_token_in_the_settings_begins_anew(run, api):
    run()
    api.valid = "planted-by-hand"

    assert run(written="planted-by-hand").code == 0
    assert api.refused == 0


def test_the_folder_can_be_chosen(run, tmp_path):
    assert run(token_folder=str(tmp_path / "mine")).code == 0
    assert len(kept(tmp_path / "mine")) == 1
    assert kept(run.home) == []


def test_a_folder_that_cannot_be_written_is_a_warning(run, tmp_path):
    (tmp_path / "file").write_text("")
    ended = run(token_folder=str(tmp_path / "file"))

    assert ended.code == 0
    (warning,) = ended.lines("WARNING")
    assert "the API has changed the refresh token" in warning
    assert "token_folder" in warning


def test_a_file_that_holds_none_is_an_error_that_names_it(run):
    run()
    (file,) = kept(run.home)
    file.write_text("{}")
    ended = run()

    assert ended.code == 1
    assert f"{file.name} (token_folder) holds no refresh token" in ended.lines("ERROR")[0]


def test_a_token_that_the_api_did_not_change_is_kept_nowhere(run, api):
    api._token = lambda form: http(json.dumps({"access_token": "planted-access-token-9", "refresh_token": FIRST}))

    assert run().code == 0
    assert kept(run.home) == []
