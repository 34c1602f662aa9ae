"""Tags of every page: the frame, verdict badges, times, bars, why-not buttons."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Any
from urllib.parse import urlencode

from django import template
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, FileInput, MultiWidget, RadioSelect
from django.http import HttpRequest
from django.template import Context
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from svtad.gates.queries import contradicted, phase_kind_for
from svtad.governance.models import Matter
from svtad.lib.clock import LONDON
from svtad.lib.text import stated_words
from svtad.parties.actors import ANONYMOUS
from svtad.portal.frame import Frame, frame_of
from svtad.portal.words import SHORT, Sign, sign
from svtad.rulebook.vocabulary import phase_kind_words
from testphases.models import TestScope

register = template.Library()

BAR_WIDTH = 72


@register.simple_tag(takes_context=True)
def frame(context: Context) -> Frame | None:
    """Return the frame of this page; the view's `release` decides which release it is about."""
    request = context.get("request")
    if not isinstance(request, HttpRequest):
        return None  # a server error's page is drawn without a request
    return frame_of(request, release=context.get("release"))


@register.filter
def phase_state(scope: TestScope) -> str:
    """Say where a phase is, and that the Panel has contradicted it since, where it has (13.16)."""
    state = scope.get_state_display()
    return f"{state}, contradicted by the Panel" if contradicted([scope]) else state


@register.inclusion_tag("parts/verdict.html")
def verdict(value: object, *, words: str = "long") -> dict[str, object]:
    """Draw a verdict: icon, word and colour together. `words="short"` for a narrow column."""
    key = str(value or "")
    found = sign(key)
    word = SHORT.get(key, found.word) if words == "short" else found.word
    return {"word": word, "style": found.style, "icon": found.icon, "title": found.word if word != found.word else ""}


@register.inclusion_tag("parts/verdict.html")
def badge(word: str, style: str) -> dict[str, object]:
    """Draw a badge with a word of its own in the look of a verdict's `style`."""
    icons = {"met": "check", "near": "check", "not-met": "cross", "awaiting": "clock", "cannot": "question"}
    return {"word": word, "style": style, "icon": icons.get(style, "dash"), "title": ""}


@register.simple_tag
def icon(name: str) -> SafeString:
    """Draw one of the verdict icons; it is for the eye only, a word stands beside it."""
    return _picture(name)


@cache
def _picture(name: str) -> SafeString:
    """Return an icon's picture: there are few, and a heatmap has hundreds of each."""
    return render_to_string("parts/icon.html", {"name": name})


@register.filter
def sign_of(value: object) -> Sign:
    """Return the sign of a verdict, for a template that draws it itself."""
    return sign(str(value or ""))


@register.filter
def when(value: object, style: str = "minute") -> SafeString | str:
    """Draw an instant or a day in London time: `20 Nov 2026 11:43`. Styles: minute, second, day."""
    if isinstance(value, str) and value:
        try:
            parsed: object = dt.datetime.fromisoformat(value) if "T" in value else dt.date.fromisoformat(value)
        except ValueError:
            return value
        return _drawn(parsed, style)
    return _drawn(value, style)


def _drawn(value: object, style: str) -> SafeString | str:
    if isinstance(value, dt.datetime):
        local = timezone.localtime(value, LONDON) if value.tzinfo else value
        shape = {"second": "%-d %b %Y %H:%M:%S", "day": "%-d %b %Y"}.get(style, "%-d %b %Y %H:%M")
        return format_html('<time datetime="{}">{}</time>', local.isoformat(timespec="seconds"), local.strftime(shape))
    if isinstance(value, dt.date):
        return format_html('<time datetime="{}">{}</time>', value.isoformat(), value.strftime("%a %-d %b %Y"))
    return ""


@register.filter
def local_input(value: object) -> str:
    """Return an instant as a `datetime-local` input holds it: London time, to the minute."""
    if isinstance(value, dt.datetime):
        return value.astimezone(LONDON).strftime("%Y-%m-%dT%H:%M")
    return ""


