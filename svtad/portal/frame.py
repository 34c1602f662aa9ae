"""The frame around every page: release, tabs, look, and whether the data is synthetic."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists, OuterRef
from django.http import HttpRequest
from django.urls import reverse

from svtad.parties.actors import ANONYMOUS, Actor
from testphases.models import CapabilityRelease, Programme, TestScope
from testphases.models.scopes import ScopeState


@dataclass(frozen=True)
class Tab:
    """One tab: its words, its address, the key that goes there after `g`, whether one is on it."""

    label: str
    href: str
    key: str
    here: bool


#: Words, route, key after `g`, the permissions of which one is needed ("" for everyone), paths it covers.
TABS: tuple[tuple[str, str, str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("Where we stand", "portal:home", "h", (), ()),
    ("Inbox", "portal:inbox", "n", (), ("/inbox/",)),
    ("Phases", "testphases:phases", "p", ("see_all_phases", "see_own_phases"), ("/phases/",)),
    ("Testing Issues", "issues:log", "i", (), ("/issues/",)),
    ("Tests & heatmap", "portal:tests", "t", ("see_all_phases", "see_own_phases"), ("/tests/",)),
    ("Work Off Plans", "gates:plans", "w", ("see_all_phases",), ("/phases/plans/",)),
    ("DMCs", "devices:dmcs", "d", ("see_all_phases", "see_own_phases"), ("/devices/",)),
    (
        "Decisions",
        "governance:decisions",
        "m",
        (),
        (
            "/governance/matters/",
            "/governance/decisions/",
            "/governance/meetings/",
            "/governance/procedures/",
            "/governance/calendar/",
            "/register/",
        ),
    ),
    ("Imports", "portal:imports", "u", ("import_results", "plan_tests", "import_issues"), ("/imports/",)),
    ("Reports", "reports:reports", "r", ("see_reports",), ("/reports/",)),
    ("Audit trail", "portal:audit", "a", ("see_audit",), ("/audit/",)),
    (
        "Administration",
        "portal:administration",
        "s",
        ("manage_people", "set_parameter", "manage_calendar"),
        (
            "/administration/",
            "/people/",
            "/governing/",
            "/governance/calendar/holidays/",
            "/governance/calendar/moves/",
            "/governance/jobs/",
        ),
    ),
)


@dataclass(frozen=True)
class Frame:
    """What the base template needs, read once a page."""

    actor: Actor
    releases: tuple[CapabilityRelease, ...]
    release: CapabilityRelease | None
    tabs: tuple[Tab, ...]
    theme: str
    keys_on: bool
    holds_synthetic: bool


def frame_of(request: HttpRequest, *, release: CapabilityRelease | None = None) -> Frame:
    """Return the frame of a page. Reads two queries: the releases, and whether anything is synthetic."""
    actor: Actor = getattr(request, "actor", ANONYMOUS)
    releases = visible_releases(actor) if actor.actor_id else ()
    chosen = release or chosen_release(request, releases)
    return Frame(
        actor=actor,
        releases=releases,
        release=chosen,
        tabs=tuple(_tabs(request.path, actor, chosen)) if actor.actor_id else (),
        theme={"light": "light", "dark": "dark"}.get(request.COOKIES.get("theme", ""), ""),
        keys_on=request.COOKIES.get("keys") != "off",
        holds_synthetic=Programme.objects.filter(is_synthetic=True).exists(),
    )


def visible_releases(actor: Actor) -> tuple[CapabilityRelease, ...]:
    """Return the Capability Releases that have a phase `actor` may see, in their order.

    Each carries `is_running`: whether one of those phases has started and is not complete.
    """
    visible = TestScope.objects.visible_to(actor)
    running = visible.exclude(state__in=(ScopeState.PLANNED, ScopeState.ENTRY_ASSESSED, ScopeState.COMPLETE))
    return tuple(
        CapabilityRelease.objects.filter(pk__in=visible.values("release_id"))
        .annotate(is_running=Exists(running.filter(release=OuterRef("pk"))))
        .select_related("programme")
        .order_by("programme__name", "position")
    )


def chosen_release(request: HttpRequest, releases: tuple[CapabilityRelease, ...]) -> CapabilityRelease | None:
    """Return the release that the address names, else the newest that runs, else the newest there is."""
    asked = request.GET.get("release")
    for release in releases:
        if asked == release.public_id:
            return release
    running = [release for release in releases if getattr(release, "is_running", False)]
    return next(iter([*reversed(running), *reversed(releases)]), None)


def _tabs(path: str, actor: Actor, release: CapabilityRelease | None) -> list[Tab]:
    tabs: list[Tab] = []
    covering = _covering(path)
    for label, route, key, permissions, _ in TABS:
        if permissions and not any(actor.may(permission) for permission in permissions):
            continue
        href = reverse(route)
        if release is not None:
            href = f"{href}?release={release.public_id}"
        tabs.append(Tab(label, href, key, route == covering))
    return tabs


def _covering(path: str) -> str:
    """Return the route of the tab that `path` lies under: the longest prefix wins, home only by itself."""
    best, found = 0, "portal:home" if path == "/" else ""
    for _, route, _, _, prefixes in TABS:
        for prefix in prefixes:
            if path.startswith(prefix) and len(prefix) > best:
                best, found = len(prefix), route
    if path.startswith("/phases/") and ("/tests/" in path or "/planned/" in path):
        return "portal:tests"
    return found
