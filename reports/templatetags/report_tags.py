"""How a report's templates write marks, numbers, bars and long texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import template
from django.template import Context, Node, NodeList
from django.template.base import FilterExpression, Parser, Token
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString

from reports.rendering import charts
from reports.shapes import CountRow, InTheWay, Mark, ThresholdBar

register = template.Library()


@register.simple_tag(takes_context=True)
def fit(context: Context, text: str, limit: int, where: str = "") -> str:
    """Write a text, cut to `limit` characters with a pointer to the annex of long texts."""
    return str(context["long_texts"].fit(text, limit, where))


@register.simple_tag(takes_context=True)
def fit_all(context: Context, texts: tuple[str, ...], limit: int, where: str) -> str:
    """Write several texts, each cut to `limit` characters."""
    return ", ".join(fit(context, text, limit, where) for text in texts)


@register.simple_tag(takes_context=True)
def references(context: Context, row: InTheWay, most: int) -> str:
    """Write up to `most` references of what stands in the way, and how many more there are."""
    shown = ", ".join(fit(context, reference, 80) for reference in row.references[:most])
    more = row.more + max(0, len(row.references) - most)
    return f"{shown} and {more:,} more" if more else shown


@register.filter
def badge(mark: Mark) -> SafeString:
    """Write a mark with its icon, word and colour."""
    return format_html('<span class="mark {}">{}</span>', mark.value, mark.word)


@register.filter
def number(value: int | None) -> str:
    """Write an integer with its thousands apart; nothing for None."""
    return "–" if value is None else f"{value:,}"


@register.simple_tag
def threshold_bar(provider: str, bar: ThresholdBar) -> SafeString:
    """Draw a count against its threshold."""
    return charts.threshold_bar(provider, bar)


@register.simple_tag
def rate_bar(row: CountRow) -> SafeString:
    """Draw passes against what is needed."""
    return charts.rate_bar(row)


@register.filter
def grouped_hash(value: str) -> str:
    """Write a SHA-256 in eight groups, so that two can be compared by eye."""
    return " ".join(value[start : start + 8] for start in range(0, len(value), 8))


@register.filter
def first_rows(rows: Sequence[Any], most: int) -> Sequence[Any]:
    """Return the first rows of a list."""
    return rows[:most]


@register.filter
def less(value: int, other: int) -> int:
    """Return how many more `value` is than `other`."""
    return value - other


class Part(Node):
    """A place of the report that is drawn, unless it is redacted: then nothing in it is, and the place says so."""

    def __init__(self, key: FilterExpression, nodes: NodeList) -> None:
        """Take the place's key, and what is drawn there."""
        self.key, self.nodes = key, nodes

    def render(self, context: Context) -> SafeString:
        """Draw what is there, or that it is redacted."""
        redaction = context.get("redaction")
        key = str(self.key.resolve(context))
        if redaction is None or key not in redaction.sections:
            return self.nodes.render(context)
        place = context["sections"][key]
        within = {"section": place, "level": 3 if "." in place.number else 2, "redaction": redaction}
        return SafeString(render_to_string("reports/redacted.html", within))


@register.tag
def part(parser: Parser, token: Token) -> Part:
    """Draw what stands between `part` and `endpart` unless the place of that key is redacted."""
    _, key = token.split_contents()
    nodes = parser.parse(("endpart",))
    parser.delete_first_token()
    return Part(parser.compile_filter(key), nodes)


@register.filter
def section(sections: dict[str, Any], key: str) -> Any:
    """Return the section of that key: its number, title and anchor."""
    return sections[key]