@register.inclusion_tag("parts/headroom.html")
def headroom(count: int, limit: int, *, lowest: int | None = None, highest: int | None = None) -> dict[str, Any]:
    """Draw a count against its limit: the bar runs to a third above the limit, the limit is a line.

    `lowest` and `highest` are what pending disputes could make of the count (14.5).
    """
    scale = max(limit * 4 / 3, count * 1.05, (highest or 0) * 1.05, 1)
    style = "not-met" if count > limit else "awaiting" if limit and count * 5 >= limit * 4 else "met"
    if count <= limit and highest is not None and highest > limit:
        style = "cannot"
    return {
        "count": count,
        "limit": limit,
        "style": style,
        "filled": round(BAR_WIDTH * count / scale, 1),
        "mark": min(BAR_WIDTH - 1, max(1, round(BAR_WIDTH * limit / scale, 1))),
        "width": BAR_WIDTH,
        "could_from": lowest if lowest != highest else None,
        "could_to": highest if lowest != highest else None,
    }


@register.filter
def percent(part: int, whole: int) -> str:
    """Return `part` of `whole` in percent, cut off and never rounded up: 89.97% is not 90%."""
    if not whole:
        return "–"
    tenths = part * 1000 // whole
    return f"{tenths // 10}%" if tenths % 10 == 0 else f"{tenths / 10:.1f}%"


@register.filter
def get(mapping: Any, key: object) -> Any:
    """Return `mapping[key]`, or None."""
    return mapping.get(key) if mapping else None


#: Words of the Code that keep their capitals.
_KEPT = {
    **{word: word for word in ("TAB", "TAG", "DCC", "SIT", "PIT", "SCT", "TTM", "MTAD", "DMCT", "BEIS")},
    "SOS": "SoS",
    "OFGEM": "Ofgem",
    "RID": "Release Implementation Document",
    # The options of 20.19.
    **{letter: f"({letter.lower()})" for letter in "ABCD"},
}


@register.filter
def words_low(value: object) -> str:
    """Return a state's name as words within a sentence: `TAB_APPROVED` → `TAB approved`."""
    return " ".join(_KEPT.get(part, part.lower()) for part in str(value or "").split("_"))


#: Where the question of 13.22 stands, as an answer to it.
_COUNTING = {
    "UNDECIDED": "not decided yet, so the threshold cannot be evaluated",
    "COUNT": "it counts",
    "NOT_COUNT": "it does not count",
    "COUNT_REFERRED": "it counts while the Secretary of State decides",
    "NOT_COUNT_REFERRED": "it does not count while the Secretary of State decides",
    "SOS_COUNT": "it counts, the Secretary of State decided",
    "SOS_NOT_COUNT": "it does not count, the Secretary of State decided",
}


@register.filter
def counting(state: object) -> str:
    """Return in words whether an SCT issue counts in SIT (13.22, 13.24)."""
    return _COUNTING.get(str(state), words_low(state))


@register.filter
def kind_words(kind: str) -> str:
    """Return what a phase kind is called: `ACTIVE_MMT` → `Active MMT`."""
    return phase_kind_words(kind)


@register.filter
def words_of(value: object) -> str:
    """Return a state's name as words by themselves: `IN_FIX` → `In fix`."""
    text = words_low(value)
    return text[:1].upper() + text[1:]


@register.filter
def stated(value: object) -> str:
    """Return a statement of a decision or a matter in words, several choices one after another."""
    return stated_words(value)


@register.inclusion_tag("parts/field.html")
def field(bound: BoundField) -> dict[str, Any]:
    """Draw one field of a form: label, help, errors, control, each tied to the control."""
    widget = bound.field.widget
    return {
        "field": bound,
        "single_choice": isinstance(widget, CheckboxInput),
        "group": isinstance(widget, CheckboxSelectMultiple | RadioSelect | MultiWidget),
        "file": isinstance(widget, FileInput),
    }


@register.inclusion_tag("parts/why_not.html")
def button(label: str, *, refused: tuple[str, str] | None = None, look: str = "", name: str = "") -> dict[str, Any]:
    """Draw a submit button; when it may not be pressed it is there with the reason and the clause.

    `refused` is (clause, reason), or None when it may be pressed.
    """
    clause, reason = refused or ("", "")
    return {"label": label, "clause": clause, "reason": reason, "look": look, "name": name}


@register.inclusion_tag("parts/sort_head.html", takes_context=True)
def sort_head(context: Context, key: str, label: str, *, number: bool = False) -> dict[str, Any]:
    """Draw a column's heading as a link that sorts the list by it; the address keeps the rest of the view."""
    request: HttpRequest = context["request"]
    current = context.get("sort")
    direction = ""
    if current is not None and current.key == key:
        direction = "descending" if current.backwards else "ascending"
    query = request.GET.copy()
    query.pop("page", None)
    query["sort"] = f"-{key}" if direction == "ascending" else key
    return {"label": label, "query": query.urlencode(), "direction": direction, "number": number}


