"""People and organisations as REST shows them, and what a caller may send about them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from svtad.lib.rest import DayField, PublicIdField, StrictSerializer
from svtad.parties.models import AccessRule, Deputyship, DeputyStep, OrganisationKind, Person, RuleKind
from svtad.parties.roles import PERMISSIONS, ROLES
from svtad.rulebook.procedures import PROCEDURES
from svtad.rulebook.vocabulary import Body


class OrganisationSerializer(serializers.Serializer[Any]):
    """An organisation. Other resources name it by its code."""

    id = serializers.CharField(source="public_id")
    code = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=OrganisationKind.choices)
    synthetic = serializers.BooleanField(source="is_synthetic")


class MembershipSerializer(serializers.Serializer[Any]):
    """A role that somebody holds in an organisation."""

    id = serializers.CharField(source="public_id")
    organisation = serializers.CharField(source="organisation.code")
    role = serializers.CharField()
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(allow_null=True)


class DeputyshipSerializer(serializers.Serializer[Any]):
    """A deputy for one membership of somebody."""

    id = serializers.CharField(source="public_id")
    membership = serializers.CharField(source="membership.public_id")
    member = serializers.CharField(source="membership.person.name")
    role = serializers.CharField(source="membership.role")
    organisation = serializers.CharField(source="membership.organisation.code")
    deputy = serializers.CharField(source="deputy.name")
    deputy_id = serializers.CharField(source="deputy.public_id")
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()
    reason = serializers.CharField()
    state = serializers.ChoiceField(choices=["WAITING", *DeputyStep.values])
    recorded_at = serializers.DateTimeField()
    recorded_by = serializers.CharField()


class MeSerializer(serializers.Serializer[Any]):
    """Whom the token or session stands for, and what they may do now."""

    id = serializers.CharField()
    name = serializers.CharField(help_text="“X for Y” where a deputy acts.")
    kind = serializers.ChoiceField(choices=["PERSON", "API_CLIENT"])
    permissions = serializers.ListField(child=serializers.CharField())
    memberships = MembershipSerializer(many=True)
    may_sign = serializers.BooleanField(help_text="Whether this caller may record decisions as it calls now.")
    acting_for = serializers.CharField(allow_blank=True, help_text="Whose deputy acts: a person's id, or empty.")
    deputyships = DeputyshipSerializer(many=True, help_text="In which the person may act; `Acting-For` names one.")


class PersonSerializer(serializers.Serializer[Any]):
    """A person, as administrators see one."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    email = serializers.EmailField()
    active = serializers.BooleanField(source="is_active")
    service_account = serializers.BooleanField(source="is_service_account")
    synthetic = serializers.BooleanField(source="is_synthetic")
    memberships = MembershipSerializer(many=True, help_text="Those that hold now.")


class TokenSerializer(serializers.Serializer[Any]):
    """A token, without what it opens."""

    key = serializers.CharField(source="token_key", help_text="Its first characters.")
    created = serializers.DateTimeField()
    expiry = serializers.DateTimeField(allow_null=True)
    may_sign = serializers.BooleanField()


class PersonDetailSerializer(PersonSerializer):
    """A person with what lets them in."""

    second_factors = serializers.ListField(child=serializers.ChoiceField(choices=["totp", "webauthn"]))
    second_factor_needed = serializers.BooleanField()
    tokens = TokenSerializer(many=True)


class AccessRuleSerializer(serializers.Serializer[Any]):
    """A rule of access as it holds now."""

    kind = serializers.ChoiceField(choices=RuleKind.choices)
    key = serializers.CharField(help_text="A role, or a procedure.")
    title = serializers.CharField()
    value = serializers.BooleanField()
    is_set = serializers.BooleanField(help_text="False: as installed.")
    reason = serializers.CharField(allow_blank=True)
    recorded_at = serializers.DateTimeField(allow_null=True)
    recorded_by = serializers.CharField(allow_blank=True)


