"""The rulebook alone: the command line, the register, and that nothing else is loaded with it."""

from __future__ import annotations

import io
import json
import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from svtad.rulebook import __main__ as program
from svtad.rulebook import register
from svtad.rulebook.__main__ import main
from svtad.rulebook.codec import FactsError
from svtad.rulebook.explain import explain
from svtad.rulebook.facts import Facts
from svtad.rulebook.findings import Judgement
from svtad.rulebook.judge import judge, judge_json
from svtad.rulebook.procedures import PROCEDURES
from svtad.rulebook.vocabulary import Step, Verdict
from tests.rulebook.builders import A, issue, issues, pit, sit, with_plan

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def facts_file(tmp_path) -> Path:
    """A SIT with one issue over the limit, as a file."""
    path = tmp_path / "facts.json"
    path.write_text(with_plan(sit(issues=issues(16))).canonical_json(), encoding="utf-8")
    return path


def run(capsys, *arguments: str) -> tuple[Any, str, str]:
    """Exit code, standard output and standard error of a command in this process."""
    code: Any
    try:
        code = main(arguments)
    except SystemExit as ended:
        code = ended.code
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_judge_prints_the_findings_of_a_facts_file(capsys, facts_file) -> None:
    code, out, err = run(capsys, "judge", str(facts_file))
    assert (code, err) == (0, "")
    judgement = Judgement.from_json(json.loads(out))
    assert judgement == judge(with_plan(sit(issues=issues(16))), step=Step.PANEL)
    assert judgement.verdict is Verdict.NOT_MET


def test_judge_takes_a_step_a_provider_and_standard_input(capsys, monkeypatch, facts_file) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(facts_file.read_text(encoding="utf-8")))
    code, out, _ = run(capsys, "judge", "-", "--step", "CERTIFICATES", "--provider", A)
    judgement = Judgement.from_json(json.loads(out))
    assert (code, judgement.step, judgement.provider) == (0, Step.CERTIFICATES, A)


def test_judge_takes_the_envelope_that_a_report_attaches(capsys, tmp_path) -> None:
    facts = pit()
    stored = judge(facts, step=Step.CERTIFICATES, provider=A)
    envelope = {"facts": facts.to_json(), "step": "CERTIFICATES", "provider": A, "judgement": stored.to_json()}
    path = tmp_path / "attached.json"
    path.write_text(json.dumps(envelope), encoding="utf-8")
    code, out, _ = run(capsys, "judge", str(path))
    assert (code, Judgement.from_json(json.loads(out))) == (0, stored)
    assert judge_json(envelope, step="REPORTS", provider=None).step is Step.REPORTS
    assert judge_json(facts.to_json()).step is Step.COMPLETION


@pytest.mark.parametrize(
    ("envelope", "message"),
    [
        ({"extra": 1}, "extra: unknown key beside facts"),
        ({"step": "LATER"}, "step: 'LATER' is not one of ENTRY, REPORTS"),
        ({"step": 5}, "step: 5 is not one of"),
        ({"provider": 5}, "provider: expected a string"),
    ],
)
def test_a_bad_envelope_is_refused(envelope, message) -> None:
    with pytest.raises(FactsError, match=message):
        judge_json({"facts": pit().to_json(), **envelope})


def test_facts_of_an_unknown_phase_kind_are_refused_before_a_step_is_chosen() -> None:
    with pytest.raises(FactsError, match="'DMCT' is no phase kind"):
        judge_json({**pit().to_json(), "phase_kind": "DMCT"})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[]", "facts: expected an object, found a list"),
        (b"{}", "facts.document: missing"),
        (b"\xff\xfe", "cannot be read"),
        (b"{", "not JSON"),
    ],
)
def test_bad_input_ends_with_2_and_one_clear_line(capsys, tmp_path, content, message) -> None:
    path = tmp_path / "bad.json"
    path.write_bytes(content)
    code, out, err = run(capsys, "judge", str(path))
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("judge", "/no/such/file.json"), "cannot be read"),
        (("judge",), "FACTS.json"),
        (("judge", "x.json", "--step", "LATER"), "invalid choice"),
        (("explain", "99.99"), "99.99: no rule of that clause is held"),
        ((), "required"),
    ],
)
def test_a_bad_command_ends_with_2_and_one_clear_line(capsys, arguments, message) -> None:
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


def test_schema_prints_the_json_schema_of_the_facts_file(capsys, facts_file) -> None:
    code, out, _ = run(capsys, "schema")
    schema = json.loads(out)
    assert code == 0
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.Draft202012Validator(schema).validate(json.loads(facts_file.read_text(encoding="utf-8")))


def text_of(clause: str) -> str:
    """What is explained of a clause."""
    text = explain(clause)
    assert text is not None
    return text


