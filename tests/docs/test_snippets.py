"""Does everything in the documentation work as it is written there?

A fence is a source, or a part of one that begins with its top-level keys. Behind the language, `settings` says that it
is the settings of the tap, `other-tap` that it is only to be read. `sh` is checked against the commands there are.
"""

from __future__ import annotations

import io
import json
import re
import shlex
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from scripted import Answer

from tap_restgeneric import cli, readers
from tap_restgeneric.dialect.loading import loaded
from tap_restgeneric.dialect.secrets import Secrets
from tap_restgeneric.settings import JSONSCHEMA
from tap_restgeneric.tap import TapRestGeneric

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```(?P<words>[^\n`]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
SUFFIXES = {"yaml": ".yaml", "json": ".json", "python": ".py"}
OTHER_COMMANDS = {"cd", "echo", "export", "meltano", "pip", "python3", "target-jsonl"}
OTHER_PROGRAMS = {".venv/bin/python", ".venv/bin/pip", ".venv/bin/uv", ".venv/bin/ruff", ".venv/bin/mypy"}


@dataclass(frozen=True)
class Snippet:
    page: str
    line: int
    language: str
    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def snippets() -> list[Snippet]:
    found = []
    for page in PAGES:
        text = page.read_text("utf-8")
        for fence in FENCE.finditer(text):
            language, _, kind = fence["words"].strip().partition(" ")
            line = text.count("\n", 0, fence.start()) + 1
            found.append(Snippet(page.relative_to(ROOT).as_posix(), line, language, kind, fence["text"]))
    return found


SNIPPETS = snippets()
SOURCES = [each for each in SNIPPETS if each.language in SUFFIXES and not each.kind]
SETTINGS = [each for each in SNIPPETS if each.kind == "settings"]
COMMANDS = [each for each in SNIPPETS if each.language == "sh"]
INLINE = [
    (page.name, found)
    for page in PAGES
    for found in re.findall(r"`((?:make|restgeneric|tap-restgeneric) [^`]+)`", FENCE.sub("", page.read_text("utf-8")))
]


def load(settings: dict, folder: Path):
    config = readers.read(settings, folders=[folder]).config
    names = re.findall(r"\{secrets\.([^{}]+)\}", json.dumps(config))
    return loaded(
        config, secrets=Secrets(dict.fromkeys(names, "secret"), {}), parameters=settings.get("parameters") or {}
    )


def test_a_fence_is_of_a_kind_that_is_checked():
    kinds = {(each.language, each.kind) for each in SNIPPETS}
    assert kinds <= {*((language, "") for language in SUFFIXES), ("sh", ""), ("json", "settings"),
                     ("yaml", "settings"), ("yaml", "other-tap")}  # fmt: skip


@pytest.mark.parametrize("snippet", SOURCES, ids=str)
def test_a_source_in_the_documentation_is_one(snippet, tmp_path):
    file = tmp_path / f"source{SUFFIXES[snippet.language]}"
    file.write_text(snippet.text, "utf-8")
    rest = {"client": {"base_url": "https://api.example.com"}, "resources": ["things"]}
    if snippet.language != "python":
        given = yaml.safe_load(snippet.text)
        file.write_text(json.dumps({**rest, **given}), "utf-8")
    assert load({"source": file.name}, tmp_path).nodes


@pytest.mark.parametrize("snippet", SETTINGS, ids=str)
def test_settings_in_the_documentation_are_settings(snippet, tmp_path):
    settings = yaml.safe_load(snippet.text)
    assert set(settings) <= set(JSONSCHEMA["properties"])
    source = settings.get("source", "")
    for other in SOURCES:
        if other.page == snippet.page and source.endswith(SUFFIXES[other.language]):
            (tmp_path / source).write_text(other.text, "utf-8")
            break
    assert load(settings, tmp_path).nodes


