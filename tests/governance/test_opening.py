"""What a procedure wants of whoever opens a matter is kept with it, and the window for opening it holds."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from svtad.audit.models import AuditEvent
from svtad.governance import actions
from svtad.governance.models import Deadline, Matter
from svtad.lib.clock import london_date, now
from svtad.lib.errors import InvalidInput, Refused
from svtad.rulebook.procedures import PROCEDURES
from tests.factories import make_house
from tests.opening import on_form, stated, wanted
from tests.portal.boards import signed_in, text

RECEIVED = dt.date(2019, 4, 11)


def appeal(audience: Any, *, opened: dt.datetime, **more: Any) -> dict[str, Any]:
    return {
        "procedure": "DMCT_APPEAL",
        "version": "1.5",
        "title": "Appeal of Arden",
        "rationale": "",
        "data": stated("DMCT_APPEAL"),
        "received_on": RECEIVED,
        "at": opened,
        **more,
    }


def fields(error: pytest.ExceptionInfo[InvalidInput]) -> dict[str, str]:
    return {each.field: each.message for each in error.value.errors}


@pytest.mark.clause("SVTAD 1.5", "20.35")
@pytest.mark.parametrize(
    ("opened", "in_time"),
    [
        # Good Friday and Easter Monday 2019 are no Working Days: ten after Thursday 11 April is Monday 29 April.
        (dt.datetime(2019, 4, 29, 22, 59, 59, tzinfo=dt.UTC), True),
        (dt.datetime(2019, 4, 29, 23, 0, tzinfo=dt.UTC), False),
    ],
)
def test_an_appeal_is_lodged_within_ten_working_days_of_receipt(open_matter, audience, registrar, opened, in_time):
    given = appeal(audience, opened=opened, by=registrar)
    if not in_time:
        with pytest.raises(Refused, match="ended on 29 April 2019") as refused:
            open_matter(given.pop("procedure"), **given)
        assert refused.value.clause == "20.35-20.37"
        assert not Matter.objects.exists()
        return
    matter = open_matter(given.pop("procedure"), **given)
    kept = Deadline.objects.get(matter=matter)
    assert (kept.outcome, kept.trigger_on, kept.last_day, kept.end) == ("OPEN", RECEIVED, dt.date(2019, 4, 29), "MET")
    assert (matter.received_on, matter.data) == (RECEIVED, stated("DMCT_APPEAL"))
    assert AuditEvent.objects.get(action="open_matter").detail["received_on"] == "2019-04-11"


@pytest.mark.parametrize(
    ("more", "field", "said"),
    [
        ({"received_on": None}, "received_on", "Say from which day the window runs"),
        ({"received_on": dt.date(2019, 4, 13)}, "received_on", "later than the day on which the matter was brought"),
        ({"data": {"ground": "It is of severity 2."}}, "result_changes", "needed"),
        ({"data": {**stated("DMCT_APPEAL"), "grounds": "x"}}, "grounds", "asks for no such statement"),
    ],
)
def test_what_the_opening_lacks_is_named_by_field(open_matter, audience, registrar, more, field, said):
    given = appeal(audience, opened=dt.datetime(2019, 4, 12, 9, tzinfo=dt.UTC), by=registrar) | more
    with pytest.raises(InvalidInput) as error:
        open_matter(given.pop("procedure"), **given)
    assert set(fields(error)) == {field}
    assert said in fields(error)[field]
    assert not Matter.objects.exists()


def test_a_day_of_receipt_is_refused_where_no_clause_gives_a_window(open_matter):
    with pytest.raises(InvalidInput) as error:
        open_matter("EXCLUSION", received_on=RECEIVED)
    assert fields(error) == {"received_on": "SVTAD v1.23, 13.20-13.21 gives no window for opening it."}


@pytest.mark.parametrize("given", ["soon", "2020-13-01", ""])
def test_a_date_that_is_wanted_is_a_date(open_matter, registrar, audience, given):
    with pytest.raises(InvalidInput) as error:
        open_matter(
            "NOV20_GO_LIVE", document="November 2020 SEC Release", version="", by=registrar, data={"go_live": given}
        )
    assert set(fields(error)) == {"go_live"}


@pytest.mark.clause("SVTAD 1.23", "20.16", "20.17")
@pytest.mark.parametrize("key", ["TEST_PACK_STANDARD", "TEST_PACK_NON_STANDARD", "DMCT_VERSIONS"])
def test_a_document_that_is_wanted_is_given_and_kept(open_matter, audience, key):
    with pytest.raises(InvalidInput) as error:
        open_matter(key, attachment=None)
    assert set(fields(error)) == {"attachment"}
    matter = open_matter(key)
    assert matter.attachment is not None
    event = AuditEvent.objects.get(action="open_matter")
    assert (event.detail["attachment"], event.detail["sha256"]) == (
        matter.attachment.public_id, matter.attachment.sha256,
    )  # fmt: skip


@pytest.mark.parametrize("key", sorted(key for key, rules in PROCEDURES.items() if rules.opens_with))
def test_every_requirement_of_every_opening_is_held_to(open_matter, audience, registrar, key):
    rules = PROCEDURES[key]
    whole = wanted(key, audience=audience, at=dt.datetime(2019, 4, 1, 9, tzinfo=dt.UTC)) | {"rationale": "Said."}
    about = {"document": rules.document, "version": rules.version, "by": registrar}
    for need in rules.opens_with:
        lacking = dict(whole)
        if need.kind == "file":
            lacking["attachment"] = None
        elif need.key == "rationale":
            lacking["rationale"] = " "
        else:
            lacking["data"] = {name: value for name, value in whole["data"].items() if name != need.key}
        with pytest.raises(InvalidInput) as error:
            open_matter(key, **about, **lacking)
        assert set(fields(error)) == {"attachment" if need.kind == "file" else need.key}
    assert open_matter(key, **about, **whole).state == rules.initial


def test_the_page_shows_what_was_given_and_the_count_in_which_it_was_brought(db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "files"
    house = make_house()
    registrar = signed_in(house, "registrar")
    day = london_date(now()) - dt.timedelta(days=1)
    about = {"title": "Appeal of Arden", "organisation": house.supplier.public_id}
    sent = registrar.post("/register/DMCT_APPEAL/", about | on_form("DMCT_APPEAL", day=day))
    assert sent.status_code == 302, text(sent)
    page = text(registrar.get(sent.headers["Location"]))
    assert "How the result of testing would change if the view were upheld:" in page
    assert "brought on day " in page
    assert "of 10, last day" in page
    late = about | on_form("DMCT_APPEAL", day=day - dt.timedelta(days=60))
    refused = registrar.post("/register/DMCT_APPEAL/", late)
    assert "ended on" in refused.content.decode()
    assert Matter.objects.count() == 1
    pack = registrar.post("/register/TEST_PACK_STANDARD/", {"title": "Of MOC"} | on_form("TEST_PACK_STANDARD", day=day))
    page = text(registrar.get(pack.headers["Location"]))
    assert "proposed.pdf" in page
    kept = Matter.objects.latest("pk").attachment
    assert kept is not None
    assert kept.sha256 in page
    assert registrar.post("/register/TEST_PACK_STANDARD/", {"title": "Of MOC"}).status_code == 400


def test_a_title_alone_opens_no_matter_over_rest_and_says_what_is_wanted(open_matter, registrar, audience):
    with pytest.raises(InvalidInput) as error:
        actions.open_matter(
            procedure="INTERFACE_REPEAT", document="SVTAD", version="1.23", title="A change", audience=audience,
            by=registrar,
        )  # fmt: skip
    assert fields(error) == {"change": "The change proposed to the DCC User Interface: needed (7.3)."}
