"""REST: items of agendas, their papers, and the interests that are declared in them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from svtad.governance import actions
from svtad.governance.api.meeting_records import ReasonIn, media_type_of
from svtad.governance.api.meetings import AgendaItemSerializer, PaperSerializer, seen, show_agenda_row
from svtad.governance.models import AgendaItem, Interest, Matter, Meeting, Paper
from svtad.governance.policies import check_can_keep_meeting
from svtad.governance.queries.meetings import agenda_of, interests_in, is_withdrawn
from svtad.lib.clock import now
from svtad.lib.errors import InvalidInput
from svtad.lib.rest import MomentField, PublicIdField, StrictSerializer, answers, checked, find, named
from svtad.parties.actors import Actor
from svtad.parties.api import ApiView
from svtad.parties.audiences import audience_of
from svtad.parties.models import Organisation, Person

#: An act on the agenda of a meeting, by what the caller sent; ids of its address by name.
_Act = Callable[..., None]


class ItemIn(StrictSerializer):
    """Something that is no matter."""

    title = serializers.CharField(max_length=300)


class OrderIn(StrictSerializer):
    """The ids of every item that the caller sees, in the order they are to have."""

    items = serializers.ListField(child=PublicIdField(), max_length=500)


class PaperIn(StrictSerializer):
    """A paper, as a multipart form. `seen_by`: everybody who may see the item, or the DCC alone."""

    file = serializers.FileField()
    title = serializers.CharField(required=False, default="", allow_blank=True, max_length=200)
    seen_by = serializers.ChoiceField(choices=["all", "dcc"], required=False, default="all")


class InterestDetailSerializer(serializers.Serializer[Any]):
    """A conflict of interest that was declared, of whom, in what, and whether it was withdrawn."""

    id = serializers.CharField()
    matter = serializers.CharField(allow_null=True)
    item = serializers.CharField(allow_null=True)
    name = serializers.CharField()
    text = serializers.CharField()
    declared_at = serializers.DateTimeField()
    recorded_at = serializers.DateTimeField()
    recorded_by = serializers.CharField()
    withdrawn = serializers.BooleanField()


class InterestFilter(StrictSerializer):
    """In what: a matter, or an item of an agenda."""

    matter = PublicIdField(required=False)
    item = PublicIdField(required=False)


class InterestIn(StrictSerializer):
    """In what (a matter or an item) and whose: the caller's own, an organisation's by code, or another's by name."""

    matter = PublicIdField(required=False, allow_null=True, default=None)
    item = PublicIdField(required=False, allow_null=True, default=None)
    organisation = serializers.CharField(required=False, allow_null=True, default=None, max_length=24)
    name = serializers.CharField(required=False, default="", allow_blank=True, max_length=200)
    text = serializers.CharField(max_length=5000)
    declared_at = MomentField(required=False, allow_null=True, default=None)


def _changes_agenda(operation_id: str, takes: type[StrictSerializer]) -> Callable[[_Act], Callable[..., Response]]:
    """Return what makes an operation of an act on a meeting's agenda: it answers with the whole agenda."""

    def operation(act: _Act) -> Callable[..., Response]:
        @extend_schema(
            operation_id=operation_id,
            tags=["meetings"],
            request=takes,
            responses=answers({201: AgendaItemSerializer(many=True)}, 400, 404, 409, 413, 415),
        )
        @wraps(act)
        def post(view: ApiView, request: Request, public_id: str, **ids: str) -> Response:
            meeting = seen(view.actor, public_id)
            check_can_keep_meeting(view.actor, meeting)
            act(view, meeting, checked(takes, request.data), **ids)
            rows = agenda_of(meeting, view.actor, moment=now())
            return Response([show_agenda_row(row) for row in rows], status=201)

        return post

    return operation


class Items(ApiView):
    """Items of an agenda that are no matter."""

    @_changes_agenda("agenda_add", ItemIn)
    def post(self, meeting: Meeting, given: dict[str, Any]) -> None:
        """Put something that is no matter on the agenda of a planned meeting; answer with the whole agenda."""
        actions.add_item(meeting=meeting, by=self.actor, **given)


class ItemOrder(ApiView):
    """The order of an agenda."""

    @_changes_agenda("agenda_order", OrderIn)
    def post(self, meeting: Meeting, given: dict[str, Any]) -> None:
        """Bring the items that the caller sees into this order; refused (409) where it is not what is there now."""
        held = {each.public_id: each for each in _items(self.actor, meeting)}
        if not set(given["items"]) <= set(held):
            raise InvalidInput.one("items", "There is no such item on this agenda.")
        actions.reorder_agenda(meeting=meeting, items=[held[each] for each in given["items"]], by=self.actor)


class ItemRemoval(ApiView):
    """That an item is taken off."""

    @_changes_agenda("agenda_take_off", ReasonIn)
    def post(self, meeting: Meeting, given: dict[str, Any], item_id: str) -> None:
        """Take an item off the agenda of a planned meeting, with the reason; answer with the whole agenda."""
        actions.take_off_agenda(item=find(_items(self.actor, meeting), item_id), by=self.actor, **given)


class Papers(ApiView):
    """Papers for an item."""

    parser_classes = [MultiPartParser]

    @extend_schema(
        operation_id="papers_add",
        tags=["meetings"],
        request={"multipart/form-data": PaperIn},
        responses=answers({201: PaperSerializer}, 400, 404, 409, 413, 415),
    )
    def post(self, request: Request, public_id: str, item_id: str) -> Response:
        """Keep a paper for an item of a planned meeting's agenda."""
        meeting = seen(self.actor, public_id)
        item = find(_items(self.actor, meeting), item_id)
        check_can_keep_meeting(self.actor, meeting)
        given = checked(PaperIn, request.data)
        upload = given["file"]
        paper = actions.add_paper(
            item=item,
            content=upload.file,
            name=upload.name,
            media_type=media_type_of(upload.name),
            title=given["title"],
            audience=audience_of("dcc") if given["seen_by"] == "dcc" else None,
            by=self.actor,
        )
        return Response({"id": paper.public_id, "title": paper.title, "file": paper.file.public_id}, status=201)


