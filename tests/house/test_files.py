"""What holds for every file that is committed."""

from __future__ import annotations

import ast
import re

import pytest

from tests.house.ladder import ROOT, repository_files, roots

LONGEST = 500
_WRITTEN = {".py", ".html", ".css", ".js", ".sh", ".toml", ".yml", ".yaml"}
# Put together here, so that this file does not hold what it looks for.
_MACHINE = re.compile(
    "|".join(
        [
            r"(?<![\w.])/(?:work|root|home/\w+|opt|Users)/(?!svtad\b)",
            "pythonhosted" + r"\.org",
            r"pypi" + r"\.org",
            r"registry\.npm" + r"js",
            r"deb\.debian" + r"\.org",
            r"--(?:extra-)?index" + r"-url[ =]\S*//",
            r"--find" + r"-links",
        ]
    )
)


def _text(path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def test_there_are_files_to_look_at():
    assert len(repository_files()) > 100


def test_no_written_file_is_longer_than_a_sitting():
    long = {
        str(path.relative_to(ROOT)): lines
        for path in repository_files()
        if (path.suffix in _WRITTEN or path.parts[-2] == "script")
        and (lines := len((_text(path) or "").splitlines())) > LONGEST
    }
    assert long == {}


def test_no_file_names_a_machine_or_a_registry():
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
        for path in repository_files()
        for number, line in enumerate((_text(path) or "").splitlines(), start=1)
        if _MACHINE.search(line) and path.name != "test_files.py"
    ]
    assert found == []


@pytest.mark.parametrize("line", ["see /" + "root/x", "a /" + "work/main", "x --index" + "-url https://h/simple"])
def test_the_search_for_machine_names_finds_one(line):
    assert _MACHINE.search(line)


@pytest.mark.parametrize("name", ["base", "dev"])
def test_every_requirement_is_locked_with_hashes_and_no_address(name):
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    pins = re.split(r"\n(?=[a-zA-Z0-9])", re.sub(r"(?m)^\s*#.*\n?", "", text).strip())
    assert len(pins) > 50
    assert [pin.splitlines()[0] for pin in pins if not re.match(r"[\w.-]+==\S+ \\\n\s+--hash=sha256:", pin)] == []
    assert "://" not in text


def test_the_lock_has_what_is_asked_for_and_dev_agrees_with_base():
    def pins(name: str) -> dict[str, str]:
        text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
        return dict(re.findall(r"(?m)^([\w.-]+)==(\S+)", text))

    base, dev = pins("base"), pins("dev")
    for name, locked in (("base", base), ("dev", dev)):
        asked = re.findall(r"(?m)^([a-z][\w-]*)", (ROOT / "requirements" / f"{name}.in").read_text(encoding="utf-8"))
        assert set(asked) <= set(locked)
    assert base.items() <= dev.items()


def _public_functions():
    for path in repository_files():
        if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in roots() and "migrations" not in path.parts:
            for node in ast.parse(_text(path) or "").body:
                if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                    yield path, node


def test_an_action_takes_its_arguments_by_name_with_who_and_when():
    wrong = []
    for path, node in _public_functions():
        decorators = {ast.unparse(decorator) for decorator in node.decorator_list}
        if not {"actions", "actions.py"} & set(path.relative_to(ROOT).parts) or "transaction.atomic" not in decorators:
            continue
        by_name = {argument.arg for argument in node.args.kwonlyargs}
        everything = by_name | {argument.arg for argument in node.args.args}
        # A handler's `apply…` is called by record_decision, by place; a helper without `by` is nobody's act.
        if "by" not in everything or node.name.startswith("apply"):
            continue
        if node.args.args or "at" not in by_name:
            wrong.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}")
    assert wrong == []


def test_a_public_function_of_more_than_three_arguments_takes_them_by_name():
    # Views and handlers are called by frameworks, which give theirs by place.
    framework = {"views", "views.py", "api", "api.py", "tasks.py", "templatetags", "management", "serializers.py"}
    # A procedure is a table, each of its steps a row of it.
    rows = {"svtad/rulebook/procedures/shared.py:step"}
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path, node in _public_functions()
        if len(node.args.args) > 3
        and f"{path.relative_to(ROOT)}:{node.name}" not in rows
        and not framework & set(path.relative_to(ROOT).parts)
    ]
    assert wrong == []
