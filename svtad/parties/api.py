"""REST: what every view shares, who the caller is, and the organisations that other resources name."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cached_property, wraps
from typing import Any, cast

from django.conf import settings
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from knox.models import AuthToken
from rest_framework.exceptions import NotFound
from rest_framework.pagination import BasePagination
from rest_framework.parsers import BaseParser
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from svtad.lib.clock import now
from svtad.lib.errors import InvalidInput
from svtad.lib.once import ACTING_FOR, LONGEST_KEY, digest_of
from svtad.lib.once import HEADER as IDEMPOTENCY_KEY
from svtad.lib.paging import Cursor, Pages
from svtad.lib.rest import (
    CURSOR_PARAMETERS,
    PAGE_PARAMETERS,
    StrictJSONParser,
    answers,
    check_size,
    checked,
    cursor_page_of,
    find,
    page_of,
)
from svtad.parties import actions, sessions
from svtad.parties.actors import Actor, actor_for
from svtad.parties.models import Deputyship, Membership, Person, RuleKind
from svtad.parties.policies import (
    allowed,
    check_can_manage_people,
    check_entered_recently,
    check_has_second_factor,
    check_token_may_sign,
)
from svtad.parties.queries import (
    deputyships_for,
    factors_of,
    latest_rules,
    may_sign,
    organisations_for,
    own_decisions,
    second_factor_roles,
    tokens_that_sign,
)
from svtad.parties.roles import ROLES
from svtad.parties.serializers import (
    AccessRuleSerializer,
    AnswerIn,
    DeputyIn,
    DeputyshipSerializer,
    EndIn,
    MeSerializer,
    OrganisationSerializer,
    PersonDetailSerializer,
    PersonSerializer,
    RuleIn,
    SigningIn,
    TokenSerializer,
    WhoFilter,
    WhoSerializer,
    show_deputyship,
    show_person,
    show_person_whole,
    show_rule,
)
from svtad.parties.who import act_of, holders, reasons, step_of
from svtad.rulebook.procedures import PROCEDURES


class ApiView(APIView):
    """A REST view: `self.actor` is whoever asks, and what they ask for is for their eyes only."""

    parser_classes: list[type[BaseParser]] = [StrictJSONParser]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Let every write be named by an `Idempotency-Key`, so that asking again does nothing again."""
        super().__init_subclass__(**kwargs)
        for name in ("post", "put", "patch", "delete"):
            if name in vars(cls):
                setattr(cls, name, _once(vars(cls)[name]))

    @cached_property
    def actor(self) -> Actor:
        """Whoever asks, with what they may do at this moment; with `Acting-For`, as the deputy they are."""
        person = cast(Person, self.request.user)
        return actor_for(person, at=now(), deputyship=str(self.request.headers.get(ACTING_FOR, "")))

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Look at who asks, and at how much they bring, before any of it is read."""
        super().initial(request, *args, **kwargs)
        check_size(request)
        if request.user.is_authenticated and not isinstance(request.auth, AuthToken):
            check_has_second_factor(self.actor, sessions.factors(request._request))

    @property
    def may_sign(self) -> bool:
        """Whether this caller may record decisions as they call now: see `check_may_sign`."""
        return allowed(self.check_may_sign)[0]

    def check_may_sign(self) -> None:
        """Raise ActionDenied unless a decision that this call records counts as signed.

        A token needs an administrator's mark; a session, credentials that were entered within SIGNING_WINDOW.
        """
        if isinstance(self.request.auth, AuthToken):
            check_token_may_sign(may_sign(self.request.auth))
        else:
            entered = sessions.entered_at(self.request._request)
            check_entered_recently(entered, within=settings.SIGNING_WINDOW, now=now())

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Keep answers out of caches."""
        finished = super().finalize_response(request, response, *args, **kwargs)
        finished.headers.setdefault("Cache-Control", "private, no-store")
        return finished

    def pages(self, rows: QuerySet[Any] | list[Any], show: Callable[[Any], Any]) -> Response:
        """Return the page of `rows` that `?page=` asks for, each as `show` makes it."""
        return self._cut(Pages(), rows, show)

    def cursor(self, rows: QuerySet[Any], show: Callable[[Any], Any]) -> Response:
        """Return the page of `rows` (which have an `id`) that `?cursor=` asks for, the newest first."""
        return self._cut(Cursor(), rows, show)

    def cursor_together(self, rows: QuerySet[Any], show_all: Callable[[list[Any]], list[Any]]) -> Response:
        """Return such a page, all its rows shown at once: what is looked up for them is looked up once."""
        return self._cut_together(Cursor(), rows, show_all)

    def pages_together(self, rows: QuerySet[Any], show_all: Callable[[list[Any]], list[Any]]) -> Response:
        """Return the page of `rows` that `?page=` asks for, all shown at once."""
        return self._cut_together(Pages(), rows, show_all)

    def _cut(self, paging: BasePagination, rows: Any, show: Callable[[Any], Any]) -> Response:
        return self._cut_together(paging, rows, lambda page: [show(row) for row in page])

    def _cut_together(self, paging: BasePagination, rows: Any, show_all: Callable[[list[Any]], list[Any]]) -> Response:
        page: Any = paging.paginate_queryset(rows, self.request, view=self) or []
        return paging.get_paginated_response(show_all(list(page)))


