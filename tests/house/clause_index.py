"""The clause index: which tests show which clause to hold, read from the `clause` marks in the tests' source.

`script/clause-index` writes it to `docs/clause-index.md`; a test fails when that file is out of date.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INDEX = ROOT / "docs" / "clause-index.md"
HEAD = """# Clause index

Which tests show which clause to hold. Made by `script/clause-index` from the tests' `clause` marks; do not edit.
"""


@dataclass(frozen=True)
class Mark:
    """One clause that one test names."""

    document: str
    clause: str
    file: str
    test: str


class UnreadableMark(ValueError):
    """A clause mark whose document or clauses are not plain texts in the source."""


def marks_in(path: Path) -> Iterator[Mark]:
    """Yield the clauses that the tests of one file name, its module's `pytestmark` included."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    where = path.relative_to(ROOT).as_posix()
    constants = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    # A mark kept under a name for several tests: `exit_criteria = pytest.mark.clause(…)`.
    named = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and _is_clause_call(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    shared = [
        call
        for node in tree.body
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "pytestmark" for t in node.targets)
        for call in _calls(node.value, named)
    ]
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            calls = [call for decorator in node.decorator_list for call in _calls(decorator, named)]
            for call in [*shared, *calls]:
                document, *clauses = [_text(argument, constants, f"{where}:{call.lineno}") for argument in call.args]
                for clause in clauses:
                    yield Mark(document, clause, where, node.name)


def _is_clause_call(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "clause"


def _calls(node: ast.AST, named: dict[str, ast.expr]) -> Iterator[ast.Call]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name) and inner.id in named:
            inner = named[inner.id]
        if isinstance(inner, ast.Call) and _is_clause_call(inner):
            yield inner


def _text(node: ast.expr, constants: dict[str, str], where: str) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.Name) and node.id in constants:
        return constants[node.id]
    raise UnreadableMark(f"{where}: a clause mark takes plain texts, or names of texts in the same file")


def _natural(text: str) -> list[tuple[int, int, str]]:
    """Return a sort key that puts 13.2 before 13.10."""
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"(\d+)", text) if part]


def all_marks() -> list[Mark]:
    """Return every clause that any test names, each once."""
    files = sorted((ROOT / "tests").rglob("test_*.py"))
    return sorted(
        {mark for file in files for mark in marks_in(file)},
        key=lambda mark: (mark.document, _natural(mark.clause), mark.file, mark.test),
    )


def render() -> str:
    """Return the index as Markdown."""
    found: dict[str, dict[str, list[Mark]]] = defaultdict(lambda: defaultdict(list))
    for mark in all_marks():
        found[mark.document][mark.clause].append(mark)
    lines = [HEAD]
    for document, clauses in found.items():
        lines += [f"## {document}", "", "| clause | tests |", "| --- | --- |"]
        for clause, marks in clauses.items():
            tests = "<br>".join(f"`{mark.file}::{mark.test}`" for mark in marks)
            lines.append(f"| {clause} | {tests} |")
        lines.append("")
    return "\n".join(lines)


def main() -> None:
    """Write the index."""
    INDEX.parent.mkdir(exist_ok=True)
    INDEX.write_text(render(), encoding="utf-8")
    marks = all_marks()
    tests = {(mark.file, mark.test) for mark in marks}
    sys.stdout.write(f"{INDEX.relative_to(ROOT)}: {len({m.clause for m in marks})} clauses, {len(tests)} tests\n")


if __name__ == "__main__":
    main()
