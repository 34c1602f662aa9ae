"""Who the recipients of a notice are: from the rulebook's words to people and organisations, and to nobody else."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

from svtad.governance.models import Matter
from svtad.governance.models.notices import NO_ADDRESS, NOBODY_HERE
from svtad.parties.actors import BODY_KEYS
from svtad.parties.audiences import org_key
from svtad.parties.models import Membership, Organisation, OrganisationKind, Person
from svtad.parties.roles import ROLES
from svtad.rulebook.procedures import Recipient
from svtad.rulebook.vocabulary import Body

#: Why somebody whom the clause names is not told by the product itself.
ANOTHERS_OWN = "The matter is a Testing Participant's own: to others it goes by hand, in words that they may see."
UNKNOWN_HERE = "Which organisations these are is not known here."

#: The kinds of organisation that the product holds of each recipient. That of the Parties and the Users it holds the
#: Supplier Parties only is a fact about the product, so those two have an address for the others besides.
_KINDS: dict[Recipient, tuple[OrganisationKind, ...]] = {
    Recipient.TAB: (OrganisationKind.TAB,),
    Recipient.TAG: (OrganisationKind.TAG,),
    Recipient.PANEL: (OrganisationKind.PANEL,),
    Recipient.SOS: (OrganisationKind.SECRETARY_OF_STATE,),
    Recipient.AUTHORITY: (OrganisationKind.AUTHORITY,),
    Recipient.DCC: (OrganisationKind.DCC,),
    Recipient.PARTIES: (OrganisationKind.SUPPLIER_PARTY,),
    Recipient.SUPPLIERS: (OrganisationKind.SUPPLIER_PARTY,),
    Recipient.USERS: (OrganisationKind.SUPPLIER_PARTY,),
}
#: Recipients that are outside the product, wholly or in part, and what they are called there.
OUTSIDE: dict[Recipient, str] = {
    Recipient.SOS: "Secretary of State",
    Recipient.AUTHORITY: "Authority",
    Recipient.SECAS: "Code Administrator (SECAS)",
    Recipient.PARTIES: "Parties that are not in the product",
    Recipient.USERS: "Users that are not in the product",
    Recipient.STAKEHOLDERS: "Stakeholders",
}
#: What a body is called where nobody of it is here.
NAMES: dict[Recipient, str] = {
    **OUTSIDE,
    Recipient.TAB: "Test Assurance Board",
    Recipient.TAG: "Testing Advisory Group",
    Recipient.PANEL: "Panel",
    Recipient.DCC: "DCC",
    Recipient.SUPPLIERS: "Supplier Parties",
    Recipient.SUPPLIERS_OF_DMC: "Supplier Parties whose submissions included the DMC",
    Recipient.PARTICIPANTS: "Testing Participants in the environment",
    Recipient.PROPOSER: "Whoever brought the matter",
    Recipient.PUBLIC: "The public",
}
#: Recipients that stand outside the governance of testing: another's own matter does not reach them.
_OUTSIDERS = frozenset(
    {
        Recipient.PARTIES,
        Recipient.SUPPLIERS,
        Recipient.SUPPLIERS_OF_DMC,
        Recipient.USERS,
        Recipient.PARTICIPANTS,
        Recipient.STAKEHOLDERS,
        Recipient.SECAS,
        Recipient.PUBLIC,
    }
)
#: Whose matters are their own. (A DCC Service Provider acts for the DCC, which has to tell what its clauses demand.)
_OWNERS = (OrganisationKind.SUPPLIER_PARTY, OrganisationKind.TESTING_PARTICIPANT)
#: Of the DCC, those who bring matters and record decisions are told; administrators decide nothing.
_DCC_TOLD = frozenset({"propose", "record_decision"})
_REFERENCE = re.compile(r"M-(.+)-\d+")


@dataclass(frozen=True, kw_only=True)
class Addressee:
    """One who is told: a person, or an organisation or a body by its address. `by_hand` says why no e-mail goes."""

    key: str
    told_as: str
    name: str
    person: Person | None = None
    organisation: Organisation | None = None
    by_hand: str = ""


@dataclass(kw_only=True)
class Told:
    """Who is told, and what follows for the notice.

    `keys` are the audience keys of those who are told, `is_inside` whether all of them may see the matter itself,
    `is_published` whether anybody may read it.
    """

    addressees: dict[str, Addressee] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)
    is_inside: bool = True
    is_published: bool = False

    def add(self, addressee: Addressee) -> None:
        """Take one in; who is in already is not told twice."""
        self.addressees.setdefault(addressee.key, addressee)


#: Tells which organisations a recipient means for a matter, or None where it does not know.
Finder = Callable[[Matter, dt.datetime], Collection[Organisation] | None]
_finders: dict[Recipient, Finder] = {}


def register_finder(recipient: Recipient, finder: Finder) -> None:
    """Let the app that knows tell whom a recipient such as SUPPLIERS_OF_DMC means. The last one counts."""
    _finders[recipient] = finder


def told(to: Sequence[Recipient], *, matter: Matter | None, at: dt.datetime) -> Told:
    """Return who `to` are at the moment `at`. A Testing Participant's own matter reaches no other.

    A fixed number of queries for each recipient.
    """
    found = Told()
    seeing = set(matter.audience.text.split(",")) if matter is not None else set()
    own = bool(_owners(seeing))
    for recipient in dict.fromkeys(to):
        if recipient is Recipient.PUBLIC:
            _publish(found, closed=own and "public" not in seeing)
            continue
        organisations = _organisations(recipient, matter, at)
        if own and recipient in _OUTSIDERS and not seeing & {"parties", "public"}:
            may_see = [each for each in organisations or () if org_key(each) in seeing]
            if may_see != organisations or recipient in OUTSIDE:
                found.add(_by_hand(recipient, ANOTHERS_OWN))
            organisations = may_see
        elif organisations is None or (not organisations and recipient not in OUTSIDE):
            found.add(_by_hand(recipient, UNKNOWN_HERE if organisations is None else NOBODY_HERE))
        elif recipient in OUTSIDE:
            found.add(_by_hand(recipient, NO_ADDRESS))
            found.is_inside &= recipient.lower() in seeing
        _add_members(found, recipient, organisations or (), at=at, seeing=seeing)
    return found


def _publish(found: Told, *, closed: bool) -> None:
    if closed:
        found.add(_by_hand(Recipient.PUBLIC, ANOTHERS_OWN))
        return
    found.is_published = True
    found.is_inside = False
    found.keys.add("public")


def _by_hand(recipient: Recipient, why: str) -> Addressee:
    return Addressee(key=recipient, told_as=recipient, name=NAMES[recipient], by_hand=why)


def _add_members(
    found: Told, recipient: Recipient, organisations: Iterable[Organisation], *, at: dt.datetime, seeing: set[str]
) -> None:
    """Tell the people of each organisation; where it has none here, the organisation itself by its address."""
    held = list(organisations)
    people: dict[int, dict[int, Person]] = {organisation.pk: {} for organisation in held}
    memberships = (
        Membership.objects.held_at(at)
        .filter(organisation__in=held, person__is_active=True, person__is_service_account=False)
        .select_related("person", "organisation")
        .order_by("person__name", "person_id")
    )
    for membership in memberships:
        role = ROLES.get(membership.role)
        if membership.organisation.kind == OrganisationKind.DCC and not (role and role.permissions & _DCC_TOLD):
            continue
        people[membership.organisation_id].setdefault(membership.person_id, membership.person)
    for organisation in held:
        key = BODY_KEYS.get(OrganisationKind(organisation.kind), "")
        own = org_key(organisation)
        # A Supplier Party is told by its own key: "parties" would show one what another was told.
        found.keys.add(key if key and key != "parties" else own)
        found.is_inside &= bool({key, own, "public"} & seeing)
        for person in people[organisation.pk].values():
            found.add(
                Addressee(
                    key=f"person:{person.public_id}",
                    told_as=recipient,
                    name=f"{person.name}, {organisation.name}",
                    person=person,
                    organisation=organisation,
                )
            )
        if not people[organisation.pk] and recipient not in (Recipient.SOS, Recipient.AUTHORITY):
            found.add(
                Addressee(
                    key=own, told_as=recipient, name=organisation.name, organisation=organisation, by_hand=NOBODY_HERE
                )
            )


def _organisations(recipient: Recipient, matter: Matter | None, at: dt.datetime) -> list[Organisation] | None:
    """Return the organisations that a recipient means, or None where that is not known here."""
    finder = _finders.get(recipient)
    if finder is not None and matter is not None:
        known = finder(matter, at)
        return None if known is None else list(known)
    if recipient is Recipient.PROPOSER:
        return _proposer(matter)
    if recipient in (Recipient.SECAS, Recipient.STAKEHOLDERS):
        return []  # nobody of theirs is in the product: they have an address, or are told by hand
    kinds = _KINDS.get(recipient)
    return None if kinds is None else list(Organisation.objects.filter(kind__in=kinds).order_by("name"))


def _proposer(matter: Matter | None) -> list[Organisation] | None:
    """Return who brought the matter: the DCC, or the organisation in whose name its reference is kept."""
    if matter is None:
        return None
    if matter.proposer == Body.DCC:
        return list(Organisation.objects.filter(kind=OrganisationKind.DCC).order_by("name"))
    numbered = _REFERENCE.fullmatch(matter.reference)
    found = list(Organisation.objects.filter(code__iexact=numbered[1])) if numbered else []
    seeing = set(matter.audience.text.split(","))
    return [each for each in found if org_key(each) in seeing] or None


def _owners(keys: Collection[str]) -> list[Organisation]:
    """Return the Testing Participants whose own matter one with these audience keys is."""
    ids = [key.removeprefix("org:") for key in keys if key.startswith("org:")]
    return list(Organisation.objects.filter(public_id__in=ids, kind__in=_OWNERS)) if ids else []
