"""One reader, with texts that `atheris` makes to reach new lines of it."""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["tap_restgeneric", "jsonpath_ng", "yaml"]):
    from hostile.guarded import read, ready
    from hostile.targets import TARGETS

if __name__ == "__main__":
    name, *options = sys.argv[1:]
    (target,) = (each for each in TARGETS if each.name == name)
    ready(target)
    atheris.Setup([sys.argv[0], *options], lambda raw: read(target, raw.decode(errors="replace")))
    atheris.Fuzz()
