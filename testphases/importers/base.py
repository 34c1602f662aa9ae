"""What every importer of this app shares: whose scope it is, who may, who may see; and how results are summed up."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from typing import ClassVar, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from svtad.intake.registry import Importer, Parameter, RowProblem, Summary, Target
from svtad.lib.errors import ActionDenied, InvalidInput
from svtad.lib.text import counted
from svtad.parties.actors import Actor
from svtad.parties.audiences import GOVERNANCE, audience_of
from svtad.parties.models import Audience
from testphases import policies
from testphases.actions.arrivals import Staged
from testphases.actions.rows import RunRow
from testphases.actions.runs import preview_runs, record_runs_staged
from testphases.models import TestScope

Row = TypeVar("Row")

LONDON = "Europe/London"
VERSIONS_HELP = "component=version, several separated by “;”: DSP=5.2; S1SP=3.1"
ZONE = Parameter(
    "zone", "Time zone", "Of times that name none. Times in the hour that occurs twice are flagged.", default=LONDON
)
DMC = Parameter("dmc", "DMC", "The reference of the DMC, for results that name none.")
VERSIONS = Parameter("versions", "Versions", VERSIONS_HELP)
INSTALLATION = Parameter(
    "installation_type",
    "Installation type",
    "For results that name none.",
    choices={"DORMANT": "Dormant", "ACTIVE": "Active", "MIXED": "Mixed"},
)
ENVIRONMENT = Parameter("environment", "Environment", "For results that name none.")
TESTER = Parameter("tester", "Tester", "For results that name none.")
OCCURRED = Parameter("occurred_at", "Run on", "When the tests ran, for results without a time: 2026-03-02 09:30.")


class ScopeImporter(Importer[Row]):
    """An importer into a test scope."""

    def scope(self, scope_id: str) -> TestScope:
        """Return the scope of that public id. Raises `ActionDenied` as for one that may not be seen."""
        found: TestScope | None = (
            TestScope.objects.select_related("release", "provider").filter(public_id=scope_id).first()
        )
        if found is None:
            raise ActionDenied("", "You take no part in this Test Phase.")
        return found

    def audience(self, actor: Actor, scope_id: str) -> Audience:
        """Return those who govern, and the sender's own organisations: no other DCC Service Provider sees the file."""
        if policies.provider_limit(actor) is None:
            return audience_of(*GOVERNANCE)
        return audience_of(*GOVERNANCE, *(key for key in actor.audience_keys if key.startswith("org:")))


class ResultsImporter(ScopeImporter[RunRow]):
    """An importer of results."""

    takes_run_id = True
    labels: ClassVar[Mapping[str, str]] = {
        "results": "Results in the file",
        "passed": "Passed",
        "failed": "Failed",
        "skipped": "Skipped or disabled (not executed)",
        "impeded": "Impeded (not executed)",
        "recorded": "New runs",
        "already": "Recorded before",
        "unmatched": "Of no planned test (kept and listed)",
        "now_passed": "Tests that would newly count as passed",
        "now_failed": "Tests that would newly count as failed",
    }

    def check_may_import(self, actor: Actor, scope_id: str) -> None:
        """Raise `ActionDenied` unless the actor may send in results for the scope."""
        policies.check_can_record_runs(actor, self.scope(scope_id))

    def preview(self, target: Target, rows: Iterable[RunRow]) -> Summary:
        """Match the results against the plan and count what recording them would change."""
        batch = target.batch
        staged, already, changes = preview_runs(
            scope=self.scope(target.scope_id),
            rows=rows,
            source=target.source,
            run_id=target.run_id,
            batch=batch,
            by=target.by,
            at=target.at,
        )
        self._take_errors(target, staged)
        return self._summary(staged, recorded=staged.matched - already, changes=changes)

    def commit(self, target: Target, rows: Iterable[RunRow]) -> Summary:
        """Record the results."""
        batch = target.batch
        result, staged = record_runs_staged(
            scope=self.scope(target.scope_id),
            rows=rows,
            source=target.source,
            run_id=target.run_id,
            batch=batch,
            evidence=batch.file if self.is_evidence(target.params) else None,
            by=target.by,
            at=target.at,
        )
        return self._summary(staged, recorded=result.recorded, changes={})

    def is_evidence(self, params: Mapping[str, str]) -> bool:
        """Return whether the file itself is the evidence of its results (12.6(d))."""
        return False

    @staticmethod
    def _take_errors(target: Target, staged: Staged) -> None:
        for error in staged.errors:
            target.problems.add(RowProblem(error.row or 0, error.field, error.message, error.value))
        target.problems.count += staged.error_count - len(staged.errors)

    def _summary(self, staged: Staged, *, recorded: int, changes: Mapping[str, int]) -> Summary:
        counts = {
            "results": staged.rows,
            "passed": staged.seen["PASSED"],
            "failed": staged.seen["FAILED"],
            "skipped": staged.seen["SKIPPED"],
            "impeded": staged.seen["IMPEDED"],
            "recorded": recorded,
            "already": staged.matched - recorded,
            "unmatched": staged.unmatched,
        }
        if changes:
            for name, outcome in (("now_passed", "PASSED"), ("now_failed", "FAILED")):
                counts[name] = sum(count for key, count in changes.items() if key.endswith(f">{outcome}"))
        warnings = []
        if staged.times_missing:
            say = counted(staged.times_missing, "result does not say when it", "results do not say when they")
            warnings.append(f"{say} ran: the time of import is taken and flagged. Give the time with the file.")
        if staged.times_uncertain:
            have = counted(staged.times_uncertain, "result has", "results have")
            warnings.append(f"{have} a time that clocks showed twice or never: flagged.")
        return Summary(rows=staged.rows, counts=counts, examples=tuple(staged.examples), warnings=tuple(warnings))


