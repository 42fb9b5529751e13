"""Does a secret leave the tap anywhere but where it belongs? Planted everywhere, every error provoked, all searched.

    PYTHONPATH=tests .venv/bin/python -m hostile.leaks            every place with a quarter of the bad replies
    PYTHONPATH=tests .venv/bin/python -m hostile.leaks session    the places whose names have a word, with all of them

A secret is looked for in stdout, stderr and the files that a run leaves behind: plain, percent-encoded, escaped and in
base64.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import click
from hostile.chaos import SHORT, settings, told
from hostile.nursery import Ended, Nursery
from hostile.planted import AUTHS, GIVEN, PEM, REQUESTS, forms, planted, secrets_of
from hostile.row import Row, Scene, http
from hostile.wire import wired

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from hostile.wire import Pieces
    from scripted import Asked

_DEBUG = {"TAP_RESTGENERIC_LOGLEVEL": "DEBUG", "LOGLEVEL": "DEBUG"}
_SHARE = 4
_CHALLENGE = 'WWW-Authenticate: Digest realm="r", nonce="n", qop="auth"'
_FETCHED = {name for name, auth in AUTHS.items() if {"access_token_url", "login_url"} & set(auth)}
_OBTAINED = (planted("obtained-token"), planted("rotated-refresh-token"), "planted-in-a-cookie")


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where secrets stand.

    Attributes:
        name: How it is called.
        client: Keys of the `client` block.
        endpoint: Keys of the endpoint.
        settings: Settings of the tap.
        environ: Environment variables.
        fetched: Whether a token is asked for.
    """

    name: str
    client: Mapping[str, Any]
    endpoint: Mapping[str, Any]
    settings: Mapping[str, Any]
    environ: Mapping[str, str]
    fetched: bool = False

    @property
    def secrets(self) -> list[str]:
        """All that is planted."""
        parts = [self.client, self.endpoint, self.settings, self.environ]
        found = secrets_of(json.loads(json.dumps(parts)))
        key_lines = [line for line in PEM.splitlines() if "-----" not in line] if self.name == "jwt" else []
        return [*found, *_OBTAINED, *key_lines, *GIVEN.values()]


def _place(name: str, **parts: Any) -> Place:
    whole = {"client": {}, "endpoint": {}, "settings": {}, "environ": {}, **parts}
    return Place(name=name, **whole)


PLACES = [
    *[_place(name, client={"auth": auth}, fetched=name in _FETCHED) for name, auth in AUTHS.items()],
    *[_place(f"request {name}", client={"auth": None}, endpoint=request) for name, request in REQUESTS.items()],
    _place("headers of the client", client={"auth": None, "headers": {"X-Api-Key": planted("client-header")}}),
    _place(
        "environment",
        client={"auth": {"type": "bearer", "token": "{secrets.of-env}"}},
        environ={"TAP_RESTGENERIC_SECRETS_OF_ENV": planted("environment")},
    ),
    _place(
        "parameters",
        endpoint={"path": "/things", "params": {"token": "{p}"}},
        settings={"parameters": {"p": planted("parameter")}},
    ),
    _place("query of a path", endpoint={"path": "/things?api_key=planted-in-a-path"}),
]

MISTAKES: dict[str, dict[str, Any]] = {
    "a misspelt key": {"client": {"auth": {"type": "bearer", "tokn": planted("misspelt")}}},
    "a wrong kind": {"client": {"auth": {"type": "bearer", "token": [planted("in-a-list")]}}},
    "a wrong type": {"client": {"auth": {"type": "barer", "token": planted("wrong-type")}}},
    "a key with line feeds": {"client": {"auth": {"type": "bearer", "token": planted("lines") + "\r\nX: 1"}}},
    "a PEM that is none": {"client": {"auth": {**AUTHS["jwt"], "private_key": planted("no-pem")}}},
    "a password in the URL": {"client": {"base_url": "http://me:planted-in-base-url@127.0.0.1:1"}},
    "a secret for a URL": {"client": {"base_url": "{secrets.given}"}, "secrets": {"given": planted("for-a-url")}},
    "secrets that are no object": {"secrets": planted("no-object")},
    "a secret for a number": {"timeout": "{secrets.x}", "secrets": {"x": planted("for-a-number")}},
    "braces around it": {"endpoint": {"params": {"api_key": "{" + planted("braces") + "}"}}},
    "a source that is no file": {"source": "{secrets.x}.yaml", "secrets": {"x": planted("for-a-file")}},
}
"""Settings that are refused, with a secret where it should not be."""


class Api:
    """An API that repeats all that it is told: in tokens' replies, in cookies, and in every bad reply."""

    def __init__(self, place: Place, row: Row, *, at_the_token: bool) -> None:
        self._place = place
        self._row = row
        self._at_the_token = at_the_token
        self.url = ""
        self._asked = 0

    def __call__(self, asked: Asked) -> Pieces:
        scene = Scene(asked=asked, here=self.url, elsewhere="http://127.0.0.1:1", told=told(asked), number=self._asked)
        self._asked += 1
        if asked.path.startswith("/token/"):
            return self._token(scene)
        if self._place.name == "digest" and "authorization" not in asked.headers:
            return http("{}", _CHALLENGE, status="401 Who")
        return self._row.answer(scene)

    def _token(self, scene: Scene) -> Pieces:
        access, refresh, cookie = _OBTAINED
        if self._at_the_token and self._row.reply:
            return self._row.reply(replace(scene, told=f"{scene.told} {{'access_token': '{access}'}}"))
        body = json.dumps({"access_token": access, "refresh_token": refresh, "told": scene.told})
        return http(body, f"Set-Cookie: session={cookie}")


