"""What one report is built from: the assessment's own facts and findings, and the stored rows they name."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from reports.queries import MatterRecord, evidence_items, matter_records
from svtad.gates.models import Assessment, EvidenceItem
from svtad.rulebook import codec
from svtad.rulebook.edition import Edition, PhaseKind
from svtad.rulebook.editions import edition_of
from svtad.rulebook.facts import Facts
from svtad.rulebook.findings import Finding, Judgement
from svtad.rulebook.vocabulary import Step, Verdict

NOBODY = "Not attributed"
NO_DMC = "No DMC"


@dataclass(frozen=True)
class Dossier:
    """An assessment opened: nothing here reads a live table for a fact."""

    assessment: Assessment

    @cached_property
    def facts(self) -> Facts:
        """The facts as they were stored."""
        return Facts.from_json(codec.parse_json(self.assessment.facts, path="facts"))

    @cached_property
    def judgement(self) -> Judgement:
        """The stored findings, put together again as the judge gave them."""
        stored = self.assessment
        rows = stored.findings.order_by("position").values_list("data", flat=True)
        return Judgement(
            document=stored.document,
            version=stored.version,
            release=self.facts.release,
            phase_kind=self.facts.phase_kind,
            scope=self.facts.scope,
            step=Step(stored.step),
            provider=stored.provider_id_text or None,
            as_at=str(codec.encode(self.facts.as_at)),
            facts_sha256=stored.facts_sha256,
            verdict=Verdict(stored.verdict),
            findings=tuple(codec.decode(Finding, data, path=f"findings[{index}]") for index, data in enumerate(rows)),
        )

    @cached_property
    def edition(self) -> Edition:
        """The edition that judged, for the titles of what it does not judge at this step."""
        return edition_of(self.assessment.document, self.assessment.version)

    @cached_property
    def phase_kind(self) -> PhaseKind:
        """The edition's entry for the phase kind."""
        return self.edition.phase_kind(self.facts.phase_kind)

    @cached_property
    def short_kind(self) -> str:
        """What people call the phase kind: `SIT`, but `System Capacity Testing`."""
        return "SIT" if self.phase_kind.key == "SIT" else self.phase_kind.title

    @cached_property
    def findings(self) -> dict[str, Finding]:
        """The findings by key."""
        return {finding.key: finding for finding in self.judgement.findings}

    @cached_property
    def evidence(self) -> dict[str, EvidenceItem]:
        """The evidence rows that the facts name, by id."""
        return evidence_items(item.id for item in self.facts.evidence)

    @cached_property
    def matters(self) -> dict[str, MatterRecord]:
        """The matters that the facts name, with the decisions recorded until the facts' moment."""
        facts = self.facts
        named: set[str | None] = set()
        for rows in (
            facts.exclusions,
            facts.disputes,
            facts.count_decisions,
            facts.evidence,
            facts.certificates,
            facts.work_off_plans,
        ):
            named.update(row.matter for row in rows)
        named.update(row.descope_matter for row in facts.test_rows)
        named.update(row.decision for row in facts.dmcs)
        return matter_records((name for name in named if name), moment=self.assessment.as_at)

    @cached_property
    def provider_names(self) -> dict[str, str]:
        """Names of DCC Service Providers by id."""
        return {row.id: row.name for row in self.facts.providers}

    @cached_property
    def dmc_names(self) -> dict[str, str]:
        """Names of Device Model Combinations by id."""
        return {row.id: row.name for row in self.facts.dmcs}

    def provider(self, key: str | None) -> str:
        """Return a provider's name; the DCC's own cell where the facts list no such provider."""
        if key is None:
            return NOBODY
        return self.provider_names.get(key, "The DCC itself")

    def dmc(self, key: str | None) -> str:
        """Return a Device Model Combination's name."""
        return NO_DMC if key is None else self.dmc_names.get(key, key)

    def matter(self, name: str | None) -> str:
        """Return the human reference of a matter that the facts name, or what they call it."""
        if not name:
            return ""
        record = self.matters.get(name)
        return record.matter.reference if record else name
