"""What one may not do is there with the reason and the clause; what goes wrong is said in words."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from svtad.gates.models import Assessment
from svtad.lib import clock
from svtad.parties.models import Person
from svtad.portal.views import search
from tests.factories import decide, make_paper

pytestmark = pytest.mark.django_db


def client_of(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def manager(world):
    return client_of(world.person("test_manager"))


def text_of(response) -> str:
    return response.content.decode()


@pytest.mark.clause("SVTAD 1.23", "12.6(i)")
def test_a_certificate_that_may_not_be_drafted_has_a_disabled_button_with_the_reason(world, manager):
    page = text_of(manager.get(reverse("gates:papers", args=[world.sit.public_id])))
    assert "Draft the certificate</button>" in page
    assert 'aria-disabled="true" disabled>Draft the certificate' in page
    assert "SVTAD 12.6(i)" in page


@pytest.mark.clause("SVTAD 1.23", "12.6(i)")
def test_drafting_it_all_the_same_is_a_conflict_that_names_the_clause(world, manager):
    address = reverse("gates:draft-certificate", args=[world.sit.public_id, world.house.alpha.public_id])
    response = manager.post(address)
    assert response.status_code == 409
    assert "Not in this state" in text_of(response)
    assert "SVTAD 12.6(i)" in text_of(response)


def test_a_provider_may_not_see_all_certificates_and_is_told_who_may(world):
    client = client_of(world.person("provider_tester"))
    response = client.get(reverse("gates:papers", args=[world.sit.public_id]))
    assert response.status_code == 403
    assert "You may not see the certificates" in text_of(response)
    assert "DCC test manager" in text_of(response)


def test_a_supplier_finds_its_own_issue_and_nothing_of_others(world):
    own = client_of(world.person("participant"))
    other = client_of(world.person("participant", world.house.other_supplier))
    address = reverse("issues:issue", args=[world.issue.public_id])
    assert own.get(address).status_code == 200
    assert other.get(address).status_code == 404
    for path in ("/", "/issues/", f"/search/?q={world.issue.reference}", "/governance/matters/"):
        assert world.issue.title in text_of(own.get(path)) or path == "/governance/matters/"
        assert world.issue.title not in text_of(other.get(path)), path
    phase = reverse("gates:phase", args=[world.sit.public_id])
    assert own.get(phase).status_code == 404


def test_the_act_of_one_who_only_reads_is_shown_with_the_reason(world):
    page = text_of(client_of(world.person("tag_member")).get(reverse("issues:issue", args=[world.issue.public_id])))
    assert "You may not determine a Testing Issue. It is for: DCC test manager" in page
    matter = text_of(
        client_of(world.person("tag_member")).get(reverse("governance:matter", args=[world.matter.public_id]))
    )
    assert "You may not record a step of TAG. It is for: DCC registrar" in matter


def test_a_decision_after_somebody_else_decided_is_refused_and_stores_nothing(world):
    registrar = client_of(world.person("registrar"))
    decide(world.matter, "TAG", "REJECT", moment=clock.now())
    address = reverse("governance:decide", args=[world.matter.public_id, "TAG", "AGREE"])
    response = registrar.post(
        address, {"tag-agree-expected_state": "PROPOSED", "tag-agree-decided_at": "2026-03-05T10:00"}
    )
    assert response.status_code == 409
    assert "decided meanwhile" in text_of(response)
    assert world.matter.decisions.count() == 1


@pytest.mark.clause("SVTAD 1.23", "13.21")
def test_a_decision_that_lacks_something_shows_the_form_again_with_what_it_lacks(world):
    registrar = client_of(world.person("registrar"))
    decide(world.matter, "TAG", "REJECT", moment=clock.now())
    address = reverse("governance:decide", args=[world.matter.public_id, "DCC", "REFER"])
    response = registrar.post(address, {"dcc-refer-expected_state": "TAG_REJECTED", "dcc-refer-decided_at": ""})
    assert response.status_code == 400
    page = text_of(response)
    assert "How the decision materially affects the delivery" in page
    assert page.count("This field is required.") == 2
    assert 'aria-invalid="true"' in page


def test_a_moment_to_come_cannot_be_looked_back_on(world, manager):
    phase = reverse("gates:phase", args=[world.sit.public_id])
    assert "is in the future" in text_of(manager.get(phase, {"as_at": "2999-01-01T10:00"}))
    assert manager.get(phase, {"as_at": "nonsense"}).status_code == 400
    past = text_of(manager.get(phase, {"as_at": "2026-03-03T10:00"}))
    assert "this is the past, not now" in past
    assert "Keep this judgement" in past


def test_looking_back_stores_nothing_and_keeping_it_stores_it_once(world, manager):
    before = Assessment.objects.count()
    phase = reverse("gates:phase", args=[world.sit.public_id])
    manager.get(phase, {"as_at": "2026-03-03T10:00"})
    assert Assessment.objects.count() == before
    for _ in range(2):
        kept = manager.post(
            reverse("gates:judge", args=[world.sit.public_id]), {"step": "PANEL", "as_at": "2026-03-03T10:00:00+00:00"}
        )
        assert kept.status_code == 302
    assert Assessment.objects.count() == before + 1


def test_what_does_not_exist_and_what_one_may_not_see_are_told_alike(world, manager):
    missing = manager.get("/issues/" + "x" * 22 + "/")
    assert missing.status_code == 404
    assert "There is nothing here" in text_of(missing)


def test_a_form_from_another_session_is_refused_in_words(world):
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.person("test_manager"))
    response = client.post(reverse("gates:judge", args=[world.sit.public_id]), {"step": "PANEL"})
    assert response.status_code == 403
    assert "This form is too old" in text_of(response)


def test_a_fault_of_ours_is_said_plainly(world, manager, monkeypatch):
    def break_down(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr(search, "_found", break_down)
    manager.raise_request_exception = False
    response = manager.get("/search/?q=something")
    assert response.status_code == 500
    assert "Something went wrong on our side" in text_of(response)


def test_private_pages_are_not_kept_by_browsers_and_name_their_policy(world, manager):
    response = manager.get("/")
    assert response["Cache-Control"] == "private, no-store"
    assert "default-src 'self'" in response["Content-Security-Policy"]
    assert "unsafe" not in response["Content-Security-Policy"]


def test_a_file_is_handed_out_as_an_attachment_that_cannot_run(world, manager):
    paper = make_paper("note.html")
    response = manager.get(reverse("governance:file", args=[paper.public_id]))
    assert response["Content-Disposition"].startswith("attachment")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]
    other = client_of(world.person("participant"))
    assert other.get(reverse("governance:file", args=[paper.public_id])).status_code == 404


def test_an_address_elsewhere_is_not_gone_back_to(world, manager):
    response = manager.post("/account/preferences/", {"theme": "dark", "next": "https://elsewhere.example/"})
    assert response["Location"] == "/"
