"""Who put a matter forward is kept with it, filled in from the audit trail as far as that says it."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.db import migrations, models

#: The steps by which others than the proposing body bring a matter before another body, as the procedures list them.
_REFERRALS = frozenset({"REFER", "REFER_SEVERITY", "FORWARD"})
_SLICE = 500


def fill(apps: Any, schema_editor: Any) -> None:
    """Read who opened each matter, or recorded a step that brought it before a body.

    The trail names who acted, not whom they deputised for: of a deputy's act before this day, the deputy alone is kept.
    """
    matters = apps.get_model("governance", "Matter").objects
    events = apps.get_model("audit", "AuditEvent").objects
    proposers = dict(matters.values_list("public_id", "proposer"))
    ids = list(proposers)
    for start in range(0, len(ids), _SLICE):
        people: dict[str, set[str]] = defaultdict(set)
        rows = events.filter(
            subject_kind="Matter",
            subject_id__in=ids[start : start + _SLICE],
            action__in=("open_matter", "record_decision", "correct_decision"),
        ).exclude(actor_id="")
        for matter, action, person, detail in rows.values_list("subject_id", "action", "actor_id", "detail"):
            own = detail.get("body") == proposers[matter] or detail.get("outcome") in _REFERRALS
            if action == "open_matter" or own:
                people[matter].add(person)
        for matter, found in people.items():
            matters.filter(public_id=matter).update(put_forward_by=sorted(found))


class Migration(migrations.Migration):
    """Add the column and fill it."""

    dependencies = [("audit", "0002_append_only"), ("governance", "0006_meetings")]

    operations = [
        migrations.AddField(
            model_name="matter",
            name="put_forward_by",
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
