"""What a person puts before a body over REST, where no other resource opens it."""

from __future__ import annotations

from typing import Any

from svtad.governance.actions import open_matter
from svtad.governance.api.finding import file_named
from svtad.governance.models import Matter
from svtad.governance.policies import check_can_open_recorded
from svtad.governance.registry import OWNERS, RECORD_ONLY, WITHOUT_PHASE, Phase, phase_for
from svtad.lib.errors import InvalidInput
from svtad.lib.text import plain_line
from svtad.parties.actors import Actor
from svtad.parties.audiences import GOVERNANCE, audience_of, org_key
from svtad.parties.models import Organisation
from svtad.rulebook.procedures import Procedure, procedure

_OF_PHASE = "POST /phases/{id}/matters"
_ON_PAGE = "the page of the phase's evidence, from the report's row"
#: Where the app that owns its subject opens a matter of each other procedure.
OPENED_AT = {
    "EXCLUSION": "POST /issues/{id}/exclusions",
    "SEVERITY_DISPUTE": "POST /issues/{id}/disputes",
    "SCT_COUNT": "POST /issues/{id}/counting",
    "INTERFACE_COUNT": "POST /issues/{id}/counting",
    "DMC_DESELECTION": "POST /phases/{id}/deselections",
    "DESCOPE_PIT": "POST /phases/{id}/descopings",
    "DESCOPE_SIT": "POST /phases/{id}/descopings",
    "ASSURANCE_REPORT": _ON_PAGE,
    "REDACTED_COPIES": "POST /phases/{id}/copies",
    "CODE_PROMOTION": "POST /releases/{id}/matters",
    "INTERFACE_REPEAT": "POST /releases/{id}/matters",
    **dict.fromkeys(
        (
            "APPROVAL_TO_PROCEED",
            "COMPLETION_REPORT",
            "CORRECTION_PLAN",
            "OVERLAP",
            "SIT_COMPLETION",
            "TAD_APPROVAL",
            "TEST_COMPLETION_CERTIFICATE",
            "WORK_OFF_PLAN",
        ),
        _OF_PHASE,
    ),
}


def opened(given: dict[str, Any], *, by: Actor) -> Matter:
    """Open what `OpenIn` describes, as the registrar's form does, for those who govern and whoever brings it.

    Raises ActionDenied, and InvalidInput: for a procedure that another resource opens, saying which; and for a phase
    that is missing, not seen, or of a kind that the procedure is not about; and for who brings it likewise.
    """
    rules = procedure(given["procedure"])
    check_can_open_recorded(by, rules)
    if rules.key not in RECORD_ONLY:
        where = OPENED_AT.get(rules.key, "the page of its subject")
        raise InvalidInput.one("procedure", f"{rules.title} ({rules.citation}) is opened at {where}.")
    phase = _phase(rules, given["phase"], by=by)
    owner = _owner(rules, given["organisation"])
    return open_matter(
        procedure=rules.key,
        document=rules.document,
        version=rules.version,
        title=plain_line(given["title"]),
        rationale=given["rationale"],
        data=given["data"],
        attachment=file_named(by, given["attachment"], field="attachment"),
        received_on=given["received_on"],
        scope_id=phase.public_id if phase else "",
        audience=audience_of(*GOVERNANCE, *([org_key(owner)] if owner else [])),
        proposer=rules.proposer,
        raised_by=owner.code if owner else "",
        is_synthetic=phase is not None and phase.is_synthetic,
        opened_at=given["opened_at"],
        by=by,
    )


def _phase(rules: Procedure, public_id: str | None, *, by: Actor) -> Phase | None:
    """Return the phase that the matter is about, None where its subject is no phase's. Raises InvalidInput."""
    if rules.subject in WITHOUT_PHASE:
        if public_id:
            raise InvalidInput.one("phase", f"{rules.title} is not about one Test Phase.")
        return None
    if not public_id:
        raise InvalidInput.one("phase", f"{rules.title} is about a Test Phase: say which.")
    found = phase_for(by, public_id)
    if found is None:
        raise InvalidInput.one("phase", "There is no such Test Phase among those you may see.")
    if rules.phase_kinds and found.kind not in rules.phase_kinds:
        raise InvalidInput.one("phase", f"{rules.title} is about phases of {', '.join(rules.phase_kinds)}.")
    return found


def _owner(rules: Procedure, code: str | None) -> Organisation | None:
    """Return the organisation that brings the matter, None where the DCC or another body does. Raises InvalidInput."""
    kinds = OWNERS.get(rules.proposer)
    if kinds is None:
        if code:
            raise InvalidInput.one("organisation", f"{rules.title} is not brought by an organisation of its own.")
        return None
    found: Organisation | None = Organisation.objects.filter(code=code or "", kind__in=kinds).first()
    if found is None:
        known = ", ".join(sorted(str(kind.label) for kind in kinds))
        raise InvalidInput.one("organisation", f"Say by its code which organisation brings this: {known}.")
    return found
