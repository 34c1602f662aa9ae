"""Whether pending severity disputes could change a provider's threshold result (14.4, 14.5): exact, no enumeration.

A re-grade moves an issue from one severity to another, so results are not monotone and disputes must be taken
together: two that are harmless alone may break a limit together. Yet no outcome need be listed. The provider *could
fail* if for some severity the undisputed count plus all disputes that may land there is over the limit (send them all
there, the others anywhere). It *could pass* if no undisputed count is over its limit and every dispute finds an allowed
severity with room, which is a bipartite matching of disputes to severities with capacities.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

from svtad.rulebook.vocabulary import DisputeReading, Verdict

Allowed = frozenset[str]
"""The severities on which one disputed issue may end."""


def allowed_severities(*, reading: str, current: str, claimed: Iterable[str], severities: Sequence[str]) -> Allowed:
    """The severities that TAG may choose under a reading.

    ``current`` is the DCC's severity, ``claimed`` what participants hold right (more than one where an issue is
    disputed more than once). ``between``: any from the DCC's to the participant's; ``either``: only those two;
    ``any``: all.
    """
    if reading == DisputeReading.ANY:
        return frozenset(severities)
    if reading == DisputeReading.EITHER:
        return frozenset((current, *claimed))
    positions = [severities.index(severity) for severity in (current, *claimed)]
    return frozenset(severities[min(positions) : max(positions) + 1])


def highest_counts(fixed: Mapping[str, int], disputes: Sequence[Allowed]) -> dict[str, int]:
    """The most that each severity could hold: the undisputed plus all that may land there."""
    return {severity: count + sum(severity in allowed for allowed in disputes) for severity, count in fixed.items()}


def lowest_counts(fixed: Mapping[str, int], disputes: Sequence[Allowed]) -> dict[str, int]:
    """The fewest that each severity could hold: the undisputed plus those that can land nowhere else."""
    return {severity: count + sum(allowed == {severity} for allowed in disputes) for severity, count in fixed.items()}


def could_fail(fixed: Mapping[str, int], disputes: Sequence[Allowed], limits: Mapping[str, int]) -> bool:
    """Whether some outcome of the disputes puts some severity over its limit."""
    highest = highest_counts(fixed, disputes)
    return any(highest[severity] > limits[severity] for severity in limits)


def could_pass(fixed: Mapping[str, int], disputes: Sequence[Allowed], limits: Mapping[str, int]) -> bool:
    """Whether some outcome of the disputes keeps every severity within its limit."""
    return not crowded(fixed, disputes, limits)


def crowded(fixed: Mapping[str, int], disputes: Sequence[Allowed], limits: Mapping[str, int]) -> tuple[str, ...]:
    """The fewest severities that cannot hold what must land among them; empty where every dispute finds room.

    Hall's condition for a matching with capacities: disputes can all be placed exactly if, for every set of
    severities, those that can land nowhere else number no more than its room. The sets are those of the few severities
    of the edition, so the work grows with the disputes, never with their outcomes.
    """
    must_land = Counter(disputes)
    severities = tuple(limits)
    for size in range(1, len(severities) + 1):
        for group in combinations(severities, size):
            room = sum(limits[severity] - fixed[severity] for severity in group)
            if any(fixed[severity] > limits[severity] for severity in group):
                return group
            if sum(number for allowed, number in must_land.items() if allowed.issubset(group)) > room:
                return group
    return ()


def verdict_of(fixed: Mapping[str, int], disputes: Sequence[Allowed], limits: Mapping[str, int]) -> Verdict:
    """One provider's verdict: MET, NOT_MET, or BLOCKED where the disputes decide which (14.5).

    Where they do not, the DCC's severities stand (14.4) and every outcome gives the same verdict.
    """
    if not could_pass(fixed, disputes, limits):
        return Verdict.NOT_MET
    return Verdict.BLOCKED if could_fail(fixed, disputes, limits) else Verdict.MET
