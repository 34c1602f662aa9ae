"""A second judge, written separately and as plainly as can be: it takes the JSON form and tries every outcome.

It shares nothing with the rulebook: no enumeration, no table, no helper. Where the rulebook reasons about disputes, it
lists all outcomes that TAG could choose and counts each. It is slow and meant to be; the numbers of disputes in its
cases are small.
"""

from __future__ import annotations

import datetime
import itertools

MAXIMA = {
    "PIT": [0, 0, 15, 30, 60],
    "SIT": [0, 0, 15, 30, 60],
    "SCT": [0, 0, 15, 30, 60],
    "INTERFACE": [0, 0, 5, 10, 20],
}
BEFORE = {"IOC": [], "MOC": ["IOC"], "FOC": ["IOC", "MOC"]}


def setting(facts, key, default):
    """The value of a parameter, or the default."""
    for row in facts["parameters"]:
        if row["key"] == key and row["value"] is not None:
            return row["value"]
    return default


def joined(verdicts):
    """Any NOT_MET; else BLOCKED; else CANNOT_EVALUATE; else MET."""
    for verdict in ("NOT_MET", "BLOCKED", "CANNOT_EVALUATE"):
        if verdict in verdicts:
            return verdict
    return "MET"


# ---- thresholds -----------------------------------------------------------------------------------------------------


def does_count(facts, issue, elsewhere):
    """True, False, or None where nobody has decided."""
    kind = facts["phase_kind"]
    pending = any(d["issue"] == issue["id"] and d["state"] == "RAISED" for d in facts["disputes"])
    grave = issue["severity"] in (None, "1", "2", "3") or pending
    within = comes_from_elsewhere(facts, issue, grave) if elsewhere else belongs(facts, issue)
    if not within or has_left(issue) or is_excluded(facts, issue):
        return False
    if not elsewhere and kind != "INTERFACE":
        return True
    asked = any(made["issue"] == issue["id"] for made in facts["count_decisions"])
    if kind == "INTERFACE" and not grave and not asked and issue["eligibility_complete"] is False:
        return False
    for made in facts["count_decisions"]:
        if made["issue"] == issue["id"] and made["state"] != "UNDECIDED":
            return made["state"] in ("COUNT", "COUNT_REFERRED", "SOS_COUNT")
    return None


def comes_from_elsewhere(facts, issue, grave):
    """Whether an issue from another phase may be counted at all (13.22, 13.23(c))."""
    if facts["phase_kind"] == "SIT":
        return issue["raised_phase_kind"] == "SCT" and issue["raised_release"] == facts["release"]
    return facts["phase_kind"] == "INTERFACE" and grave


def belongs(facts, issue):
    """Whether an issue was raised in this phase kind, in this release or one carried over (13.18)."""
    before = BEFORE[facts["release"]]
    if setting(facts, "carry_over.releases", "all_earlier") == "immediately_preceding":
        before = before[-1:]
    right_kind = issue["raised_phase_kind"] == facts["phase_kind"]
    return right_kind and issue["raised_release"] in [facts["release"], *before]


def has_left(issue):
    """Whether it is closed, or gone by a determination with reasons that still fits (13.19)."""
    if issue["state"] == "CLOSED":
        return True
    gone = issue["left"]
    if gone is None or not gone["determination"] or not gone["reasons"].strip():
        return False
    if gone["reason"] == "REJECTED":
        return issue["state"] == "REJECTED"
    return issue["cause"] in ("DEVICE", "PARTICIPANT", "OTHER")


def is_excluded(facts, issue):
    """Whether TAG agreed to, or the SoS upheld, an exclusion (13.20, 13.21)."""
    if facts["phase_kind"] not in ("SIT", "INTERFACE"):
        return False
    agreed = ("TAG_AGREED", "SOS_UPHELD")
    return any(e["issue"] == issue["id"] and e["state"] in agreed for e in facts["exclusions"])


