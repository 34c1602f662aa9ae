"""Reading notices: what is due, what somebody was told, and how the outbox stands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import BooleanField, Count, ExpressionWrapper, Min, Q, QuerySet

from svtad.governance.calendar import last_day_of_window
from svtad.governance.models import (
    Deadline,
    Decision,
    Delivery,
    MailRelay,
    Matter,
    Notice,
    NoticeAddress,
    NoticePreference,
)
from svtad.governance.models.notices import UNTIL_ADDRESS, Channel, DeliveryState, Timing
from svtad.governance.queries.recipients import OUTSIDE, Addressee, Told, told
from svtad.governance.queries.redacted import keys_hidden_from
from svtad.lib.clock import LONDON, london_date
from svtad.lib.text import stated_words
from svtad.parties.actors import Actor
from svtad.parties.models import Person
from svtad.rulebook.deadlines import Basis, Window
from svtad.rulebook.procedures import NoticeDue, Procedure, Recipient, procedure, wording
from svtad.rulebook.vocabulary import Body

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


def due_notices(
    matter: Matter,
    *,
    on: str,
    decision: Decision | None = None,
    corrected: Sequence[Notice] = (),
    at: dt.datetime,
) -> list[DueNotice]:
    """Return what the matter's procedure demands to be told on that outcome ("OPEN": when it is opened), and to whom.

    The reasons go only to those who may see the matter: where anybody else is told by the same notice, it leaves
    them out, and gives of the step's statements those alone that the clause gives to everybody (`NoticeDue.tells`).
    Of the notices in `corrected`, which told of a record that `decision` supersedes, each says which it corrects.
    """
    rules = procedure(matter.procedure)
    found = []
    for number, rule in enumerate(rules.notices_on(on), start=1):
        who = told(rule.to, matter=matter, at=at)
        wrong = _corrected_by(rule, who.addressees, corrected)
        lines = _words(matter, rules, decision, is_inside=_is_whole(rules, who), tells=rule.tells, at=at)
        found.append(
            DueNotice(
                rule=rule,
                number=number,
                addressees=tuple(who.addressees.values()),
                audience_keys=_seen_by(matter, rules, who),
                is_published=who.is_published,
                what=f"{matter.reference}{', corrected' if wrong else ''}: {rule.what}"[:300],
                text=f"{corrects(wrong)}\n\n{lines}" if wrong else lines,
                due_by=_due_by(matter, rule, decision, at=at),
            )
        )
    return found


def _is_whole(rules: Procedure, who: Told) -> bool:
    """Return whether all who are told may read the matter, and none of them is given it redacted (13.5)."""
    return who.is_inside and not who.keys & keys_hidden_from(rules)


def _seen_by(matter: Matter, rules: Procedure, who: Told) -> frozenset[str]:
    """Return who may see a notice: those who are told, and those who see the matter whole."""
    return (frozenset(matter.audience.text.split(",")) - keys_hidden_from(rules)) | who.keys


def _corrected_by(rule: NoticeDue, addressees: Iterable[str], corrected: Sequence[Notice]) -> Notice | None:
    """Return which of the notices given of the wrong record this rule's one corrects: its own, or one to the same."""
    same = (each for each in corrected if (each.clause, each.to) == (rule.clause, [str(who) for who in rule.to]))
    wrong = next(same, None)
    if wrong is not None or not corrected:
        return wrong
    reached = Delivery.objects.filter(notice__in=corrected, recipient__in=list(addressees)).select_related("notice")
    first = reached.order_by("pk").first()
    return first.notice if first is not None else None


def corrects(notice: Notice) -> str:
    """Say that a notice takes the place of an earlier one, which stays as it was given."""
    return f"This corrects the notice of {_moment(notice.recorded_at)}, whose record of the decision was wrong."


def notices_of_the_wrong_record(decision: Decision) -> list[Notice]:
    """Return the notices given of what `decision` supersedes: of the last record before it that anybody was told of."""
    wrong = decision.supersedes
    while wrong is not None:
        found = list(Notice.objects.filter(decision=wrong).order_by("pk"))
        if found:
            return found
        wrong = wrong.supersedes
    return []


def correction_words(decision: Decision, wrong: Notice) -> str:
    """Return what is said to those who were told of a wrong record, and need not be told of the right one."""
    said = f"{_low(decision.body)}: {_low(decision.outcome)}, {_moment(decision.decided_at)}"
    lines = [
        corrects(wrong),
        "",
        f"Matter: {decision.matter.reference}",
        f"Told then: {wrong.what}",
        f"Decided: {said}",
    ]
    return "\n".join([*lines, *_marks(decision)])


