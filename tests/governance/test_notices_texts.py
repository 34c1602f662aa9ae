"""What e-mails say, and what no text can make them say or do."""

from __future__ import annotations

import email
import re
from email.policy import compat32
from typing import Any

import pytest
from lxml import html

from svtad.governance import rendering
from svtad.governance.models import Delivery
from svtad.governance.queries.recipients import Addressee
from svtad.governance.rendering import letter_of
from svtad.lib.clock import now
from svtad.parties.actors import system_actor
from svtad.parties.models import Organisation, Person
from tests.factories import House, make_house, make_person
from tests.governance.mailing import give
from tests.governance.test_notices import SOS

pytestmark = pytest.mark.django_db

#: Forty texts that somebody might type to get something else out of an e-mail than a notice.
HOSTILE = (
    "a\r\nBcc: everyone@evil.test",
    "a\nBcc: everyone@evil.test",
    "a\rBcc: everyone@evil.test",
    "a\r\n\r\n<h1>Another body</h1>",
    "a\u2028Bcc: everyone@evil.test",
    "a\u2029Bcc: everyone@evil.test",
    "a\x0bBcc: everyone@evil.test",
    "a\x0cBcc: everyone@evil.test",
    "a\x1cBcc: everyone@evil.test",
    "a\x85Bcc: everyone@evil.test",
    "a%0d%0aBcc: everyone@evil.test",
    "=?utf-8?q?a=0D=0ABcc:_everyone@evil.test?=",
    "=?utf-8?b?YQ0KQmNjOiBldmVyeW9uZUBldmlsLnRlc3Q=?=",
    "=?utf-8?q?=0A=0A?= =?utf-8?q?Bcc:_x@evil.test?=",
    "=?unknown?q?x?= =?utf-8?x?broken",
    "a\r\n.\r\nMAIL FROM:<evil@evil.test>",
    "\r\n.\r\nQUIT\r\n",
    ".",
    "..hidden",
    "a, everyone@evil.test",
    "<everyone@evil.test>",
    '"a" <everyone@evil.test>, ',
    "a;b:c@evil.test",
    "(a comment) everyone@evil.test",
    "Content-Type: text/html",
    "--=_boundary--\r\nContent-Type: text/html\r\n\r\n<script>alert(1)</script>",
    "<script>alert(1)</script>",
    "<img src=http://evil.test/pixel.gif>",
    '"><svg onload=alert(1)>',
    "</title></head><body onload=alert(1)>",
    "<a href=javascript:alert(1)>press</a>",
    "<style>@import url(http://evil.test/x.css)</style>",
    "&lt;script&gt; &amp;amp; &#60;b&#62;",
    "{{ sheet.items }} {% include 'base.html' %}",
    "{% load static %}{# comment",
    "\u202egnitirw sdrawkcab\u2066",
    "zero\u200b\u200d\ufeffwidth",
    "begin 644 file\nend",
    "A name of more than thirty letters, <everyone@evil.test>, and another part",
    "W" * 3_000,
)
#: Where one may stand: who it is from, whom it is for, what it says.
PLACES = ("what", "text", "person", "organisation", "recorded_by", "clause")
HEADERS = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"]


@pytest.fixture
def house() -> House:
    return make_house()


def content_with(text: str, place: str, house: House) -> bytes:
    person = make_person("tag_member", house.tag)
    what = text if place == "what" and text.strip() else "Something"
    if place == "person":
        Person.objects.filter(pk=person.pk).update(name=text[:120])
    if place == "organisation":
        Organisation.objects.filter(pk=house.tag.pk).update(name=text[:120])
    person.refresh_from_db()
    organisation = Organisation.objects.get(pk=house.tag.pk)
    notice = give(
        what=what,
        text=text if place == "text" else "As it is.",
        clause=text[:60] if place == "clause" else "13.20",
        by=system_actor(text[:200] if place == "recorded_by" else "Test"),
        addressees=[
            Addressee(
                key=f"person:{person.public_id}",
                told_as="TAG",
                name=f"{person.name}, {organisation.name}",
                person=person,
            )
        ],
    )
    return letter_of(notice.deliveries.get(), at=now()).content


@pytest.mark.parametrize("place", PLACES)
def test_no_text_makes_a_header_a_recipient_or_a_tag_of_its_own(house, place):
    plain = content_with("Something", place, house)
    tags = tags_of(plain)
    for text in HOSTILE:
        content = content_with(text, place, house)
        message = email.message_from_bytes(content, policy=compat32)
        assert message.keys() == HEADERS, text
        head = content.partition(b"\r\n\r\n")[0].decode("ascii")
        lines = head.split("\r\n")
        assert all(line[:1] in " \t" or re.match(r"[A-Za-z-]+:( |$)", line) for line in lines), text
        assert "\n" not in head.replace("\r\n", ""), text
        assert max(map(len, content.split(b"\r\n"))) <= 998
        modern = email.message_from_bytes(content, policy=email.policy.default)
        assert len(modern["To"].addresses) == 1, (text, str(modern["To"]))
        assert modern["To"].addresses[0].addr_spec.startswith("tag_member"), text
        assert [part.get_content_type() for part in modern.iter_parts()] == ["text/plain", "text/html"], text
        assert tags_of(content) <= tags, text
        assert "\x00" not in content.decode("ascii")