def owner(facts, issue):
    """Whose cell: a provider's id, "the dcc", or None."""
    of_dcc = [p["id"] for p in facts["providers"] if p["is_dcc"]]
    if issue["cause"] == "DCC":
        if issue["provider"] is None or issue["provider"] in of_dcc or issue["provider"] == "DCC":
            return "the dcc"
        return None
    if issue["provider"] in of_dcc and issue["provider"] is not None:
        return "the dcc"
    return issue["provider"]


def outcomes(facts, issue):
    """Every severity on which an issue may end, by the reading that is set."""
    claims = [
        d["participant_severity"] for d in facts["disputes"] if d["issue"] == issue["id"] and d["state"] == "RAISED"
    ]
    if not claims:
        return [int(issue["severity"])]
    reading = setting(facts, "disputes.severities", "between")
    if reading == "any":
        return [1, 2, 3, 4, 5]
    ends = [int(issue["severity"]), *(int(claim) for claim in claims)]
    if reading == "either":
        return sorted(set(ends))
    return list(range(min(ends), max(ends) + 1))


def thresholds(facts, provider=None, maxima=None):
    """12.6(c) by trying every combination of outcomes, provider by provider."""
    maxima = maxima or MAXIMA[facts["phase_kind"]]
    rows = [(one, False) for one in facts["issues"]] + [(one, True) for one in facts["considered_issues"]]
    unknown = False
    mine: dict = {}
    for issue, elsewhere in rows:
        whose = owner(facts, issue)
        if provider is not None and (whose or issue["provider"] or provider) != provider:
            continue
        counts = does_count(facts, issue, elsewhere)
        if counts is None or (counts and (whose is None or issue["severity"] is None)):
            unknown = True
        elif counts:
            mine.setdefault(whose, []).append(outcomes(facts, issue))
    found = {(True,): "MET", (False,): "NOT_MET", (False, True): "BLOCKED"}
    verdicts = [found[tuple(sorted(tried(choices, maxima)))] for choices in mine.values()]
    return joined([*verdicts, "CANNOT_EVALUATE"] if unknown else verdicts)


def tried(choices, maxima):
    """The results, within the limits or not, of every combination of severities on which the issues may end."""
    certain = [0] * 5
    for may in choices:
        if len(may) == 1:
            certain[may[0] - 1] += 1
    results = set()
    for combination in itertools.product(*[may for may in choices if len(may) > 1]):
        tally = list(certain)
        for severity in combination:
            tally[severity - 1] += 1
        results.add(all(have <= most for have, most in zip(tally, maxima, strict=True)))
    return results


# ---- tests ----------------------------------------------------------------------------------------------------------


def in_play(facts):
    """The cells of test counts of DMCs that are still in."""
    out = set()
    for dmc in facts["dmcs"]:
        if dmc["state"] == "DESELECTED" and not (dmc["referral_open"] and not dmc["sos_says_stop"]):
            out.add(dmc["id"])
    return [c for c in facts["test_counts"] if c["dmc"] not in out]


def executed(facts):
    """12.6(a)."""
    cells = in_play(facts)
    if sum(c["planned"] - c["descoped"] for c in cells) == 0:
        return "CANNOT_EVALUATE"
    return "MET" if all(c["executed"] == c["planned"] - c["descoped"] for c in cells) else "NOT_MET"


def functional_by_dmc(facts):
    """Per DMC: (planned less de-scoped, passed as the setting counts it, executed)."""
    key = "assured_passed" if setting(facts, "pass_rate.assured_only", "no") == "yes" else "passed"
    sums: dict = {}
    for c in in_play(facts):
        if c["kind"] == "FUNCTIONAL":
            due, passed, ran = sums.get(c["dmc"], (0, 0, 0))
            sums[c["dmc"]] = (due + c["planned"] - c["descoped"], passed + c[key], ran + c["executed"])
    return {dmc: triple for dmc, triple in sums.items() if triple[0] > 0}


def pass_rate(facts):
    """12.6(b) of SIT: nine tenths on each DMC."""
    sums = functional_by_dmc(facts)
    if not sums:
        return "CANNOT_EVALUATE"
    return "MET" if all(10 * passed >= 9 * due for due, passed, _ in sums.values()) else "NOT_MET"


