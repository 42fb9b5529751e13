"""dlt's `rest_api`, its extract step only: what a tap does, into files of its own instead of lines.

python dlt_extract.py source.json folder [--parallel]
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import dlt
from dlt.sources.rest_api import rest_api_source


def main() -> None:
    """Extract, and say how many records there were."""
    parser = argparse.ArgumentParser()
    parser.add_argument("source", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--parallel", action="store_true")
    given = parser.parse_args()
    config = json.loads(given.source.read_text())
    config["resource_defaults"]["parallelized"] = given.parallel
    pipeline = dlt.pipeline("bench", pipelines_dir=str(given.folder), destination=dlt.destinations.filesystem("unused"))
    total = sum(
        table.items_count
        for steps in pipeline.extract(rest_api_source(config)).metrics.values()
        for step in steps
        for name, table in step["table_metrics"].items()
        if not name.startswith("_dlt")
    )
    print(f"RESULT {total}")  # noqa: T201 (read by the one who started it)


if __name__ == "__main__":
    main()
