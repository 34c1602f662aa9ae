"""An edition is tables and criteria; another fits beside it without touching the judge. Parameters and readings."""

from __future__ import annotations

import inspect
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from svtad.rulebook import editions
from svtad.rulebook.case import Case, first_and_more
from svtad.rulebook.codec import FactsError
from svtad.rulebook.edition import ParameterKind, parse_rate
from svtad.rulebook.editions import edition_of
from svtad.rulebook.editions.svtad_1_23 import EDITION, TABLE_13_2
from svtad.rulebook.judge import judge
from svtad.rulebook.vocabulary import COMBINATION_ORDER, Step, Verdict, combine, phase_kind_words
from tests.rulebook.builders import issues, pit, sit, with_plan


@pytest.mark.clause("SVTAD 1.23", "Table 13.2")
def test_table_13_2_is_as_printed() -> None:
    rows = {kind: tuple(column.values()) for kind, column in TABLE_13_2.items()}
    assert rows == {
        "PIT": (0, 0, 15, 30, 60),
        "SIT": (0, 0, 15, 30, 60),
        "INTERFACE": (0, 0, 5, 10, 20),
        "SCT": (0, 0, 15, 30, 60),
    }


def test_a_further_edition_needs_a_module_and_a_line_in_the_list(monkeypatch) -> None:
    stricter = replace(
        EDITION,
        version="9.9",
        phase_kinds=tuple(
            replace(kind, limits=dict.fromkeys("12345", 0)) if kind.key == "SIT" else kind
            for kind in EDITION.phase_kinds
        ),
    )
    monkeypatch.setattr(editions, "EDITIONS", (EDITION, stricter))
    rows = issues(1)
    old = judge(with_plan(sit(issues=rows)), step=Step.REPORTS)
    new = judge(with_plan(sit(issues=rows, version="9.9")), step=Step.REPORTS)
    assert (old.verdict, new.verdict) == (Verdict.MET, Verdict.NOT_MET)
    assert str(new.finding("12.6(c)").citation) == "SVTAD v9.9, 12.6(c)"
    assert judge(with_plan(sit(issues=rows)), step=Step.REPORTS, edition=stricter).version == "9.9"


def test_an_edition_that_is_not_held_is_refused_by_name() -> None:
    assert edition_of("SVTAD", "1.23") is EDITION
    with pytest.raises(FactsError, match=r"no edition of 'MTAD' v1\.2 is held"):
        edition_of("MTAD", "1.2")


@pytest.mark.clause("SVTAD 1.23", "13.18")
def test_the_order_of_releases_is_the_editions() -> None:
    assert EDITION.predecessors("FOC") == ("IOC", "MOC")
    assert EDITION.predecessors("IOC") == ()


def test_every_criterion_says_its_clause_in_plain_words() -> None:
    for kind in EDITION.phase_kinds:
        for step in kind.steps:
            found = kind.criteria_at(step)
            keys = [criterion.key for criterion in found]
            assert len(set(keys)) == len(keys)
            for criterion in found:
                assert criterion.clause_text.endswith(".")
                assert "  " not in criterion.clause_text
                assert set(criterion.parents) <= set(keys)
                assert inspect.isfunction(criterion.judge)


def test_numbers_have_no_default_and_readings_have_one_among_their_choices() -> None:
    keys = [spec.key for spec in EDITION.parameters]
    assert len(set(keys)) == len(keys)
    for spec in EDITION.parameters:
        assert spec.kind is not ParameterKind.RATE or not spec.is_reading
        assert spec.why.endswith(".")
        if spec.is_reading:
            assert spec.default in spec.choices
            assert all(text.endswith(".") for text in spec.choices.values())
    assert [spec.key for spec in EDITION.parameters if not spec.is_reading] == [
        "precursors.SCT",
        "precursors.ACTIVE_MMT",
        "precursors.DORMANT_MMT",
        "precursors.MIXED_MMT",
        "pit.minimum_pass_rate",
        "pit.regression_pass_rate",
    ]


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("95%", Fraction(19, 20)),
        (" 92.5 % ", Fraction(37, 40)),
        ("19/20", Fraction(19, 20)),
        ("0.95", Fraction(19, 20)),
        ("1", Fraction(1)),
        ("0", Fraction(0)),
    ],
)
def test_a_share_is_read_exactly(text, rate) -> None:
    assert parse_rate(text) == rate
    assert EDITION.parameter("pit.minimum_pass_rate").parse(text) == rate