def row_1(facts):
    """Table 13.1 row 1: executed and passed."""
    rate = pass_rate(facts)
    whole = all(ran == due for due, _, ran in functional_by_dmc(facts).values())
    return joined([rate, "MET" if whole else "NOT_MET"])


def regression(facts):
    """12.6(f) of SIT: everything, on the stage exit versions, passed."""
    cells = [c for c in in_play(facts) if c["kind"] == "REGRESSION"]
    allowed = setting(facts, "regression.descope_allowed", "no") == "yes"
    due = sum(c["planned"] - (c["descoped"] if allowed else 0) for c in cells)
    if due == 0:
        return "CANNOT_EVALUATE"
    if facts["stage_exit_versions"] is None and sum(c["executed"] for c in cells) == due:
        return "CANNOT_EVALUATE"
    on_exit = sum(c["exit_executed"] for c in cells)
    passed = sum(c["exit_passed"] for c in cells)
    return "MET" if on_exit == due and passed == due else "NOT_MET"


# ---- papers ---------------------------------------------------------------------------------------------------------


def documented(facts):
    """12.6(d)."""
    held = facts["execution_evidence"]
    if held is None:
        return "CANNOT_EVALUATE"
    good = held["executed"] > 0 and held["missing"] == 0 and held["hash_failed"] == 0
    return "MET" if good else "NOT_MET"


def logs(facts):
    """12.6(e)."""
    if facts["issues_raised"] is None:
        return "CANNOT_EVALUATE"
    log = facts["issue_log"]
    if log is None or not log["intact"] or log["issues"] != facts["issues_raised"]:
        return "NOT_MET"
    made = datetime.datetime.fromisoformat(log["generated_at"])
    for key in ("last_execution_at", "last_issue_raised_at"):
        if facts[key] is not None and made < datetime.datetime.fromisoformat(facts[key]):
            return "NOT_MET"
    return "MET"


def plans(facts, provider=None):
    """12.6(g)."""
    before = BEFORE[facts["release"]]
    if setting(facts, "carry_over.releases", "all_earlier") == "immediately_preceding":
        before = before[-1:]
    for issue in facts["issues"]:
        if issue["state"] in ("CLOSED", "REJECTED") or issue["raised_phase_kind"] != facts["phase_kind"]:
            continue
        if issue["raised_release"] != facts["release"] and issue["raised_release"] not in before:
            continue
        if provider is not None:
            if issue["provider"] not in (None, provider):
                continue
            if issue["provider"] is None and issue["cause"] == "DCC":
                continue
        good = False
        for plan in facts["work_off_plans"]:
            if provider is not None and plan["provider"] not in (None, provider):
                continue
            holds = any(item["issue"] == issue["id"] for item in plan["items"])
            good |= holds and plan["state"] != "DRAFT" and plan["sha256"] is not None and plan["intact"]
        if not good:
            return "NOT_MET"
    return "MET"


def earlier_plans(facts, provider=None):
    """12.6(h)."""
    if facts["precursors"] is None:
        return "CANNOT_EVALUATE"
    for phase in facts["precursors"]:
        for plan in phase["work_off_plans"]:
            if provider is not None and plan["provider"] not in (None, provider):
                continue
            for item in plan["items"]:
                if provider is not None and item["provider"] not in (None, provider):
                    continue
                if item["state"] != "RERUN_PASSED":
                    return "NOT_MET"
    return "MET"


def stands(row):
    """Attached, unchanged, and more than a draft."""
    return (
        row["sha256"] is not None and row["intact"] and row["state"] not in ("DRAFT", "RETURNED", "REJECTED", "INTERIM")
    )


