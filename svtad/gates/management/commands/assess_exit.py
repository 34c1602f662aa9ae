"""`manage.py assess_exit PHASE`: judge a Test Phase and print the findings."""

from __future__ import annotations

import datetime as dt
import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db.models import Q

from svtad.gates.actions import assess
from svtad.gates.models import Assessment
from svtad.gates.queries import criteria, findings_of, phase_kind_for, shown_stored
from svtad.lib.clock import LONDON
from svtad.lib.errors import InvalidInput, Turned
from svtad.parties.actors import system_actor
from svtad.parties.models import Organisation
from svtad.rulebook import codec
from svtad.rulebook.findings import Finding
from svtad.rulebook.vocabulary import Step, Verdict
from testphases.models import TestScope

MET, NOT_MET, ERROR = 0, 1, 2


class Problem(Exception):
    """Something that keeps the command from judging; its text is printed, and the exit code is 2."""


class Command(BaseCommand):
    """Judge a Test Phase at a step, now or as at a past moment, and print the findings.

    The exit code is 0 where the verdict is MET, 1 where it is any other, 2 where nothing could be judged. The
    judgement is stored, unless one that rests on the same facts is stored already.
    """

    help = (
        "Judge a Test Phase. PHASE is its public id, MOC/SIT or PROGRAMME/MOC/SIT (one provider's PIT: MOC/PIT/CODE). "
        "Exit code: 0 MET, 1 any other verdict, 2 nothing could be judged."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the phase, the step, the moment and the form of the answer."""
        parser.add_argument("phase", metavar="PHASE", help="public id, RELEASE/KIND or PROGRAMME/RELEASE/KIND")
        parser.add_argument(
            "--step", metavar="S", help=f"one of {', '.join(Step)}; by default the last step of the phase's exit"
        )
        parser.add_argument(
            "--as-at", metavar="T", help="a past moment, such as 2026-03-02T09:00 (London) or with a zone"
        )
        parser.add_argument("--provider", metavar="CODE", help="at CERTIFICATES: judge this provider's certificate")
        parser.add_argument("--json", action="store_true", help="print the judgement as JSON, with its facts")

    def handle(self, *args: Any, **options: Any) -> None:
        """Judge, print, and leave with the exit code of the verdict."""
        try:
            scope = _scope(options["phase"])
            step = _step(scope, options["step"])
            provider = _provider(options["provider"])
            assessment, made = assess(
                scope=scope,
                step=step,
                as_at=_moment(options["as_at"]),
                provider=provider,
                trigger="command",
                by=system_actor("manage.py assess_exit"),
            )
        except (Problem, Turned, InvalidInput) as problem:
            self.stderr.write(f"Cannot judge: {problem}")
            sys.exit(ERROR)
        findings = findings_of(assessment)
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(assessment, findings, made=made), ensure_ascii=False, indent=2))
        else:
            self._print(assessment, findings, made=made)
        sys.exit(MET if Verdict(assessment.verdict).opens_gate else NOT_MET)

    def _print(self, assessment: Assessment, findings: tuple[Finding, ...], *, made: bool) -> None:
        overall = shown_stored(assessment.verdict, summary=assessment.summary)
        why = f" ({overall.why})" if overall.why else ""
        counts = f"{assessment.summary['met']} of {assessment.summary['criteria']} criteria met"
        self.stdout.write(f"{assessment.scope}, {assessment.step}: {overall.word}{why}. {counts}.")
        stored = "" if made else f" (the facts are those of {assessment.recorded_at:%Y-%m-%d %H:%M}Z)"
        self.stdout.write(
            f"{assessment.document} v{assessment.version}, as at {assessment.as_at:%Y-%m-%d %H:%M:%S}Z{stored}, "
            f"facts {assessment.facts_sha256}"
        )
        for line in criteria(findings):
            finding = line.finding
            self.stdout.write(f"  {finding.key:8} {line.shown.word:14} {finding.title}: {finding.summary}")
            for blocker in sorted(finding.blockers, key=lambda row: row.reference)[:5]:
                self.stdout.write(f"           - {blocker.reference}: {blocker.text}")
            if len(finding.blockers) > 5:
                self.stdout.write(f"           - and {len(finding.blockers) - 5} more")


def _scope(name: str) -> TestScope:
    """Find the phase by what it is called; it must be one and only one."""
    parts = name.split("/")
    related = TestScope.objects.select_related("release__programme", "governed_by__document", "provider")
    if len(parts) == 1:
        found = related.filter(public_id=name)
    elif len(parts) == 2:
        found = related.filter(release__code=parts[0], kind=parts[1])
    elif len(parts) == 3:
        of_programme = Q(release__programme__code=parts[0], release__code=parts[1], kind=parts[2])
        of_provider = Q(release__code=parts[0], kind=parts[1], provider__code=parts[2])
        found = related.filter(of_programme | of_provider)
    else:
        found = related.none()
    scopes: list[TestScope] = list(found[:2])
    if not scopes:
        raise Problem(f"there is no Test Phase {name}")
    if len(scopes) > 1:
        raise Problem(f"{name} names more than one Test Phase: give its programme, provider or public id")
    return scopes[0]


def _step(scope: TestScope, wanted: str | None) -> str:
    if wanted:
        return wanted.upper()
    kind = phase_kind_for(scope)
    return kind.steps[-1] if kind else Step.COMPLETION


def _provider(code: str | None) -> Organisation | None:
    if not code:
        return None
    found = Organisation.objects.filter(code=code).first()
    if found is None:
        raise Problem(f"there is no organisation {code}")
    return found


def _moment(text: str | None) -> dt.datetime | None:
    """Read a moment; one without a zone is London time."""
    if not text:
        return None
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise Problem(f"{text!r} is no moment such as 2026-03-02T09:00") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=LONDON)


def _as_json(assessment: Assessment, findings: tuple[Finding, ...], *, made: bool) -> dict[str, Any]:
    """The judgement, its facts as `python -m svtad.rulebook judge` takes them, and where it is stored."""
    return {
        "assessment": assessment.public_id,
        "new": made,
        "scope": assessment.scope.public_id,
        "title": assessment.scope.name,
        "step": assessment.step,
        "provider": assessment.provider_id_text or None,
        "document": assessment.document,
        "version": assessment.version,
        "as_at": codec.encode(assessment.as_at),
        "recorded_at": codec.encode(assessment.recorded_at),
        "facts_sha256": assessment.facts_sha256,
        "verdict": assessment.verdict,
        "findings": [codec.encode(finding) for finding in findings],
        "facts": json.loads(assessment.facts),
    }
