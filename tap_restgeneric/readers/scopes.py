"""What does a name in a snippet stand for?"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_CHANGES = frozenset({"append", "clear", "extend", "insert", "pop", "popitem", "remove", "setdefault", "update"})
_NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_ROOMS = (ast.ClassDef, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True)
class Binding:
    """One place that gives a name its value.

    Attributes:
        line: Where it stands.
        value: The expression it gives; None where there is none to read (a loop, a function, an import ...).
        imported: The full name of what is imported, `dlt.sources.rest_api.rest_api_source`.
        parameter: Whether it is a parameter of a function, `value` being its default.
    """

    line: int
    value: ast.expr | None = None
    imported: str | None = None
    parameter: bool = False


@dataclass(eq=False)
class Scope:
    """The names of a module or a function, and of what encloses it."""

    parent: Scope | None = None
    bindings: dict[str, list[Binding]] = field(default_factory=dict)

    def owner(self, name: str) -> Scope | None:
        """The scope a name belongs to, looking outwards; None if nothing binds it."""
        if name in self.bindings:
            return self
        return self.parent.owner(name) if self.parent else None

    def bind(self, name: str, binding: Binding) -> None:
        """Note one more place that gives a name its value."""
        self.bindings.setdefault(name, []).append(binding)

    def dotted(self, node: ast.expr) -> str | None:
        """The full name of `a` or `a.b.c`, imports resolved: `dlt.secrets`; None for any other expression."""
        if isinstance(node, ast.Attribute):
            value = self.dotted(node.value)
            return f"{value}.{node.attr}" if value else None
        if not isinstance(node, ast.Name):
            return None
        owner = self.owner(node.id)
        imported = owner.bindings[node.id][-1].imported if owner else None
        return imported or node.id

    def origin(self, node: ast.expr, passed: tuple[ast.expr, ...] = ()) -> ast.expr:
        """The expression that a name stands for in the end; any other expression stands for itself."""
        owner = self.owner(node.id) if isinstance(node, ast.Name) and node not in passed else None
        if owner is None or not isinstance(node, ast.Name):
            return node
        first, *others = owner.bindings[node.id]
        return owner.origin(first.value, (*passed, node)) if first.value and not others else node


@dataclass
class Scan:
    """One walk through a snippet: its scopes, and the places that may hold a configuration.

    Attributes:
        calls: Every call, with the scope it stands in.
        annotated: Every annotated assignment of a value, likewise.
        changes: Name, scope and line of every change to a value after it was written: `x["a"] = 1`, `x.append(1)`.
    """

    calls: list[tuple[ast.Call, Scope]] = field(default_factory=list)
    annotated: list[tuple[ast.AnnAssign, Scope]] = field(default_factory=list)
    changes: list[tuple[str, Scope, int]] = field(default_factory=list)

    @classmethod
    def of(cls, tree: ast.Module) -> Scan:
        """The scan of a whole snippet."""
        scan = cls()
        scan._walk(tree.body, Scope())
        return scan

    def changed(self, name: str, scope: Scope) -> int | None:
        """The line in which the value of a name of that scope is changed; None if it stays as written."""
        lines = (line for at, where, line in self.changes if at == name and where.owner(name) is scope)
        return next(lines, None)

    def _walk(self, nodes: Iterable[ast.AST], scope: Scope) -> None:
        for node in nodes:
            self._walk(_inside(node), self._enter(node, scope))

    def _enter(self, node: ast.AST, scope: Scope) -> Scope:
        """Note what a node binds, calls or changes; the scope of what is inside it."""
        self._note(node, scope)
        # An annotation alone, `x: int`, gives the name no value.
        for target in _names(node) if getattr(node, "value", None) else ():
            scope.bind(target.id, Binding(target.lineno, node.value))  # type: ignore[attr-defined]
        if isinstance(node, _NAMED):
            scope.bind(node.name, Binding(node.lineno))
        if isinstance(node, ast.Import | ast.ImportFrom):
            _import(node, scope)
        if isinstance(node, _FUNCTIONS):
            return _function(node.args, scope)
        return Scope(scope) if isinstance(node, _ROOMS) else scope

    def _note(self, node: ast.AST, scope: Scope) -> None:
        if isinstance(node, ast.AnnAssign) and node.value:
            self.annotated.append((node, scope))
        elif isinstance(node, ast.Call):
            self.calls.append((node, scope))
            if isinstance(node.func, ast.Attribute) and node.func.attr in _CHANGES:
                self._change(node.func.value, node.lineno, scope)
        elif isinstance(node, ast.Name | ast.Subscript | ast.Attribute) and not isinstance(node.ctx, ast.Load):
            self._store(node, scope)

    def _store(self, node: ast.Name | ast.Subscript | ast.Attribute, scope: Scope) -> None:
        if isinstance(node, ast.Name):
            # A loop, a `with`, `+=`, an unpacking: there is no single expression to read.
            scope.bind(node.id, Binding(node.lineno))
        else:
            self._change(node, node.lineno, scope)

    def _change(self, node: ast.expr, line: int, scope: Scope) -> None:
        while isinstance(node, ast.Subscript | ast.Attribute | ast.Call):
            node = node.func if isinstance(node, ast.Call) else node.value
        if isinstance(node, ast.Name):
            self.changes.append((node.id, scope, line))


def _function(args: ast.arguments, parent: Scope) -> Scope:
    scope = Scope(parent)
    positional = [*args.posonlyargs, *args.args]
    without = len(positional) - len(args.defaults)
    for index, arg in enumerate(positional):
        default = args.defaults[index - without] if index >= without else None
        scope.bind(arg.arg, Binding(arg.lineno, default, parameter=True))
    for arg, value in zip(args.kwonlyargs, args.kw_defaults, strict=True):
        scope.bind(arg.arg, Binding(arg.lineno, value, parameter=True))
    for rest in filter(None, (args.vararg, args.kwarg)):
        scope.bind(rest.arg, Binding(rest.lineno))
    return scope


def _import(node: ast.Import | ast.ImportFrom, scope: Scope) -> None:
    module = f"{node.module}." if isinstance(node, ast.ImportFrom) and node.module else ""
    for alias in node.names:
        # `import a.b` binds `a`, which needs no resolving.
        name = alias.asname or alias.name.split(".")[0]
        full = f"{module}{alias.name}" if alias.asname or module else name
        scope.bind(name, Binding(node.lineno, imported=full))


def _names(node: ast.AST) -> list[ast.Name]:
    """The names that a plain assignment binds to one whole value."""
    if not isinstance(node, ast.Assign | ast.AnnAssign):
        return []
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return [target for target in targets if isinstance(target, ast.Name)]


def _inside(node: ast.AST) -> list[ast.AST]:
    bound = _names(node)
    return [child for child in ast.iter_child_nodes(node) if child not in bound]