def papers(facts, step, provider=None):
    """12.6(i) and row 8 as a pair."""
    asked = [p["id"] for p in facts["providers"] if p["takes_part"] and not p["is_dcc"]]
    if provider is not None:
        asked = [provider]
    if not asked:
        return "CANNOT_EVALUATE", "CANNOT_EVALUATE"
    whole, approved = True, True
    for one in asked:
        own = [row for row in facts["evidence"] if row["provider"] in (None, one)]
        for kind in ("PROVIDER_REPORT", "ASSURANCE_REPORT"):
            whole &= any(row["kind"] == kind and stands(row) for row in own)
        approved &= any(
            row["kind"] == "ASSURANCE_REPORT"
            and row["state"] in ("APPROVED", "SHARED_WITH_TAG")
            and row["sha256"] is not None
            and row["intact"]
            and bool(row["matter"])
            for row in own
        )
        if step in ("COMPLETION", "PANEL"):
            whole &= any(c["provider"] == one and c["state"] in ("ISSUED", "REISSUED") for c in facts["certificates"])
    return ("MET" if whole and approved else "NOT_MET"), ("MET" if approved else "NOT_MET")


def audit(facts, kind, clause):
    """Rows 6 and 7."""
    paper = any(row["kind"] == kind and stands(row) for row in facts["evidence"])
    finals = [
        row
        for row in facts["evidence"]
        if row["kind"] == "SIT_AUDIT_REPORT" and row["state"] == "FINAL" and row["sha256"] and row["intact"]
    ]
    if not paper or not finals:
        return "NOT_MET"
    said = [s["confirmed"] for row in finals for s in row["statements"] if s["clause"] == clause]
    if not said:
        return "CANNOT_EVALUATE"
    return "MET" if all(said) else "NOT_MET"


def judge_sit(facts, step, provider=None, maxima=None):
    """Every finding's verdict by key, and the phase's under ``""``, for a SIT in its JSON form."""
    verdicts = {
        "12.6(a)": executed(facts),
        "12.6(b)": pass_rate(facts),
        "12.6(c)": thresholds(facts, provider, maxima),
        "12.6(d)": documented(facts),
        "12.6(e)": logs(facts),
        "12.6(f)": regression(facts),
        "12.6(g)": plans(facts, provider),
        "12.6(h)": earlier_plans(facts, provider),
    }
    if step != "REPORTS":
        verdicts["12.6(i)"], row_8 = papers(facts, step, provider)
    if step == "PANEL":
        verdicts["T13.1-6"] = audit(facts, "TTM", "19.4(a)")
        verdicts["T13.1-7"] = audit(facts, "TEST_HEATMAP", "19.4(b)")
    phase = joined(list(verdicts.values()))
    if step != "REPORTS":
        verdicts["T13.1-8"] = row_8
    verdicts["T13.1-1"] = row_1(facts)
    for detail, whole in (("2", "f"), ("3", "c"), ("4", "d"), ("5", "e")):
        verdicts[f"T13.1-{detail}"] = verdicts[f"12.6({whole})"]
    verdicts[""] = phase
    return verdicts


def share(text):
    """A share as (upper, lower) integers: 95% is 95 of 100, 19/20 is 19 of 20."""
    if text.endswith("%"):
        return int(text[:-1]), 100
    upper, lower = text.split("/")
    return int(upper), int(lower)


def pass_rate_pit(facts):
    """12.6(b) of PIT: the share that was set, of each DMC or of the phase."""
    minimum = setting(facts, "pit.minimum_pass_rate", None)
    if minimum is None:
        return "CANNOT_EVALUATE"
    upper, lower = share(minimum)
    sums = list(functional_by_dmc(facts).values())
    if not sums:
        return "CANNOT_EVALUATE"
    if setting(facts, "pit.pass_rate_scope", "per_dmc") == "phase":
        sums = [(sum(due for due, _, _ in sums), sum(passed for _, passed, _ in sums), 0)]
    return "MET" if all(lower * passed >= upper * due for due, passed, _ in sums) else "NOT_MET"


