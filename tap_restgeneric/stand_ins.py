"""What does the SDK import that a run of a tap hardly ever uses? It is imported when it is used, not at every start."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

OF_THE_SDK: Sequence[str] = ("backoff", "importlib_metadata", "joblib", "jsonpath_ng", "jsonpath_ng.ext", "upath")
"""What it imports for retries, encodings of batches, the work of targets, and the paths of its RESTStream."""


class StandIn:
    """A class or a function that is imported with its first use.

    Args:
        module: Where it is.
        name: What it is called there.
    """

    def __init__(self, module: str, name: str) -> None:
        """Nothing is imported."""
        self.__module, self.__name = module, name

    def __real(self) -> Any:
        return getattr(import_module(self.__module), self.__name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What the real one gives."""
        return self.__real()(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        """What the real one has."""
        return getattr(self.__real(), name)

    def __instancecheck__(self, instance: object) -> bool:
        """Whether something is one of the real one's."""
        return isinstance(instance, self.__real())


@contextmanager
def stand_ins(modules: Sequence[str] = OF_THE_SDK) -> Iterator[None]:
    """Who imports one of these modules meanwhile gets a stand-in for it; what was imported already stays.

    Args:
        modules: Their names. Nobody uses what is in them before the end.
    """
    missing = {module: ModuleType(module) for module in modules if module not in sys.modules}
    for module, standing in missing.items():
        vars(standing)["__getattr__"] = partial(StandIn, module)
    sys.modules.update(missing)
    try:
        yield
    finally:
        for module in missing:
            del sys.modules[module]
