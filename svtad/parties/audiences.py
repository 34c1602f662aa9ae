"""Interned audiences: the set of keys that may see a thing."""

from __future__ import annotations

from django.db import transaction

from svtad.parties.models import Audience, AudienceKey, Organisation, visible_audience_ids

__all__ = ["GOVERNANCE", "audience_of", "org_key", "visible_audience_ids"]

#: Everyone who governs a phase: the DCC, the boards, the Secretary of State, the Authority, the SIT Auditor.
GOVERNANCE = ("dcc", "tab", "tag", "panel", "sos", "authority", "sit_auditor")


def org_key(organisation: Organisation) -> str:
    """Return the audience key of one organisation."""
    return f"org:{organisation.public_id}"


def audience_of(*keys: str) -> Audience:
    """Return the audience of exactly these keys, making it once."""
    canonical = ",".join(sorted(set(keys)))
    found = Audience.objects.filter(text=canonical).first()
    if found:
        return found
    with transaction.atomic():
        audience, made = Audience.objects.get_or_create(text=canonical)
        if made:
            AudienceKey.objects.bulk_create([AudienceKey(audience=audience, key=key) for key in sorted(set(keys))])
    return audience