def lines(text: str) -> list[str]:
    joined = re.sub(r"\\\n", " ", text)
    return [line for line in joined.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def commands(text: str) -> list[list[str]]:
    """The commands of shell lines, as words, without what is assigned before them and where their output goes."""
    found = []
    for line in lines(text):
        tokens = list(shlex.shlex(line, posix=True, punctuation_chars="|&;<>"))
        command: list[str] = []
        for token in [*tokens, ";"]:
            if token in {"|", "&&", ";", "||"}:
                found.append([word for word in command if not re.match(r"[A-Z_]+=", word)] or command)
                command = []
            else:
                command.append(token)
    return [command for command in found if command]


def targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def options(words: list[str]) -> list[str]:
    return [word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)]


def unknown(words: list[str]) -> list[str]:
    """What a command does not know, of the words behind it."""
    name, *rest = words
    if name == "make":
        return [word for word in rest if word not in targets()]
    if name == "restgeneric":
        if not rest or rest[0] not in cli.COMMANDS:
            return rest[:1]
        known = {option for param in cli.loaded(rest[0]).params for option in param.opts}
        return [option for option in options(rest) if option not in known]
    if name == "tap-restgeneric":
        known = {option for param in TapRestGeneric.cli.params for option in param.opts}
        return [option for option in options(rest) if option not in known]
    return [] if name in OTHER_COMMANDS | OTHER_PROGRAMS else [name]


@pytest.mark.parametrize("snippet", COMMANDS, ids=str)
def test_commands_in_the_documentation_exist_with_their_options(snippet):
    assert [unknown(command) for command in commands(snippet.text)] == [[] for _ in commands(snippet.text)]


@pytest.mark.parametrize(("page", "text"), INLINE)
def test_commands_in_sentences_exist_with_their_options(page, text):
    assert [word for command in commands(text) for word in unknown(command)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_the_pages_lead_somewhere(page):
    text = FENCE.sub("", page.read_text("utf-8"))
    local = [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if not re.match(r"[a-z]+:", link)]
    headings = {re.sub(r"[^\w\- ]", "", each).strip().replace(" ", "-").lower()
                for each in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}  # fmt: skip
    lost = [link for link in local if not link.startswith("#") and not (page.parent / link.partition("#")[0]).exists()]
    lost += [link for link in local if link.startswith("#") and link[1:] not in headings]
    assert lost == []


def test_the_source_of_the_readme_reads_what_the_api_holds(serve, tmp_path):
    ours = next(each for each in SOURCES if each.page == "README.md")
    (tmp_path / "source.yaml").write_text(ours.text, "utf-8")
    holds = {
        "/projects": [{"id": 1, "name": "one"}, {"id": 2, "name": "two"}],
        "/projects/1/tasks": [{"id": 11, "done": True}],
        "/projects/2/tasks": [{"id": 21, "done": False}, {"id": 22, "done": True}],
    }

    def answer(asked):
        if asked.headers.get("authorization") != "Bearer t0ken-of-the-test":
            return Answer(401)
        number = int(dict(asked.query).get("page", 1))
        rest = holds[asked.path][number:]
        link = {"Link": f'<{asked.path}?page={number + 1}>; rel="next"'} if rest else {}
        return Answer(200, {"data": holds[asked.path][number - 1 : number]}, link)

    tap = TapRestGeneric(
        config={
            "source": str(tmp_path / "source.yaml"),
            "client": {"base_url": serve(answer).url},
            "secrets": {"token": "t0ken-of-the-test"},
        }
    )
    out = io.StringIO()
    with redirect_stdout(out):
        tap.sync_all()
    messages = [json.loads(line) for line in out.getvalue().split("\n")[:-1]]
    records: dict[str, list] = {}
    for message in messages:
        if message["type"] == "RECORD":
            records.setdefault(message["stream"], []).append(message["record"])
    assert records == {
        "projects": holds["/projects"],
        "tasks": [
            {"id": 11, "done": True, "_projects_id": 1},
            {"id": 21, "done": False, "_projects_id": 2},
            {"id": 22, "done": True, "_projects_id": 2},
        ],
    }