class PaperRemoval(ApiView):
    """That a paper is taken back."""

    @_changes_agenda("papers_take_back", ReasonIn)
    def post(self, meeting: Meeting, given: dict[str, Any], paper_id: str) -> None:
        """Take a paper back from the agenda of a planned meeting, with the reason; answer with the whole agenda."""
        papers = Paper.objects.visible_to(self.actor).filter(item__in=_items(self.actor, meeting))
        actions.take_back_paper(paper=find(papers, paper_id), by=self.actor, **given)


class Interests(ApiView):
    """Conflicts of interest."""

    @extend_schema(
        operation_id="interests_list",
        tags=["meetings"],
        parameters=[InterestFilter],
        responses=answers({200: InterestDetailSerializer(many=True)}, 400),
    )
    def get(self, request: Request) -> Response:
        """List the interests declared in a matter or an item that the caller may see, withdrawn ones too."""
        matter, item = _about(self.actor, checked(InterestFilter, request.query_params.dict()))
        found = interests_in(
            self.actor, matters=[matter.pk] if matter else (), items=[item.pk] if item and not matter else ()
        )
        return Response([show_interest(each) for each in found])

    @extend_schema(
        operation_id="interests_declare",
        tags=["meetings"],
        request=InterestIn,
        responses=answers({201: InterestDetailSerializer}, 400, 413, 415),
    )
    def post(self, request: Request) -> Response:
        """Declare an interest: one's own, one's organisation's, or (registrar) somebody else's as they declared it."""
        given = checked(InterestIn, request.data)
        matter, item = _about(self.actor, given)
        if given["organisation"] and given["name"]:
            raise InvalidInput.one("name", "Name one person or one organisation.")
        own = not given["organisation"] and not given["name"]
        made = actions.declare_interest(
            matter=matter if item is None else None,
            item=item,
            person=Person.objects.filter(pk=self.actor.person_pk or 0).first() if own else None,
            organisation=_organisation(given["organisation"]),
            name=given["name"],
            text=given["text"],
            declared_at=given["declared_at"],
            by=self.actor,
        )
        return Response(show_interest(made), status=201)


class Withdrawal(ApiView):
    """That a declaration is withdrawn."""

    @extend_schema(
        operation_id="interests_withdraw",
        tags=["meetings"],
        request=ReasonIn,
        responses=answers({201: InterestDetailSerializer}, 400, 404, 409, 413, 415),
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Withdraw a declared interest, with the reason; what was declared stays."""
        found = find(Interest.objects.visible_to(self.actor).filter(withdraws__isnull=True), public_id)
        actions.withdraw_interest(interest=found, by=self.actor, **checked(ReasonIn, request.data))
        return Response(show_interest(Interest.objects.get(pk=found.pk)), status=201)


def show_interest(interest: Interest) -> dict[str, Any]:
    """Return the interest as `InterestDetailSerializer` describes it."""
    return {
        "id": interest.public_id,
        "matter": interest.matter.public_id if interest.matter else None,
        "item": interest.item.public_id if interest.item else None,
        "name": interest.name,
        "text": interest.text,
        "declared_at": interest.declared_at,
        "recorded_at": interest.recorded_at,
        "recorded_by": interest.recorded_by,
        "withdrawn": is_withdrawn(interest),
    }


def _items(actor: Actor, meeting: Meeting) -> Any:
    return AgendaItem.objects.visible_to(actor).standing().filter(meeting=meeting).select_related("meeting", "matter")


def _about(actor: Actor, given: dict[str, Any]) -> tuple[Matter | None, AgendaItem | None]:
    """Return the matter or the item, with its matter. Raises InvalidInput unless it is one that the caller may see."""
    if bool(given.get("matter")) == bool(given.get("item")):
        raise InvalidInput.one("matter", "Name a matter, or an item of an agenda.")
    matter: Matter | None = named(Matter.objects.visible_to(actor), given.get("matter"), field="matter", what="matter")
    items = AgendaItem.objects.visible_to(actor).select_related("matter")
    item: AgendaItem | None = named(items, given.get("item"), field="item", what="item")
    return (item.matter if item else matter), item


def _organisation(code: str | None) -> Organisation | None:
    if not code:
        return None
    found: Organisation | None = Organisation.objects.filter(code=code).first()
    if found is None:
        raise InvalidInput.one("organisation", "There is no organisation of this code.")
    return found


urlpatterns = [
    path("meetings/<str:public_id>/agenda/items", Items.as_view(), name="api-agenda-items"),
    path("meetings/<str:public_id>/agenda/order", ItemOrder.as_view(), name="api-agenda-order"),
    path("meetings/<str:public_id>/agenda/<str:item_id>/removal", ItemRemoval.as_view(), name="api-item-removal"),
    path("meetings/<str:public_id>/agenda/<str:item_id>/papers", Papers.as_view(), name="api-papers"),
    path("meetings/<str:public_id>/papers/<str:paper_id>/removal", PaperRemoval.as_view(), name="api-paper-removal"),
    path("interests", Interests.as_view(), name="api-interests"),
    path("interests/<str:public_id>/withdrawal", Withdrawal.as_view(), name="api-interest-withdrawal"),
]
