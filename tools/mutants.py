"""Mutation testing: change what is asked or scored in one small way, and see which test notices.

    ./run mutants [FILE...]

prints every change that no test noticed. docs/proof.md says which those are and why they may be.
Each change lives in a process of its own, forked for it; no file is touched.
"""

import ast
import io
import os
import resource
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_loader
from pathlib import Path
from types import CodeType

import pytest
from hypothesis import HealthCheck, Phase, settings

TESTS = ("tests/questionnaire", "tests/scoring")
FILES = [*Path("consult/scoring").glob("*.py"), *Path("consult/questionnaire").glob("*.py")]
CPU_SECONDS = 60
"""More than all tests of one change take; a change that makes a loop endless counts as noticed."""

_SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.BitXor: ast.BitOr,
}
_WARNINGS = ("-W", "ignore::pytest.PytestAssertRewriteWarning")
_NAMES = {"any": "all", "all": "any", "min": "max", "max": "min"}


@dataclass(frozen=True)
class Mutant:
    """One change: ``new`` in the place of ``old``, which hangs on ``parent``."""

    parent: ast.AST
    field: str
    index: int | None
    old: ast.AST
    new: ast.AST

    @property
    def line(self) -> int:
        return int(getattr(self.old, "lineno", 0) or getattr(self.parent, "lineno", 0))

    def __str__(self) -> str:
        return f"{_text(self.old)}  ->  {_text(self.new)}"

    def apply(self) -> None:
        ast.copy_location(self.new, self.old if hasattr(self.old, "lineno") else self.parent)
        if self.index is None:
            setattr(self.parent, self.field, self.new)
        else:
            getattr(self.parent, self.field)[self.index] = self.new
        ast.fix_missing_locations(self.parent)


def mutants_of(tree: ast.AST) -> Iterator[Mutant]:
    """Every change to try. Types, decorators, docstrings and messages of errors stay."""
    for field, value in ast.iter_fields(tree):
        if field in ("annotation", "returns", "decorator_list"):
            continue
        nodes = list(enumerate(value)) if isinstance(value, list) else [(None, value)]
        for index, node in nodes:
            if not isinstance(node, ast.AST) or _says_nothing(node):
                continue
            yield from (Mutant(tree, field, index, node, new) for new in _changes(field, node))
            yield from mutants_of(node)


def _says_nothing(node: ast.AST) -> bool:
    match node:
        case ast.Raise() | ast.Import() | ast.ImportFrom() | ast.ExceptHandler():
            return True
        case ast.Expr(value=ast.Constant()):
            return True
        case ast.Assign(targets=[ast.Name(id="__all__")]):
            return True
        case ast.Assign(value=ast.Subscript(value=ast.Name(id="Literal"))):
            return True
    return False


def _changes(field: str, node: ast.AST) -> Iterator[ast.AST]:
    if type(node) in _SWAPS:
        yield _SWAPS[type(node)]()
    match node:
        case ast.Constant(value=bool(value)) | ast.MatchSingleton(value=bool(value)):
            yield type(node)(value=not value)
        case ast.Constant(value=int(value)):
            yield ast.Constant(value=value + 1)
        case ast.Constant(value=str(value)):
            yield ast.Constant(value=f"{value}~")
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield operand
        case ast.Name(id=name) if name in _NAMES:
            yield ast.Name(id=_NAMES[name], ctx=ast.Load())
        case ast.Expr(value=ast.Call()) | ast.AugAssign():
            yield ast.Pass()
        case ast.Return(value=value) if value and not isinstance(value, ast.Constant):
            yield ast.Return(value=ast.Constant(value=None))
    if field in ("test", "ifs", "guard") and isinstance(node, ast.expr):
        yield ast.UnaryOp(op=ast.Not(), operand=node)


def _text(node: ast.AST) -> str:
    return ast.unparse(node) if isinstance(node, ast.expr | ast.stmt) else type(node).__name__


class _Changed(SourceFileLoader):
    """Loads a module from its changed tree."""

    def __init__(self, name: str, path: Path, tree: ast.Module) -> None:
        super().__init__(name, str(path))
        self._tree = tree

    def get_code(self, fullname: str) -> CodeType:
        return compile(self._tree, self.path, "exec")


class _Finder(MetaPathFinder):
    def __init__(self, loader: _Changed) -> None:
        self._loader = loader

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        return spec_from_loader(name, self._loader) if name == self._loader.name else None


def noticed(path: Path, tree: ast.Module, mutant: Mutant | None, tests: tuple[str, ...]) -> bool:
    """Whether a test fails, or nothing can be imported, once the change is made."""
    child = os.fork()
    if child == 0:
        passed = False
        try:
            resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
            if mutant:
                mutant.apply()
            name = ".".join(path.with_suffix("").parts)
            sys.meta_path.insert(0, _Finder(_Changed(name, path, tree)))
            with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
                passed = _all_pass(tests)
        finally:
            os._exit(0 if passed else 1)
    return os.waitpid(child, 0)[1] != 0


def _all_pass(tests: tuple[str, ...]) -> bool:
    """Examples first: most changes fall to one of them, in a fraction of what the laws take."""
    quiet = ("-x", "-q", "--noconftest", "-p", "no:cacheprovider", "-p", "no:xdist", *_WARNINGS)
    return all(
        pytest.main([*quiet, "-m", which, *tests]) == pytest.ExitCode.OK
        for which in ("not hypothesis", "hypothesis")
    )


def _nearest_first(path: Path) -> tuple[str, ...]:
    folder = Path("tests") / path.parent.name
    own = folder / f"test_{path.stem}.py"
    return tuple(dict.fromkeys([*([str(own)] if own.exists() else []), str(folder), *TESTS]))


def _few_examples() -> None:
    settings.register_profile(
        "mutants",
        max_examples=5,
        phases=[Phase.explicit, Phase.generate],
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    settings.load_profile("mutants")


def main(names: list[str]) -> int:
    """Try every change of the named files, or of `FILES`; returns how many no test noticed."""
    _few_examples()
    unnoticed = tried = 0
    for path in map(Path, names) if names else sorted(FILES):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        tests = _nearest_first(path)
        if noticed(path, tree, None, tests):
            sys.exit(f"{path}: the tests fail without any change")
        for mutant in mutants_of(tree):
            tried += 1
            if not noticed(path, tree, mutant, tests):
                unnoticed += 1
                print(f"{path}:{mutant.line}: {mutant}", flush=True)
        print(f"{path}: {tried} changes tried so far, {unnoticed} unnoticed", flush=True)
    return unnoticed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]) > 0)