def parse_versions(text: str) -> dict[str, str]:
    """Return the component versions that `text` names: `DSP=5.2; S1SP=3.1`, or one bare version as `build`.

    Commas part them too.

    Raises `ValueError` saying what is wrong.
    """
    parts = [part.strip() for part in re.split(r"[;,\n]", text) if part.strip()]
    if len(parts) == 1 and "=" not in parts[0]:
        return {"build": parts[0]}
    components: dict[str, str] = {}
    for part in parts:
        name, equals, version = (piece.strip() for piece in part.partition("="))
        if not equals or not name or not version:
            raise ValueError(f"“{part}” is no component=version.")
        if name in components:
            raise ValueError(f"“{name}” is given twice.")
        components[name] = version
    return components


def versions_of(params: Mapping[str, str]) -> dict[str, str] | None:
    """Return the component versions said of a whole file. Raises `InvalidInput`."""
    text = params.get("versions", "")
    if not text:
        return None
    try:
        return parse_versions(text)
    except ValueError as error:
        raise InvalidInput.one("versions", str(error)) from None


def zone_of(params: Mapping[str, str]) -> ZoneInfo:
    """Return the time zone of times that name none. Raises `InvalidInput`."""
    name = params.get("zone", "") or LONDON
    if name not in available_timezones():
        raise InvalidInput.one("zone", f"There is no time zone “{name}”; for example {LONDON}, UTC.")
    return ZoneInfo(name)


def occurred_of(params: Mapping[str, str], times: Times) -> tuple[dt.datetime | None, bool]:
    """Return the time said of a whole file, and whether it is uncertain. Raises `InvalidInput`."""
    text = params.get("occurred_at", "")
    if not text:
        return None, False
    moment, uncertain = times.read(text)
    if moment is None:
        raise InvalidInput.one("occurred_at", f"“{text}” is no time such as 2026-03-02 09:30.")
    return moment, uncertain


class Times:
    """Reads the times that tools write. A naive one takes the zone; one that it had twice or never is uncertain."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._read: dict[str, tuple[dt.datetime | None, bool]] = {}

    def read(self, text: str) -> tuple[dt.datetime | None, bool]:
        """Return the instant (UTC) that `text` names, or None; and whether it is uncertain."""
        found = self._read.get(text)
        if found is None:
            if len(self._read) > 10_000:
                self._read.clear()
            found = self._read[text] = self._parse(text.strip())
        return found

    def _parse(self, text: str) -> tuple[dt.datetime | None, bool]:
        moment = _moment(text)
        if moment is None:
            return None, False
        try:
            if moment.tzinfo is not None:
                return moment.astimezone(dt.UTC), False
            earlier = moment.replace(tzinfo=self._zone, fold=0)
            uncertain = earlier.utcoffset() != moment.replace(tzinfo=self._zone, fold=1).utcoffset()
            return earlier.astimezone(dt.UTC), uncertain
        except (OverflowError, ValueError):
            return None, False


_EPOCH = re.compile(r"\d{10}(\d{3})?(\.\d+)?")


def _moment(text: str) -> dt.datetime | None:
    """Return what `text` says: ISO 8601, RFC 2822 (`Sat, 03 Dec 2022 23:10:07 GMT`) or seconds since 1970."""
    from email.utils import parsedate_to_datetime

    if _EPOCH.fullmatch(text):
        seconds = float(text)
        return dt.datetime.fromtimestamp(seconds / 1000 if seconds >= 1e11 else seconds, tz=dt.UTC)
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    # "-0000" means "no zone known", which parsedate gives as naive; GMT it gives as aware.
    return moment
