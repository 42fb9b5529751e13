"""Is there a text that makes a reader fall over? Guided by coverage where `atheris` is installed, else by hypothesis.

PYTHONPATH=tests .venv/bin/python -m hostile.fuzz              every target, 10 seconds each
PYTHONPATH=tests .venv/bin/python -m hostile.fuzz 60 yaml      a minute for the targets of that name
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import click
from hostile.guarded import FellOverError, read, ready
from hostile.targets import TARGETS, Target
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import FlakyFailure

_SECONDS = 10
_LONGEST_TEXT = 4_096


def texts(target: Target) -> st.SearchStrategy[str]:
    """Texts for a target: of its words, of its seeds with something put into them, and any."""
    word = st.sampled_from(target.words + target.seeds) | st.text(max_size=5)
    words = st.lists(word, max_size=12).map("".join)
    seed = st.sampled_from(target.seeds)
    at = st.integers(0, 300)
    mutated = st.builds(lambda text, a, b, new: text[: min(a, b)] + new + text[max(a, b) :], seed, at, at, words)
    repeated = st.builds(lambda text, times: (text * times)[:_LONGEST_TEXT], word, st.sampled_from([10, 500, 4_000]))
    return words | mutated | repeated


def by_hypothesis(target: Target, seconds: float) -> int:
    """Tries texts for some time; gives how many."""
    end = time.monotonic() + seconds
    count = 0

    @settings(
        max_examples=100,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(texts(target))
    def tried(text: str) -> None:
        nonlocal count
        if time.monotonic() < end:
            count += 1
            read(target, text)

    while time.monotonic() < end:
        tried()
    return count


def _entry(word: str) -> str:
    """A word as a dictionary of libFuzzer writes it."""
    return '"' + "".join(f"\\x{byte:02x}" for byte in word.encode(errors="surrogatepass")) + '"\n'


def by_coverage(target: Target, seconds: float) -> int:
    """Lets `atheris` try texts in a process of its own; gives how many.

    Raises:
        FellOverError: It found one.
    """
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / "corpus"
        corpus.mkdir()
        for number, seed in enumerate(target.seeds):
            (corpus / str(number)).write_text(seed, errors="surrogatepass")
        words = Path(folder) / "words"
        words.write_text("".join(map(_entry, target.words)))
        options = [
            f"-max_total_time={seconds:.0f}",
            f"-dict={words}",
            f"-max_len={_LONGEST_TEXT}",
            "-rss_limit_mb=4096",
        ]
        options += [f"-artifact_prefix={folder}/", str(corpus)]
        command = [sys.executable, "-m", "hostile.fuzz_one", target.name, *options]
        ended = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        counted = re.findall(r"^(?:Done |#)(\d+)", ended.stderr, re.MULTILINE)
        if ended.returncode:
            fell = re.search(r"FellOverError: (.*)", ended.stdout + ended.stderr)
            raise FellOverError(fell[1] if fell else ended.stderr[-2000:])
        return int(counted[-1]) if counted else 0


def main(words: list[str]) -> int:
    """Tries targets; the last line counts."""
    numbers = [float(word) for word in words if word.isdigit()]
    names = [word for word in words if not word.isdigit()]
    targets = [target for target in TARGETS if not names or target.name in names]
    tried, fell = 0, 0
    for target in targets:
        seconds = numbers[0] if numbers else _SECONDS
        try:
            ready(target)
            tried += by_hypothesis(target, seconds / 2)
            tried += by_coverage(target, seconds / 2) if find_spec("atheris") else 0
        except (FellOverError, FlakyFailure) as error:
            fell += 1
            click.echo(f"{target.name}: {str(error)[:2000]}")
    how = "hypothesis and atheris" if find_spec("atheris") else "hypothesis"
    click.echo(f"fuzz: {len(targets)} readers, {tried} texts by {how}, {fell} that fell over")
    return int(fell > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
