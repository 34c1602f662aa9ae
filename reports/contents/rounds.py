"""SIT before the Panel, round by round (13.15, 13.16), as it stood when the report was made."""

from __future__ import annotations

import datetime as dt

from reports.contents.words import day, instant, plain
from reports.round_shapes import AnsweredRow, Attachment, Cited, PackageRow, RoundEntry, Rounds, ViewRow
from svtad.gates.models import EvidenceItem
from svtad.gates.queries.answers import Answer, Answered, Judged, answered
from svtad.gates.queries.rounds import CriterionView, Round, Sent, rounds_of
from svtad.governance.models import Decision, Matter
from svtad.governance.queries import states_at
from svtad.parties.actors import system_actor
from testphases.models import TestScope

_KINDS = {
    "COMPLETION_REPORT": "Completion Report (9.7)",
    "SIT_AUDIT_REPORT": "SIT Audit Report (19.4)",
    "PROVIDER_REPORT": "Provider report (9.4)",
    "ASSURANCE_REPORT": "DCC assurance report (9.5)",
}


def rounds(scope: TestScope, *, moment: dt.datetime) -> Rounds | None:
    """Return the rounds of a SIT as they were recorded by `moment`; None where SIT was not put before the Panel.

    Unlike the rest of a report this does not come from the facts: a round is decisions alone, and what the Panel
    named after the facts were taken is what the next round answers.
    """
    rows = Matter.objects.filter(procedure="SIT_COMPLETION", scope_id=scope.public_id, recorded_at__lte=moment)
    matter = rows.order_by("pk").last()
    if matter is None:
        return None
    # Whom the report is for sees all of it: who reads the report is a question of the report.
    reader = system_actor()
    held = rounds_of(matter, scope, reader, moment=moment)
    replies = answered(held, scope, reader, moment=moment)
    return Rounds(
        matter=matter.reference,
        state=plain(states_at(Matter.objects.filter(pk=matter.pk), moment)[matter.pk]),
        as_known=instant(moment),
        rounds=tuple(_entry(each, matter, replies.get(each.number)) for each in held),
    )


def cited(decision: Decision, *, reference: str) -> str:
    """Return how a decision is cited: its matter and its number in it."""
    return f"{reference}, decision {decision.sequence}"


def _entry(held: Round, matter: Matter, reply: Answered | None) -> RoundEntry:
    said = [each for each in held.views if each.view != "NO_VIEW" or each.words]
    return RoundEntry(
        number=held.number,
        announced=tuple(_cited(each, matter) for each in held.announced),
        packages=tuple(_package(each, matter) for each in held.packages),
        reviewed=_cited(held.reviewed, matter) if held.reviewed else None,
        views=tuple(ViewRow(name=each.name, title=each.title, said=each.said, words=each.words) for each in said),
        unsaid=len(held.views) - len(said),
        determined=_cited(held.determined, matter) if held.determined else None,
        directed=_cited(held.directed, matter) if held.directed else None,
        criteria=tuple(map(_answer, reply.criteria)) if reply else (),
        submitted=tuple(map(_attachment, reply.submitted)) if reply else (),
        missing=tuple(held.missing),
    )


def _cited(decision: Decision, matter: Matter) -> Cited:
    marks = {
        "against the computed result": decision.against_computed,
        "out of its listed order": decision.out_of_order,
        "correction": decision.supersedes_id is not None,
    }
    return Cited(
        reference=cited(decision, reference=matter.reference),
        body=plain(decision.body),
        outcome=plain(decision.outcome),
        clause=decision.clause,
        decided=day(decision.decided_at),
        marks=tuple(words for words, is_marked in marks.items() if is_marked),
        missing=tuple(decision.missing),
        rationale=decision.rationale,
        document=decision.document.name if decision.document else "",
        sha256=decision.document.sha256 if decision.document else "",
    )


def _package(sent: Sent, matter: Matter) -> PackageRow:
    return PackageRow(
        sent=_cited(sent.decision, matter), reports=tuple(map(_attachment, sent.reports)), absent=sent.absent
    )


def _attachment(item: EvidenceItem) -> Attachment:
    whose = f", {item.provider}" if item.provider else ""
    return Attachment(
        what=f"{_KINDS.get(item.kind) or plain(item.kind)}{whose}",
        name=item.file.name,
        date=day(item.occurred_at),
        sha256=item.file.sha256,
    )


def _answer(each: Answer) -> AnsweredRow:
    return AnsweredRow(
        name=each.name,
        title=each.title,
        judged=_word(each.judged),
        judged_next=_word(each.judged_next),
        summary_next=each.judged_next.summary,
        tag=_view(each.tag),
        tag_next=_view(each.tag_next),
        outcome=each.outcome,
    )


def _word(judged: Judged) -> str:
    return judged.word or "not judged"


def _view(view: CriterionView | None) -> str:
    if view is None:
        return "not asked yet"
    return f"{view.said}: {view.words}" if view.words else view.said
