"""Notices: what I was told, what anybody was told and the proof of it, and what is published."""

from __future__ import annotations

from typing import Any, cast

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from svtad.governance.actions import mark_all_read, mark_read, set_notice_timing, withdraw_notice
from svtad.governance.forms import TimingForm, WithdrawForm
from svtad.governance.models import Delivery, DeliveryState, Matter, Notice, StoredFile
from svtad.governance.policies import check_can_manage_notices, check_can_see_outbox
from svtad.governance.queries.notices import given as notices_given
from svtad.governance.queries.notices import inbox
from svtad.governance.queries.recipients import NAMES
from svtad.governance.queries.redacted import redact
from svtad.governance.views.files import sent
from svtad.lib.clock import now
from svtad.parties.actors import ANONYMOUS, Actor, actor_for
from svtad.parties.policies import allowed
from svtad.parties.views.lists import csv_response, paged
from svtad.parties.views.pages import PageRequest, carried_out, done, page, safe_back
from svtad.rulebook.procedures import Recipient

#: How the state of a delivery is shown: the word, the look of the badge.
SIGNS = {
    DeliveryState.QUEUED: ("Waiting", "awaiting"),
    DeliveryState.SENDING: ("Being sent", "awaiting"),
    DeliveryState.SENT: ("Sent", "met"),
    DeliveryState.UNCERTAIN: ("Uncertain: sent again", "cannot"),
    DeliveryState.FAILED: ("Failed", "not-met"),
    DeliveryState.WITHDRAWN: ("Withdrawn", "not-started"),
}


@page("GET")
def notices(request: PageRequest) -> HttpResponseBase:
    """My inbox of notices, the unread first; `?show=` and `?q=` narrow it, `?as=csv` sends the same as CSV."""
    rows = inbox(request.actor)
    show, text = request.GET.get("show", ""), request.GET.get("q", "").strip()
    if show in ("unread", "read"):
        rows = rows.filter(read_at__isnull=show == "unread")
    if text:
        rows = rows.filter(
            Q(notice__what__icontains=text) | Q(notice__clause__iexact=text) | Q(notice__matter__reference__iexact=text)
        )
    if request.GET.get("as") == "csv":
        return csv_response(
            "notices.csv",
            ("Given", "What", "Clause", "Due by", "Read", "Told by", "Text"),
            (
                (
                    row.notice.recorded_at,
                    row.notice.what,
                    clause_of(row.notice),
                    row.notice.due_by,
                    row.read_at,
                    row.get_channel_display(),
                    row.notice.text,
                )
                for row in rows.iterator(chunk_size=500)
                if row.notice is not None
            ),
        )
    context = {
        "title": "Notices",
        "rows": paged(request, rows),
        "unread": inbox(request.actor).filter(read_at__isnull=True).count(),
        "chosen": {"show": show, "q": text},
        "here": "mine",
        **ways(request.actor),
    }
    return render(request, "governance/notices.html", context)


@page("GET")
def given(request: PageRequest) -> HttpResponseBase:
    """Every notice that the person may see, with how many were told; for those who govern."""
    if not request.actor.may("see_all_phases"):
        return notices(request)
    rows: QuerySet[Any] = notices_given(request.actor)
    state, text = request.GET.get("state", ""), request.GET.get("q", "").strip()
    if state == "by_hand":
        rows = rows.filter(by_hand__gt=0)
    elif state == "failed":
        rows = rows.filter(failed__gt=0)
    if text:
        rows = rows.filter(Q(what__icontains=text) | Q(clause__iexact=text) | Q(matter__reference__iexact=text))
    if request.GET.get("as") == "csv":
        return csv_response(
            "notices-given.csv",
            ("Given", "What", "Clause", "To", "Recipients", "Told", "To be sent by hand", "Failed", "Due by", "By"),
            (
                (
                    each.recorded_at,
                    each.what,
                    clause_of(each),
                    "; ".join(named(each)),
                    each.recipients,
                    each.told,
                    each.by_hand,
                    each.failed,
                    each.due_by,
                    each.recorded_by,
                )
                for each in rows.iterator(chunk_size=500)
            ),
        )
    found = paged(request, rows)
    for each in found.object_list:
        each.named = named(each)
    context = {
        "title": "Notices given",
        "rows": found,
        "chosen": {"state": state, "q": text},
        "here": "given",
        **ways(request.actor),
    }
    return render(request, "governance/notices_given.html", context)


@page("GET")
def notice(request: PageRequest, public_id: str) -> HttpResponseBase:
    """One notice: what it says, by which clause, who was told when, and the proof."""
    found = get_object_or_404(
        Notice.objects.visible_to(request.actor).select_related("matter", "decision", "attachment"), public_id=public_id
    )
    return notice_page(request, found)


