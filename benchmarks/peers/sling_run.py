"""sling's API specs, into JSON lines files.

python sling_run.py load.json folder
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from sling_linux_amd64 import SLING_BIN


def spec(load: dict[str, Any]) -> dict[str, Any]:
    """The load as sling describes APIs."""
    counted = load["paging"] == "offset"
    place, query = ("offset", {"offset": "${state.offset}"}) if counted else ("cursor", {"cursor": "${state.cursor}"})
    following = f"${{state.offset + {load['page']}}}" if counted else "${response.json.next}"
    last = f"state.offset + {load['page']} >= response.json.total" if counted else "is_null(response.json.next)"
    endpoint: dict[str, Any] = {
        "state": {place: 0 if counted else "c0"},
        "pagination": {"stop_condition": last, "next_state": {place: following}},
        "response": {"records": {"jmespath": "data", "primary_key": ["id"]}},
    }
    request = {"method": "GET", "parameters": {"limit": load["page"], **query}, "rate": 100_000, "concurrency": 10}
    return {
        "name": "bench",
        "endpoints": {
            name: {**endpoint, "request": {**request, "url": f"{load['url']}/{name}"}} for name in load["names"]
        },
    }


def main() -> None:
    """Run it, and say how many records there were."""
    load, folder = json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2])
    streams = {name: {"object": f"file://{folder}/{name}.jsonl"} for name in load["names"]}
    defaults = {"mode": "full-refresh", "target_options": {"format": "jsonlines"}}
    connections = {"BENCH": {"type": "api", "spec": f"file://{folder}/spec.yaml"}}
    files = {
        "spec.yaml": spec(load),
        "env.yaml": {"connections": connections},
        "run.yaml": {"source": "BENCH", "target": "LOCAL", "defaults": defaults, "streams": streams},
    }
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content))
    home = {
        "HOME": str(folder),
        "SLING_HOME_DIR": str(folder),
        "SLING_DISABLE_TELEMETRY": "true",
        "SLING_THREADS": "14",
    }
    command = [SLING_BIN, "run", "-r", str(folder / "run.yaml")]
    ran = subprocess.run(command, env=os.environ | home, capture_output=True, text=True, check=False)  # noqa: S603
    sys.stderr.write(ran.stdout[-3000:] + ran.stderr[-3000:])
    total = sum(int(found.replace(",", "")) for found in re.findall(r"wrote ([\d,]+) rows", ran.stdout + ran.stderr))
    print(f"RESULT {total}")  # noqa: T201 (read by the one who started it)
    sys.exit(ran.returncode)


if __name__ == "__main__":
    main()
