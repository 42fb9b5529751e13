"""What happens to a reader who does what a page says, from its first block to its last?"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from scripted import Answer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from documentation import Snippet
    from scripted import Asked

_BIN = Path(sys.executable).parent
_RUN = ("yaml", "sh")
_NEXT = "=== the next block ==="
_BEFORE = """\
set -euo pipefail
target-jsonl() { cat > lines.jsonl; }
"""

CUSTOMERS = ("Ada", "Grace", "Edsger", "Barbara")
ORDERS = [
    {
        "id": number,
        "customer": CUSTOMERS[(number - 1) % 4],
        "total": 1.5 if number == 1 else 3.25,
        "updated_at": f"2026-01-{1 + number // 24:02}T{number % 24:02}:00:00Z",
    }
    for number in range(1, 121)
]
"""120 orders, an hour apart; each has two lines."""


def shop(asked: Asked) -> object:
    """An API that none of our definitions was written for: orders in pages, with a filter, and their lines."""
    if not asked.headers.get("authorization", "").startswith("Bearer "):
        return Answer(401, {"error": "who are you?"})
    if asked.path.endswith("/lines"):
        return {"lines": [{"line": number, "sku": f"S-{number}"} for number in (1, 2)]}
    if asked.path != "/v1/orders":
        return {"data": [{"id": 1, "name": "one"}, {"id": 2, "name": "two"}]}
    query = dict(asked.query)
    rows = [order for order in ORDERS if order["updated_at"] >= query.get("updated_since", "")]
    page = int(query.get("page", 1))
    return {"orders": rows[50 * (page - 1) : 50 * page], "page": page, "pages": -(-len(rows) // 50)}


def walk(blocks: Iterable[Snippet], folder: Path, instead: Mapping[str, str], **environment: str) -> list[str]:
    """Write the sources and run the commands of a page in a folder, one after the other, in one shell.

    Args:
        blocks: The blocks, in their order.
        folder: Where the reader stands.
        instead: Addresses of the page, and what they are here: where the API is, and the like.
        environment: What is in the environment beside what always is.

    Returns:
        What the commands of each `sh` block printed, runs of white space made one space.
    """
    script = _BEFORE + "".join(_step(block) for block in blocks if block.language in _RUN)
    for address, here in instead.items():
        script = script.replace(address, here)
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env={**_environment(), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return [" ".join(printed.split()) for printed in done.stdout.split(_NEXT)[1:]]


def unseen(blocks: Iterable[Snippet], printed: Iterable[str]) -> list[str]:
    """Lines of `text` that the commands above them did not print."""
    above = iter(printed)
    now, lost = "", []
    for block in blocks:
        if block.language == "sh":
            now = next(above)
        elif block.language == "text":
            lost += [line for line in block.text.splitlines() if " ".join(line.split()) not in now]
    return lost


def _step(block: Snippet) -> str:
    if block.language == "sh":
        return f"echo '{_NEXT}'\n{block.text}"
    return f"cat > source.yaml <<'END_OF_FILE'\n{block.text}END_OF_FILE\n"


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TAP_", "MELTANO_"))}
    return {**kept, "PATH": f"{_BIN}:{os.environ['PATH']}", "NO_COLOR": "1", "TOKEN": "t0ken-of-the-shop"}
