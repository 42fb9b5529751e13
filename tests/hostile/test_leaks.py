"""Does a secret leave the tap anywhere but where it belongs? The short form of `make leaks`."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest
from hostile.chaos import SHORT
from hostile.leaks import MISTAKES, PLACES, found, mistaken, tried
from hostile.nursery import Ended, Nursery

TELLING = ("a page for people with status 200", "status 500 Oops", "a next link with all that was told")
REPLIES = {row.name: row for row in SHORT if row.name in TELLING}


@pytest.fixture(scope="module")
def nursery():
    with Nursery(pace=20) as mother:
        yield mother


@pytest.mark.parametrize("reply", TELLING)
@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_no_secret_shows_whatever_the_api_replies(nursery, tmp_path, place, reply):
    assert tried(place, REPLIES[reply], nursery, tmp_path / "run") == []


@pytest.mark.parametrize("place", [place for place in PLACES if place.fetched], ids=lambda place: place.name)
def test_no_secret_shows_whatever_the_token_url_replies(nursery, tmp_path, place):
    row = REPLIES["status 500 Oops"]

    assert tried(place, row, nursery, tmp_path / "run", at_the_token=True) == []


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_of_the_settings_is_refused_without_showing_the_secret(nursery, tmp_path, name):
    assert mistaken(name, nursery, tmp_path) == []


@pytest.mark.parametrize(
    "shown",
    [
        "a planted/secret=& b",
        quote("planted/secret=&", safe=""),
        *(base64.b64encode(b"x" * before + b"planted/secret=& and more").decode() for before in range(3)),
    ],
)
def test_the_hunt_finds_a_secret_in_every_form(tmp_path, shown):
    def hunted(**texts):
        ended = Ended(**{"code": 0, "out": "", "err": "", "seconds": 0, "megabytes": 0, **texts})
        return bool(list(found(["planted/secret=&"], ended, tmp_path)))

    assert (hunted(err=shown), hunted(out=shown), hunted()) == (True, True, False)
    (tmp_path / "left.txt").write_text(shown)
    assert hunted()
