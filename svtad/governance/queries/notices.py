"""Reading notices: what is due, what somebody was told, and how the outbox stands."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import BooleanField, Count, ExpressionWrapper, Min, Q, QuerySet

from svtad.governance.calendar import last_day_of_window
from svtad.governance.models import Decision, Delivery, MailRelay, Matter, Notice, NoticeAddress, NoticePreference
from svtad.governance.models.notices import UNTIL_ADDRESS, Channel, DeliveryState, Timing
from svtad.governance.queries.recipients import OUTSIDE, Addressee, told
from svtad.lib.clock import LONDON, london_date
from svtad.parties.actors import Actor
from svtad.parties.models import Person
from svtad.rulebook.deadlines import Basis
from svtad.rulebook.procedures import NoticeDue, Procedure, procedure

#: The hour of London at which a day's notices are sent together.
DIGEST_AT = dt.time(8)


@dataclass(frozen=True, kw_only=True)
class DueNotice:
    """One notice that a procedure demands at a step: the rule, who is told, in which words, seen by whom."""

    rule: NoticeDue
    number: int
    addressees: tuple[Addressee, ...]
    audience_keys: frozenset[str]
    is_published: bool
    what: str
    text: str
    due_by: dt.date | None


def due_notices(matter: Matter, *, on: str, decision: Decision | None = None, at: dt.datetime) -> list[DueNotice]:
    """Return what the matter's procedure demands to be told on that outcome ("OPEN": when it is opened), and to whom.

    The reasons go only to those who may see the matter: where anybody else is told by the same notice, it leaves
    them out.
    """
    rules = procedure(matter.procedure)
    found = []
    for number, rule in enumerate(rules.notices_on(on), start=1):
        who = told(rule.to, matter=matter, at=at)
        found.append(
            DueNotice(
                rule=rule,
                number=number,
                addressees=tuple(who.addressees.values()),
                audience_keys=frozenset(matter.audience.text.split(",")) | who.keys,
                is_published=who.is_published,
                what=f"{matter.reference}: {rule.what}"[:300],
                text=_words(matter, rules, decision, is_inside=who.is_inside),
                due_by=_due_by(matter, rule, decision, at=at),
            )
        )
    return found


def _words(matter: Matter, rules: Procedure, decision: Decision | None, *, is_inside: bool) -> str:
    # The title of a matter about a Testing Issue tells what a Testing Participant found.
    named = is_inside or rules.subject != "issue"
    about = f"{matter.reference}, {matter.title}" if named else matter.reference
    lines = [f"Matter: {about}", f"Procedure: {rules.title}"]
    if decision is not None:
        lines.append(f"{_low(decision.body)}: {_low(decision.outcome)}, {_moment(decision.decided_at)}")
        if decision.effective_at != decision.decided_at:
            lines.append(f"In effect from: {_moment(decision.effective_at)}")
    if not is_inside:
        return "\n".join([*lines, "", "The reasons stand with the matter, for those who may see it."])
    if decision is not None:
        titles = {need.key: need.title for step in rules.transitions for need in step.requires}
        given = {key: value for key, value in decision.data.items() if value and key != "rationale"}
        lines += [f"{titles.get(key, _low(key).capitalize())}: {value}" for key, value in given.items()]
    reasons = (decision.rationale if decision is not None else matter.rationale).strip()
    return "\n".join([*lines, "", "Reasons:", reasons] if reasons else lines)


def _low(name: str) -> str:
    """Return a body's or an outcome's name as words."""
    kept = {"TAB": "TAB", "TAG": "TAG", "DCC": "DCC", "SOS": "Secretary of State", "PANEL": "Panel"}
    return kept.get(name) or name.replace("_", " ").lower()


def _moment(moment: dt.datetime) -> str:
    return f"{moment.astimezone(LONDON):%-d %B %Y, %H:%M}"


def _due_by(matter: Matter, rule: NoticeDue, decision: Decision | None, *, at: dt.datetime) -> dt.date | None:
    """Return the last London day for the notice where the clause states a window that runs from this step."""
    if rule.within is None or rule.within.basis not in (Basis.DECISION, Basis.NOTIFICATION):
        return None
    trigger: dt.datetime | None = decision.decided_at if decision is not None else matter.opened_at
    if rule.within.basis is Basis.NOTIFICATION and decision is not None:
        trigger = decision.notified_at
    if trigger is None:
        return None
    return last_day_of_window(
        rule.within, trigger=london_date(trigger), document=matter.document, version=matter.version, moment=at
    )


def inbox(actor: Actor) -> QuerySet[Delivery]:
    """Return what `actor` was told, the unread first and the newest of each first."""
    rows: QuerySet[Delivery] = Delivery.objects.inbox_of(actor)
    is_read = ExpressionWrapper(Q(read_at__isnull=False), output_field=BooleanField())
    return rows.select_related("notice__matter").annotate(is_read=is_read).order_by("is_read", "-pk")


def unread_count(actor: Actor) -> int:
    """Return how many notices `actor` has not read. One query."""
    return Delivery.objects.inbox_of(actor).filter(read_at__isnull=True).count() if actor.person_pk else 0


def timing_of(person: Person) -> str:
    """Return when the person wants to be e-mailed what no clause requires: at once where nothing was said."""
    chosen = NoticePreference.objects.filter(person=person).values_list("timing", flat=True).first()
    return str(chosen or Timing.AT_ONCE)


def given(actor: Actor) -> QuerySet[Notice]:
    """Return the notices that `actor` may see, with how many deliveries of each are where."""
    counts = {
        name: Count("deliveries", filter=condition)
        for name, condition in (
            ("told", Q(deliveries__state=DeliveryState.SENT)),
            ("by_hand", Q(deliveries__state=DeliveryState.QUEUED) & ~Q(deliveries__by_hand="")),
            ("failed", Q(deliveries__state=DeliveryState.FAILED)),
            ("recipients", ~Q(deliveries__state=DeliveryState.WITHDRAWN)),
        )
    }
    rows: QuerySet[Notice] = Notice.objects.visible_to(actor)
    return rows.select_related("matter").annotate(**counts).order_by("-pk")


@dataclass(frozen=True, kw_only=True)
class Outbox:
    """How the outbox stands: e-mails by state, those that go by hand, and the mail server as it was last met."""

    waiting: int
    for_hand: int
    uncertain: int
    failed: int
    oldest: dt.datetime | None
    relay: MailRelay | None


def outbox() -> Outbox:
    """Return how the outbox stands. Two queries."""
    hand = ~Q(by_hand="")
    found = Delivery.objects.filter(channel=Channel.EMAIL).aggregate(
        waiting=Count("pk", filter=Q(state__in=(DeliveryState.QUEUED, DeliveryState.SENDING)) & ~hand),
        for_hand=Count("pk", filter=Q(state=DeliveryState.QUEUED) & hand),
        uncertain=Count("pk", filter=Q(state=DeliveryState.UNCERTAIN)),
        failed=Count("pk", filter=Q(state=DeliveryState.FAILED)),
        oldest=Min("recorded_at", filter=Q(state__in=(DeliveryState.QUEUED, DeliveryState.UNCERTAIN)) & ~hand),
    )
    return Outbox(**found, relay=MailRelay.objects.first())


def addresses() -> dict[str, NoticeAddress]:
    """Return the addresses outside the product that hold now, by recipient."""
    return {held.recipient: held for held in NoticeAddress.objects.current()}


def addressable() -> dict[str, str]:
    """Return for whom an address may be set: {recipient: name}, those that wait for one among them."""
    found = {str(recipient): name for recipient, name in OUTSIDE.items()}
    waiting = Delivery.objects.filter(by_hand__in=UNTIL_ADDRESS).order_by("name")
    found |= dict(waiting.values_list("recipient", "name").distinct())
    missing = [held.recipient for held in NoticeAddress.objects.current() if held.recipient not in found]
    names = Delivery.objects.filter(recipient__in=missing).values_list("recipient", "name")
    return found | {recipient: recipient for recipient in missing} | dict(names)
