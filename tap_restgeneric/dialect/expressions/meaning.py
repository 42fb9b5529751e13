"""What does the text of an expression mean? Parsed by Jinja, checked whole, compiled."""

from __future__ import annotations

import difflib
import re
import warnings
from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from jinja2 import TemplateSyntaxError, Undefined, UndefinedError, nodes
from jinja2.parser import Parser

from tap_restgeneric.dialect.expressions.environment import METHODS, SANDBOX, Headers, compiled
from tap_restgeneric.dialect.expressions.vocabulary import NAMES, ExpressionError
from tap_restgeneric.dialect.words import describe_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

_FUNCTIONS = frozenset({"len"})
_CONSTANTS = frozenset({"none", "None", "true", "True", "false", "False"})
_KEYWORDS = frozenset({"and", "or", "not", "in", "is", "if", "else"})
_INSTEAD = {"&": "and", "!": "not", "=": "=="}
_MOST_FILTERS = 20
_MOST_CHARACTERS = 4_000


class Meaning(NamedTuple):
    """An expression that was understood.

    Attributes:
        text: As it was written.
        value: Computes it from the names it speaks of.
        names: Those of `NAMES`.
        lookups: What it looks up in them.
    """

    text: str
    value: Callable[[dict[str, Any]], Any]
    names: frozenset[str]
    lookups: tuple[_Lookup, ...]

    def evaluated(self, names: dict[str, Any]) -> Any:
        """The value, as JSON values.

        Raises:
            ExpressionError: Something it needs is missing or of the wrong kind.
        """
        if "headers" in names:
            names["headers"] = Headers(names["headers"])
        try:
            return _settled(self.value(names))
        except Exception as error:  # whatever Python raises for values of the wrong kind
            absent = "; ".join(dict.fromkeys(_absences(self.lookups, names)))
            cause = "" if absent and isinstance(error, UndefinedError) else str(error) or type(error).__name__
            reason = f"{absent} ({cause})" if absent and cause else absent or cause
            raise ExpressionError(f"{self.text!r} cannot be evaluated: {reason}") from error


def of(text: str) -> Meaning:
    """The meaning of a text.

    Raises:
        ValueError: It has none; below the message stands the text with a caret under the mistake.
    """
    source = _without_braces(re.sub(r"[\r\n]", " ", text).strip())
    if not source:
        raise ValueError("an expression cannot be empty")
    if len(source) > _MOST_CHARACTERS:
        raise ValueError(f"an expression has at most {_MOST_CHARACTERS} characters, not {len(source)}")
    tokens = _tokens(source)
    _check(source, tokens)
    try:
        whole = nodes.Output([_tree(source, tokens)])
        _count_filters(whole)
        lookups = _lookups(whole)
        return Meaning(text, compiled(whole.nodes[0]), NAMES & {name for name, *_ in lookups}, lookups)
    except (RecursionError, MemoryError):
        raise ValueError("the expression is nested too deeply") from None
    except SyntaxError as error:
        raise ValueError(f"the expression cannot be compiled: {error.msg}") from None
    except TemplateSyntaxError as error:
        raise ValueError(f"the expression cannot be compiled: {error.message}") from None


def _count_filters(whole: nodes.Node) -> None:
    """Refuses an expression that could make many copies of a large text.

    Raises:
        ValueError: It has too many filters.
    """
    if sum(1 for _ in whole.find_all(nodes.Filter)) > _MOST_FILTERS:
        raise ValueError(f"an expression has at most {_MOST_FILTERS} filters")


def _without_braces(text: str) -> str:
    if "{%" in text:
        raise _mistake(text, text.index("{%"), "statements are not allowed, only an expression")
    return text[2:-2].strip() if text.startswith("{{") and text.endswith("}}") else text


def _mistake(source: str, at: int, message: str) -> ValueError:
    return ValueError(f"{message}\n  {source}\n  {' ' * at}^")