class HolderSerializer(serializers.Serializer[Any]):
    """Somebody who may, or will. Without a name where the caller does not learn it."""

    person = serializers.CharField(allow_blank=True)
    name = serializers.CharField(allow_blank=True)
    role = serializers.CharField()
    organisation = serializers.CharField()
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(allow_null=True)
    deputy_for = serializers.CharField(allow_blank=True)
    waits = serializers.CharField(allow_blank=True, help_text="What keeps it from holding now.")


class ReasonSerializer(serializers.Serializer[Any]):
    """One thing that lets the person do it (`good`), or keeps them from it."""

    text = serializers.CharField()
    good = serializers.BooleanField()


class WhoSerializer(serializers.Serializer[Any]):
    """Who may do a thing, and why one may or may not."""

    permissions = serializers.ListField(
        child=serializers.CharField(),
        help_text="It takes any one of these; of a body's own step only members of those who act for the body may.",
    )
    may = serializers.BooleanField(help_text="What the policy answers that guards the act.")
    reasons = ReasonSerializer(many=True)
    holders = HolderSerializer(many=True)


# --- what a caller may send --------------------------------------------------------------------------------


class WhoFilter(StrictSerializer):
    """What is asked: a permission, or a step of a body; administrators ask about anybody."""

    permission = serializers.ChoiceField(choices=sorted(PERMISSIONS), required=False)
    body = serializers.ChoiceField(choices=[body.value for body in Body], required=False)
    procedure = serializers.ChoiceField(choices=sorted(PROCEDURES), required=False)
    outcome = serializers.CharField(max_length=30, required=False, help_text="One step of the body in the procedure.")
    person = PublicIdField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Ask for exactly one of the two."""
        if ("permission" in attrs) == ("body" in attrs):
            raise serializers.ValidationError({"permission": ["Name a permission or a body: one of them."]})
        return attrs


class DeputyIn(StrictSerializer):
    """A deputy as it is named."""

    membership = PublicIdField()
    deputy = serializers.EmailField(help_text="The address of somebody who has an account.")
    starts_on = DayField()
    ends_on = DayField()
    reason = serializers.CharField(max_length=200)


class AnswerIn(StrictSerializer):
    """Whether a deputy is confirmed; a refusal says why."""

    confirm = serializers.BooleanField()
    reason = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class EndIn(StrictSerializer):
    """Why a deputyship ends."""

    reason = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class RuleIn(StrictSerializer):
    """A rule of access as it is to hold."""

    kind = serializers.ChoiceField(choices=RuleKind.choices)
    key = serializers.CharField(max_length=60)
    value = serializers.BooleanField()
    reason = serializers.CharField(max_length=300)


class SigningIn(StrictSerializer):
    """Why a token may record decisions."""

    reason = serializers.CharField(max_length=300)


# --- how rows are shown ------------------------------------------------------------------------------------


def show_deputyship(row: Deputyship) -> dict[str, Any]:
    """Return a deputyship as REST shows it."""
    return dict(DeputyshipSerializer(row).data)


def show_person(row: Person) -> dict[str, Any]:
    """Return a person as REST shows one; `row.held` are the memberships that hold."""
    return dict(PersonSerializer(_with_memberships(row)).data)


def _with_memberships(row: Person) -> dict[str, Any]:
    names = ("public_id", "name", "email", "is_active", "is_service_account", "is_synthetic")
    held = getattr(row, "held", [])
    return {**{name: getattr(row, name) for name in names}, "memberships": held}


def show_person_whole(row: Person, *, factors: list[str], needed: bool, tokens: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a person with what lets them in."""
    shown = {**_with_memberships(row), "second_factors": factors, "second_factor_needed": needed, "tokens": tokens}
    return dict(PersonDetailSerializer(shown).data)


def show_rule(*, kind: str, key: str, value: bool, row: AccessRule | None) -> dict[str, Any]:
    """Return a rule of access as it holds now; `row` is what set it."""
    title = ROLES[key].title if kind == RuleKind.SECOND_FACTOR else PROCEDURES[key].title
    shown = {
        "kind": kind,
        "key": key,
        "title": title,
        "value": value,
        "is_set": row is not None,
        "reason": row.reason if row else "",
        "recorded_at": row.recorded_at if row else None,
        "recorded_by": row.recorded_by if row else "",
    }
    return dict(AccessRuleSerializer(shown).data)
