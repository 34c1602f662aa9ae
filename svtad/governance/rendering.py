"""What e-mails say: a notice, or a day's notices together, as plain text and as plain HTML.

A second copy is byte for byte the first: its Message-ID, date and boundary come from the delivery, nothing from the
moment of sending. No picture and no address elsewhere: nobody learns from an e-mail that it was read.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, default
from email.utils import format_datetime, parseaddr

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from svtad.governance.files import read_file
from svtad.governance.models import Delivery, Notice, StoredFile
from svtad.lib.clock import LONDON
from svtad.lib.text import plain_line
from svtad.parties.actors import Actor, actor_for

PRODUCT = "Testing Governance"
SYNTHETIC = "Synthetic demonstration"
#: The longest subject, and the most of a notice's text that an e-mail carries: the rest stands in the product.
SUBJECT_LONGEST = 180
TEXT_LONGEST = 20_000
_POLICY = SMTP.clone(max_line_length=76)
#: What would have to be quoted in a name, or begins an encoded word.
_SIGNS = re.compile(r'[()<>\[\]:;@\\,."=?]')
_MEDIA_TYPE = re.compile(r"([a-zA-Z0-9]+)/([a-zA-Z0-9.+-]+)")
_HEADERS = ("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type")


@dataclass(frozen=True, kw_only=True)
class Letter:
    """An e-mail about to go: from and to which address, and its bytes."""

    sender: str
    address: str
    content: bytes
    enclosed: str = ""
    """What was attached, by name and SHA-256, for the proof."""


@dataclass(frozen=True, kw_only=True)
class Item:
    """One notice as an e-mail shows it."""

    what: str
    text: str
    source: str
    due_by: dt.date | None
    link: str
    enclosure: str
    is_synthetic: bool


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """What an e-mail shows, in either form."""

    heading: str
    items: list[Item]
    is_digest: bool
    synthetic: str
    name: str
    why: str
    product: str = PRODUCT


class NotToBeSent(Exception):
    """A delivery that must not go out any more. Its text says why."""


def letter_of(delivery: Delivery, *, at: dt.datetime) -> Letter:
    """Return the e-mail of a delivery, to the address that holds now.

    Raises NotToBeSent where the person may no longer sign in or no longer see what it says, and ValueError for an
    address that no e-mail can be sent to.
    """
    person = delivery.person
    address = person.email if person is not None else delivery.address
    notices = _notices(delivery)
    if person is not None:
        notices = _still_seen(notices, actor_for(person, at=at), is_active=person.is_active)
    alone = notices[0].attachment if delivery.notice_id else None
    attached = alone if alone is not None and alone.size <= attachment_max_bytes() else None
    items = [_item(notice, attached=attached) for notice in notices]
    heading = items[0].what if delivery.notice_id else _digest_heading(delivery, len(items))
    synthetic = SYNTHETIC if any(item.is_synthetic for item in items) else ""
    sheet = Sheet(
        heading=heading,
        items=items,
        is_digest=delivery.notice_id is None,
        synthetic=synthetic,
        name=plain_line(delivery.name),
        why=_why(delivery, notices),
    )
    to = _in_ascii(address)
    content = _message(
        delivery,
        subject=f"[{synthetic}] {heading}" if synthetic else heading,
        to=to,
        text=_plain(sheet),
        html=render_to_string("governance/notice_email.html", {"sheet": sheet}),
        attached=attached,
    ).as_bytes()
    _check_headers(content, to)
    return Letter(
        sender=_in_ascii(parseaddr(settings.DEFAULT_FROM_EMAIL)[1]),
        address=_in_ascii(address),
        content=content,
        enclosed=f"{attached.name}, SHA-256 {attached.sha256}" if attached is not None else "",
    )


def attachment_max_bytes() -> int:
    """Return the largest document that is attached to an e-mail, in bytes (NOTICE_ATTACHMENT_MAX_BYTES, 10 MiB)."""
    return int(getattr(settings, "NOTICE_ATTACHMENT_MAX_BYTES", 10 * 1024 * 1024))


def _notices(delivery: Delivery) -> list[Notice]:
    if delivery.notice is not None:
        return [delivery.notice]
    return [item.notice for item in delivery.items.select_related("notice").order_by("pk")]


def _still_seen(notices: list[Notice], actor: Actor, *, is_active: bool) -> list[Notice]:
    if not is_active:
        raise NotToBeSent("The person may no longer sign in.")
    held = set(
        Notice.objects.visible_to(actor).filter(pk__in=[notice.pk for notice in notices]).values_list("pk", flat=True)
    )
    seen = [notice for notice in notices if notice.pk in held]
    if not seen:
        raise NotToBeSent("The person may no longer see what it says.")
    return seen


def _enclosure(notice: Notice, attached: StoredFile | None) -> str:
    """Return what an e-mail says of the document that goes with a notice: attached, or where it is and why."""
    stored = notice.attachment
    if stored is None:
        return ""
    named = f"{plain_line(stored.name)} ({stored.size:,} bytes, SHA-256 {stored.sha256})"
    if stored is attached:
        return f"With this notice: {named}, attached."
    site = settings.SITE_URL.rstrip("/")
    route = "governance:published-document" if notice.is_published else "governance:file"
    path = reverse(route, args=[notice.public_id if notice.is_published else stored.public_id])
    where = f"it is at {site}{path}" if site else "it stands with the notice in the product"
    why = "too large for an e-mail" if stored.size > attachment_max_bytes() else "not attached to a day's notices"
    return f"With this notice: {named}, {why}; {where}."


def _item(notice: Notice, *, attached: StoredFile | None = None) -> Item:
    path = reverse("governance:notice", args=[notice.public_id])
    document = f"{notice.document} v{notice.version}" if notice.document else ""
    source = ", ".join(part for part in (document, f"clause {notice.clause}" if notice.clause else "") if part)
    text = _clean(notice.text)
    if len(text) > TEXT_LONGEST:
        text = f"{text[:TEXT_LONGEST]}… (the rest stands in the product)"
    return Item(
        what=plain_line(notice.what),
        text=text,
        source=f"{source or 'no clause'}; recorded by {plain_line(notice.recorded_by)}",
        due_by=notice.due_by,
        enclosure=_enclosure(notice, attached),
        link=f"{settings.SITE_URL.rstrip('/')}{path}" if settings.SITE_URL else "",
        is_synthetic=notice.is_synthetic,
    )


def _digest_heading(delivery: Delivery, count: int) -> str:
    day = f"{delivery.digest_on:%-d %B %Y}" if delivery.digest_on else ""
    return f"{count} notice{'' if count == 1 else 's'} up to {day}"


def _why(delivery: Delivery, notices: list[Notice]) -> str:
    """Return why this e-mail comes, in a sentence."""
    if delivery.notice_id is None:
        return "You asked for a day's notices together; you can change that on your account page."
    if notices[0].is_required:
        return "The clause named above requires this notice, so it is e-mailed to each recipient."
    if delivery.person_id is None:
        return "This is the address that is set for you."
    return "You asked for notices by e-mail, each at once; you can change that on your account page."


def _clean(text: str) -> str:
    """Return text on its lines, each without control and direction-changing characters."""
    return "\n".join(plain_line(line) for line in text.splitlines()).strip()


def _plain(sheet: Sheet) -> str:
    lines = [f"{sheet.synthetic}: what this says was made up.", ""] if sheet.synthetic else []
    if sheet.is_digest:
        lines += [sheet.heading, ""]
    for item in sheet.items:
        lines += [item.what, "", item.text, ""]
        if item.due_by:
            lines.append(f"Due by: {item.due_by:%-d %B %Y}")
        lines += [item.enclosure] if item.enclosure else []
        lines.append(f"Source: {item.source}")
        lines += [item.link, ""] if item.link else [""]
    return "\n".join([*lines, "-- ", f"{sheet.product}, to {sheet.name}.", sheet.why, ""])


def _message(
    delivery: Delivery, *, subject: str, to: str, text: str, html: str, attached: StoredFile | None = None
) -> EmailMessage:
    message = EmailMessage(policy=_POLICY)
    sender_name, sender = parseaddr(settings.DEFAULT_FROM_EMAIL)
    message["From"] = Address(display_name=_display_name(sender_name) or PRODUCT, addr_spec=_in_ascii(sender))
    message["To"] = Address(display_name=_display_name(delivery.name), addr_spec=to)
    message["Subject"] = _for_header(subject, SUBJECT_LONGEST)
    message["Date"] = format_datetime(delivery.recorded_at.astimezone(LONDON))
    message["Message-ID"] = delivery.message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    message.set_boundary(f"=_{delivery.public_id}")
    if attached is not None:
        _attach(message, attached)
        message.set_boundary(f"=_{delivery.public_id}_with")
    return message


def _attach(message: EmailMessage, stored: StoredFile) -> None:
    """Add a document under its own name; what is no media type travels as plain bytes."""
    kind = _MEDIA_TYPE.fullmatch(stored.media_type)
    main, sub = (kind[1].lower(), kind[2].lower()) if kind else ("application", "octet-stream")
    if main in ("multipart", "message", "text"):  # whose bytes would be taken for something else, or re-written
        main, sub = "application", "octet-stream"
    name = _for_header(stored.name, 100).encode("ascii", "replace").decode().replace("?", "_")
    message.add_attachment(read_file(stored), maintype=main, subtype=sub, filename=name or "document")


def _for_header(text: str, longest: int) -> str:
    """Return text as a header may carry it.

    What looks like an encoded word is broken: Python decodes one that it is given, and up to 3.11.9 writes a line
    break out of it into the header as it is (CVE-2024-6923).
    """
    return plain_line(text)[:longest].replace("=?", "= ?").strip()


def _display_name(text: str) -> str:
    """Return a name as it may stand before an address, without the signs that would have to be quoted.

    Python drops the quotes where it folds a long name, and what stood in them becomes addresses.
    """
    return " ".join(_SIGNS.sub(" ", plain_line(text))[:60].split())


def _check_headers(content: bytes, address: str) -> None:
    """Raise ValueError where a message has other headers than ours, or goes to somebody else: no text may do that."""
    found = message_from_bytes(content, policy=default)
    if sorted(found.keys()) != sorted(_HEADERS):
        raise ValueError(f"the message has headers of its own: {sorted(set(found.keys()) ^ set(_HEADERS))}")
    named = [each.addr_spec for each in found["To"].addresses]
    if named != [address]:
        raise ValueError(f"the message names others than {address}: {named}")


def _in_ascii(address: str) -> str:
    """Return an address as every mail server takes it. Raises ValueError for one that cannot be written so."""
    local, _, domain = address.rpartition("@")
    if not local or not domain or not local.isascii() or any(char.isspace() for char in address):
        raise ValueError(f"{address!r} is no address that e-mail can be sent to")
    return f"{local}@{domain.encode('idna').decode('ascii')}"