def _words(
    matter: Matter,
    rules: Procedure,
    decision: Decision | None,
    *,
    is_inside: bool,
    tells: Sequence[str],
    at: dt.datetime,
) -> str:
    lines = [f"Matter: {_about(matter, rules, is_inside=is_inside)}", f"Procedure: {rules.title}"]
    if decision is not None:
        lines.append(f"{_low(decision.body)}: {_low(decision.outcome)}, {_moment(decision.decided_at)}")
        if decision.effective_at != decision.decided_at:
            lines.append(f"In effect from: {_moment(decision.effective_at)}")
        titles = {need.key: need.title for step in rules.transitions for need in step.requires}
        lines += _marks(decision)
        lines += [
            f"{titles.get(key, _low(key).capitalize())}: {stated_words(value)}"
            for key, value in decision.data.items()
            if value and key != "rationale" and (is_inside or key in tells)
        ]
        lines += _referable(matter, rules, decision, at=at)
    if not is_inside:
        return "\n".join([*lines, "", "The reasons stand with the matter, for those who may see it."])
    reasons = (decision.rationale if decision is not None else matter.rationale).strip()
    return "\n".join([*lines, "", "Reasons:", reasons] if reasons else lines)


def _about(matter: Matter, rules: Procedure, *, is_inside: bool) -> str:
    # The title of a matter about a Testing Issue tells what a Testing Participant found.
    # So does that of one which some body is given redacted, of what it is not to read.
    named = is_inside or (rules.subject != "issue" and not rules.redacted_for)
    return f"{matter.reference}, {matter.title}" if named else matter.reference


def _marks(decision: Decision) -> list[str]:
    """Return what is said of a determination wherever it is told of (rule 16)."""
    return ["This goes against the computed result."] if decision.against_computed else []


def _referable(matter: Matter, rules: Procedure, decision: Decision, *, at: dt.datetime) -> list[str]:
    """Say who may refer what was decided, and until when, for each window that the decision opens (13.4, 13.7)."""
    set_days = Deadline.objects.filter(matter=matter, ended_at=None)
    held = {(each.window, each.body, each.outcome): each.last_day for each in set_days}
    found = []
    for step in rules.transitions_from(decision.to_state):
        if step.within is None or step.refers_to is None:
            continue
        until = held.get((step.within.key, step.body, step.outcome)) or _window_end(step.within, matter, decision, at)
        last = f"until {until:%a %-d %b %Y}, 23:59" if until else step.within.text
        who = wording.capital(wording.who(step.body))
        found.append(f"{who} {step.duty} refer to {wording.who(step.refers_to)} {last} ({rules.cite(step.clause)}).")
    return list(dict.fromkeys(found))


def _window_end(window: Window, matter: Matter, decision: Decision, at: dt.datetime) -> dt.date | None:
    """Return the last London day of a window that the decision opens; None until the notice that opens it is known."""
    began = decision.notified_at if window.basis is Basis.NOTIFICATION else decision.decided_at
    if began is None:
        return None
    trigger = london_date(began)
    return last_day_of_window(window, trigger=trigger, document=matter.document, version=matter.version, moment=at)


@dataclass(frozen=True, kw_only=True)
class MovedNotice:
    """What is said of a deadline that moved, to whose step it is and to whoever brought the matter."""

    addressees: tuple[Addressee, ...]
    to: tuple[Recipient, ...]
    audience_keys: frozenset[str]
    what: str
    text: str


#: Whom a body of the procedures is among the recipients, where it is not called the same.
_TOLD_AS = {Body.SUPPLIER: Recipient.SUPPLIERS, Body.PARTICIPANT: Recipient.PARTICIPANTS}


def moved_notice(old: Deadline, new: Deadline, *, at: dt.datetime) -> MovedNotice:
    """Return what to say of a deadline that moved from `old` to `new`, and to whom."""
    matter, rules, body = new.matter, procedure(new.matter.procedure), Body(new.body)
    whose = _TOLD_AS.get(body) or (Recipient(body) if body in Recipient.__members__ else None)
    # Where whoever brought the matter is the one whose step it is, the others of its kind are not told.
    to = (Recipient.PROPOSER,) if whose is None or body == matter.proposer else (whose, Recipient.PROPOSER)
    who = told(to, matter=matter, at=at)
    lines = [
        f"Matter: {_about(matter, rules, is_inside=_is_whole(rules, who))}",
        f"Procedure: {rules.title}",
        f"Step: {wording.capital(wording.outcome_of(body, new.outcome))} ({rules.cite(new.clause)}), {new.text}",
        f"The last day was {old.last_day:%a %-d %b %Y}, 23:59.",
        f"The last day is now {new.last_day:%a %-d %b %Y}, 23:59.",
        *([f"Why: {new.reason}"] if _is_whole(rules, who) else []),
    ]
    return MovedNotice(
        addressees=tuple(who.addressees.values()),
        to=to,
        audience_keys=_seen_by(matter, rules, who),
        what=f"{matter.reference}: the last day was {old.last_day:%-d %b %Y}, is now {new.last_day:%-d %b %Y}",
        text="\n".join(lines),
    )


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
