"""Change each line of a module on purpose, one change at a time, and see whether its tests notice. Run by hand.

``python -m tests.mutation.mutate plenary_stats.disclosure.attacker.ranges TESTS… [--then TESTS…] [--lines N…] [--most N] [--seed N]
[--seconds N] [--limit N] [--out FILE]``

Every change runs in a copy of this process (fork), in which the changed module is compiled in place of the file, and pytest stops at the
first failure. A change that no test notices *survives*; so does none that runs for too long (that is noticed). The report lists the
survivors with their lines, for a person to judge: does it weaken protection, or answer the same? ``--then`` names slower tests that are
run on a survivor of the first ones alone.

The libraries are read once, before any copy is made, and the tests of ``plenary_stats`` run without Django and pytest's plugins: a change
takes a second, not twelve. What no test could notice is not changed: annotations, ``strict`` of a zip, ``frozen`` of a record.
"""

from __future__ import annotations

import argparse
import ast
import copy
import gc
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import random
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import hypothesis
import pytest

ROOT = Path(__file__).resolve().parents[2]
LIBRARIES = ("numpy", "scipy.optimize", "scipy.sparse.csgraph", "scipy.stats", "hypothesis.extra")
IDLE = frozenset({"strict", "frozen"})
"""Settings that make a mistake loud and change no answer."""
MEMORY = 6 * 2**30
"""A change that needs more is noticed."""
COMPARISONS: dict[type, tuple[type, ...]] = {
    ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,), ast.In: (ast.NotIn,), ast.NotIn: (ast.In,),
}  # fmt: skip
SUMS: dict[type, type] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult,
    ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
}  # fmt: skip
NAMES = {
    "min": "max", "max": "min", "minimum": "maximum", "maximum": "minimum", "any": "all", "all": "any", "floor": "ceil", "ceil": "floor",
    "union": "intersection", "intersection": "union", "issubset": "issuperset", "issuperset": "issubset",
}  # fmt: skip


@dataclass(frozen=True)
class Change:
    """One change: which node of the tree, which of its variants, its line, and what it is in words."""

    node: int
    variant: int
    line: int
    words: str


def changes(source: str) -> list[Change]:
    """Return every change of a module that a test could notice."""
    found, tree = [], ast.parse(source)
    idle = {id(each) for node in ast.walk(tree) for part in _idle(node) for each in ast.walk(part)}
    for number, node in enumerate(ast.walk(tree)):
        if not hasattr(node, "lineno") or id(node) in idle:
            continue
        before = _words(node)
        for variant, other in enumerate(_variants(node)):
            found.append(Change(number, variant, node.lineno, f"{before}  →  {_words(other)}"))
    return found


def _idle(node: ast.AST) -> list[ast.AST]:
    """Return the parts of a node in which a change changes nothing: what its types are, and :data:`IDLE` settings."""
    parts = [getattr(node, name, None) for name in ("annotation", "returns")]
    return [*(part for part in parts if part), *([node.value] if isinstance(node, ast.keyword) and node.arg in IDLE else [])]


def _words(node: ast.AST) -> str:
    words = " ".join(ast.unparse(ast.fix_missing_locations(copy.deepcopy(node))).split())
    return words if len(words) < 90 else words[:87] + "…"


def changed(source: str, change: Change) -> ast.Module:
    """Return the tree of a module with one change in it."""
    tree = ast.parse(source)
    target = list(ast.walk(tree))[change.node]
    other = list(_variants(target))[change.variant]
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is target:
                setattr(parent, name, other)
            elif isinstance(value, list):
                value[:] = [other if each is target else each for each in value]
    return ast.fix_missing_locations(tree)


