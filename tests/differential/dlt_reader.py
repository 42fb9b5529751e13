"""What does dlt read? A process of its own: one JSON line per run comes in, one goes out.

In: `config` (or `snippet`, the path of a Python file that makes a source), `state` of the run before, `env` for the
time of the run.
Out: `records` by resource, `state`, and `error` if there was one.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import ExitStack
from importlib.util import module_from_spec, spec_from_file_location
from typing import Any

import dlt
from dlt.common.configuration.container import Container
from dlt.common.pipeline import StateInjectableContext
from dlt.extract.pipe_iterator import ManagedPipeIterator
from dlt.extract.source import DltSource, SourceInjectableContext, SourceSchemaInjectableContext
from dlt.sources.rest_api import rest_api_source


def read(source: DltSource, state: dict[str, Any], records: dict[str, list[Any]]) -> None:
    """Reads all of a source as a pipeline would, without what comes after: normalizing and loading.

    Args:
        source: What to read.
        state: State of the pipeline; changed.
        records: Takes the records by resource as they come, so that they are there when reading fails.
    """
    contexts = [
        source._get_config_section_context(),
        StateInjectableContext(state),
        SourceInjectableContext(source),
        SourceSchemaInjectableContext(source.schema),
    ]
    container = Container()
    with ExitStack() as stack:
        for context in contexts:
            stack.enter_context(container.injectable_context(context))
        pages = ManagedPipeIterator.from_pipes(source.resources.selected_pipes, next_item_mode="fifo")
    pages.set_context(contexts)
    for page in pages:
        taken = page.item if isinstance(page.item, list) else [page.item]
        records.setdefault(page.pipe.name, []).extend(taken)


def made(snippet: str) -> DltSource:
    """The source that a Python file makes."""
    spec = spec_from_file_location("snippet", snippet)
    module = sys.modules["snippet"] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return next(value for value in vars(module).values() if isinstance(value, DltSource))


def answer(order: dict[str, Any]) -> dict[str, Any]:
    state, records, error = order.get("state") or {}, {}, None
    os.environ.update(order.get("env", {}))
    try:
        source = made(order["snippet"]) if "snippet" in order else rest_api_source(order["config"], name="api")
        read(source, state, records)
    except BaseException as raised:  # noqa: BLE001  # dlt raises whatever it meets
        error = f"{type(raised).__name__}: {raised} {type(raised.__cause__).__name__}: {raised.__cause__}"
    finally:
        for name in order.get("env", {}):
            del os.environ[name]
    return {"records": records, "state": state, "error": error}


def main() -> None:
    # what dlt prints must not get between the answers
    out, sys.stdout = sys.stdout, sys.stderr
    print(json.dumps({"dlt": dlt.__version__}), file=out, flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line)), default=str), file=out, flush=True)


if __name__ == "__main__":
    main()
