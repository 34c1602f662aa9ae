"""The facts file: round trips, clear errors, integrity, the schema, the hash."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svtad.rulebook import codec
from svtad.rulebook.codec import FactsError
from svtad.rulebook.facts import DmcFact, ExecutionEvidence, Facts, LeftCount, ProviderFact, facts_sha256
from svtad.rulebook.findings import Judgement
from svtad.rulebook.judge import judge
from svtad.rulebook.vocabulary import (
    Cause,
    DmcState,
    ExclusionState,
    LeftReason,
    Step,
    TestRowStatus,
    Verdict,
)
from tests.rulebook.builders import (
    A,
    cell,
    certificate,
    dispute,
    entry_of,
    exclusion,
    issue,
    issues,
    item,
    parameter,
    plan,
    precursor,
    regression,
    row,
    sit,
    with_plan,
)
from tests.rulebook.strategies import SMALL, issue_facts, paper_facts


def rich() -> Facts:
    """Facts in which every list holds something."""
    left = LeftCount(reason=LeftReason.NOT_DCC_CAUSED, determination="d", reasons="the Gerät")
    return with_plan(
        entry_of(
            sit(
                issues=(issue("a"), issue("b", cause=Cause.DEVICE, left=left)),
                exclusions=(exclusion("a", ExclusionState.PROPOSED),),
                disputes=(dispute("a", "2"),),
                test_rows=(row("t", TestRowStatus.FAILED),),
                parameters=(parameter("disputes.severities", "any"),),
                precursors=(precursor(item(issue("p", kind="PIT"))),),
            )
        )
    )


def changed(**paths) -> dict:
    """The JSON of rich facts with values replaced, deleted (None … "DELETE") or added, by dotted path."""
    value: Any = copy.deepcopy(rich().to_json())
    for path, new in paths.items():
        target: Any = value
        *steps, last = [int(step) if step.isdigit() else step for step in path.split("__")]
        for step in steps:
            target = target[step]
        if new == "DELETE":
            del target[last]
        else:
            target[last] = new
    return value


def test_facts_survive_the_round_trip_through_json_text() -> None:
    facts = rich()
    text = facts.canonical_json()
    again = Facts.from_json(codec.parse_json(text, path="file"))
    assert again == facts
    assert again.canonical_json() == text
    assert "Gerät" in text
    assert ": " not in text


@given(data=st.data())
@settings(max_examples=50, deadline=None, derandomize=True, database=None)
def test_any_facts_survive_the_round_trip_and_fit_the_schema(data) -> None:
    facts = data.draw(paper_facts(data.draw(issue_facts(sit(), SMALL))))
    value = json.loads(json.dumps(facts.to_json()))
    assert Facts.from_json(value) == facts
    jsonschema.Draft202012Validator(codec.json_schema(Facts, title="Facts")).validate(value)


def test_a_judgement_survives_the_round_trip() -> None:
    judgement = judge(rich(), step=Step.PANEL)
    assert Judgement.from_json(json.loads(json.dumps(judgement.to_json()))) == judgement
    assert str(judgement.finding("12.6(a)").citation) == "SVTAD v1.23, 12.6(a)"
    with pytest.raises(KeyError):
        judgement.finding("12.7")


def test_the_schema_is_valid_and_refuses_what_the_reader_refuses() -> None:
    schema = codec.json_schema(Facts, title="Facts")
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    assert validator.is_valid(rich().to_json())
    for bad in (
        changed(test_counts__0__planned=-1),
        changed(nonsense=1),
        changed(scope=""),
        changed(issue_log__sha256="short"),
        changed(issues__0__cause="WEATHER"),
        changed(release="DELETE"),
    ):
        assert not validator.is_valid(bad)


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        ({"nonsense": 1}, "facts.nonsense: unknown key"),
        ({"release": "DELETE"}, "facts.release: missing"),
        ({"scope": ""}, "facts.scope: must not be empty"),
        ({"issues__0__severity": 3}, "facts.issues[0].severity: expected a string, found the number 3"),
        ({"issues__0__cause": "WEATHER"}, "facts.issues[0].cause: 'WEATHER' is not one of DCC_SYSTEM, DCC, DEVICE"),
        ({"issues__0__cause": 3}, "facts.issues[0].cause: expected a string, found the number 3"),
        ({"issues__0": None}, "facts.issues[0]: expected an object, found null"),
        ({"issues": {}}, "facts.issues: expected a list, found an object"),
        ({"issues": "none"}, "facts.issues: expected a list, found the string 'none'"),
        ({"as_at": "yesterday"}, "facts.as_at: expected an instant such as"),
        ({"as_at": "2019-10-01T12:00:00"}, "facts.as_at: expected an instant such as"),
        ({"as_at": "2019-13-01T12:00:00Z"}, "facts.as_at: expected an instant such as"),
        ({"as_at": []}, "facts.as_at: expected an instant such as 2019-04-18T10:00:00Z, found a list"),
        ({"non_working_days__0": "1 May"}, "facts.non_working_days[0]: expected a date such as 2019-04-18"),
        ({"test_counts__0__planned": -1}, "facts.test_counts[0].planned: a count is never below 0, found -1"),
        ({"test_counts__0__planned": True}, "facts.test_counts[0].planned: expected a whole number, found true"),
        ({"test_counts__0__planned": 1.5}, "facts.test_counts[0].planned: expected a whole number, found the number"),
        ({"providers__0__is_dcc": 0}, "facts.providers[0].is_dcc: expected true or false, found the number 0"),
        ({"providers__0__is_dcc": "no"}, "facts.providers[0].is_dcc: expected true or false, found the string"),
        ({"issue_log__intact": False, "issue_log__sha256": "AB"}, "facts.issue_log.sha256: expected a SHA-256"),
    ],
)
def test_a_bad_value_is_named_with_its_path(paths, message) -> None:
    with pytest.raises(FactsError) as caught:
        Facts.from_json(changed(**paths))
    assert str(caught.value).startswith(message)
    assert caught.value.path == message.split(":")[0]
    assert "\n" not in str(caught.value)


def test_what_has_a_default_may_be_left_out() -> None:
    needed = ("document", "version", "programme", "release", "phase_kind", "scope", "as_at")
    least = {key: value for key, value in sit().to_json().items() if key in needed}
    facts = Facts.from_json(least)
    assert (facts.issues, facts.precursors, facts.stage_exit_versions) == ((), None, None)
    assert judge(facts, step=Step.PANEL).verdict is Verdict.NOT_MET


def test_what_is_due_is_what_is_planned_less_what_is_finally_descoped() -> None:
    assert cell("dmc-a", 17, 20, descoped=2).due == 18


def test_false_is_named_as_false() -> None:
    with pytest.raises(FactsError, match="found false"):
        Facts.from_json(changed(scope=False))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"providers": (*sit().providers, sit().providers[0])}, r"facts.providers\[1\]: given twice: prov-a"),
        ({"test_counts": (cell("dmc-a", 1, 1), cell("dmc-a", 2, 2))}, "given twice: dmc-a / Core / FUNCTIONAL / none"),
        ({"issues": (issue("a"), issue("a"))}, r"facts.issues\[1\]: given twice: a"),
        ({"issues": (issue("a", provider="who"),)}, r"facts.issues\[0\].provider: 'who' is not among"),
        ({"issues": (issue("a"),), "considered_issues": (issue("a"),)}, "both as the phase's and from elsewhere"),
        ({"exclusions": (exclusion("x", ExclusionState.PROPOSED),)}, r"facts.exclusions\[0\].issue: 'x' is not among"),
        ({"disputes": (dispute("x", "2"),)}, r"facts.disputes\[0\].issue"),
        ({"test_counts": (cell("dmc-x", 1, 1),)}, r"facts.test_counts\[0\].dmc: 'dmc-x' is not among the facts' dmcs"),
        ({"test_counts": (replace(cell("dmc-a", 1, 2), not_run=1),)}, "planned is not descoped"),
        ({"test_counts": (replace(cell("dmc-a", 1, 2), failed=0),)}, "executed is not passed"),
        ({"test_counts": (cell("dmc-a", 1, 2, assured=2),)}, "more assured"),
        ({"test_counts": (regression(1, 2, on_exit=(1, 2)),)}, "stage exit versions"),
        ({"test_counts": (regression(1, 2, on_exit=(3, 1)),)}, "stage exit versions"),
        ({"execution_evidence": ExecutionEvidence(executed=3, with_evidence=2)}, "executed is not with_evidence"),
        ({"execution_evidence": ExecutionEvidence(executed=2, with_evidence=2, hash_failed=3)}, "more files failed"),
        ({"providers": (ProviderFact(id="d", name="D", is_dcc=True), ProviderFact(id="e", name="E", is_dcc=True)),
          "evidence": (), "certificates": (), "precursors": ()}, "the DCC is listed twice"),
        ({"work_off_plans": (plan(provider="who"),)}, r"facts.work_off_plans\[0\].provider"),
        ({"work_off_plans": (plan(issue("a", provider="who")),)}, r"work_off_plans\[0\].items\[0\].provider"),
        ({"precursors": (precursor(providers=("who",)),)}, r"facts.precursors\[0\].providers\[0\]"),
        ({"precursors": (precursor(certificates=(certificate("who"),)),)}, r"certificates\[0\].provider: 'who'"),
        ({"precursors": (precursor(certificates=(certificate(A),) * 2),)}, r"certificates\[1\]: given twice"),
        ({"precursors": (precursor(work_off_plans=(plan(provider="who"),)),)}, r"precursors\[0\].work_off_plans\[0\]"),
        ({"as_at": datetime(2019, 1, 1)}, "facts.as_at: an instant needs its time zone"),  # noqa: DTZ001
        ({"certificates": (certificate(A), certificate(A))}, "given twice: prov-a"),
        ({"release": "EOC"}, "facts.release: 'EOC' is no release of SVTAD v1.23; it has IOC, MOC, FOC"),
        ({"phase_kind": "DMCT"}, "facts.phase_kind: 'DMCT' is no phase kind of SVTAD v1.23"),
        ({"issues": (issue("a", "6"),)}, r"facts.issues\[0\].severity: '6' is no severity"),
        ({"issues": (issue("a", release="EOC"),)}, r"facts.issues\[0\].raised_release: 'EOC'"),
        ({"issues": (issue("a"),), "disputes": (dispute("a", "0"),)}, r"disputes\[0\].participant_severity: '0'"),
        ({"precursors": (precursor(kind="FAT"),)}, r"facts.precursors\[0\].phase_kind: 'FAT'"),
        ({"parameters": (parameter("moon", "full"),)}, r"facts.parameters\[0\].key: 'moon' is no parameter"),
        ({"parameters": (parameter("disputes.severities", "all"),)}, r"parameters\[0\].value: 'all' is not one of"),
        ({"version": "1.5"}, "no edition of 'SVTAD' v1.5 is held; held: SVTAD v1.23"),
    ],
)  # fmt: skip
def test_facts_that_contradict_themselves_or_the_edition_are_refused(changes, message) -> None:
    with pytest.raises(FactsError, match=message):
        judge(sit(**changes), step=Step.PANEL)


def test_the_reader_checks_that_facts_hang_together() -> None:
    with pytest.raises(FactsError, match="planned is not descoped"):
        Facts.from_json(changed(test_counts__0__not_run=1))


def test_the_order_in_which_rows_are_read_does_not_change_the_hash() -> None:
    rows = issues(3)
    assert facts_sha256(sit(issues=rows)) == facts_sha256(sit(issues=rows[::-1]))
    assert facts_sha256(sit(issues=rows)) != facts_sha256(sit(issues=rows[:2]))


def test_the_hash_is_over_the_canonical_json_without_as_at() -> None:
    facts = sit()
    value = facts.to_json()
    assert value.pop("as_at") == "2019-10-01T12:00:00Z"
    assert facts_sha256(facts) == codec.sha256_of(value)
    assert facts_sha256(replace(facts, as_at=facts.as_at + timedelta(days=1))) == facts_sha256(facts)


def test_an_instant_is_written_in_utc_however_it_was_given() -> None:
    summer = timezone(timedelta(hours=1))
    same = sit(as_at=datetime(2019, 10, 1, 13, 0, 0, 250000, tzinfo=summer))
    assert same.to_json()["as_at"] == "2019-10-01T12:00:00.250000Z"
    read = Facts.from_json({**same.to_json(), "as_at": "2019-10-01T13:00:00.25+01:00"})
    assert read.as_at == same.as_at == datetime(2019, 10, 1, 12, 0, 0, 250000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1, "a": 2}', "file: the key 'a' is given twice"),
        ('{"a": NaN}', "file: NaN is not a JSON number"),
        ("{", "file: not JSON: .* at line 1 column 2"),
        ("[" * 100_000, "file: not JSON that can be read: nested too deeply"),
    ],
)
def test_text_that_is_no_strict_json_is_refused(text, message) -> None:
    with pytest.raises(FactsError, match=message):
        codec.parse_json(text, path="file")


def test_a_number_of_too_many_digits_is_refused() -> None:
    with pytest.raises(FactsError, match="a number is too long"):
        codec.parse_json("9" * 5000, path="file")


def test_the_codec_knows_only_the_shapes_the_rulebook_uses() -> None:
    @dataclass(frozen=True)
    class Odd:
        """Holds what has no place in JSON."""

        value: object

    with pytest.raises(TypeError, match="no place for a float"):
        codec.encode(Odd(1.5))
    with pytest.raises(TypeError, match="no place for a type"):
        codec.encode(Odd)


def test_a_deselected_dmc_counts_only_while_referred() -> None:
    out = DmcFact(id="d", name="D", state=DmcState.DESELECTED)
    assert not out.counts
    assert replace(out, referral_open=True).counts
    assert DmcFact(id="d", name="D").counts
