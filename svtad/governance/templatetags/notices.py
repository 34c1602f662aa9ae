"""Notices on pages that are not about them: how many are unread, how one is told, whether mail goes out."""

from __future__ import annotations

from typing import Any

from django import template
from django.template import Context

from svtad.governance import mail
from svtad.governance.models import Timing
from svtad.governance.queries.notices import Outbox, outbox, timing_of, unread_count
from svtad.parties.actors import ANONYMOUS

register = template.Library()


@register.simple_tag(takes_context=True)
def unread_notices(context: Context) -> int:
    """Return how many notices whoever reads the page has not read. One query; none for somebody not signed in."""
    return unread_count(getattr(context.get("request"), "actor", ANONYMOUS))


@register.inclusion_tag("governance/notice_timing.html", takes_context=True)
def notice_timing(context: Context) -> dict[str, Any]:
    """Draw the choice when one is e-mailed what no clause demands."""
    request = context["request"]
    return {
        "request": request,
        "csrf_token": context.get("csrf_token"),
        "choices": Timing.choices,
        "chosen": timing_of(request.user),
    }


@register.simple_tag
def mail_standing() -> tuple[bool, Outbox]:
    """Return whether a mail server is configured, and how the outbox stands."""
    return mail.is_configured(), outbox()
