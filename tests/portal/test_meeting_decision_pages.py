"""The page on which what a meeting decided is recorded at one go, and what a Supplier Party learns of it."""

from __future__ import annotations

import pytest

from svtad.governance import actions
from svtad.governance.models import Decision
from tests.factories import MAKER, at, decide, make_house
from tests.portal.boards import (
    MEETINGS,
    hold,
    make_dispute,
    make_exclusions,
    only,
    plan,
    signed_in,
    text,
    upload,
    written,
)


@pytest.fixture
def house(db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "files"
    return make_house()


@pytest.fixture
def exclusions(house):
    return make_exclusions(house)


@pytest.fixture
def held(exclusions):
    """A meeting that took up the three exclusions."""
    return hold(plan(), *exclusions)


# --- what one Supplier learns of another's -----------------------------------------------------------


def test_a_supplier_learns_nothing_by_a_meeting_its_minutes_or_its_decisions(house, exclusions):
    dispute = make_dispute(house)
    held = hold(plan(), *exclusions, dispute)
    minutes = actions.attach_minutes(
        meeting=held, content=b"m", name="minutes-of-everybody.pdf", by=MAKER, at=at(days=2, hours=2)
    )
    item = held.items.get(matter=dispute)
    actions.declare_interest(item=item, name="Bo of B Ltd", text="QZXJ our device", by=MAKER, at=at(days=2))
    taken = actions.Taken(
        item=item, outcome="DECIDE",
        given=actions.Given(decided_at=at(days=2), notified_at=at(days=2, hours=2), data={"severity": "3"}),
    )  # fmt: skip
    actions.record_meeting_decisions(meeting=held, taken=[taken], by=MAKER, at=at(days=2, hours=3))
    mine = signed_in(house, "participant")
    page = text(mine.get(f"/governance/matters/{dispute.public_id}/"))
    assert "Decide" in page
    for hidden in ("minutes-of-everybody", minutes.file.sha256, "QZXJ", "Bo of B", held.public_id):
        assert hidden not in page
    for path in ("/governance/decisions/", "/inbox/", MEETINGS, f"{MEETINGS}?as=csv", "/governance/decisions/?as=csv"):
        answer = mine.get(path)
        content = (b"".join(answer) if answer.streaming else answer.content).decode()
        assert "minutes-of-everybody" not in content, path
        assert not any(matter.reference in content for matter in exclusions), path
    assert mine.get(f"/governance/files/{minutes.file.public_id}/").status_code == 404
    other = signed_in(house, "participant", house.other_supplier)
    assert other.get(f"/governance/matters/{dispute.public_id}/").status_code == 404
    governs = text(signed_in(house, "tag_member").get(f"/governance/matters/{dispute.public_id}/"))
    assert "minutes-of-everybody" in governs
    assert "QZXJ" in governs


# --- decisions at one go -----------------------------------------------------------------------------


def filled(held, **outcomes: str) -> dict[str, str]:
    """Return the form of what was decided, filled in for the items by their place: `_1="AGREE"`."""
    items = list(held.items.order_by("position"))
    data = {"decided_at": written(held.starts_at), "notified_at": "", "act": "preview", "seen": ""}
    for number, item in enumerate(items, start=1):
        data |= {
            f"{item.public_id}-expected_state": "PROPOSED",
            f"{item.public_id}-outcome": outcomes.get(f"_{number}", ""),
            f"{item.public_id}-rationale": "",
        }
    return data


def seen(page: str) -> str:
    return only(r'name="seen" value="([0-9a-f]*)"', page)


@pytest.mark.clause("SVTAD 1.23", "13.20")
def test_clause_13_20_what_was_decided_is_looked_at_and_recorded_as_it_was_looked_at(house, held, exclusions):
    registrar = signed_in(house, "registrar")
    address = f"{MEETINGS}{held.public_id}/decisions/"
    registrar.post(f"{MEETINGS}{held.public_id}/minutes/", {"minutes-file": upload()})
    blank = text(registrar.get(address))
    assert "3 matters of the agenda have a step open to TAG" in blank
    assert "minutes.pdf" in blank
    data = filled(held, _1="AGREE", _2="REJECT")
    unseen = text(registrar.post(address, data | {"act": "record"}))
    assert "This is not what you looked at before" in unseen
    assert not Decision.objects.exists()
    looked = text(registrar.post(address, data))
    assert "2 would be recorded" in looked
    assert "TAG agreed" in looked
    assert not Decision.objects.exists()
    other = filled(held, _1="REJECT", _2="REJECT") | {"act": "record", "seen": seen(looked)}
    assert "This is not what you looked at before" in text(registrar.post(address, other))
    assert not Decision.objects.exists()
    assert registrar.post(address, data | {"act": "record", "seen": seen(looked)}).status_code == 302
    assert [(each.outcome, each.meeting) for each in Decision.objects.order_by("pk")] == [
        ("AGREE", "TAG 41"), ("REJECT", "TAG 41"),
    ]  # fmt: skip
    page = text(registrar.get(f"/governance/matters/{exclusions[0].public_id}/"))
    assert f"{MEETINGS}{held.public_id}/" in page
    assert "minutes.pdf" in page
    meeting = text(registrar.get(f"{MEETINGS}{held.public_id}/"))
    assert "Reject" in meeting
    assert "1 matter of the agenda has a step open" in text(registrar.get(address))


def test_a_refused_row_names_its_matter_and_the_others_are_recorded_only_on_choice(house, held, exclusions):
    registrar = signed_in(house, "registrar")
    address = f"{MEETINGS}{held.public_id}/decisions/"
    data = filled(held, _1="AGREE", _2="AGREE", _3="REJECT")
    looked = text(registrar.post(address, data))
    decide(exclusions[1], "TAG", "REJECT", moment=at(days=2))
    told = text(registrar.post(address, data | {"act": "record", "seen": seen(looked)}), 409)
    assert "Nothing was recorded: 1 is refused" in told
    assert f"{exclusions[1].reference} was decided meanwhile" in told
    assert "Start again from how they stand now" in told
    assert Decision.objects.count() == 1
    again = text(registrar.post(address, data))
    assert "2 would be recorded, 1 is refused" in again
    assert 'value="record"' not in again
    whole = registrar.post(address, data | {"act": "others", "seen": seen(again)}, follow=True)
    assert f"{exclusions[1].reference} was left out" in text(whole)
    assert Decision.objects.count() == 3


def test_a_meeting_short_of_its_quorum_asks_for_the_reason_and_marks_what_it_decided(house, exclusions):
    actions.set_body_rule(body="TAG", quorum=3, source="Terms, 4.2", by=MAKER, at=at(days=1))
    held = hold(plan(), *exclusions)
    registrar = signed_in(house, "registrar")
    address = f"{MEETINGS}{held.public_id}/decisions/"
    data = filled(held, _1="AGREE")
    assert "This field is required" in text(registrar.post(address, data), 400)
    data["quorum_reason"] = "The others agreed in writing."
    looked = text(registrar.post(address, data))
    assert registrar.post(address, data | {"act": "record", "seen": seen(looked)}).status_code == 302
    page = text(registrar.get(f"/governance/matters/{exclusions[0].public_id}/"))
    assert "without quorum" in page
    assert "The others agreed in writing." in page
    outside = text(signed_in(house, "tab_member").get(f"/governance/matters/{exclusions[0].public_id}/"))
    assert "without quorum" in outside
    assert "The others agreed in writing." not in outside


@pytest.mark.clause("SVTAD 1.23", "14.4")
def test_what_a_step_lacks_stands_beside_its_field(house):
    held = hold(plan(), make_dispute(house))
    item = held.items.get()
    registrar = signed_in(house, "registrar")
    address = f"{MEETINGS}{held.public_id}/decisions/"
    data = filled(held, _1="DECIDE") | {f"{item.public_id}-expected_state": "RAISED"}
    looked = text(registrar.post(address, data))
    assert "The severity that TAG determined: needed." in looked
    assert "say when" in looked
    data |= {f"{item.public_id}-severity": "3", "notified_at": written(at(days=2, hours=2))}
    looked = text(registrar.post(address, data))
    assert registrar.post(address, data | {"act": "record", "seen": seen(looked)}).status_code == 302
    assert Decision.objects.get().data == {"severity": "3"}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"decided_at": "yesterday"}, "Enter a valid date"),
        ({"decided_at": ""}, "This field is required"),
        ({"outcome": "DISSOLVE"}, "Select a valid choice"),
        ({"outcome": ""}, "Say what was decided on one matter at least"),
    ],
)
def test_what_cannot_be_read_comes_back_with_what_is_wrong(house, held, change, says):
    registrar = signed_in(house, "registrar")
    key = held.items.order_by("position").first().public_id
    change = {(f"{key}-outcome" if name == "outcome" else name): value for name, value in change.items()}
    data = filled(held, _1="AGREE") | change
    assert says in text(registrar.post(f"{MEETINGS}{held.public_id}/decisions/", data), 400)


