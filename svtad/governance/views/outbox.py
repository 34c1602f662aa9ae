"""The outbox: the mail server, addresses outside the product, what goes by hand, what failed."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpResponseBase
from django.shortcuts import get_object_or_404, render

from svtad.governance import mail
from svtad.governance.actions import (
    keep_upload,
    record_sent_by_hand,
    retry_delivery,
    set_notice_address,
    withdraw_notice,
)
from svtad.governance.forms import AddressForm, ByHandForm, WithdrawForm
from svtad.governance.models import Channel, Delivery, DeliveryState, Notice
from svtad.governance.policies import check_can_manage_notices, check_can_see_outbox, check_can_set_notice_address
from svtad.governance.queries.notices import addressable, addresses
from svtad.governance.queries.notices import outbox as standing
from svtad.governance.views.notices import clause_of, may_withdraw, named, sign_of, ways
from svtad.lib import clock
from svtad.parties.actors import Actor
from svtad.parties.audiences import GOVERNANCE, audience_of
from svtad.parties.policies import allowed
from svtad.parties.views.lists import csv_response, paged
from svtad.parties.views.pages import PageRequest, carried_out, done, page

#: What the list may be narrowed to.
STATES = (("BY_HAND", "To be sent by hand"), *DeliveryState.choices)


@page("GET")
def outbox(request: PageRequest) -> HttpResponseBase:
    """Every e-mail and every notice by hand, the open ones first; `?state=` narrows it, `?as=csv` sends it."""
    return _outbox_page(request)


@page("POST")
def address(request: PageRequest) -> HttpResponseBase:
    """Set the address of a recipient outside the product."""
    check_can_set_notice_address(request.actor)
    form = AddressForm(request.POST, recipients=addressable())
    if carried_out(form, lambda: _set_address(form, request.actor)) is None:
        return _outbox_page(request, address=form)
    return done(request, "Kept: what waits goes to this address.", "governance:outbox")


def _set_address(form: AddressForm, actor: Actor) -> bool:
    set_notice_address(**form.cleaned_data, by=actor)
    return True


@page("GET", "POST")
def by_hand(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Record that a notice was sent by hand: when, how, and the document that shows it."""
    found = _delivery(request, public_id)
    form = ByHandForm(request.POST or None, request.FILES or None, initial={"sent_at": clock.now()})
    refused = allowed(check_can_manage_notices, request.actor)[1]
    if request.method == "POST":
        made = carried_out(form, lambda: _record(found, form, request.actor))
        if made is not None:
            return done(request, f"{found.name}: recorded.", "governance:notice", _notice(found).public_id)
    notice = _notice(found)
    context = {
        "title": f"By hand: {found.name}",
        "delivery": found,
        "notice": notice,
        "clause": clause_of(notice),
        "named": named(notice),
        "sign": sign_of(found),
        "form": form,
        "withdraw": WithdrawForm(prefix="withdraw"),
        "may_withdraw": may_withdraw(found),
        "refused": refused,
        "tries": list(found.tries.all()),
        "synthetic": notice.is_synthetic,
    }
    return render(request, "governance/notice_by_hand.html", context, status=400 if form.errors else 200)


@transaction.atomic
def _record(delivery: Delivery, form: ByHandForm, actor: Actor) -> Delivery:
    check_can_manage_notices(actor)
    given = form.cleaned_data
    document = keep_upload(
        given["document"],
        purpose="notice",
        audience=audience_of(*GOVERNANCE),
        by=actor,
        is_synthetic=_notice(delivery).is_synthetic,
    )
    return record_sent_by_hand(
        delivery=delivery, how=given["how"], sent_at=given["sent_at"], document=document, by=actor
    )


@page("POST")
def retry(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Let a failed e-mail be sent again."""
    found = _delivery(request, public_id)
    retry_delivery(delivery=found, by=request.actor)
    return done(request, f"{found.name}: it is sent again.", "governance:outbox")


@page("POST")
def withdraw(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Take back one delivery that is not sent."""
    found = _delivery(request, public_id)
    form = WithdrawForm(request.POST, prefix="withdraw")
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    notice = _notice(found)
    withdraw_notice(notice=notice, delivery=found, reason=reason, by=request.actor)
    return done(request, f"{found.name}: withdrawn.", "governance:notice", notice.public_id)


def _delivery(request: PageRequest, public_id: str) -> Delivery:
    """Return a delivery that the person looks after. Raises ActionDenied, and Http404."""
    check_can_see_outbox(request.actor)
    rows: QuerySet[Delivery] = Delivery.objects.visible_to(request.actor).filter(notice__isnull=False)
    return get_object_or_404(rows.select_related("notice__matter", "document"), public_id=public_id)


def _notice(delivery: Delivery) -> Notice:
    if delivery.notice is None:
        raise Http404  # a digest is nobody's to record
    return delivery.notice


def _outbox_page(request: PageRequest, *, address: AddressForm | None = None) -> HttpResponseBase:
    check_can_see_outbox(request.actor)
    rows: QuerySet[Delivery] = Delivery.objects.visible_to(request.actor).filter(channel=Channel.EMAIL)
    state = request.GET.get("state", "")
    if state == "BY_HAND":
        rows = rows.filter(state=DeliveryState.QUEUED).exclude(by_hand="")
    elif state == DeliveryState.QUEUED:
        rows = rows.filter(state=state, by_hand="")
    elif state in DeliveryState.values:
        rows = rows.filter(state=state)
    rows = rows.select_related("notice").order_by("-pk")
    if request.GET.get("as") == "csv":
        return csv_response("outbox.csv", HEADER, (_row(each) for each in rows.iterator(chunk_size=500)))
    found = paged(request, rows)
    for each in found.object_list:
        each.sign = sign_of(each)
    known, held = addressable(), addresses()
    context: dict[str, Any] = {
        "title": "Outbox",
        "rows": found,
        "states": STATES,
        "state": state,
        "standing": standing(),
        "configured": mail.is_configured(),
        "server": mail.server_name(),
        "addresses": [(name, held.get(key)) for key, name in known.items()],
        "form": address or AddressForm(recipients=known),
        "may_address": allowed(check_can_set_notice_address, request.actor)[0],
        "tried": address is not None,
        "here": "outbox",
        **ways(request.actor),
    }
    return render(request, "governance/notices_outbox.html", context, status=400 if address is not None else 200)


HEADER = (
    "Given",
    "What",
    "Clause",
    "Recipient",
    "Address",
    "State",
    "Attempts",
    "Sent",
    "Proof",
    "Last error",
    "Uncertain since",
    "Message-ID",
)


def _row(delivery: Delivery) -> tuple[str | int | dt.datetime | None, ...]:
    notice = delivery.notice
    return (
        delivery.recorded_at,
        notice.what if notice is not None else f"Digest of {delivery.digest_on}",
        clause_of(notice) if notice is not None else "",
        delivery.name,
        delivery.address,
        sign_of(delivery)[0],
        delivery.attempts,
        delivery.sent_at,
        delivery.proof,
        delivery.last_error or delivery.by_hand,
        delivery.uncertain_at,
        delivery.message_id,
    )
