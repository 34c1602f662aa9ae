"""What a procedure demands to be told, written with the step that demands it; corrections say what they correct."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from svtad.governance.actions.notices import notify, withdraw_unsent
from svtad.governance.models import Decision, Delivery, DeliveryState, Matter, Notice
from svtad.governance.models.notices import NO_ADDRESS
from svtad.governance.queries.notices import correction_words, due_notices, notices_of_the_wrong_record
from svtad.governance.queries.recipients import Addressee
from svtad.parties.actors import Actor
from svtad.parties.audiences import audience_of
from svtad.rulebook.procedures import procedure


def queue_due_notices(
    *, matter: Matter, on: str, decision: Decision | None, by: Actor, at: dt.datetime
) -> list[Notice]:
    """Write what the matter's procedure demands to be told on the outcome `on` ("OPEN": when the matter is opened).

    To be called in the transaction of the opening or of the decision. Asked twice it writes nothing more. A decision
    that corrects a record says so, takes back what is not sent of the wrong one, and is told to all who had that;
    where nothing that was told has changed, nobody is told again.
    """
    if decision is not None and decision.supersedes is not None and not _tells_otherwise(decision, decision.supersedes):
        return []
    wrong = notices_of_the_wrong_record(decision) if decision is not None else []
    for each in wrong:
        withdraw_unsent(each, reason=f"The record was corrected: {matter.reference}.", by=by, at=at)
    step = decision.public_id if decision is not None else matter.public_id
    given = [
        notify(
            key=f"{step}:{on}:{due.number}",
            what=due.what,
            text=due.text,
            addressees=due.addressees,
            audience=audience_of(*due.audience_keys),
            is_required=due.rule.duty == "shall",
            document=matter.document,
            version=matter.version,
            clause=due.rule.clause,
            to=due.rule.to,
            matter=matter,
            decision=decision,
            publish=due.is_published,
            due_by=due.due_by,
            attachment=decision.document if decision is not None and due.rule.with_document else None,
            is_synthetic=matter.is_synthetic,
            by=by,
            at=at,
        )
        for due in due_notices(matter, on=on, decision=decision, corrected=wrong, at=at)
    ]
    if decision is not None:
        given += _correct_for_the_others(wrong, given, decision, by=by, at=at)
    return given


def _tells_otherwise(right: Decision, wrong: Decision) -> bool:
    """Return whether anything of what a notice tells of a decision was changed by its correction."""
    told = ["outcome", "data", "against_computed", "decided_at", "notified_at", "effective_at"]
    if any(due.with_document for due in procedure(right.matter.procedure).notices_on(right.outcome)):
        told.append("document_id")
    return any(getattr(right, name) != getattr(wrong, name) for name in told)


def _correct_for_the_others(
    wrong: Iterable[Notice], right: Iterable[Notice], decision: Decision, *, by: Actor, at: dt.datetime
) -> list[Notice]:
    """Tell those to whom a wrong record was told, and whom no notice of the right one reaches, that it was wrong."""
    told_now = list(right)
    reached = set(Delivery.objects.filter(notice__in=told_now).values_list("recipient", flat=True))
    is_published = any(each.is_published for each in told_now)
    given = []
    for each in wrong:
        # What was taken back before it was sent may have been read in the product.
        rows = each.deliveries.exclude(state=DeliveryState.WITHDRAWN, read_at=None).exclude(recipient__in=reached)
        others = list(rows.select_related("person", "organisation").order_by("pk"))
        publish = each.is_published and not is_published
        if not others and not publish:
            continue
        given.append(
            notify(
                key=f"{decision.public_id}:CORRECTS:{each.pk}",
                what=f"Corrected: {each.what}",
                text=correction_words(decision, each),
                addressees=[
                    Addressee(
                        key=row.recipient,
                        told_as=row.told_as,
                        name=row.name,
                        person=row.person,
                        organisation=row.organisation,
                        by_hand=NO_ADDRESS if row.person is None else "",
                    )
                    for row in others
                ],
                audience=each.audience,
                is_required=each.is_required,
                document=each.document,
                version=each.version,
                clause=each.clause,
                to=each.to,
                matter=decision.matter,
                decision=decision,
                publish=publish,
                is_synthetic=each.is_synthetic,
                by=by,
                at=at,
            )
        )
        reached |= {row.recipient for row in others}
    return given