def _part(message: Any, kind: str) -> str:
    text: str = message.get_body((kind,)).get_content()
    return text


def tags_of(content: bytes) -> set[tuple[str, tuple[str, ...]]]:
    """Every tag of the HTML part with the names of its attributes."""
    message = email.message_from_bytes(content, policy=email.policy.default)
    tree = html.document_fromstring(_part(message, "html"))
    return {(str(element.tag), tuple(sorted(map(str, element.keys())))) for element in tree.iter()}


def test_the_words_themselves_arrive(house):
    for text in ("£5 ≥ 3 → ½ – done ✓", "<script>alert(1)</script>", "{{ x }}", "Ünïcode 中文 עברית 😀", ".dot"):
        for place in ("what", "text"):
            message = email.message_from_bytes(content_with(text, place, house), policy=email.policy.default)
            assert text in _part(message, "plain")
            shown = "".join(map(str, html.document_fromstring(_part(message, "html")).itertext()))
            assert text in shown
    assert message["Subject"] == "Something"
    message = email.message_from_bytes(content_with("£5 ≥ 3 ½ 中文", "what", house), policy=email.policy.default)
    assert message["Subject"] == "£5 ≥ 3 ½ 中文"


def test_a_header_or_a_recipient_that_a_text_did_make_stops_the_e_mail(house, monkeypatch):
    with pytest.raises(ValueError, match=r"headers of its own: \['Bcc'\]"):
        rendering._check_headers(b"".join(f"{name}: x\r\n".encode() for name in [*HEADERS, "Bcc"]), "x")
    monkeypatch.setattr(rendering, "_display_name", lambda text: text)
    with pytest.raises(ValueError, match="names others than"):
        content_with(HOSTILE[-2], "person", house)


def test_an_e_mail_names_its_source_its_day_and_carries_nothing_from_elsewhere(house, settings):
    settings.SITE_URL = "https://testing.example.org/"
    person = make_person("tag_member", house.tag)
    notice = give(person, due_by=now().date())
    letter = letter_of(notice.deliveries.get(), at=now())
    message = email.message_from_bytes(letter.content, policy=email.policy.default)
    plain, shown = (_part(message, kind) for kind in ("plain", "html"))
    for body in (plain, shown):
        assert "SVTAD v1.23, clause 13.20; recorded by Test" in body
        assert f"https://testing.example.org/governance/notices/{notice.public_id}/" in body
        assert "The clause named above requires this notice" in body
    addresses = set(re.findall(r"""(?:https?:)?//[^\s"'<>]+""", plain + shown))
    assert addresses == {f"https://testing.example.org/governance/notices/{notice.public_id}/"}
    assert not re.search(r"<(img|link|script|iframe|object|style)", shown)
    assert message["Auto-Submitted"] == "auto-generated"
    assert str(message["From"]) == "Testing Governance <svtad@localhost>"


def test_without_an_address_of_the_product_there_is_no_link(house, settings):
    settings.SITE_URL = ""
    content = letter_of(give(make_person("tag_member", house.tag)).deliveries.get(), at=now()).content
    assert b"://" not in content


def test_made_up_notices_say_that_they_are_a_synthetic_demonstration(house):
    person = make_person("tag_member", house.tag)
    made_up = letter_of(give(person, is_synthetic=True).deliveries.get(), at=now()).content
    message = email.message_from_bytes(made_up, policy=email.policy.default)
    assert message["Subject"] == "[Synthetic demonstration] Something"
    for kind in ("plain", "html"):
        assert "Synthetic demonstration" in _part(message, kind)
    assert b"Synthetic" not in letter_of(give(person).deliveries.get(), at=now()).content


def test_a_very_long_text_is_cut_in_the_e_mail_and_says_so(house):
    content = letter_of(give(make_person("tag_member", house.tag), text="word " * 20_000).deliveries.get(), at=now())
    body = _part(email.message_from_bytes(content.content, policy=email.policy.default), "plain")
    assert "the rest stands in the product" in body
    assert len(body) < 25_000


def test_an_address_outside_ascii_is_written_as_servers_take_it(house):
    notice = give(addressees=[Addressee(key="SOS", told_as="SOS", name=SOS.name, by_hand="x")])
    Delivery.objects.filter(notice=notice).update(address="post@bücher.example", by_hand="")
    letter = letter_of(notice.deliveries.get(), at=now())
    assert letter.address == "post@xn--bcher-kva.example"
    assert b"To: Secretary of State <post@xn--bcher-kva.example>" in letter.content