def _variants(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what may stand in place of a node."""
    for kinds, make in _KINDS:
        if isinstance(node, kinds):
            yield from make(node)


def _of_comparison(node: Any) -> Iterator[ast.AST]:
    for place, operator in enumerate(node.ops):
        for other in COMPARISONS[type(operator)]:
            yield _with(node, ops=[*node.ops[:place], other(), *node.ops[place + 1 :]])


def _of_sum(node: Any) -> Iterator[ast.AST]:
    if type(node.op) in SUMS:
        yield _with(node, op=SUMS[type(node.op)]())


def _of_both(node: Any) -> Iterator[ast.AST]:
    yield _with(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
    for gone in node.values if len(node.values) > 2 else ():
        yield _with(node, values=[each for each in node.values if each is not gone])


def _of_sign(node: Any) -> Iterator[ast.AST]:
    if not isinstance(node.op, ast.UAdd):
        yield node.operand


def _of_constant(node: Any) -> Iterator[ast.AST]:
    if isinstance(node.value, bool):
        yield ast.copy_location(ast.Constant(not node.value), node)
    elif isinstance(node.value, int | float):
        yield ast.copy_location(ast.Constant(node.value + 1), node)


def _of_choice(node: Any) -> Iterator[ast.AST]:
    yield _with(node, body=node.orelse, orelse=node.body)


def _of_condition(node: Any) -> Iterator[ast.AST]:
    yield _with(node, test=ast.UnaryOp(ast.Not(), node.test))


def _of_name(node: Any) -> Iterator[ast.AST]:
    name = "id" if isinstance(node, ast.Name) else "attr"
    if getattr(node, name) in NAMES:
        yield _with(node, **{name: NAMES[getattr(node, name)]})


def _of_step(node: Any) -> Iterator[ast.AST]:
    if not isinstance(node, ast.Expr) or isinstance(node.value, ast.Call):
        yield ast.copy_location(ast.Pass(), node)


_KINDS: tuple[tuple[Any, Callable[[Any], Iterator[ast.AST]]], ...] = (
    (ast.Compare, _of_comparison),
    (ast.BinOp | ast.AugAssign, _of_sum),
    (ast.BoolOp, _of_both),
    (ast.UnaryOp, _of_sign),
    (ast.Constant, _of_constant),
    (ast.IfExp, _of_choice),
    (ast.If | ast.While, _of_condition),
    (ast.Name | ast.Attribute, _of_name),
    (ast.Continue | ast.Break | ast.Raise | ast.Expr, _of_step),
)


def _with(node: ast.AST, **fields: object) -> ast.AST:
    other = copy.copy(node)
    for name, value in fields.items():
        setattr(other, name, value)
    return other


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.SourceLoader):
    """Gives the changed module in place of its file."""

    def __init__(self, name: str, path: Path, tree: ast.Module) -> None:
        self.name, self.path, self.tree = name, path, tree

    def find_spec(
        self, name: str, path: object = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        return importlib.util.spec_from_loader(name, self, origin=str(self.path)) if name == self.name else None

    def get_filename(self, fullname: str) -> str:
        return str(self.path)

    def get_data(self, path: str) -> bytes:
        return Path(path).read_bytes()

    def get_code(self, fullname: str) -> CodeType:
        return compile(self.tree, str(self.path), "exec")


def noticed(module: str, path: Path, change: Change | None, tests: Sequence[str], seconds: float) -> bool:
    """Run the tests on one change (or none) in a copy of this process; return whether they failed or ran for too long."""
    child = os.fork()
    if child == 0:
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        signal.alarm(int(seconds))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        package = module.rsplit(".", 1)[0]
        for name in [name for name in sys.modules if name.startswith((package, "tests."))]:
            del sys.modules[name]
        source = path.read_text(encoding="utf-8")
        sys.meta_path.insert(0, _Finder(module, path, changed(source, change) if change else ast.parse(source)))
        alone = ["--noconftest", "-p", "no:unraisableexception"] if module.startswith("plenary_stats.") else ["-p", "no:xdist"]
        if module.startswith("plenary_stats."):
            os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        hypothesis.settings.register_profile("alike", deadline=None, derandomize=True, database=None)
        hypothesis.settings.load_profile("alike")
        os._exit(int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", *alone, *tests])) and 1)
    _, status = os.waitpid(child, 0)
    return status != 0


def drawn(found: Sequence[Change], seed: int, most: int) -> list[Change]:
    """Return so many of the changes, drawn with a fixed seed."""
    return random.Random(seed).sample(list(found), min(most, len(found)))


def run(module: str, tests: Sequence[str], then: Sequence[str], given: argparse.Namespace) -> dict[str, object]:
    """Try changes of a module and return how many there could be, were tried and survived, and which survived."""
    path = ROOT / "src" / Path(*module.split(".")).with_suffix(".py")
    every = changes(path.read_text(encoding="utf-8"))
    for each in (tests, then) if then else (tests,):
        if noticed(module, path, None, each, given.limit):
            raise SystemExit("The tests fail without any change, or take longer than the limit.")
    started, tried, late, survived = time.monotonic(), 0, list[str](), list[str]()
    for change in drawn([one for one in every if not given.lines or one.line in given.lines], given.seed, given.most):
        if time.monotonic() - started > given.seconds:
            break
        tried += 1
        if noticed(module, path, change, tests, given.limit):
            continue
        last = not then or not noticed(module, path, change, then, given.limit)
        (survived if last else late).append(f"{change.line}: {change.words}")
        print(f"{'survived' if last else 'late'}: {path.name}:{change.line}: {change.words}", file=sys.stderr, flush=True)  # noqa: T201
    return {
        "module": module, "possible": len(every), "tried": tried, "noticed by the later tests alone": sorted(late),
        "survived": sorted(survived), "seconds": round(time.monotonic() - started),
    }  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("module")
    parser.add_argument("tests", nargs="+")
    parser.add_argument("--then", nargs="+", default=[], help="tests for those that survive the first")
    parser.add_argument("--lines", nargs="+", type=int, default=[], help="change these lines alone")
    parser.add_argument("--most", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=1e9, help="begin no change after so many seconds")
    parser.add_argument("--limit", type=float, default=300, help="a change that runs longer is noticed")
    parser.add_argument("--out", type=Path, help="write the report to this file")
    given = parser.parse_args()
    sys.path[:0] = [str(ROOT / "src"), str(ROOT)]
    for name in LIBRARIES:
        importlib.import_module(name)
    gc.freeze()  # no copy looks through what the libraries made
    report = json.dumps(run(given.module, given.tests, given.then, given), indent=1, ensure_ascii=False)
    if given.out:
        given.out.write_text(report + "\n", encoding="utf-8")
    else:
        print(report)  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