def test_minutes_are_attached_and_approved_on_the_page(house, held):
    registrar = signed_in(house, "registrar")
    address = f"{MEETINGS}{held.public_id}/"
    assert registrar.post(f"{address}minutes/", {}).status_code == 400
    assert registrar.post(f"{address}minutes/approve/", {"approve-approved_at": "2026-03-05T09:00"}).status_code == 409
    assert registrar.post(f"{address}minutes/", {"minutes-file": upload()}).status_code == 302
    assert "Draft" in text(registrar.get(address))
    assert registrar.post(f"{address}minutes/approve/", {"approve-approved_at": "2026-03-01T09:00"}).status_code == 400
    assert registrar.post(f"{address}minutes/approve/", {"approve-approved_at": "2026-03-05T09:00"}).status_code == 302
    assert "Approved" in text(signed_in(house, "tag_member").get(address))


def test_a_meeting_that_was_not_held_records_nothing(house, exclusions):
    meeting = plan()
    actions.put_on_agenda(meeting=meeting, matters=exclusions, by=MAKER, at=at(days=1))
    registrar = signed_in(house, "registrar")
    assert registrar.get(f"{MEETINGS}{meeting.public_id}/decisions/").status_code == 409
    data = filled(meeting, _1="AGREE")
    assert registrar.post(f"{MEETINGS}{meeting.public_id}/decisions/", data).status_code == 409