@pytest.mark.parametrize("text", ["", "most", "95", "101%", "-1%", "1/0", "21/20", "95 per cent", "1e-1", "nan"])
def test_what_is_no_share_is_refused(text) -> None:
    with pytest.raises(ValueError, match=r"is not a share|is more than the whole"):
        parse_rate(text)


def test_settings_are_read_by_kind_and_refused_otherwise() -> None:
    assert EDITION.parameter("pass_rate.assured_only").parse("yes") is True
    assert EDITION.parameter("pass_rate.assured_only").parse("no") is False
    assert EDITION.parameter("disputes.severities").parse(" either ") == "either"
    with pytest.raises(ValueError, match="'maybe' is not one of no, yes"):
        EDITION.parameter("pass_rate.assured_only").parse("maybe")


@pytest.mark.clause("SVTAD 1.23", "12.6")
def test_the_verdict_on_a_phase_is_the_first_of_its_order_that_occurs() -> None:
    assert COMBINATION_ORDER == (Verdict.NOT_MET, Verdict.BLOCKED, Verdict.CANNOT_EVALUATE, Verdict.MET)
    assert combine([]) is Verdict.MET
    for position, verdict in enumerate(COMBINATION_ORDER):
        assert combine(COMBINATION_ORDER[position:]) is verdict
        assert combine(reversed(COMBINATION_ORDER[position:])) is verdict
    assert [verdict for verdict in Verdict if verdict.opens_gate] == [Verdict.MET]


def test_every_reading_and_setting_is_shown_by_some_criterion() -> None:
    folder = Path(editions.__file__).parents[1]
    judging = [*folder.glob("criteria/*.py"), folder / "release.py"]
    source = "".join(path.read_text(encoding="utf-8") for path in judging)
    keys = [*(reading.key for reading in EDITION.readings), *(spec.key for spec in EDITION.parameters)]
    by_kind = ("considered.", "precursors.")
    assert [key for key in keys if f'"{key}"' not in source and not key.startswith(by_kind)] == []
    orders = {key for key in keys if key.startswith("precursors.")} - {"precursors.recorded"}
    assert orders == {f"precursors.{kind.key}" for kind in EDITION.phase_kinds}
    clauses = {f"considered.{kind.considered_clause}" for kind in EDITION.phase_kinds if kind.considered_clause}
    assert {key for key in keys if key.startswith("considered.")} == clauses


def test_a_thing_shared_by_criteria_is_made_once() -> None:
    case = Case(edition=EDITION, facts=pit(), step=Step.REPORTS, provider=None)
    made = []

    def make(of: Case) -> list[int]:
        made.append(of)
        return [1]

    assert case.once(make) is case.once(make)
    assert made == [case]


def test_long_lists_of_names_are_cut_in_sentences() -> None:
    assert first_and_more("abc") == "a, b, c"
    assert first_and_more("abcdefg") == "a, b, c, d, e and 2 more"


def test_every_phase_kind_of_every_edition_has_words_for_a_sentence() -> None:
    called = {kind.key: phase_kind_words(kind.key) for edition in editions.EDITIONS for kind in edition.phase_kinds}
    assert called["SIT"] == "SIT"
    assert called["INTERFACE"] == "Interface Testing"
    assert called["ACTIVE_MMT"] == "Active MMT"
    assert not [words for words in called.values() if "_" in words or (len(words) > 4 and words.isupper())]
