"""Bars as SVG: hex fills, because page styles do not reach inside, and a title as the text alternative.

Each stands beside a table that says the same in numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from reports.rendering.glyphs import printable
from reports.shapes import CountRow, Mark, ThresholdBar

TRACK = "#e9edf1"
INK = "#12202b"
FILLS = {
    Mark.MET: "#1f9a95",
    Mark.NOT_MET: "#8c1021",
    Mark.AWAITING: "#f5b021",
    Mark.CANNOT_DECIDE: "#6f47ad",
    Mark.NOT_STARTED: "#b3bdc7",
}

WIDTH = 240
HEIGHT = 22
_TOP = 4
_THICK = 14


@dataclass(frozen=True, kw_only=True, slots=True)
class _Scale:
    whole: int

    def x(self, value: int) -> int:
        return min(WIDTH, round(value * (WIDTH - 6) / self.whole)) if self.whole else 0


def threshold_bar(provider: str, bar: ThresholdBar) -> SafeString:
    """Draw a count against its limit, with the span that pending disputes leave open."""
    scale = _Scale(whole=max(bar.limit, bar.count, bar.highest, 1))
    parts = [_rect(0, WIDTH, TRACK), _rect(0, scale.x(bar.count), FILLS[bar.mark])]
    alternative = f"{provider}, severity {bar.severity}: {bar.count} counted, limit {bar.limit}"
    if bar.lowest != bar.highest:
        start, end = scale.x(bar.lowest), scale.x(bar.highest)
        parts.append(
            f'<path d="M{start} {_TOP + _THICK + 3} H{end}" stroke="{FILLS[Mark.CANNOT_DECIDE]}" stroke-width="3"/>'
        )
        alternative += f", between {bar.lowest} and {bar.highest} once the disputes are decided"
    parts.append(_tick(scale.x(bar.limit)))
    return _figure(alternative, parts)


def rate_bar(row: CountRow) -> SafeString:
    """Draw passes of the tests due, with the fewest passes that suffice."""
    scale = _Scale(whole=max(row.due, 1))
    fill = FILLS[row.mark or Mark.NOT_STARTED]
    parts = [_rect(0, WIDTH, TRACK), _rect(0, scale.x(row.passed), fill)]
    alternative = f"{row.name}: {row.passed} of {row.due} passed"
    if row.needed is not None:
        parts.append(_tick(scale.x(row.needed)))
        alternative += f", {row.needed} needed"
    return _figure(alternative, parts)


def _rect(x: int, width: int, fill: str) -> str:
    return f'<rect x="{x}" y="{_TOP}" width="{width}" height="{_THICK}" fill="{fill}"/>'


def _tick(x: int) -> str:
    return f'<rect x="{max(0, x - 1)}" y="0" width="3" height="{HEIGHT}" fill="{INK}"/>'


def _figure(alternative: str, parts: list[str]) -> SafeString:
    title = escape(printable(alternative))
    body = "".join(parts)
    return mark_safe(  # noqa: S308  # numbers of ours, and a title that is escaped
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="100%" height="2.2mm" '
        f'preserveAspectRatio="none"><title>{title}</title>{body}</svg>'
    )
