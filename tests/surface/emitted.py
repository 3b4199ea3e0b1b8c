"""Which values of a closed list the code gives to somebody, as far as its text tells: not that they are written
somewhere, in a table of sentences, say, or to be compared with.

A word is given where its type is known: to a function or class that takes one of the type, by a function that returns
one, in a variable that holds them, or as the label of a metric. A member of an enumeration is given wherever it is
named as a value.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Typed:
    """A closed list of words. `names`: of the type; `takers`: functions that take one as any text."""

    names: Collection[str]
    takers: Collection[str] = ()


@cache
def _nodes(tree: ast.AST) -> tuple[ast.AST, ...]:
    """Those that matter here."""
    kinds = ast.Call | Function | ast.ClassDef | ast.AnnAssign | ast.Subscript
    return tuple(node for node in ast.walk(tree) if isinstance(node, kinds))


def words(of: Typed, modules: Mapping[str, ast.Module]) -> set[str]:
    """`modules`: by path."""
    takers = {*of.takers, *(taker for tree in modules.values() for taker in _takers(of, tree))}
    holders = {name for tree in modules.values() for name in _holders(of, tree)}
    return {
        word
        for path, tree in modules.items()
        for node in _given(of, takers, holders, tree, is_telemetry="telemetry" in path)
        for word in _texts(node)
    }


def members(enumeration: str, modules: Mapping[str, ast.Module]) -> set[str]:
    """Their names."""
    return {
        node.attr
        for tree in modules.values()
        for node in _values(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == enumeration
    }


def _values(node: ast.AST) -> Iterator[ast.AST]:
    """What is in it, but for keys of tables, and for what something is compared with, looked for in, or matched by."""
    yield node
    if isinstance(node, ast.Compare | ast.MatchValue | ast.Set):
        return
    skipped = {id(key) for key in node.keys} if isinstance(node, ast.Dict) else set()
    for child in ast.iter_child_nodes(node):
        if id(child) not in skipped:
            yield from _values(child)


def _texts(node: ast.AST) -> Iterator[str]:
    for one in _values(node):
        if isinstance(one, ast.Constant) and isinstance(one.value, str):
            yield one.value


def _names(of: Typed, annotation: ast.AST | None) -> bool:
    return annotation is not None and not _named(annotation).isdisjoint(of.names)


@cache
def _named(annotation: ast.AST) -> frozenset[str]:
    return frozenset(one.id for one in ast.walk(annotation) if isinstance(one, ast.Name))


def _takes(of: Typed, function: Function) -> bool:
    arguments = function.args
    return any(_names(of, each.annotation) for each in (*arguments.args, *arguments.kwonlyargs))


def _takers(of: Typed, tree: ast.Module) -> Iterator[str]:
    for node in _nodes(tree):
        if isinstance(node, Function) and node.name != "__init__" and _takes(of, node):
            yield node.name
        elif isinstance(node, ast.ClassDef):
            fields = (one for one in node.body if isinstance(one, ast.AnnAssign))
            makers = (one for one in node.body if isinstance(one, Function) and one.name == "__init__")
            if any(_names(of, one.annotation) for one in fields) or any(_takes(of, one) for one in makers):
                yield node.name


def _holders(of: Typed, tree: ast.Module) -> Iterator[str]:
    """Attributes that are tables by such a word."""
    for node in _nodes(tree):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Attribute) and _names(of, node.annotation):
            yield node.target.attr


def _given(
    of: Typed, takers: Collection[str], holders: Collection[str], tree: ast.Module, *, is_telemetry: bool
) -> Iterator[ast.AST]:
    for node in _nodes(tree):
        if isinstance(node, ast.Call) and _called(node) in takers:
            yield from (*node.args, *(each.value for each in node.keywords))
        elif isinstance(node, Function):
            yield from _returned(of, node)
            yield from _keys_of_tables(of, node)
        elif isinstance(node, ast.AnnAssign) and node.value is not None and _names(of, node.annotation):
            yield node.value
        elif isinstance(node, ast.Subscript) and (is_telemetry or _is_filed(node, holders)) and _is_said(node.slice):
            yield node.slice


def _is_said(key: ast.AST) -> bool:
    return isinstance(key, ast.Constant | ast.Tuple | ast.IfExp)


def _called(call: ast.Call) -> str:
    """`partial(told, …)` calls what it is given."""
    name = _name(call.func)
    return _name(call.args[0]) if name == "partial" and call.args else name


def _name(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _returned(of: Typed, function: Function) -> Iterator[ast.AST]:
    if _names(of, function.returns):
        yield from (one.value for one in ast.walk(function) if isinstance(one, ast.Return) and one.value)


def _keys_of_tables(of: Typed, function: Function) -> Iterator[ast.AST]:
    """That are made when it runs; those of a module only tell of each."""
    for node in _nodes(function):
        if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Dict) and _names(of, node.annotation):
            yield from filter(None, node.value.keys)


def _is_filed(node: ast.Subscript, holders: Collection[str]) -> bool:
    return isinstance(node.ctx, ast.Store) and isinstance(node.value, ast.Attribute) and node.value.attr in holders
