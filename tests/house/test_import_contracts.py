"""The picture of the house stays true: who may import whom."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Mapping

import pytest

from tests.house.ladder import ROOT, contract, graph, own_apps, roots, rungs

#: Modules beside the ones every app may have. A new name here is a deliberate act: say why.
NAMED_MODULES = {
    "svtad.audit": {"chain": "the hashes of the chain, pure functions"},
    "svtad.parties": {
        "actors": "who acts, reduced to what policies and lists ask",
        "audiences": "interned sets of keys that may see a thing",
        "factors": "second factors as allauth keeps them: the one place that touches its own code",
        "roles": "roles as classes that list permissions",
        "sessions": "what a session remembers of its person, and when it ends",
        "who": "who may do an act and why not: its policy, asked of each person",
    },
    "svtad.governance": {
        "calendar": "the non-working days that the rulebook is given",
        "files": "bytes kept under their hash",
        "jobs": "leases on long work, and the registry of what a job can run",
        "mail": "the conversation with the mail server",
        "outbox": "leases on e-mails, and sending what is due",
        "registry": "which app acts on the decisions of which procedure",
    },
    "svtad.intake": {
        "registry": "importers, registered by the apps above",
        "csvrows": "untrusted CSV as a stream of rows",
        "xmlstream": "untrusted XML as a stream of calls",
    },
    "reports": {
        "shapes": "what contents builds and rendering prints",
        "paper_shapes": "the same of what is signed",
        "round_shapes": "the same of SIT before the Panel, and of what is redacted",
    },
    "svtad.portal": {
        "frame": "what stands around every page",
        "words": "the words and signs that pages use for verdicts and states",
        "demo": "the synthetic demonstration, made by the same actions",
    },
}
COMMON = {"migrations", "templatetags"}


def test_the_import_contracts_are_kept():
    checked = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-logo"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert " 0 broken" in checked.stdout


def test_every_package_stands_on_a_rung():
    standing = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "bench", "svtad"}
    standing |= {f"svtad.{path.parent.name}" for path in (ROOT / "svtad").glob("*/*.py")}
    standing |= {f"svtad.{path.stem}" for path in (ROOT / "svtad").glob("*.py") if path.stem != "__init__"}
    assert standing == set(rungs())


def test_every_root_package_is_looked_at():
    assert set(roots()) == {rung.split(".")[0] for rung in rungs()}


def test_every_installed_app_stands_on_a_rung_and_is_held_to_the_order_inside():
    containers = set(contract("inside-an-app")["containers"])
    for config in own_apps():
        assert config.name in rungs()
        assert config.name in containers


@pytest.mark.parametrize("app", [config.name for config in own_apps()])
def test_an_app_has_no_module_that_nobody_named(app):
    ordered = {name.strip(" ()") for layer in contract("inside-an-app")["layers"] for name in layer.split("|")}
    found = {module.rsplit(".", 1)[1] for module in graph().find_children(app)}
    assert found - ordered - COMMON - set(NAMED_MODULES.get(app, ())) == set()


def test_no_module_is_in_an_import_cycle():
    imports = {module: graph().find_modules_directly_imported_by(module) for module in graph().modules}
    assert [group for group in _cycles(imports) if len(group) > 1] == []


def test_the_search_for_cycles_finds_one():
    assert sorted(map(sorted, _cycles({"a": {"b"}, "b": {"c"}, "c": {"b"}}))) == [["a"], ["b", "c"]]


def test_importing_the_whole_rulebook_loads_no_framework():
    modules = sorted(m for m in graph().modules if m.startswith("svtad.rulebook") and not m.endswith("__main__"))
    code = (
        f"import importlib, sys\nfor name in {modules!r}: importlib.import_module(name)\n"
        "print(sorted({m.split('.')[0] for m in sys.modules} & {'django', 'celery', 'rest_framework', 'environ'}))"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout.strip()) == (0, "[]"), ran.stderr


def test_svtad_itself_is_empty():
    # Importing Celery or anything else there would drag Django under the rulebook.
    assert (ROOT / "svtad" / "__init__.py").read_text(encoding="utf-8").strip() == ""


def _cycles(imports: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """Return the strongly connected components (Tarjan, without recursion)."""
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    groups: list[list[str]] = []
    for root in sorted(imports):
        if root in number:
            continue
        work = [(root, iter(sorted(imports[root])))]
        number[root] = low[root] = len(number)
        stack.append(root)
        while work:
            module, following = work[-1]
            for imported in following:
                if imported not in imports:
                    continue
                if imported not in number:
                    number[imported] = low[imported] = len(number)
                    stack.append(imported)
                    work.append((imported, iter(sorted(imports[imported]))))
                    break
                if imported in stack:
                    low[module] = min(low[module], number[imported])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[module])
                if low[module] == number[module]:
                    group: list[str] = []
                    while not group or group[-1] != module:
                        group.append(stack.pop())
                    groups.append(group)
    return groups
