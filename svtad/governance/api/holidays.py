"""REST: the calendar of Working Days: published holidays, corrections of them, and a month as the caller sees it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from svtad.governance.actions import add_override, remove_override
from svtad.governance.calendar import JURISDICTIONS, LISTS, DayNote, day_notes
from svtad.governance.models import MeetingState, NonWorkingDayOverride
from svtad.governance.policies import check_can_manage_calendar
from svtad.governance.queries.months import Day, Due, month_for, readings_at
from svtad.lib.clock import london_date, now
from svtad.lib.rest import CURSOR_PARAMETERS, DayField, StrictSerializer, answers, checked, cursor_page_of
from svtad.parties.api import ApiView
from svtad.parties.audiences import GOVERNANCE, audience_of

#: Jurisdictions as readings of "Working Day" name them; a list's own name is not one beside them.
READINGS = [name for name in JURISDICTIONS if name not in LISTS]
_NATIONS = list(LISTS)


class DayNoteSerializer(serializers.Serializer[Any]):
    """Why a weekday is no Working Day, or is one against the published list: by whose list, from which source."""

    day = serializers.DateField()
    where = serializers.CharField()
    name = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    is_correction = serializers.BooleanField()
    is_working_day = serializers.BooleanField()


class HolidayFilter(StrictSerializer):
    """Of which year (this one where none is named), by whose days (as the newest document is read)."""

    year = serializers.IntegerField(min_value=2000, max_value=2099, required=False)
    jurisdiction = serializers.ChoiceField(choices=READINGS, required=False)


class MonthFilter(StrictSerializer):
    """Which month, such as 2026-11 (this one where none is named), by whose days."""

    month = serializers.RegexField(r"^20[0-9]{2}-(0[1-9]|1[0-2])$", required=False)
    jurisdiction = serializers.ChoiceField(choices=READINGS, required=False)


class DueSerializer(serializers.Serializer[Any]):
    """What falls due: the last day of a step, or (an empty `outcome`) the day by which a view is wanted."""

    matter = serializers.CharField()
    reference = serializers.CharField()
    body = serializers.CharField()
    outcome = serializers.CharField()
    clause = serializers.CharField()
    state = serializers.ChoiceField(choices=["OPEN", "OVER", "MET", "OVERTAKEN"])
    left = serializers.IntegerField(allow_null=True, help_text="Working Days left, where a step still waits.")


class DayMeetingSerializer(serializers.Serializer[Any]):
    """A board meets."""

    id = serializers.CharField()
    body = serializers.CharField()
    title = serializers.CharField()
    starts_at = serializers.DateTimeField()
    state = serializers.ChoiceField(choices=MeetingState.choices)


class MonthDaySerializer(serializers.Serializer[Any]):
    """One London day."""

    day = serializers.DateField()
    is_working_day = serializers.BooleanField()
    notes = DayNoteSerializer(many=True)
    due = DueSerializer(many=True)
    meetings = DayMeetingSerializer(many=True)


class MonthSerializer(serializers.Serializer[Any]):
    """A month as the caller may see it. A deadline keeps the days that it was set by, whosever are drawn."""

    month = serializers.CharField()
    jurisdiction = serializers.CharField()
    working_days = serializers.IntegerField()
    days = MonthDaySerializer(many=True)


class OverrideSerializer(serializers.Serializer[Any]):
    """A correction of one nation's published list for one day; `valid_to` is null while it holds."""

    jurisdiction = serializers.ChoiceField(choices=_NATIONS)
    day = serializers.DateField()
    is_working_day = serializers.BooleanField()
    reason = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    valid_from = serializers.DateTimeField()
    valid_to = serializers.DateTimeField(allow_null=True)
    recorded_by = serializers.CharField()


class OverrideIn(StrictSerializer):
    """A correction of one nation's list for one weekday, with where it is proclaimed."""

    day = DayField()
    is_working_day = serializers.BooleanField()
    reason = serializers.CharField(max_length=200)
    source = serializers.CharField(max_length=200)  # type: ignore[assignment]
    jurisdiction = serializers.ChoiceField(choices=_NATIONS, required=False, default="ENG")


class RemovalIn(StrictSerializer):
    """Which correction no longer holds."""

    day = DayField()
    jurisdiction = serializers.ChoiceField(choices=_NATIONS, required=False, default="ENG")


class Holidays(ApiView):
    """Weekdays that are no Working Days."""

    @extend_schema(
        operation_id="holidays_list",
        tags=["calendar"],
        parameters=[HolidayFilter],
        responses=answers({200: DayNoteSerializer(many=True)}, 400),
    )
    def get(self, request: Request) -> Response:
        """List what the published lists, as they are corrected now, say of a year's weekdays, with the source."""
        wanted = checked(HolidayFilter, request.query_params.dict())
        moment = now()
        year = wanted.get("year") or london_date(moment).year
        notes = day_notes(
            first=dt.date(year, 1, 1),
            last=dt.date(year, 12, 31),
            jurisdiction=wanted.get("jurisdiction") or _reading(moment),
            moment=moment,
        )
        return Response([_note(each) for day in sorted(notes) for each in notes[day]])


