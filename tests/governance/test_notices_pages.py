"""Pages and REST on notices: what each person meets there, and what nobody else does."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from svtad.governance import actions
from svtad.governance.models import Delivery, Notice, NoticeAddress, NoticePreference
from svtad.governance.queries.recipients import Addressee
from svtad.lib.clock import now
from svtad.parties import actions as party_actions
from svtad.parties.actors import actor_for
from svtad.parties.audiences import GOVERNANCE, audience_of, org_key
from svtad.parties.models import Person
from tests.factories import MAKER, House, make_house
from tests.governance.mailing import addressed_to, give
from tests.governance.test_notices import SOS
from tests.governance.test_notices_texts import HOSTILE

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return make_house()


@pytest.fixture
def person(house) -> Callable[..., Person]:
    return lambda role, organisation=None: Person.objects.get(public_id=house.actor(role, organisation).actor_id)


@pytest.fixture
def browse(person) -> Callable[..., Client]:
    """`browse("registrar")`: a client of somebody of that role."""

    def get(role: str, organisation=None) -> Client:
        client = Client()
        client.force_login(person(role, organisation), backend="django.contrib.auth.backends.ModelBackend")
        return client

    return get


def text_of(answer: Any) -> str:
    assert answer.status_code == 200, (answer.status_code, answer.content[:2000])
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def rows_of(answer: Any) -> list[list[str]]:
    content = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(content)))


def test_the_inbox_opens_with_what_is_to_be_read_and_marks_it_read(browse, person):
    me, client = person("tag_member"), browse("tag_member")
    assert "No notice to read" in text_of(client.get("/governance/notices/"))
    old, new = give(me, what="Old thing"), give(me, what="New thing")
    shown = text_of(client.get("/governance/notices/"))
    assert "2 notices to read" in shown
    assert shown.index("New thing") < shown.index("Old thing")
    answer = client.post(
        reverse("governance:notice-read", args=[new.public_id]), {"next": "/governance/notices/?q=thing"}
    )
    assert (answer.status_code, answer["Location"]) == (302, "/governance/notices/?q=thing")
    shown = text_of(client.get("/governance/notices/"))
    assert "1 notice to read" in shown
    assert shown.index("Old thing", shown.index("CSV")) < shown.index("New thing", shown.index("CSV"))
    assert "Old thing" not in text_of(client.get("/governance/notices/?show=read"))
    client.post("/governance/notices/read/")
    assert "No notice to read" in text_of(client.get("/governance/notices/"))
    assert old.deliveries.get().read_at is not None


def test_the_csv_of_the_inbox_is_the_view_and_runs_no_formula(browse, person):
    give(person("tag_member"), what="=HYPERLINK(1)", clause="9.6")
    give(person("tag_member"), what="Another", clause="13.20")
    found = rows_of(browse("tag_member").get("/governance/notices/?q=9.6&as=csv"))
    assert [row[1] for row in found] == ["What", "'=HYPERLINK(1)"]


def test_one_cannot_read_for_another_nor_see_a_foreign_notice(browse, person, house):
    notice = give(person("participant"), audience=audience_of("dcc", org_key(house.supplier)))
    foreign = browse("participant", house.other_supplier)
    for way in ("", "read/", "withdraw/"):
        method = foreign.post if way else foreign.get
        assert method(f"/governance/notices/{notice.public_id}/{way}").status_code == 404
    assert browse("registrar").post(f"/governance/notices/{notice.public_id}/read/").status_code == 409
    assert notice.deliveries.get().read_at is None


def test_the_header_counts_the_unread_in_one_query(browse, person):
    client = browse("tag_member")
    for _ in range(3):
        give(person("tag_member"))
    with CaptureQueriesContext(
        connection,
    ) as captured:
        answer = client.get("/keys/")
    assert "Notices 3 unread" in text_of(answer)
    assert sum("governance_delivery" in query["sql"] for query in captured.captured_queries) == 1
    actions.mark_all_read(by=actor_for(person("tag_member"), at=now()))
    assert "unread" not in text_of(client.get("/keys/"))


def test_those_who_govern_see_who_was_told_when_and_the_proof(browse, person, house):
    supplier = person("participant")
    notice = give(
        person("tag_member"), supplier, audience=audience_of(*GOVERNANCE, org_key(house.supplier)), what="Whole"
    )
    Delivery.objects.filter(notice=notice, person=supplier).update(
        state="SENT", sent_at=now(), proof="mail.test:25 answered: 250 Taken", address="post@supplier.example"
    )
    page = reverse("governance:notice", args=[notice.public_id])
    registrar = text_of(browse("registrar").get(page))
    assert "1 of 2 told" in registrar
    assert "250 Taken" in registrar
    assert "post@supplier.example" in registrar
    board = text_of(browse("tag_member").get(page))
    assert supplier.name in board
    assert "post@supplier.example" not in board
    assert "250 Taken" not in board
    theirs = text_of(browse("participant").get(page))
    assert "You were told by e-mail" in theirs
    assert person("tag_member").name not in theirs
    assert "Always: the clause requires this notice." in theirs


def test_the_register_of_notices_is_for_those_who_govern(browse, person, house):
    give(person("tag_member"), addressees=[SOS, addressed_to(person("tag_member"))], what="With a letter to write")
    give(person("tag_member"), what="Without")
    shown = text_of(browse("test_manager").get("/governance/notices/given/?state=by_hand"))
    assert "1 notice given" in shown
    assert "With a letter to write" in shown
    assert "0 of 2" in shown
    assert [row[1] for row in rows_of(browse("test_manager").get("/governance/notices/given/?as=csv"))][1:] == [
        "Without",
        "With a letter to write",
    ]
    assert "With a letter" not in text_of(browse("participant").get("/governance/notices/given/"))


def test_lists_cost_the_same_however_many_notices_there_are(browse, person):
    def cost(path: str) -> int:
        client.get(path)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(path).status_code == 200
        return len(captured)

    client = browse("registrar")
    paths = ("/governance/notices/", "/governance/notices/given/", "/governance/notices/outbox/")
    give(person("registrar"), person("tag_member"))
    few = [cost(path) for path in paths]
    for _ in range(8):
        give(person("registrar"), person("tag_member"))
    assert [cost(path) for path in paths] == few


# --- outbox, addresses, by hand ---------------------------------------------------------------------------


def test_the_administration_page_says_that_mail_waits_without_a_server(browse, person, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    give(person("tag_member"))
    shown = text_of(browse("administrator").get("/administration/"))
    assert "No mail server is configured: 1 wait." in shown
    assert "No mail server is configured: 1 e-mail waits" in text_of(
        browse("administrator").get("/governance/notices/outbox/")
    )


def test_the_outbox_is_for_those_who_look_after_it(browse, person):
    give(person("tag_member"))
    for role in ("registrar", "administrator"):
        assert person("tag_member").email in text_of(browse(role).get("/governance/notices/outbox/"))
    for role in ("test_manager", "tag_member", "participant"):
        assert browse(role).get("/governance/notices/outbox/").status_code == 403


def test_an_administrator_sets_an_address_and_what_is_wrong_stands_at_its_field(browse):
    admin = browse("administrator")
    answer = admin.post("/governance/notices/outbox/address/", {"recipient": "SOS", "email": "x", "source": ""})
    assert answer.status_code == 400
    assert "Enter a valid email address." in answer.content.decode()
    good = {"recipient": "SOS", "email": "sos@example.org", "source": "Their letter"}
    assert admin.post("/governance/notices/outbox/address/", good).status_code == 302
    assert NoticeAddress.objects.get().email == "sos@example.org"
    assert "sos@example.org" in text_of(admin.get("/governance/notices/outbox/"))
    assert browse("registrar").post("/governance/notices/outbox/address/", good).status_code == 403


def test_the_registrar_records_a_letter_with_its_document(browse, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    delivery = give(addressees=[SOS], what="For the Secretary of State").deliveries.get()
    page = reverse("governance:delivery-by-hand", args=[delivery.public_id])
    client = browse("registrar")
    assert "No e-mail address is set" in text_of(client.get(page))
    assert client.post(page, {"how": "Letter", "sent_at": "2099-01-01T10:00"}).status_code == 400
    answer = client.post(
        page,
        {
            "how": "Letter of today",
            "sent_at": "2026-03-02T10:00:00",
            "document": SimpleUploadedFile("letter.pdf", b"%PDF letter", content_type="application/pdf"),
        },
    )
    assert answer.status_code == 302
    delivery.refresh_from_db()
    assert (delivery.state, delivery.sent_at) == ("SENT", dt.datetime(2026, 3, 2, 10, tzinfo=dt.UTC))
    assert "Sent by hand" in text_of(client.get(answer["Location"]))
    assert "letter.pdf" in text_of(client.get(answer["Location"]))
    assert "There is nothing to record" in text_of(client.get(page))
    for role, status in (("administrator", 200), ("test_manager", 403)):
        assert browse(role).get(page).status_code == status
    assert browse("administrator").post(page, {"how": "x"}).status_code == 400


def test_a_failed_e_mail_is_sent_again_and_a_waiting_one_withdrawn(browse, person):
    notice = give(person("tag_member"), person("panel_member"))
    failed, waiting = notice.deliveries.all()
    Delivery.objects.filter(pk=failed.pk).update(state="FAILED", next_attempt_at=None, last_error="550 Nobody")
    client = browse("registrar")
    shown = text_of(client.get("/governance/notices/outbox/?state=FAILED"))
    assert "1 failed" in shown
    assert "550 Nobody" in shown
    assert client.post(reverse("governance:delivery-retry", args=[failed.public_id])).status_code == 302
    failed.refresh_from_db()
    assert failed.state == "QUEUED"
    one = reverse("governance:delivery-withdraw", args=[waiting.public_id])
    assert client.post(one).status_code == 400
    assert client.post(one, {"withdraw-reason": "Not theirs"}).status_code == 302
    whole = reverse("governance:notice-withdraw", args=[notice.public_id])
    assert client.post(whole, {"reason": ""}).status_code == 400
    assert client.post(whole, {"reason": "A mistake"}).status_code == 302
    assert client.post(whole, {"reason": "A mistake"}).status_code == 409
    assert set(notice.deliveries.values_list("state", flat=True)) == {"WITHDRAWN"}
    assert [row[5] for row in rows_of(client.get("/governance/notices/outbox/?as=csv"))][1:] == ["Withdrawn"] * 2


def test_digests_show_in_the_outbox_without_what_they_said(browse, person):
    me = person("tag_member")
    actions.set_notice_timing(person=me, timing="DAILY", by=actor_for(me, at=now()), at=now() - dt.timedelta(days=3))
    give(me, what="Between us", is_required=False, at=now() - dt.timedelta(days=2))
    actions.queue_digests(by=MAKER, at=now().replace(hour=12))
    shown = text_of(browse("administrator").get("/governance/notices/outbox/"))
    assert "Digest of" in shown
    assert "Between us" not in shown


# --- preferences, published ---------------------------------------------------------------------------------


def test_how_one_is_told_is_set_on_the_account_page(browse, person):
    client = browse("tag_member")
    shown = text_of(client.get("/account/"))
    assert "What a clause requires is e-mailed at once in any case." in shown
    answer = client.post("/governance/notices/timing/", {"timing": "DAILY", "next": "/account/"})
    assert (answer.status_code, answer["Location"]) == (302, "/account/")
    assert NoticePreference.objects.get().timing == "DAILY"
    assert re.search(r'value="DAILY" selected', client.get("/account/").content.decode())
    assert client.post("/governance/notices/timing/", {"timing": "NEVER"}).status_code == 400


def test_anybody_reads_what_is_published_and_nothing_else(client, person, browse):
    public = give(person("tag_member"), what="For everybody", audience=audience_of(*GOVERNANCE, "public"), publish=True)
    hidden = give(person("tag_member"), what="For TAG")
    shown = text_of(client.get("/governance/published/"))
    assert "1 published notice" in shown
    assert "For everybody" in shown
    assert "For TAG" not in shown
    one = text_of(client.get(f"/governance/published/{public.public_id}/"))
    assert "In so many words." in one
    assert person("tag_member").name not in one
    assert client.get(f"/governance/published/{hidden.public_id}/").status_code == 404
    assert [row[1] for row in rows_of(client.get("/governance/published/?q=everybody&as=csv"))] == [
        "What",
        "For everybody",
    ]
    assert "0 published" in text_of(client.get("/governance/published/?q=nothing"))
    assert client.get(f"/governance/notices/{public.public_id}/").status_code == 302, "that page is not for anybody"
    assert client.post("/governance/published/").status_code == 405
    assert "Sign out" in text_of(browse("tag_member").get("/governance/published/"))


def test_a_notice_that_is_public_but_not_published_is_on_no_public_page(client):
    notice = give(what="Only open to all", audience=audience_of("public"))
    assert client.get(f"/governance/published/{notice.public_id}/").status_code == 404


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_do_nothing_on_a_page(browse, person, text):
    notice = give(
        what=text if text.strip() else "x",
        text=text,
        audience=audience_of(*GOVERNANCE, "public"),
        publish=True,
        addressees=[addressed_to(person("registrar")), Addressee(key="SOS", told_as="SOS", name=text, by_hand="x")],
    )
    pages = ("notices/", "notices/given/", "notices/outbox/", "published/", f"notices/{notice.public_id}/",
             f"published/{notice.public_id}/")  # fmt: skip
    for path in pages:
        answer = browse("registrar").get(f"/governance/{path}")
        assert answer.status_code == 200
        for tag in ("<script>alert", "<img src=http", "<svg onload", "<body onload", "<a href=javascript", "<style>@"):
            assert tag not in answer.content.decode(), path


# --- REST ----------------------------------------------------------------------------------------------------


@pytest.fixture
def call(person) -> Callable[..., Any]:
    """`call("tag_member").get("/notices")`: REST as somebody of that role."""
    from tests.api.conftest import Caller

    return lambda role, organisation=None: Caller(person(role, organisation))


def test_rest_lists_shows_and_marks_as_read(call, person, house):
    notice = give(person("tag_member"), what="First")
    other = give(person("panel_member"), what="Second", clause="9.6")
    tag = call("tag_member")
    listed = tag.get("/notices").json()["results"]
    assert [(row["what"], bool(row["told_at"])) for row in listed] == [("Second", False), ("First", True)]
    assert [row["what"] for row in tag.get("/notices", unread="true").json()["results"]] == ["First"]
    assert [row["id"] for row in tag.get("/notices", clause="9.6").json()["results"]] == [other.public_id]
    shown = tag.get(f"/notices/{notice.public_id}").json()
    assert (shown["read_at"], shown["required"], shown["matter"]) == (None, True, None)
    assert [row["state"] for row in shown["deliveries"]] == ["QUEUED"]
    read = tag.post(f"/notices/{notice.public_id}/read")
    assert (read.status_code, bool(read.json()["read_at"])) == (200, True)
    assert tag.post(f"/notices/{notice.public_id}/read").json() == read.json()
    assert tag.post(f"/notices/{other.public_id}/read").status_code == 409
    assert tag.get("/notices", unread="true").json()["results"] == []
    assert tag.get("/notices", unread="perhaps").status_code == 400
    foreign = call("participant", house.other_supplier)
    assert foreign.get("/notices").json()["results"] == []
    assert foreign.get(f"/notices/{notice.public_id}").status_code == 404


def test_rest_tells_one_supplier_nothing_of_anothers(call, person, house):
    give(
        person("participant"),
        person("participant", house.other_supplier),
        person("tag_member"),
        what="Shared",
        audience=audience_of(*GOVERNANCE, org_key(house.supplier), org_key(house.other_supplier)),
    )
    theirs = call("participant")
    notice = theirs.get("/notices").json()["results"][0]
    deliveries = theirs.get(f"/notices/{notice['id']}").json()["deliveries"]
    assert [row["recipient"] for row in deliveries] == [person("participant").name]
    assert "@" not in str(call("tag_member").get(f"/notices/{notice['id']}").json())


def test_a_list_over_rest_costs_the_same_however_many_there_are(call, person):
    tag = call("tag_member")

    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert tag.get("/notices").status_code == 200
        return len(captured)

    give(person("tag_member"))
    cost()
    few = cost()
    for _ in range(6):
        give(person("tag_member"))
    assert cost() == few


def test_a_person_without_a_role_is_told_nothing(browse, person):
    notice = give(person("tag_member"))
    party_actions.end_membership(membership=person("tag_member").memberships.get(), by=MAKER)
    client = browse("tag_member")
    assert "No notice to read" in text_of(client.get("/governance/notices/"))
    assert client.get(f"/governance/notices/{notice.public_id}/").status_code == 404
    assert Notice.objects.count() == 1