def _once(write: Callable[..., Response]) -> Callable[..., Response]:
    """Return the write, done once for one key of one person; a repeat is answered as the first was."""

    @wraps(write)
    def written(view: ApiView, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = str(request.headers.get(IDEMPOTENCY_KEY, ""))
        if not key:
            return write(view, request, *args, **kwargs)
        if len(key) > LONGEST_KEY or not key.isprintable() or not key.isascii():
            raise InvalidInput.one(IDEMPOTENCY_KEY, f"Up to {LONGEST_KEY} printable ASCII characters.")

        def act() -> tuple[int, str]:
            response = write(view, request, *args, **kwargs)
            return response.status_code, JSONRenderer().render(response.data).decode()

        person = cast(Person, request.user)
        (status, body), repeated = actions.answer_once(person=person, key=key, digest=digest_of(request), act=act)
        headers = {"Idempotent-Replayed": "true"} if repeated else None
        return Response(json.loads(body) if body else None, status=status, headers=headers)

    return written


class NoSuchAddress(APIView):
    """Whatever no other address of the API matches: a problem like any other, not a page."""

    permission_classes = [AllowAny]
    authentication_classes = []
    schema = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Answer every method alike."""
        self.args, self.kwargs = args, kwargs
        asked = self.initialize_request(request)
        self.request, self.headers = asked, {}
        self.initial(asked)
        return self.finalize_response(asked, self.handle_exception(NotFound()))


class Me(ApiView):
    """Whom the caller's token or session stands for."""

    @extend_schema(
        operation_id="me",
        tags=["people"],
        parameters=[
            OpenApiParameter(
                ACTING_FOR,
                OpenApiTypes.STR,
                OpenApiParameter.HEADER,
                description="The id of a deputyship: the call, this or any other, is made as the deputy.",
            )
        ],
        responses=answers({200: MeSerializer}),
    )
    def get(self, request: Request) -> Response:
        """Show the caller: name, roles and permissions at this moment, and in which deputyships they may act."""
        person = cast(Person, request.user)
        shown = {
            "id": person.public_id,
            "name": self.actor.label,
            "kind": self.actor.kind,
            "permissions": sorted(self.actor.permissions),
            "memberships": person.memberships.select_related("organisation").held_at(now()),
            "may_sign": self.may_sign,
            "acting_for": self.actor.acting_for,
            "deputyships": Deputyship.objects.held_at(now()).with_names().filter(deputy=person),
        }
        return Response(MeSerializer(shown).data)


class Organisations(ApiView):
    """The organisations that the caller deals with."""

    @extend_schema(
        operation_id="organisations_list",
        tags=["people"],
        responses=answers({200: OrganisationSerializer(many=True)}),
    )
    def get(self, request: Request) -> Response:
        """List organisations with the codes by which other resources name them."""
        return Response(OrganisationSerializer(organisations_for(self.actor), many=True).data)


class People(ApiView):
    """People and service accounts."""

    @extend_schema(
        operation_id="people_list",
        tags=["people"],
        parameters=PAGE_PARAMETERS,
        responses=answers({200: page_of(PersonSerializer)}, 404),
    )
    def get(self, request: Request) -> Response:
        """List people with the roles that they hold now. For administrators."""
        check_can_manage_people(self.actor)
        held = Membership.objects.held_at(now()).select_related("organisation")
        rows = Person.objects.order_by("name", "id").prefetch_related(Prefetch("memberships", held, to_attr="held"))
        return self.pages(rows, show_person)


class OnePerson(ApiView):
    """One person."""

    @extend_schema(operation_id="people_get", tags=["people"], responses=answers({200: PersonDetailSerializer}, 404))
    def get(self, request: Request, public_id: str) -> Response:
        """Show a person's roles, second factors and tokens. For administrators."""
        check_can_manage_people(self.actor)
        held = Membership.objects.held_at(now()).select_related("organisation")
        person: Person = find(Person.objects.prefetch_related(Prefetch("memberships", held, to_attr="held")), public_id)
        signing = tokens_that_sign(person)
        tokens = [
            {
                "token_key": token.token_key,
                "created": token.created,
                "expiry": token.expiry,
                "may_sign": token.digest in signing,
            }
            for token in AuthToken.objects.filter(user=person).order_by("-created")
        ]
        roles = {each.role for each in person.held}  # type: ignore[attr-defined]
        return Response(
            show_person_whole(
                person,
                factors=[factor.type for factor in factors_of(person)],
                needed=bool(roles & second_factor_roles()),
                tokens=tokens,
            )
        )


class TokenSigning(ApiView):
    """Whether a token may record decisions."""

    @extend_schema(
        operation_id="tokens_let_sign",
        tags=["people"],
        request=SigningIn,
        responses=answers({201: TokenSerializer}, 400, 404, 409, 413, 415),
    )
    def post(self, request: Request, public_id: str, token_key: str) -> Response:
        """Let a token of somebody else record decisions. For administrators, who sign it themselves."""
        check_can_manage_people(self.actor)
        self.check_may_sign()
        person = find(Person.objects.all(), public_id)
        token = AuthToken.objects.select_related("user").filter(user=person, token_key=token_key).first()
        if token is None:
            raise NotFound
        actions.let_token_sign(token=token, by=self.actor, **checked(SigningIn, request.data))
        shown = {"token_key": token.token_key, "created": token.created, "expiry": token.expiry, "may_sign": True}
        return Response(TokenSerializer(shown).data, status=201)


class Deputyships(ApiView):
    """Deputies for memberships."""

    @extend_schema(
        operation_id="deputyships_list",
        tags=["people"],
        parameters=CURSOR_PARAMETERS,
        responses=answers({200: cursor_page_of(DeputyshipSerializer)}, 404),
    )
    def get(self, request: Request) -> Response:
        """List the deputyships that the caller is part of or confirms, the newest first; administrators see all."""
        return self.cursor(deputyships_for(self.actor, at=now()), show_deputyship)

    @extend_schema(
        operation_id="deputyships_name",
        tags=["people"],
        request=DeputyIn,
        responses=answers({201: DeputyshipSerializer}, 400, 409, 413, 415),
    )
    def post(self, request: Request) -> Response:
        """Name a deputy for a membership of one's own, or (administrators) of anybody's. Somebody else confirms it."""
        given = checked(DeputyIn, request.data)
        rows = Membership.objects.select_related("person", "organisation")
        if not self.actor.may("manage_people"):
            rows = rows.filter(person=cast(Person, request.user))
        membership = rows.filter(public_id=given["membership"]).first()
        if membership is None:
            raise InvalidInput.one("membership", "There is no such membership among yours.")
        deputy = Person.objects.filter(email=given["deputy"].lower()).first()
        if deputy is None:
            raise InvalidInput.one("deputy", "Nobody has an account by this address.")
        made = actions.name_deputy(by=self.actor, **given | {"membership": membership, "deputy": deputy})
        return Response(show_deputyship(made), status=201)


class DeputyshipAnswer(ApiView):
    """The answer to a deputy that was named."""

    @extend_schema(
        operation_id="deputyships_answer",
        tags=["people"],
        request=AnswerIn,
        responses=answers({201: DeputyshipSerializer}, 400, 404, 409, 413, 415),
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Confirm a deputy, or refuse with a reason. For administrators, and the chair of the member's board."""
        rows = deputyships_for(self.actor, at=now())
        found = find(rows, public_id)
        actions.answer_deputyship(deputyship=found, by=self.actor, **checked(AnswerIn, request.data))
        return Response(show_deputyship(find(rows, public_id)), status=201)


class DeputyshipEnd(ApiView):
    """The end of a deputyship."""

    @extend_schema(
        operation_id="deputyships_end",
        tags=["people"],
        request=EndIn,
        responses=answers({201: DeputyshipSerializer}, 400, 404, 409, 413, 415),
    )
    def post(self, request: Request, public_id: str) -> Response:
        """End a deputyship at once, or take it back before it was confirmed."""
        rows = deputyships_for(self.actor, at=now())
        found = find(rows, public_id)
        actions.end_deputyship(deputyship=found, by=self.actor, **checked(EndIn, request.data))
        return Response(show_deputyship(find(rows, public_id)), status=201)


class AccessRules(ApiView):
    """The rules of access that administrators set."""

    @extend_schema(
        operation_id="access_rules_list",
        tags=["people"],
        responses=answers({200: AccessRuleSerializer(many=True)}),
    )
    def get(self, request: Request) -> Response:
        """List which roles need a second factor, and where one may decide what one put forward. For administrators."""
        check_can_manage_people(self.actor)
        factor_roles, own = second_factor_roles(), own_decisions()
        values = {
            RuleKind.SECOND_FACTOR: {key: key in factor_roles for key in ROLES},
            RuleKind.OWN_DECISION: {key: key in own for key in PROCEDURES},
        }
        shown = []
        for kind, held in values.items():
            rows = latest_rules(kind)
            shown += [show_rule(kind=kind, key=key, value=value, row=rows.get(key)) for key, value in held.items()]
        return Response(shown)

    @extend_schema(
        operation_id="access_rules_set",
        tags=["people"],
        request=RuleIn,
        responses=answers({201: AccessRuleSerializer}, 400, 413, 415),
    )
    def post(self, request: Request) -> Response:
        """Set a rule of access from now on, with a reason. For administrators, who sign it."""
        check_can_manage_people(self.actor)
        self.check_may_sign()
        rule = actions.set_access_rule(by=self.actor, **checked(RuleIn, request.data))
        return Response(show_rule(kind=rule.kind, key=rule.key, value=rule.value, row=rule), status=201)


class WhoMay(ApiView):
    """Who may do a thing, and why one may not."""

    @extend_schema(
        operation_id="who_may",
        tags=["people"],
        parameters=[WhoFilter],
        responses=answers({200: WhoSerializer}, 400, 404),
    )
    def get(self, request: Request) -> Response:
        """Say who may do a thing, through which role, and why the caller (administrators: anybody) may not.

        The answer is that of the policy which guards the act, with its reason.
        """
        asked = checked(WhoFilter, request.query_params.dict())
        step = {name: asked.get(name, "") for name in ("procedure", "outcome")}
        act = act_of(asked["permission"]) if "permission" in asked else step_of(asked["body"], **step)
        about = cast(Person, request.user)
        if "person" in asked:
            check_can_manage_people(self.actor)
            about = find(Person.objects.all(), asked["person"])
        may, told = reasons(about, act, at=now())
        shown = {
            "permissions": act.permissions,
            "may": may,
            "reasons": told,
            "holders": holders(act, reader=self.actor, at=now()),
        }
        return Response(WhoSerializer(shown).data)


urlpatterns = [
    path("me", Me.as_view(), name="api-me"),
    path("organisations", Organisations.as_view(), name="api-organisations"),
    path("people", People.as_view(), name="api-people"),
    path("people/<str:public_id>", OnePerson.as_view(), name="api-person"),
    path("people/<str:public_id>/tokens/<str:token_key>/signing", TokenSigning.as_view(), name="api-token-signing"),
    path("deputyships", Deputyships.as_view(), name="api-deputyships"),
    path("deputyships/<str:public_id>/answer", DeputyshipAnswer.as_view(), name="api-deputyship-answer"),
    path("deputyships/<str:public_id>/end", DeputyshipEnd.as_view(), name="api-deputyship-end"),
    path("access-rules", AccessRules.as_view(), name="api-access-rules"),
    path("who-may", WhoMay.as_view(), name="api-who-may"),
]