class Overrides(ApiView):
    """Corrections of the published lists."""

    @extend_schema(
        operation_id="overrides_list",
        tags=["calendar"],
        parameters=CURSOR_PARAMETERS,
        responses=answers({200: cursor_page_of(OverrideSerializer)}, 404),
    )
    def get(self, request: Request) -> Response:
        """List the corrections, those that no longer hold too, the last made first."""
        return self.cursor(NonWorkingDayOverride.objects.all(), _override)

    @extend_schema(
        operation_id="overrides_add",
        tags=["calendar"],
        request=OverrideIn,
        responses=answers({201: OverrideSerializer}, 400, 413, 415),
    )
    def post(self, request: Request) -> Response:
        """Correct a published list for one day, from now on. What it would move is at `/deadlines/moves`."""
        check_can_manage_calendar(self.actor)
        made = add_override(
            **checked(OverrideIn, request.data), audience=audience_of(*GOVERNANCE), by=self.actor, at=now()
        )
        return Response(_override(made), status=201)


class OverrideRemoval(ApiView):
    """That a published list holds again."""

    @extend_schema(
        operation_id="overrides_remove",
        tags=["calendar"],
        request=RemovalIn,
        responses=answers({201: OverrideSerializer}, 400, 404, 409, 413, 415),
    )
    def post(self, request: Request) -> Response:
        """Let the published list hold again for a day, from now on. The correction stays in the records."""
        check_can_manage_calendar(self.actor)
        given = checked(RemovalIn, request.data)
        held = NonWorkingDayOverride.objects.current().filter(**given).first()
        if held is None:
            raise NotFound
        remove_override(override=held, audience=audience_of(*GOVERNANCE), by=self.actor)
        return Response(_override(NonWorkingDayOverride.objects.get(pk=held.pk)), status=201)


class OneMonth(ApiView):
    """A month of the calendar."""

    @extend_schema(
        operation_id="calendar_month",
        tags=["calendar"],
        parameters=[MonthFilter],
        responses=answers({200: MonthSerializer}, 400),
    )
    def get(self, request: Request) -> Response:
        """Show a month: its Working Days and why others are none, what falls due of what the caller sees, who meets."""
        wanted = checked(MonthFilter, request.query_params.dict())
        moment = now()
        where = wanted.get("jurisdiction") or _reading(moment)
        text = wanted.get("month") or f"{london_date(moment):%Y-%m}"
        first = dt.date(int(text[:4]), int(text[5:]), 1)
        month = month_for(self.actor, first, jurisdiction=where, moment=moment)
        return Response(
            {
                "month": text,
                "jurisdiction": where,
                "working_days": month.working_days,
                "days": [_day(each) for each in month.days],
            }
        )


def _reading(moment: dt.datetime) -> str:
    """Return whose days the newest document held is read by."""
    return readings_at(moment)[-1].held.jurisdiction


def _note(note: DayNote) -> dict[str, Any]:
    return {
        "day": note.day,
        "where": note.where,
        "name": note.name,
        "source": note.source,
        "is_correction": note.is_correction,
        "is_working_day": note.is_working_day,
    }


def _due(due: Due) -> dict[str, Any]:
    return {
        "matter": due.matter.public_id,
        "reference": due.matter.reference,
        "body": due.body,
        "outcome": due.outcome,
        "clause": due.clause,
        "state": due.state,
        "left": due.count.left if due.count else None,
    }


def _day(day: Day) -> dict[str, Any]:
    return {
        "day": day.day,
        "is_working_day": day.is_working_day,
        "notes": [_note(each) for each in day.notes],
        "due": [_due(each) for each in day.due],
        "meetings": [
            {
                "id": each.public_id,
                "body": each.body,
                "title": each.title,
                "starts_at": each.starts_at,
                "state": each.state,
            }
            for each in day.meetings
        ],
    }


def _override(row: NonWorkingDayOverride) -> dict[str, Any]:
    return {
        "jurisdiction": row.jurisdiction,
        "day": row.day,
        "is_working_day": row.is_working_day,
        "reason": row.reason,
        "source": row.source,
        "valid_from": row.valid_from,
        "valid_to": row.valid_to,
        "recorded_by": row.recorded_by,
    }


urlpatterns = [
    path("holidays", Holidays.as_view(), name="api-holidays"),
    path("holidays/overrides", Overrides.as_view(), name="api-overrides"),
    path("holidays/overrides/removal", OverrideRemoval.as_view(), name="api-override-removal"),
    path("calendar", OneMonth.as_view(), name="api-calendar"),
]