def _config(place: Place, row: Row, url: str) -> dict[str, Any]:
    usual = settings(row, url)
    (resource,) = usual["resources"]
    endpoint = {**resource["endpoint"], **place.endpoint}
    return {
        **usual,
        "client": {**usual["client"], **place.client, "base_url": place.client.get("base_url", url)},
        "resources": [{**resource, "endpoint": endpoint}],
        "secrets": {**usual["secrets"], **GIVEN},
        **place.settings,
    }


def tried(place: Place, row: Row, nursery: Nursery, folder: Path, *, at_the_token: bool = False) -> list[str]:
    """Where the secrets of a place were found after a run.

    Args:
        place: Where secrets stand.
        row: What the API replies.
        nursery: Starts the run.
        folder: Where it runs; made here.
        at_the_token: Whether the token URL replies so, and not the API.
    """
    home = folder / "home"
    home.mkdir(parents=True)
    api = Api(place, row, at_the_token=at_the_token)
    with wired(api) as here:
        api.url = here.url
        (folder / "config.json").write_text(json.dumps(_config(place, row, here.url)))
        args = ["--config", str(folder / "config.json")]
        ended = nursery.run(home, *args, seconds=row.seconds * 3, **_DEBUG, **place.environ)
    return list(found(place.secrets, ended, home))


def mistaken(name: str, nursery: Nursery, folder: Path) -> list[str]:
    """Where the secret in a mistake of the settings was found, and whether the mistake was refused."""
    home = folder / "home"
    home.mkdir(parents=True)
    mistake = json.loads(json.dumps(MISTAKES[name]))
    usual = settings(SHORT[0], "http://127.0.0.1:1")
    usual["resources"][0]["endpoint"] |= mistake.pop("endpoint", {})
    usual["client"] |= mistake.pop("client", {})
    (folder / "config.json").write_text(json.dumps({**usual, **mistake}))
    ended = nursery.run(home, "--config", str(folder / "config.json"), seconds=20, **_DEBUG)
    refused = [] if ended.code else ["it was not refused"]
    return [*refused, *found(secrets_of(MISTAKES[name]), ended, home)]


def found(secrets: list[str], ended: Ended, home: Path) -> Iterator[str]:
    """Each secret with the place where it can be read. Records are the API's own, and not looked at."""
    others = [line for line in ended.out.split("\n") if not line.startswith('{"type":"RECORD"')]
    texts = {"stdout": "\n".join(others), "stderr": ended.err}
    for file in home.rglob("*"):
        if file.is_file() and file.parent.name != "tokens":
            texts[str(file.relative_to(home))] = file.read_text(errors="replace")
    for secret in secrets:
        shapes = set(forms(secret))
        for where, text in texts.items():
            yield from (f"{secret!r} in {where} as {shape!r}" for shape in shapes if shape in text)


def hunts(places: list[Place], *, share: int) -> list[tuple[str, Callable[[Nursery, Path], list[str]]]]:
    """What there is to try: places and token URLs with bad replies, and every mistake.

    Args:
        places: Where secrets stand.
        share: Every place meets one of so many replies, each of them another one.
    """
    each: list[tuple[str, Callable[[Nursery, Path], list[str]]]] = []
    for number, place in enumerate(places):
        for row in SHORT[number % share :: share]:
            each.append((f"{place.name}, {row.name}", lambda n, f, p=place, r=row: tried(p, r, n, f)))
            if place.fetched and row.reply:
                name = f"{place.name}, at the token URL {row.name}"
                each.append((name, lambda n, f, p=place, r=row: tried(p, r, n, f, at_the_token=True)))
    return [*each, *((name, lambda n, f, m=name: mistaken(m, n, f)) for name in MISTAKES)]


def main(words: list[str]) -> int:
    """Tries all, or the places whose names have one of some words; the last line counts."""
    places = [place for place in PLACES if not words or any(word in place.name for word in words)]
    all_hunts = hunts(places, share=1 if words else _SHARE)
    nurseries: SimpleQueue[Nursery] = SimpleQueue()

    def tried_alone(number: int, folder: str) -> tuple[str, list[str]]:
        name, hunt = all_hunts[number]
        nursery = nurseries.get()
        try:
            return name, hunt(nursery, Path(folder) / str(number))
        finally:
            nurseries.put(nursery)

    leaks = 0
    workers = min(4, os.cpu_count() or 1)
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(workers) as pool:
        for _ in range(workers):
            nurseries.put(Nursery(pace=20))
        for name, leaked in pool.map(lambda number: tried_alone(number, folder), range(len(all_hunts))):
            leaks += bool(leaked)
            for each in leaked:
                click.echo(f"{name}: {each}")
        for _ in range(workers):
            nurseries.get().close()
    secrets = len({secret for place in places for secret in place.secrets})
    click.echo(f"leaks: {secrets} secrets in {len(places)} places, {len(all_hunts)} runs, {leaks} with a leak")
    return int(leaks > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