def notice_page(request: PageRequest, found: Notice, *, withdraw: WithdrawForm | None = None) -> HttpResponseBase:
    """Draw the page of a notice that the person may see."""
    actor = request.actor
    governs = actor.may("see_all_phases")
    rows: QuerySet[Delivery] = Delivery.objects.visible_to(actor).filter(notice=found)
    deliveries: list[Any] = list(rows.select_related("document").prefetch_related("tries"))
    for each in deliveries:
        each.sign = sign_of(each)
    may_manage, _ = allowed(check_can_manage_notices, actor)
    redact(actor, [found.matter] if found.matter is not None else [])
    sees_matter = found.matter is not None and Matter.objects.visible_to(actor).filter(pk=found.matter_id).exists()
    context = {
        "title": found.what,
        "notice": found,
        "clause": clause_of(found),
        "named": named(found),
        "matter": found.matter if sees_matter else None,
        "mine": next((each for each in deliveries if each.person_id == actor.person_pk), None),
        "deliveries": paged(request, deliveries) if governs else None,
        "told": sum(each.state == DeliveryState.SENT for each in deliveries),
        "may_manage": may_manage,
        "may_see_addresses": allowed(check_can_see_outbox, actor)[0],
        "withdrawable": may_manage and any(may_withdraw(each) for each in deliveries),
        "withdraw": withdraw or WithdrawForm(),
        "tried": withdraw is not None,
        "synthetic": found.is_synthetic,
        "here": "",
        **ways(actor),
    }
    return render(request, "governance/notice.html", context, status=400 if withdraw is not None else 200)


@page("POST")
def read(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Mark one notice as read."""
    found = get_object_or_404(Notice.objects.visible_to(request.actor), public_id=public_id)
    mark_read(notice=found, by=request.actor)
    return done(request, f"Read: {found.what}", safe_back(request, "") or "governance:notices")


@page("POST")
def read_all(request: PageRequest) -> HttpResponseBase:
    """Mark every notice in the inbox as read."""
    count = mark_all_read(by=request.actor)
    return done(request, f"{count} notice{'' if count == 1 else 's'} marked as read.", "governance:notices")


@page("POST")
def withdraw(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Take back what is not sent of a notice."""
    found = get_object_or_404(Notice.objects.visible_to(request.actor), public_id=public_id)
    form = WithdrawForm(request.POST)
    count = carried_out(form, lambda: withdraw_notice(notice=found, **form.cleaned_data, by=request.actor))
    if count is None:
        return notice_page(request, found, withdraw=form)
    return done(request, f"Withdrawn from {count}.", "governance:notice", found.public_id)


@page("POST")
def timing(request: PageRequest) -> HttpResponseBase:
    """Set when I am e-mailed what no clause demands."""
    form = TimingForm(request.POST)
    set_notice_timing(person=request.user, timing=form.data.get("timing", ""), by=request.actor)
    return done(request, "Kept: this is how you are told from now on.", safe_back(request, "/"))


@require_safe
def published(request: HttpRequest) -> HttpResponseBase:
    """What is published, for anybody; `?q=` narrows it, `?as=csv` sends the same as CSV."""
    _known(request)
    rows = _published()
    text = request.GET.get("q", "").strip()
    if text:
        rows = rows.filter(Q(what__icontains=text) | Q(clause__iexact=text))
    if request.GET.get("as") == "csv":
        return csv_response(
            "published.csv",
            ("Published", "What", "Clause", "Due by", "Text"),
            (
                (each.published_at, each.what, clause_of(each), each.due_by, each.text)
                for each in rows.iterator(chunk_size=500)
            ),
        )
    context = {"title": "Published notices", "rows": paged(request, rows), "q": text}
    return render(request, "governance/notices_published.html", context)


@require_safe
def one_published(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """One published notice, for anybody."""
    _known(request)
    found = get_object_or_404(_published(), public_id=public_id)
    context = {
        "title": found.what,
        "notice": found,
        "clause": clause_of(found),
        "named": named(found),
        "synthetic": found.is_synthetic,
    }
    return render(request, "governance/notice_published.html", context)


@require_safe
def published_document(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """The document that goes with a published notice, for anybody."""
    found = get_object_or_404(_published().filter(attachment__isnull=False), public_id=public_id)
    return sent(request, get_object_or_404(StoredFile.objects.visible_to(ANONYMOUS), pk=found.attachment_id))


def _published() -> QuerySet[Notice]:
    rows: QuerySet[Notice] = Notice.objects.visible_to(ANONYMOUS).filter(is_published=True)
    return rows.order_by("-published_at", "-pk")


def _known(request: HttpRequest) -> None:
    """Let the page's frame know who reads, where somebody signed in."""
    if request.user.is_authenticated:
        cast(PageRequest, request).actor = actor_for(request.user, at=now())


def ways(actor: Actor) -> dict[str, bool]:
    """Return which of the pages on notices a person has."""
    return {"governs": actor.may("see_all_phases"), "keeps_outbox": allowed(check_can_see_outbox, actor)[0]}


def clause_of(notice: Notice) -> str:
    """Return a notice's clause with its document, or "" where it rests on none."""
    document = f"{notice.document} v{notice.version}" if notice.document else ""
    return ", ".join(part for part in (document, notice.clause) if part)


def named(notice: Notice) -> list[str]:
    """Return the recipients as the clause names them."""
    return [NAMES[Recipient(each)] if each in Recipient.__members__ else str(each) for each in notice.to]


def sign_of(delivery: Delivery) -> tuple[str, str]:
    """Return the word and the look of a delivery's state."""
    if delivery.waits_for_hand:
        return ("To be sent by hand", "awaiting")
    if delivery.state == DeliveryState.SENT and delivery.document_id is not None:
        return ("Sent by hand", "met")
    return SIGNS[DeliveryState(delivery.state)]


def may_withdraw(delivery: Delivery) -> bool:
    """Return whether a delivery has neither gone out nor perhaps gone out."""
    return delivery.state in (DeliveryState.QUEUED, DeliveryState.FAILED) and delivery.uncertain_at is None