@pytest.mark.clause("SVTAD 1.23", "14.2", "13.18", "12.2")
def test_explain_prints_a_rule_with_its_source_and_reading(capsys) -> None:
    code, out, _ = run(capsys, "explain", "14.2")
    assert code == 0
    assert "SVTAD v1.23, 14.2: Severity dispute to TAG  [SVTAD-14.2]" in out
    assert "Source: SVTAD v1.23, change-marked text, line 632." in out
    assert "between (default): Any severity from the DCC's to the participant's" in out
    carried = text_of("13.18")
    assert "Reading thresholds.open" in carried
    assert "Judged for INTERFACE, SCT as SVTAD v1.23, 13.18" in carried
    assert "Error: 12.5 is Entry Criteria" in text_of("12.2")
    assert "Deadline: 5 WD of TAG's decision." in text_of("13.21")
    excluded = text_of("SVTAD-13.20-agree")
    assert "Unclear" not in excluded
    assert "Deadline" not in excluded
    later = text_of("SVTAD15-T13.1-eoc")
    assert "SVTAD v1.5, Table 13.1" in later
    assert "Judged for" not in later
    assert "Setting working_days.jurisdiction" in text_of("SEC Section A")
    assert "CANNOT_EVALUATE until an administrator sets it" in text_of("12.6(b)")


@pytest.mark.parametrize(
    "spelling", ["T13.1-1", "t13.1-1", "Table 13.1 row 1", "SVTAD-T13.1-1", "clause Table 13.1 row 1"]
)
def test_a_clause_may_be_spelt_in_several_ways(spelling) -> None:
    assert [entry.id for entry in register.find(spelling)] == ["SVTAD-T13.1-1"]


def test_a_clause_finds_its_parts_and_no_other_clause() -> None:
    found = {entry.clause for entry in register.find("12.6")}
    assert found == {"12.6", *(f"12.6({letter})" for letter in "abcdefghi")}
    assert {entry.clause for entry in register.find("T13.1")} >= {f"Table 13.1 row {row}" for row in range(1, 9)}
    assert register.find("") == ()
    assert register.find("1.") == ()
    assert explain("99") is None
    assert {entry.version for entry in register.find("13.10")} == {"1.23", "1.5"}


def test_the_register_holds_375_rules_each_with_a_summary_and_a_source() -> None:
    entries = register.entries()
    assert len(entries) == len({entry.id for entry in entries}) == 375
    assert sum(bool(entry.ambiguity) for entry in entries) == 218
    assert all(entry.summary and entry.title and entry.source for entry in entries)
    assert {len([e for e in entries if e.document == d and e.version == v]) for d, v in [("SVTAD", "1.23")]} == {289}
    known = {entry.id for entry in entries}
    assert [entry.id for entry in entries if not set(entry.related) <= known] == []
    assert register.find("SVTAD-WD")[0].citation == "SVTAD v1.23"
    assert register.find("MTAD-Q")[0].citation == "MTAD"


def test_procedures_lists_every_procedure(capsys) -> None:
    code, out, _ = run(capsys, "procedures")
    assert code == 0
    assert all(f"{key}: " in out for key in PROCEDURES)
    assert "PROPOSED -> TAG_AGREED  [TAG AGREE; 13.20]" in out
    code, out, _ = run(capsys, "procedures", "--markdown")
    assert code == 0
    assert out == (ROOT / "docs" / "procedures.md").read_text(encoding="utf-8")


def python(*arguments: str, **more) -> subprocess.CompletedProcess[str]:
    """A fresh interpreter in the project's folder, told of no settings."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("DJANGO", "COV"))}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        **more,
    )


def test_the_command_line_works_in_an_interpreter_of_its_own(facts_file) -> None:
    done = python("-m", "svtad.rulebook", "judge", str(facts_file), "--step", "REPORTS")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["verdict"] == "NOT_MET"
    bad = python("-m", "svtad.rulebook", "judge", "nowhere.json")
    assert (bad.returncode, bad.stdout, bad.stderr.count("\n")) == (2, "", 1)


def test_the_module_run_as_a_program_ends_with_its_exit_code(monkeypatch, capsys) -> None:
    monkeypatch.setattr(sys, "argv", ["rulebook", "explain", "14.5"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(program.__file__, run_name="__main__")
    assert ended.value.code == 0
    assert "14.5" in capsys.readouterr().out


def test_importing_the_whole_rulebook_loads_only_the_standard_library() -> None:
    code = """
import importlib, pkgutil, sys
before = set(sys.modules)
import svtad.rulebook
for module in pkgutil.walk_packages(svtad.rulebook.__path__, "svtad.rulebook."):
    importlib.import_module(module.name)
loaded = {name.partition(".")[0] for name in set(sys.modules) - before if not name.startswith("_sysconfigdata")}
print(sorted(loaded - set(sys.stdlib_module_names) - {"svtad"}))
print(sorted(name for name in sys.modules if name.startswith("svtad") and not name.startswith("svtad.rulebook")))
print(len([name for name in sys.modules if name.startswith("svtad.rulebook")]) > 25)
"""
    done = python("-c", code)
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["[]", "['svtad']", "True"]
    assert (ROOT / "svtad" / "__init__.py").read_bytes() == b""


def test_a_file_judges_to_the_same_findings_later_and_elsewhere(tmp_path) -> None:
    facts = with_plan(sit(issues=(issue("a"), issue("b", "4"))))
    path = tmp_path / "facts.json"
    path.write_text(facts.canonical_json(), encoding="utf-8")
    again = Facts.from_json(json.loads(path.read_text(encoding="utf-8")))
    assert judge(again, step=Step.PANEL).to_json() == judge(facts, step=Step.PANEL).to_json()
