"""What does the SDK import that a run of a tap hardly ever uses? It is imported when it is used, not at every start."""

from __future__ import annotations

import sys
from contextlib import contextmanager
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
        _leave(self.__module.partition(".")[0])
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


class _Module(ModuleType):
    """Stands for a module; all that is in it are stand-ins."""

    def __getattr__(self, name: str) -> StandIn:
        return StandIn(self.__name__, name)


def _leave(package: str) -> None:
    """Lets the real modules of a package come in, now or later."""
    for name, module in list(sys.modules.items()):
        if isinstance(module, _Module) and name.partition(".")[0] == package:
            sys.modules.pop(name, None)


@contextmanager
def stand_ins(modules: Sequence[str] = OF_THE_SDK) -> Iterator[None]:
    """Who imports one of these modules meanwhile gets a stand-in for it; what was imported already stays.

    Args:
        modules: Their names, those of packages before what is in them.
    """
    sys.modules.update({name: _Module(name) for name in modules if name not in sys.modules})
    try:
        yield
    finally:
        for name in modules:
            _leave(name.partition(".")[0])
