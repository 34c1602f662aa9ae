"""`manage.py assess_exit`: what it prints, how it leaves, and that its facts stand alone."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import pytest
from django.core.management import call_command

from issues.actions import ask_counting, dispute_severity, propose_exclusion
from svtad.gates.models import Assessment
from testphases import actions as phase_actions
from tests.factories import MAKER, at, make_issue
from tests.gates.world import paper


def run(*arguments):
    """Run the command; return (exit code, what it printed, what it complained of)."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.raises(SystemExit) as left:
        call_command("assess_exit", *arguments, stdout=out, stderr=err)
    return left.value.code, out.getvalue(), err.getvalue()


@pytest.mark.clause("SVTAD 1.23", "12.6(a)")
def test_it_leaves_with_0_only_where_the_verdict_is_met(phase):
    assert run(phase.scope.public_id, "--step", "REPORTS")[0] == 0
    code, out, _ = run("MOC/SIT")
    assert code == 1
    assert out.startswith("MOC SIT, PANEL: Not met. 8 of 11 criteria met.")
    assert "12.6(i)" in out


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("IOC/SIT",), "there is no Test Phase IOC/SIT"),
        (("a/b/c/d",), "there is no Test Phase"),
        (("MOC/PIT", "--step", "PANEL"), "not at 'PANEL'"),
        (("MOC/SIT", "--as-at", "yesterday"), "is no moment"),
        (("MOC/SIT", "--as-at", "2999-01-01"), "has not come yet"),
        (("MOC/SIT", "--step", "CERTIFICATES", "--provider", "nobody"), "there is no organisation"),
        (("MOC/SIT", "--step", "CERTIFICATES", "--provider", "gamma"), "takes no part"),
    ],
)
def test_it_leaves_with_2_where_nothing_could_be_judged_and_says_why(phase, arguments, why):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert why in err
    assert not Assessment.objects.exists()


def test_a_phase_is_named_by_programme_release_and_kind_or_by_its_provider(phase):
    house = phase.house
    code = house.programme.code
    assert run(f"{code}/MOC/SIT", "--step", "REPORTS")[0] == 0
    for provider in (house.alpha, house.beta):
        phase_actions.create_scope(
            release=house.releases["IOC"], kind="PIT", provider=provider, governed_by=house.document, by=MAKER, at=at()
        )
    assert "names more than one" in run("IOC/PIT")[2]
    assert run("IOC/PIT/alpha")[0] == 1


def test_as_at_judges_the_past(phase):
    then = "2026-03-03T12:00"  # London, before the tests ran
    code, out, _ = run("MOC/SIT", "--step", "REPORTS", "--as-at", then)
    assert (code, "as at 2026-03-03 12:00:00Z" in out) == (1, True)
    assert not Assessment.objects.get().until_now


def test_one_provider_s_certificate_can_be_judged(phase):
    phase.reports()
    code, out, _ = run("MOC/SIT", "--step", "certificates", "--provider", "alpha")
    assert code == 0
    assert Assessment.objects.get().provider_id_text == phase.house.alpha.public_id
    assert "Met" in out


def test_what_stands_in_the_way_is_listed_up_to_five(phase):
    phase.plan(*(f"x-{number}" for number in range(8)))
    out = run("MOC/SIT", "--step", "REPORTS")[1]
    assert "- x-0: not executed" in out
    assert "- and 3 more" in out


def test_judging_again_says_that_the_facts_are_the_same(phase):
    run("MOC/SIT")
    out = run("MOC/SIT")[1]
    assert "the facts are those of" in out
    assert Assessment.objects.count() == 1


@pytest.mark.clause("SVTAD 1.23", "12.6(a)", "12.6(c)", "12.6(i)", "T13.1-1", "T13.1-8", "13.20-agree", "14.5")
def test_the_facts_it_prints_judge_to_the_same_findings_without_the_product(phase, tmp_path):
    """Everything a judgement may rest on is in the file: another person can judge it again from that alone."""
    house = phase.house
    for severity in ("1", "3", "4"):
        issue = make_issue(
            phase.scope, raised_by=house.alpha, severity=severity, provider=house.alpha, title="Naïve “€” \\ <b>"
        )
        propose_exclusion(issue=issue, scope=phase.scope, rationale="One meter.", by=MAKER)
        dispute_severity(issue=issue, participant_severity="2", reasons="So.", raised_by=house.supplier, by=MAKER)
    make_issue(house.scope("SIT", "IOC"), raised_by=house.beta, severity="5", provider=house.beta)
    sct = make_issue(house.scope("SCT", "MOC"), raised_by=house.beta, severity="3", provider=house.beta)
    ask_counting(issue=sct, scope=phase.scope, by=MAKER)
    [test] = phase.plan("a-3")
    phase.run(test, "FAILED")
    phase_actions.propose_descope(
        scope=phase.scope, planned_tests=[test], justification="The meter is withdrawn.", by=MAKER
    )
    phase.reports()
    phase.plan_work(house.alpha)
    phase.attach("TTM", file=paper("ttm.xlsx"))
    for step in ("REPORTS", "CERTIFICATES", "COMPLETION", "PANEL"):
        code, out, _ = run("MOC/SIT", "--step", step, "--json")
        answer = json.loads(out)
        assert code == 1
        file = tmp_path / f"{step}.json"
        file.write_text(json.dumps(answer["facts"]), encoding="utf-8")
        alone = subprocess.run(
            [sys.executable, "-m", "svtad.rulebook", "judge", str(file), "--step", step],
            capture_output=True,
            text=True,
            check=False,
        )
        judged = json.loads(alone.stdout)
        assert judged["findings"] == answer["findings"], alone.stderr
        assert (judged["verdict"], judged["facts_sha256"]) == (answer["verdict"], answer["facts_sha256"])
        assert judged["as_at"] == answer["as_at"]


def test_the_judgement_of_one_provider_stands_alone_too(phase, tmp_path):
    phase.reports()
    make_issue(phase.scope, raised_by=phase.house.beta, severity="3", provider=phase.house.beta)
    _, out, _ = run("MOC/SIT", "--step", "CERTIFICATES", "--provider", "alpha", "--json")
    answer = json.loads(out)
    file = tmp_path / "facts.json"
    file.write_text(json.dumps(answer["facts"]), encoding="utf-8")
    alone = subprocess.run(
        [
            sys.executable, "-m", "svtad.rulebook", "judge", str(file), "--step", "CERTIFICATES",
            "--provider", answer["provider"],
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert json.loads(alone.stdout)["findings"] == answer["findings"], alone.stderr