@register.simple_tag(takes_context=True)
def query_with(context: Context, **changes: object) -> str:
    """Return this page's query string with some values changed (None takes one away), page 1 again."""
    request: HttpRequest = context["request"]
    query = request.GET.copy()
    query.pop("page", None)
    for key, value in changes.items():
        if value is None or value == "":
            query.pop(key, None)
        else:
            query[key] = str(value)
    return f"?{query.urlencode()}" if query else "?"


@register.simple_tag(takes_context=True)
def query_set(context: Context, name: str, value: str) -> str:
    """Return this page's query string with one value set, by a name that the template holds in a variable."""
    return str(query_with(context, **{name: value}))


@register.inclusion_tag("parts/hidden_query.html", takes_context=True)
def hidden_query(context: Context, *leave_out: str) -> dict[str, Any]:
    """Draw this page's query as hidden inputs, so that a form that adds one value keeps the others."""
    request: HttpRequest = context["request"]
    pairs = [(key, value) for key, values in request.GET.lists() for value in values]
    return {"pairs": [(key, value) for key, value in pairs if key not in {*leave_out, "page"}]}


@register.inclusion_tag("parts/pager.html", takes_context=True)
def pager(context: Context, page: Any, noun: str = "rows") -> dict[str, Any]:
    """Draw where one is in a list and the way to its other pages."""
    request: HttpRequest = context["request"]
    query = request.GET.copy()
    query.pop("page", None)
    prefix = f"{query.urlencode()}&" if query else ""
    numbers = list(page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1))
    return {"page": page, "numbers": numbers, "prefix": prefix, "gap": page.paginator.ELLIPSIS, "noun": noun}


@register.simple_tag(takes_context=True)
def query_without(context: Context, *names: str) -> str:
    """Return this page's query string without some names, page 1 again."""
    request: HttpRequest = context["request"]
    query = request.GET.copy()
    for name in (*names, "page"):
        query.pop(name, None)
    return f"?{query.urlencode()}" if query else "?"


@register.inclusion_tag("parts/phase_head.html", takes_context=True)
def phase_head(context: Context, scope: Any, here: str) -> dict[str, Any]:
    """Draw the path to a phase and the tabs of its pages; `here` is the tab one is on."""
    actor = getattr(context["request"], "actor", ANONYMOUS)
    governs = actor.may("see_all_phases")
    kind = phase_kind_for(scope)
    has_own_criteria = kind is not None and kind.criteria_document is not None
    then = urlencode({"as_at": context["request"].GET["as_at"]}) if context.get("as_at") else ""
    past, past_more = (f"?{then}", f"&{then}") if then else ("", "")
    tabs = [
        (key, label, reverse(route, args=[scope.public_id]) + suffix if takes_id else reverse(route) + suffix)
        for key, label, route, takes_id, suffix, shown in (
            ("exit", "Exit", "gates:phase", True, past, True),
            ("entry", "Entry", "gates:entry", True, past, True),
            ("tests", "Tests", "testphases:heatmap", True, past, True),
            ("issues", "Testing Issues", "issues:log", False, f"?scope={scope.public_id}{past_more}", True),
            ("stages", "Stages", "testphases:stages", True, past, True),
            ("dmcs", "DMCs", "gates:dmcs", True, past, governs),
            ("ledger", "What counts", "gates:ledger", True, past, True),
            ("criteria", "Own criteria", "gates:criteria", True, past, governs and has_own_criteria),
            ("evidence", "Evidence", "gates:evidence", True, past, True),
            ("papers", "Certificates & plans", "gates:papers", True, past, governs),
            ("imports", "Import", "portal:imports", False, f"?scope={scope.public_id}", True),
            ("reports", "Reports", "reports:reports", False, f"?scope={scope.public_id}", actor.may("see_reports")),
            ("history", "Judgements", "gates:assessments", True, "", True),
            ("scope", "About", "testphases:scope", True, "", True),
        )
        if shown
    ]
    against = contradicted([scope]).get(scope.pk)
    seen = against is not None and Matter.objects.visible_to(actor).filter(pk=against.matter_id).exists()
    return {
        "scope": scope,
        "here": here,
        "contradicted": against,
        "contradicting_matter": against.matter if against is not None and seen else None,
        "phase_tabs": tabs,
        "as_at": context.get("as_at"),
        "request": context["request"],
    }
