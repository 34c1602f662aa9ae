"""Only actions write: no view, query or model changes a row behind their back."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.ladder import ROOT, repository_files, roots

#: Methods of managers and querysets that nothing else in Python has.
ALWAYS = {"bulk_create", "bulk_update", "get_or_create", "update_or_create"}
#: Methods that dicts, sets and hashes have too: they count when called on something read from a manager.
ON_ROWS = {"create", "update", "delete"}
_QUERYSET = {"objects", "filter", "exclude", "all", "current", "held_at", "visible_to", "order_by", "select_for_update"}

#: Modules outside `actions` that write, each with its reason. An entry that writes no longer fails the test.
ALLOWED = {
    "svtad/lib/models.py": "append-only rows: save() guards, then inserts",
    "svtad/parties/audiences.py": "interns an audience, which is a value and no act of anyone",
    "svtad/governance/files.py": "keeps bytes and the row that names them; the action that asked for it is audited",
    "svtad/governance/jobs.py": "leases, progress and ends of jobs: the machinery's own state, not anyone's act",
    "svtad/governance/outbox.py": "leases and outcomes of e-mails: the machinery's own state, not anyone's act",
    "svtad/lib/xlsxout.py": "saves a workbook into memory",
}


def _writes(source: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of `source` that write through the ORM, with the method's name."""
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        name, chain = node.func.attr, _chain(node.func.value)
        if (
            name in ALWAYS
            or (name in ON_ROWS and chain & _QUERYSET)
            or name == "save"
            or (name == "delete" and not node.args and not node.keywords)
        ):
            yield node.lineno, name
        elif name == "execute" and any(_is_writing_sql(argument) for argument in node.args):
            yield node.lineno, "execute"


def _chain(node: ast.AST) -> set[str]:
    names: set[str] = set()
    while True:
        if isinstance(node, ast.Call):
            node = node.func
        elif isinstance(node, ast.Attribute):
            names.add(node.attr)
            node = node.value
        else:
            return names


def _is_writing_sql(node: ast.AST) -> bool:
    return any(
        isinstance(part, ast.Constant)
        and isinstance(part.value, str)
        and part.value.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE"))
        for part in ast.walk(node)
    )


def _may_write(path: Path) -> bool:
    parts = path.relative_to(ROOT).parts
    return bool({"actions", "actions.py", "migrations", "management"} & set(parts))


def _product_files() -> list[Path]:
    return [p for p in repository_files() if p.suffix == ".py" and p.relative_to(ROOT).parts[0] in roots()]


def test_only_actions_write():
    writing = {
        path.relative_to(ROOT).as_posix(): found
        for path in _product_files()
        if not _may_write(path) and (found := list(_writes(path.read_text(encoding="utf-8"))))
    }
    assert {name: lines for name, lines in writing.items() if name not in ALLOWED} == {}
    assert set(ALLOWED) <= set(writing), "no longer writes: strike it off"


@pytest.mark.parametrize(
    "line",
    [
        "issue.save()", "Issue.objects.create(x=1)", "Issue.objects.filter(a=1).update(b=2)", "issue.delete()",
        "Issue.objects.bulk_create(rows)", "issue.labels.get_or_create(a=1)",
        "cursor.execute('UPDATE issues SET a=1')", "scope.runs.visible_to(actor).delete()",
    ],
)  # fmt: skip
def test_the_search_finds_a_write(line):
    assert list(_writes(line))


@pytest.mark.parametrize(
    "line", ["totals.update(more)", "hash.update(b'x')", "Draft.create(1)", "cursor.execute('SELECT 1')"]
)
def test_the_search_leaves_other_things_alone(line):
    assert list(_writes(line)) == []
