"""The rules of access: who may decide what they put forward, and which roles need a second factor."""

from __future__ import annotations

import pytest

from svtad.lib.clock import london_date, now
from svtad.lib.errors import ActionDenied, InvalidInput
from svtad.parties import actions, sessions
from svtad.parties.actors import actor_for, system_actor
from svtad.parties.models import RuleKind
from svtad.parties.policies import check_not_own

pytestmark = pytest.mark.django_db


def test_who_put_a_thing_forward_does_not_decide_it_unless_administrators_let_them(person, administrator):
    opener, other = person("registrar"), person("registrar")
    actor = actor_for(opener, at=now())
    for opened_by in (opener, opener.public_id):
        with pytest.raises(ActionDenied, match="somebody else") as denied:
            check_not_own(actor, opened_by, procedure="EXCLUSION", clause="13.20")
        assert denied.value.clause == "13.20"
    with pytest.raises(ActionDenied):
        check_not_own(actor, other, opener, procedure="EXCLUSION")
    check_not_own(actor_for(other, at=now()), opener, procedure="EXCLUSION")
    for nobody in (None, ""):
        check_not_own(actor, nobody, procedure="EXCLUSION")
    check_not_own(system_actor(), opener, procedure="EXCLUSION")
    actions.set_access_rule(
        kind=RuleKind.OWN_DECISION, key="EXCLUSION", value=True, reason="One on duty.", by=administrator
    )
    check_not_own(actor, opener, procedure="EXCLUSION")
    with pytest.raises(ActionDenied):
        check_not_own(actor, opener, procedure="SEVERITY_DISPUTE")
    actions.set_access_rule(
        kind=RuleKind.OWN_DECISION, key="EXCLUSION", value=False, reason="Two again.", by=administrator
    )
    with pytest.raises(ActionDenied):
        check_not_own(actor, opener, procedure="EXCLUSION")


def test_a_deputy_stands_for_both_people(person):
    member, deputy = person("tag_chair"), person("registrar")
    today = london_date(now())
    made = actions.name_deputy(
        membership=member.memberships.get(),
        deputy=deputy,
        starts_on=today,
        ends_on=today,
        reason="Leave",
        by=system_actor(),
    )
    actions.answer_deputyship(deputyship=made, confirm=True, by=system_actor())
    acting = actor_for(deputy, at=now(), deputyship=made.public_id)
    for opener in (member, deputy):
        with pytest.raises(ActionDenied):
            check_not_own(acting, opener, procedure="EXCLUSION")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"kind": "LUCK"}, "kind"),
        ({"key": "EXCUSE"}, "key"),
        ({"key": "registrar"}, "key"),
        ({"reason": " "}, "reason"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_by_field(person, administrator, wrong, field):
    good = {"kind": RuleKind.OWN_DECISION, "key": "EXCLUSION", "value": True, "reason": "x", "by": administrator}
    with pytest.raises(InvalidInput) as error:
        actions.set_access_rule(**good | wrong)
    assert {each.field for each in error.value.errors} == {field}
    with pytest.raises(ActionDenied):
        actions.set_access_rule(**good | {"by": actor_for(person("registrar"), at=now())})


def test_the_rules_page_says_what_holds_since_when_and_why(person, client, settings):
    settings.SECOND_FACTOR = "deciders"
    admin = person("administrator")
    client.force_login(admin, backend=sessions.BACKEND)
    session = client.session
    session[sessions.FACTORS] = ["password", "totp"]
    session.save()
    assert "as installed" in client.get("/people/rules/").content.decode()
    sent = {"kind": "SECOND_FACTOR", "key": "tab_member", "value": "yes", "reason": "As agreed on Monday."}
    assert client.post("/people/rules/", sent | {"reason": ""}).status_code == 400
    assert client.post("/people/rules/", sent | {"key": "nobody"}).status_code == 400
    assert client.post("/people/rules/", sent).status_code == 302
    assert "As agreed on Monday." in client.get("/people/rules/").content.decode()
