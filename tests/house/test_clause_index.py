"""The clause index tells which tests show which clause to hold."""

from __future__ import annotations

import pytest

from tests.house import clause_index


def test_the_clause_index_is_up_to_date():
    assert clause_index.INDEX.exists(), "run script/clause-index"
    assert clause_index.INDEX.read_text(encoding="utf-8") == clause_index.render(), "run script/clause-index"


def test_a_mark_is_read_with_its_names_and_its_modules_own(tmp_path, monkeypatch):
    monkeypatch.setattr(clause_index, "ROOT", tmp_path)
    source = tmp_path / "test_x.py"
    source.write_text(
        "import pytest\n"
        "DOC = 'SVTAD 1.23'\n"
        "pytestmark = [pytest.mark.clause(DOC, '12.6')]\n"
        "shared = pytest.mark.clause(DOC, '13.20')\n"
        "@pytest.mark.clause('DMCT 1.0', '20.1', '20.2')\n"
        "def test_a(): ...\n"
        "@shared\n"
        "def test_b(): ...\n"
    )
    found = [(mark.document, mark.clause, mark.test) for mark in clause_index.marks_in(source)]
    assert found == [
        ("SVTAD 1.23", "12.6", "test_a"),
        ("DMCT 1.0", "20.1", "test_a"),
        ("DMCT 1.0", "20.2", "test_a"),
        ("SVTAD 1.23", "12.6", "test_b"),
        ("SVTAD 1.23", "13.20", "test_b"),
    ]


def test_a_mark_that_cannot_be_read_from_the_source_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(clause_index, "ROOT", tmp_path)
    source = tmp_path / "test_x.py"
    source.write_text("import pytest\n@pytest.mark.clause(where(), '1')\ndef test_a(): ...\n")
    with pytest.raises(clause_index.UnreadableMark, match=r"test_x\.py:2"):
        list(clause_index.marks_in(source))


def test_clauses_stand_in_the_documents_order():
    clauses = ["13.10", "12.6(b)", "13.2", "12.6(a)", "Table 13.2", "2"]
    assert sorted(clauses, key=clause_index._natural) == ["2", "12.6(a)", "12.6(b)", "13.2", "13.10", "Table 13.2"]