def regression_pit(facts):
    """12.6(f) of PIT: all executed, the share that was set passed, on the stage exit versions unless set otherwise."""
    minimum = setting(facts, "pit.regression_pass_rate", None)
    if minimum is None:
        return "CANNOT_EVALUATE"
    upper, lower = share(minimum)
    cells = [c for c in in_play(facts) if c["kind"] == "REGRESSION"]
    due = sum(c["planned"] - c["descoped"] for c in cells)
    if due == 0:
        return "CANNOT_EVALUATE"
    on_exit = setting(facts, "pit.regression_on_exit_versions", "yes") == "yes"
    if on_exit and facts["stage_exit_versions"] is None and sum(c["executed"] for c in cells) == due:
        return "CANNOT_EVALUATE"
    ran = sum(c["exit_executed" if on_exit else "executed"] for c in cells)
    passed = sum(c["exit_passed" if on_exit else "passed"] for c in cells)
    return "MET" if ran == due and lower * passed >= upper * due else "NOT_MET"


def papers_pit(facts, step, provider=None):
    """12.6(i) of PIT: the reports, and the certificates; TAB's approval of the report is a row of SIT's table."""
    asked = [p["id"] for p in facts["providers"] if p["takes_part"] and not p["is_dcc"]]
    if provider is not None:
        asked = [provider]
    if not asked:
        return "CANNOT_EVALUATE"
    for one in asked:
        own = [row for row in facts["evidence"] if row["provider"] in (None, one)]
        for kind in ("PROVIDER_REPORT", "ASSURANCE_REPORT"):
            if not any(row["kind"] == kind and stands(row) for row in own):
                return "NOT_MET"
        in_force = any(c["provider"] == one and c["state"] in ("ISSUED", "REISSUED") for c in facts["certificates"])
        if step == "COMPLETION" and not in_force:
            return "NOT_MET"
    return "MET"


def judge_pit(facts, step, provider=None, maxima=None):
    """Every finding's verdict by key, and the phase's under ``""``, for a PIT in its JSON form."""
    verdicts = {
        "12.6(a)": executed(facts),
        "12.6(b)": pass_rate_pit(facts),
        "12.6(c)": thresholds(facts, provider, maxima),
        "12.6(d)": documented(facts),
        "12.6(e)": logs(facts),
        "12.6(f)": regression_pit(facts),
        "12.6(g)": plans(facts, provider),
        "12.6(h)": earlier_plans(facts, provider),
    }
    if step != "REPORTS":
        verdicts["12.6(i)"] = papers_pit(facts, step, provider)
    verdicts[""] = joined(list(verdicts.values()))
    return verdicts


def plan_at_exit(facts):
    """15.1 where there are no certificates: as 12.6(g), and a day from which a timescale counts."""
    whole = plans(facts)
    if whole != "MET":
        return whole
    before = BEFORE[facts["release"]]
    if setting(facts, "carry_over.releases", "all_earlier") == "immediately_preceding":
        before = before[-1:]
    for issue in facts["issues"]:
        if issue["state"] in ("CLOSED", "REJECTED") or issue["severity"] not in ("3", "4", "5"):
            continue
        if not belongs(facts, issue) or any(
            c["provider"] == issue["provider"] and c["issued_on"] for c in facts["certificates"]
        ):
            continue
        good = [
            plan
            for plan in facts["work_off_plans"]
            if any(item["issue"] == issue["id"] for item in plan["items"])
            and plan["state"] != "DRAFT"
            and plan["sha256"] is not None
            and plan["intact"]
        ]
        if all(plan["clock_start"] is None for plan in good):
            return "CANNOT_EVALUATE"
    return "MET"


def judge_other(facts, maxima=None):
    """Interface Testing and SCT: Table 13.2 and the plan of 15.1; the rest is in a document that is not held."""
    verdicts = {"13.18": thresholds(facts, None, maxima), "15.1": plan_at_exit(facts), "12.3": "CANNOT_EVALUATE"}
    verdicts[""] = joined(list(verdicts.values()))
    return verdicts


# ---- days -----------------------------------------------------------------------------------------------------------


def walk(start, days, holidays):
    """Day by day: the date of the Nth Working Day after ``start``."""
    day, left = start, days
    while left:
        day = day + datetime.timedelta(days=1)
        if day.isoweekday() not in (6, 7) and day not in holidays:
            left -= 1
    return day
