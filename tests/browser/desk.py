"""Somebody at a browser who does what a story asks: signs in, attaches, raises, records, and reads what is said."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.urls import reverse
from playwright.sync_api import Locator, Page, expect

from svtad.governance.models import Matter
from svtad.lib.clock import LONDON, now
from svtad.parties.models import Organisation, Person
from testphases.models import TestScope
from tests import moved_clock
from tests.factories import House

_papers = itertools.count(1)


@dataclass
class Desk:
    """One browser on one server, with a Test Phase before it."""

    page: Page
    url: str
    house: House
    scope: TestScope
    folder: Path
    sign_in: Callable[[Page, Person], None]
    who: tuple[str, Organisation | None] = field(default=("", None), init=False)

    # --- where and when ---------------------------------------------------------------------------------

    def at(self, day: str) -> None:
        """Let it be `day`, "2027-03-08" or "2027-03-08 23:58" in London; who sat here has been signed out."""
        moved_clock.move_to(self.moment(day if " " in day else f"{day} 10:00"))
        self.page.context.clear_cookies()
        self.who = ("", None)

    def moment(self, text: str) -> dt.datetime:
        """Return the moment of "2027-03-08 23:58" in London."""
        return dt.datetime.fromisoformat(text).replace(tzinfo=LONDON).astimezone(dt.UTC)

    def sit_down(self, role: str, organisation: Organisation | None = None) -> None:
        """Sign in as somebody of that role, unless they sit here already."""
        if self.who != (role, organisation):
            self.page.context.clear_cookies()
            actor = self.house.actor(role, organisation)
            self.sign_in(self.page, Person.objects.get(public_id=actor.actor_id))
            self.who = (role, organisation)

    def go(self, name: str, *arguments: str, query: str = "") -> None:
        """Open a page by its name."""
        answer = self.page.goto(f"{self.url}{reverse(name, args=arguments)}{query}")
        assert answer is not None
        assert answer.ok, f"{answer.status} at {self.page.url}"

    def phase(self, name: str, *, query: str = "") -> None:
        """Open a page of the phase by its name."""
        self.go(name, self.scope.public_id, query=query)

    # --- what one does there ----------------------------------------------------------------------------

    def form(self, action: str) -> Locator:
        """Return the form that goes to an address with this in it, its `details` opened."""
        form = self.page.locator(f"form[action*='{action}']")
        for summary in form.locator("xpath=ancestor::details[not(@open)]/summary").all():
            summary.click()
        return form

    def paper(self, name: str) -> Path:
        """Return a file that nobody has sent in before."""
        path = self.folder / name
        path.write_bytes(f"%PDF-1.7 {name} {next(_papers)}".encode())
        return path

    def said(self, text: str) -> None:
        """Fail unless the page says this."""
        expect(self.page.locator("main").get_by_text(text).locator("visible=true").first).to_be_visible()

    def send_in(self, kind: str, file: Path) -> None:
        """Send a file in, look at what it would change, and import it."""
        self.go("portal:imports", query=f"?scope={self.scope.public_id}&kind={kind}")
        self.page.get_by_label("File", exact=True).set_input_files(file)
        self.page.get_by_label("Comes from").fill("night bench")
        self.page.get_by_role("button", name="Send it in and look").click()
        expect(self.page.get_by_role("heading", name="What it would change")).to_be_visible(timeout=60_000)
        self.page.get_by_role("button", name="Import it").click()
        expect(self.page.get_by_role("heading", name="What it changed")).to_be_visible(timeout=60_000)

    def attach(self, kind: str, *, whose: Organisation | None = None, state: str = "") -> None:
        """Attach a new file as evidence; whatever it can state, it states."""
        self.phase("gates:evidence", query=f"?kind={kind}")
        form = self.page.locator("form.panel")
        form.get_by_label("File", exact=True).set_input_files(self.paper(f"{kind.lower()}.pdf"))
        if whose is not None:
            form.get_by_label("Whose").select_option(label=str(whose))
        if state:
            form.get_by_label("It is").select_option(state)
        for box in form.locator("input[type=checkbox]").all():
            box.check()
        for answer in form.locator("select[name^='audit-']").all():
            answer.select_option("yes")
        form.get_by_role("button", name="Attach it").click()
        self.said("ttached")

    def judge(self, step: str) -> None:
        """Have the phase judged at a step, and stay on the page of the verdict."""
        self.phase("gates:entry" if step == "ENTRY" else "gates:phase", query=f"?step={step}")
        self.form("/judge/").get_by_role("button").click()
        self.said("Judged")

    def finds(self, clause: str, verdict: str) -> None:
        """Fail unless the checklist that is open says so of the criterion of a clause, in the words it shows."""
        row = self.page.locator("table.criteria tr").filter(has=self.page.get_by_role("cell", name=clause, exact=True))
        expect(row.first.get_by_text(verdict, exact=True)).to_be_visible()

    def act(self, issue: str, name: str, **fields: str) -> None:
        """Do an act on a Testing Issue's page."""
        self.go("issues:issue", issue)
        form = self.form(f"/{issue}/{name}/")
        self.fill(form, f"id_{name}-", fields)
        form.get_by_role("button").last.click()

    def record(
        self,
        matter: Matter,
        body: str,
        outcome: str,
        fields: dict[str, str] | None = None,
        *,
        document: bool = False,
        opened: bool = False,
        **more: Any,
    ) -> None:
        """Record a decision on a matter's page (or on the one that is open), as taken just now unless said."""
        moved_clock.move_to(now() + dt.timedelta(seconds=2))  # a form says seconds: it must not be the last step's
        if not opened:
            self.go("governance:matter", matter.public_id)
        form = self.form(f"/{body}/{outcome}/")
        if document:
            form.locator("input[type=file]").set_input_files(self.paper(f"{body}-{outcome}.pdf".lower()))
        self.fill(form, f"id_{body}-{outcome}-".lower(), {**(fields or {}), **more})
        form.get_by_role("button").last.click()
        wrong = self.page.locator(".errorlist, .note.bad").all_inner_texts()
        assert not wrong, f"{body} {outcome}: {wrong}"
        expect(self.page.get_by_text(f"Recorded on {matter.reference}: ").first).to_be_visible()

    def fill(self, form: Locator, prefix: str, fields: dict[str, Any]) -> None:
        """Fill in fields by their names: a select by its value, a checkbox by True, several choices by a list."""
        for name, value in fields.items():
            if isinstance(value, list):
                for each in value:
                    form.locator(f"input[name$='-{name}'][value='{each}']").check()
                continue
            control = form.locator(f"[id='{prefix}{name}']")
            if value is True:
                control.check()
            elif control.evaluate("each => each.tagName") == "SELECT":
                control.select_option(value)
            else:
                control.fill(value)
