"""Forms that more than one page of meetings and matters shows: who was there, and whose interest."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.forms import BaseFormSet

from svtad.governance.actions import Attendee
from svtad.governance.models import Attendance, Capacity, Interest, Meeting, MeetingState
from svtad.governance.policies import check_can_declare_interest
from svtad.governance.queries.meetings import members_at
from svtad.governance.views.meeting_forms import AttendeeForm, AttendeeForms, BecauseForm, InterestForm
from svtad.lib.errors import InvalidInput
from svtad.parties.actors import Actor
from svtad.parties.models import Organisation, Person
from svtad.parties.policies import allowed

#: Empty lines for people whom the product does not know.
MORE = 3


@dataclass
class AttendanceForms:
    """A line for each person, and once the meeting was held the reason of the correction."""

    lines: BaseFormSet[AttendeeForm]
    because: BecauseForm | None
    _known: dict[str, Person]

    @classmethod
    def of(cls, meeting: Meeting, attendance: Collection[Attendance], data: Any = None) -> AttendanceForms:
        """Return a line for everybody who is recorded or acts for the body, and some empty ones."""
        known = {row.person.public_id: row.person for row in attendance if row.person}
        lines: list[dict[str, Any]] = [
            {
                "person": row.person.public_id if row.person else "",
                "name": row.name,
                "represents": row.represents,
                "capacity": row.capacity,
                "presence": row.presence,
                "in_chair": row.in_chair,
            }
            for row in attendance
        ]
        for held in members_at(meeting):
            if held.person.public_id not in known:
                known[held.person.public_id] = held.person
                lines.append({"person": held.person.public_id, "name": held.person.name, "capacity": Capacity.MEMBER})
        lines += [{"capacity": Capacity.MEMBER}] * MORE
        held_already = meeting.state == MeetingState.HELD
        return cls(
            lines=AttendeeForms(data, prefix="at") if data is not None else AttendeeForms(initial=lines, prefix="at"),
            because=BecauseForm(data, prefix="because") if held_already else None,
            _known=known,
        )

    def given(self) -> tuple[list[Attendee], list[AttendeeForm]] | None:
        """Return who was named, each with its line; None where a line cannot be taken as it is."""
        whole = self.lines.is_valid()
        if self.because is not None and not self.because.is_valid():
            whole = False
        if not whole:
            return None
        attendees, named = [], []
        for line in self.lines.forms:
            values = line.cleaned_data
            person = self._known.get(values["person"]) if values["person"] else None
            if values["person"] and person is None:
                line.add_error("name", "This is nobody who acts for the body: name them on an empty line.")
                return None
            if person is None and not values["name"] and not values["presence"]:
                continue
            attendees.append(
                Attendee(
                    person=person,
                    name="" if person else values["name"],
                    represents=values["represents"],
                    capacity=values["capacity"],
                    presence=values["presence"],
                    in_chair=values["in_chair"],
                )
            )
            named.append(line)
        return attendees, named

    def show(self, wrong: InvalidInput, named: list[AttendeeForm]) -> None:
        """Put what is wrong beside the lines that it is about."""
        for error in wrong.errors:
            if error.row is not None:
                line = named[error.row - 1]
                line.add_error(error.field if error.field in line.fields else None, error.message)
            elif error.field == "reason" and self.because is not None:
                self.because.add_error("reason", error.message)
            else:
                for line in named:
                    if line.cleaned_data.get(error.field):
                        line.add_error(error.field, error.message)

    @property
    def reason(self) -> str:
        """Why the record is corrected, where that is asked."""
        return str(self.because.cleaned_data["reason"]) if self.because is not None else ""


def withdrawable_by(actor: Actor, interests: Iterable[Interest]) -> set[int]:
    """Return the keys of those of `interests` that `actor` may withdraw."""
    return {
        each.pk
        for each in interests
        if allowed(check_can_declare_interest, actor, person=each.person, organisation=each.organisation)[0]
    }


def interest_form(
    actor: Actor, data: Any = None, *, items: Sequence[tuple[str, str]] | None = None
) -> InterestForm | None:
    """Return the form by which `actor` declares an interest; None for whoever has nobody to speak for."""
    whose = [("me", "Mine")] if actor.person_pk is not None else []
    own = Organisation.objects.filter(pk__in=actor.organisation_pks).order_by("name")
    whose += [(f"org:{organisation.public_id}", str(organisation)) for organisation in own]
    if actor.may("record_decision"):
        whose.append(("other", "Somebody else's, by name"))
    return InterestForm(data, whose=whose, items=items) if whose else None
