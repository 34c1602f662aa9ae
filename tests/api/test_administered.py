"""What administrators set of boards and notices, over REST: addresses outside the product, what meetings need."""

from __future__ import annotations

from typing import Any

import pytest

from svtad.governance.models import BodyRule, NoticeAddress
from tests.api.conftest import Caller
from tests.factories import House

pytestmark = pytest.mark.django_db

GOOD = {"recipient": "SOS", "email": "sos@example.org", "source": "Their letter of 2 March."}


@pytest.fixture
def house(world) -> House:
    return world.house


@pytest.fixture
def admin(caller) -> Caller:
    return caller("administrator")


def fields_of(answer: Any) -> set[str]:
    assert answer.status_code == 400, answer.content
    return {error["field"] for error in answer.json()["errors"]}


def addressed(caller: Caller) -> dict[str, Any]:
    return {row["recipient"]: row["email"] for row in caller.get("/notice-addresses").json()}


def test_an_address_is_set_replaced_and_ended_once_under_its_key(admin, caller):
    assert addressed(admin)["SOS"] is None
    made = [admin.post("/notice-addresses", GOOD, HTTP_IDEMPOTENCY_KEY="a-1") for _ in range(2)]
    assert [each.status_code for each in made] == [201, 201]
    assert made[0].json()["email"] == "sos@example.org"
    assert NoticeAddress.objects.filter(recipient="SOS").count() == 1
    assert admin.post("/notice-addresses", GOOD | {"email": "x@y.org"}, HTTP_IDEMPOTENCY_KEY="a-1").status_code == 409
    admin.post("/notice-addresses", GOOD | {"email": "new@example.org"})
    assert addressed(caller("registrar"))["SOS"] == "new@example.org"
    end = {"recipient": "SOS", "source": "They asked."}
    ended = admin.post("/notice-addresses/end", end)
    assert (ended.status_code, ended.json()["email"], ended.json()["name"]) == (201, None, made[0].json()["name"])
    assert fields_of(admin.post("/notice-addresses/end", end)) == {"recipient"}
    assert not NoticeAddress.objects.current().filter(recipient="SOS").exists()


def test_what_is_wrong_with_an_address_is_named_by_field(admin, caller):
    wrong = {"recipient": "NOBODY", "email": "a b@c", "source": "Said."}
    assert fields_of(admin.post("/notice-addresses", wrong)) == {"recipient", "email"}
    assert fields_of(admin.post("/notice-addresses", GOOD | {"source": "", "mail": "x"})) == {"mail"}
    assert fields_of(admin.post("/notice-addresses", {})) == {"recipient", "email", "source"}
    assert fields_of(admin.post("/notice-addresses", GOOD | {"email": ""})) == {"email"}
    assert caller("registrar").post("/notice-addresses", GOOD).status_code == 403
    assert caller("registrar").post("/notice-addresses", {}).status_code == 403, "before anything of it is read"
    assert caller("tag_chair").get("/notice-addresses").status_code == 403


def test_what_a_body_s_meetings_need_is_set_with_its_source_and_what_held_before_stays(admin, caller):
    rule = {"body": "TAG", "quorum": 4, "chair_needed": True, "source": "Terms of reference."}
    made = [admin.post("/body-rules", rule, HTTP_IDEMPOTENCY_KEY="r-1") for _ in range(2)]
    assert [each.status_code for each in made] == [201, 201]
    assert (made[0].json()["deputies_count"], made[0].json()["valid_to"]) == (None, None)
    assert BodyRule.objects.count() == 1
    admin.post("/body-rules", rule | {"quorum": None})
    member = caller("tag_member")
    assert [row["quorum"] for row in member.all("/body-rules", body="TAG")] == [None, 4]
    assert [row["quorum"] for row in member.all("/body-rules", holds="true")] == [None]
    assert [row["quorum"] for row in member.all("/body-rules", holds="false", body="TAG")] == [4]
    assert member.all("/body-rules", body="TAB") == []


def test_what_is_wrong_with_it_is_named_by_field_and_only_administrators_set_it(admin, caller):
    assert fields_of(admin.post("/body-rules", {"body": "TAG", "quorum": 0, "source": "Said."})) == {"quorum"}
    assert fields_of(admin.post("/body-rules", {"body": "DCC", "quorum": "many"})) == {"body", "quorum", "source"}
    assert fields_of(admin.get("/body-rules", body="DCC")) == {"body"}
    assert caller("tag_chair").post("/body-rules", {"body": "TAG", "source": "Said."}).status_code == 403
    assert not BodyRule.objects.exists()
