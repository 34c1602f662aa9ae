"""Working Days and procedures over REST."""

from __future__ import annotations

import pytest

from svtad.governance.actions import open_matter, plan_meeting
from svtad.governance.models import Deadline, NonWorkingDayOverride
from svtad.parties.audiences import GOVERNANCE, audience_of
from svtad.rulebook.procedures import PROCEDURES
from svtad.rulebook.procedures.listing import referrals
from tests.factories import MAKER, at, decide, heard
from tests.opening import stated

pytestmark = pytest.mark.django_db

THANKS = {"day": "2027-03-03", "is_working_day": False, "reason": "A day of thanks", "source": "Proclamation 12"}


@pytest.fixture
def administrator(caller):
    return caller("administrator")


def days(who, **params):
    answer = who.get("/holidays", **params)
    assert answer.status_code == 200, answer.content
    return {row["day"]: row for row in answer.json()}


def test_holidays_are_listed_with_their_source_and_corrected(caller, administrator):
    member = caller("participant")
    published = days(member, year="2027")
    assert published["2027-12-27"]["name"]
    assert "published list" in published["2027-12-27"]["source"]
    assert "2027-03-03" not in published
    made = administrator.post("/holidays/overrides", THANKS)
    assert made.status_code == 201, made.content
    note = days(member, year="2027")["2027-03-03"]
    assert (note["is_correction"], note["source"], note["is_working_day"]) == (True, "Proclamation 12", False)
    assert "2027-03-03" not in days(member, year="2027", jurisdiction="scotland"), "the list of England and Wales"
    gone = administrator.post("/holidays/overrides/removal", {"day": "2027-03-03"})
    assert (gone.status_code, bool(gone.json()["valid_to"])) == (201, True)
    assert "2027-03-03" not in days(member, year="2027")
    assert administrator.post("/holidays/overrides/removal", {"day": "2027-03-03"}).status_code == 404
    [row] = member.all("/holidays/overrides")
    assert (row["day"], row["jurisdiction"], row["recorded_by"]) == ("2027-03-03", "ENG", administrator.person.name)
    assert member.post("/holidays/overrides", THANKS).status_code == 403
    assert NonWorkingDayOverride.objects.count() == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"day": "2027-03-06"}, "day"), ({"source": ""}, "source"), ({"jurisdiction": "FRA"}, "jurisdiction"),
        ({"day": "1927-03-03"}, "day"), ({"audience": "all"}, "audience"),
    ],
)  # fmt: skip
def test_a_correction_that_cannot_be_names_its_field(administrator, wrong, field):
    answer = administrator.post("/holidays/overrides", THANKS | wrong)
    assert answer.status_code == 400
    assert {error["field"] for error in answer.json()["errors"]} == {field}


def test_a_month_has_its_working_days_what_falls_due_and_who_meets(caller):
    matter = open_matter(
        procedure="SEVERITY_DISPUTE", document="SVTAD", version="1.23", title="It", rationale="So.", by=MAKER,
        audience=audience_of(*GOVERNANCE), at=at(days=1), data=stated("SEVERITY_DISPUTE"),
    )  # fmt: skip
    plan_meeting(body="TAG", title="TAG 41", starts_at=at(days=2, hours=14.5), by=MAKER)
    registrar = caller("registrar")
    month = registrar.get("/calendar", month="2026-03").json()
    assert (len(month["days"]), month["working_days"], month["jurisdiction"]) == (31, 22, "england_and_wales")
    held = {row["day"]: row for row in month["days"]}
    assert [each["title"] for each in held["2026-03-04"]["meetings"]] == ["TAG 41"], "at its London day"
    due = {(row["day"], each["reference"]) for row in month["days"] for each in row["due"]}
    wanted = Deadline.objects.filter(last_day__month=3, last_day__year=2026)
    assert due == {(each.last_day.isoformat(), matter.reference) for each in wanted}
    december = registrar.get("/calendar", month="2026-12", jurisdiction="scotland").json()
    notes = {row["day"] for row in december["days"] if row["notes"]}
    assert "2026-12-25" in notes
    foreign = caller("participant").get("/calendar", month="2026-03").json()
    assert not any(row["due"] or row["meetings"] for row in foreign["days"])
    assert len(registrar.get("/calendar").json()["days"]) >= 28
    for wrong in ({"month": "2026-13"}, {"month": "March"}, {"jurisdiction": "ENG"}):
        assert registrar.get("/calendar", **wrong).status_code == 400


def test_what_falls_due_in_a_month_carries_the_count(caller):
    matter = open_matter(
        procedure="DMC_SELECTION", document="SVTAD", version="1.23", title="It", rationale="So.", by=MAKER,
        audience=audience_of(*GOVERNANCE), at=at(days=1),
    )  # fmt: skip
    heard(matter, moment=at(days=2))
    decide(matter, "DCC", "CONCLUDE_DISCUSSION", moment=at(days=2))
    decide(matter, "DCC", "DETERMINE", moment=at(days=3), dmcs="DMC 7")
    deadline = Deadline.objects.get(matter=matter)
    month = caller("registrar").get("/calendar", month=f"{deadline.last_day:%Y-%m}").json()
    [row] = [each for each in month["days"] if each["day"] == deadline.last_day.isoformat()]
    assert {each["matter"] for each in row["due"]} == {matter.public_id}
    assert all(each["state"] in ("OPEN", "OVER") and each["left"] is not None for each in row["due"])


# --- procedures ----------------------------------------------------------------------------------------


def test_every_procedure_is_listed_and_shown_as_the_rulebook_has_it(caller):
    member = caller("participant")
    listed = member.get("/procedures").json()
    assert [row["key"] for row in listed] == list(PROCEDURES)
    for key, rules in PROCEDURES.items():
        shown = member.get(f"/procedures/{key}").json()
        assert [(row["from_state"], row["body"], row["outcome"], row["to_state"]) for row in shown["steps"]] == [
            (step.source, step.body, step.outcome, step.target) for step in rules.transitions
        ]
        assert [row["body"] for row in shown["consultations"]] == [each.body for each in rules.consultations]
        assert len(shown["referrals"]) == len(rules.referrals)
    assert member.get("/procedures/SECRET").status_code == 404


@pytest.mark.clause("SVTAD 1.23", "13.21")
def test_the_referral_matrix_says_who_refers_what_to_whom_within_what(caller):
    rows = caller("participant").get("/procedures/referrals").json()
    assert [(row["procedure"], row["by"], row["to"]) for row in rows] == [
        (rules.key, row.by, row.to) for rules, row in referrals(PROCEDURES.values())
    ]
    [excluded] = [row for row in rows if row["procedure"] == "EXCLUSION"]
    assert (excluded["by"], excluded["to"], excluded["within"]["working_days"]) == ("DCC", "SOS", 5)