def _guess(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, sorted(known), n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


class _Token(NamedTuple):
    type: str
    text: str
    at: int


_END = _Token("end", "", 0)


def _tokens(source: str) -> list[_Token]:
    tokens: list[_Token] = []
    at = 0
    try:
        for _, type_, text in SANDBOX.lexer.tokeniter(source, None, None, "variable"):
            if type_ == "variable_end":
                raise _mistake(source, at, "the braces end here, and only one expression is allowed")
            if type_ != "whitespace":
                tokens.append(_Token(type_, text, at))
            at += len(text)
    except TemplateSyntaxError:
        raise _mistake(source, at, _unexpected(source[at])) from None
    return tokens


def _unexpected(text: str) -> str:
    if text in {"'", '"'}:
        return "this text is not closed"
    return f"unexpected {text!r}" + (f" (write {_INSTEAD[text]!r})" if text in _INSTEAD else "")


def _check(source: str, tokens: Sequence[_Token]) -> None:
    """Refuse words that an expression cannot use, each at its place."""
    around = [_END, _END, *tokens, _END]
    for two_before, before, token, after in zip(around, around[1:], around[2:], around[3:], strict=False):
        is_test = before.text == "is" or (before.text == "not" and two_before.text == "is")
        complaint = _complaint(before.text, token, after.text, is_test=is_test)
        if complaint:
            raise _mistake(source, token.at, complaint)


def _complaint(before: str, token: _Token, after: str, *, is_test: bool) -> str | None:
    word = token.text
    if token.type != "name":
        return _call_complaint(before, token)
    if not word.isidentifier():
        return f"unexpected {word!r}"
    if before == ".":
        return None if after != "(" else _unknown("method", word, METHODS)
    if before == "|":
        return _unknown("filter", word, SANDBOX.filter_names)
    if is_test and word != "not":
        return _unknown("test", word, SANDBOX.tests)
    if word in _KEYWORDS or (after == "=" and before in {"(", ","}):
        return None
    if word in _FUNCTIONS:
        return None if after == "(" else f"{word} is a function: write {word}(...)"
    if word in NAMES | _CONSTANTS:
        return f"{word!r} cannot be called" if after == "(" else None
    return _unknown("name", word, NAMES | _FUNCTIONS | _CONSTANTS)


def _unknown(what: str, word: str, known: Iterable[str]) -> str | None:
    return None if word in known else f"unknown {what} {word!r}{_guess(word, known)}"


def _call_complaint(before: str, token: _Token) -> str | None:
    if token.text == "(" and before.endswith((")", "]", "}", "'", '"')):
        return "only len(...) and methods can be called"
    if token.text in {"*", "**"} and before in {"(", ","}:
        return f"unexpected {token.text!r}"
    return "this text has a broken escape" if token.type == "string" and not _can_be_read(token.text) else None


def _can_be_read(quoted: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            quoted.encode("ascii", "backslashreplace").decode("unicode-escape")
    except UnicodeError:
        return False
    return True


def _tree(source: str, tokens: Sequence[_Token]) -> nodes.Expr:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python's own, about unknown escapes such as '\d'
        parser = Parser(SANDBOX, source, state="variable")
        try:
            tree = parser.parse_expression()
        except TemplateSyntaxError:
            tree = None
    if isinstance(tree, nodes.Expr) and parser.stream.eos:
        return tree
    left = sum(1 for _ in parser.stream)
    if not left:
        raise _mistake(source, len(source), "the expression is not finished")
    token = tokens[-left]
    raise _mistake(source, token.at, _unexpected(token.text))


_Lookup = tuple[Any, ...]
"""A name and the constant keys that are looked up in it, one in the other."""


def _lookups(tree: nodes.Node) -> tuple[_Lookup, ...]:
    """The longest lookups: of `response.a.b`, not `response.a` too."""
    methods = {id(call.node) for call in tree.find_all(nodes.Call)}
    kinds = (nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Call)
    places = [node for node in tree.find_all(kinds) if id(node) not in methods]
    inner = {id(step[0]) for step in map(_step, places) if step}
    found = (_lookup(node) for node in places if id(node) not in inner)
    return tuple(lookup for lookup in found if lookup)


def _lookup(node: nodes.Node) -> _Lookup | None:
    if isinstance(node, nodes.Name):
        return (node.name,)
    step = _step(node)
    above = _lookup(step[0]) if step else None
    return (*above, step[1]) if above and step else None


def _step(node: nodes.Node) -> tuple[nodes.Node, Any] | None:
    """For `x.key`, `x['key']` and `x.get('key')`: x, and the key."""
    if isinstance(node, nodes.Getattr):
        return node.node, node.attr
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
        return node.node, node.arg.value
    if not isinstance(node, nodes.Call) or not isinstance(node.node, nodes.Getattr) or node.node.attr != "get":
        return None
    key = next(iter(node.args), None)
    return (node.node.node, key.value) if isinstance(key, nodes.Const) else None


def _absences(lookups: Iterable[_Lookup], names: dict[str, Any]) -> Iterator[str]:
    for name, *keys in lookups:
        absence = _absence(name, keys, names[name]) if name in names else f"{name} is not known here"
        if absence:
            yield absence


def _absence(place: str, keys: Sequence[Any], value: Any) -> str | None:
    for key in keys:
        try:
            value = value[key]
        except (TypeError, LookupError):
            return f"{place} has no {key!r}, it {'has' if isinstance(value, dict) else 'is'} {describe_keys(value)}"
        place = f"{place}.{key}"
    return f"{place} is null" if value is None else None


def _settled(value: Any) -> Any:
    """A result as JSON values, computed to the end.

    Raises:
        UndefinedError: It is, or has in it, something that is missing.
    """
    if value is None or isinstance(value, (str, int, float, Decimal)):
        return value
    if isinstance(value, Undefined):
        str(value)  # strict: raises
    if isinstance(value, dict):
        return {key: _settled(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, Iterator)):
        return [_settled(item) for item in value]
    raise TypeError(f"the result is a {type(value).__name__}, no JSON value")
