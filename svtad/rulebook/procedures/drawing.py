"""A procedure drawn as SVG: states as boxes in layers from the first down, steps as labelled arrows.

Colours stand as attributes, since a PDF takes no others; the classes let a page's style change them in the dark.
States that lead to one another in any order are one box; where many steps lead back, they stand as lines in the box
they leave from, and are not drawn as arrows.
"""

from __future__ import annotations

import textwrap
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from xml.sax.saxutils import escape, quoteattr

from svtad.rulebook.procedures.machine import Procedure, Transition
from svtad.rulebook.procedures.wording import label, state_words

INK, MUTED, LINE, GROUND, BOX, REST = "#12202b", "#51606d", "#51606d", "#ffffff", "#edf1f4", "#dff3f1"
FONT = 13
LEADING = 17
BOLDER = 1.12
"""How much wider the name in a box is, in bold."""
PAD = 10
APART = 12
"""Between neighbours in a layer."""
BETWEEN = 16
"""Between layers."""
MARGIN = 12
WRAP = 24
"""The most characters in a line of a label, as far as its words allow."""
MOST_BACKWARD = 3
"""How many arrows lead back before they are written instead."""
SWEEPS = 12


@dataclass(eq=False)
class _Node:
    """Something with a place in a layer: a box, a label, or where an arrow passes (neither lines nor width)."""

    layer: int
    kind: str
    lines: tuple[str, ...] = ()
    is_final: bool = False
    state: str = ""
    x: float = 0.0
    up: list[_Node] = field(default_factory=list)
    down: list[_Node] = field(default_factory=list)

    @property
    def width(self) -> float:
        """From side to side, padding included."""
        lengths = [_length(line) for line in self.lines]
        if self.kind == "box":
            return max(BOLDER * lengths[0], *lengths) + 2 * PAD
        return max(lengths, default=0) + 6

    @property
    def height(self) -> float:
        """From top to bottom, padding included."""
        return len(self.lines) * LEADING + (PAD if self.kind == "box" else 2)


@dataclass(frozen=True)
class _Arrow:
    """A line from the upper box to the lower; ``backward`` where the step itself leads up."""

    nodes: tuple[_Node, ...]
    backward: bool


def svg(procedure: Procedure) -> str:
    """The diagram of a procedure, as an ``svg`` element with its title and description."""
    layers, arrows = _laid_out(procedure)
    left = min(node.x - node.width / 2 for layer in layers for node in layer)
    right = max(node.x + node.width / 2 for layer in layers for node in layer)
    for layer in layers:
        for node in layer:
            node.x += MARGIN - left
    tops, bottom = [], float(MARGIN + 14)
    for layer in layers:
        tops.append(bottom)
        bottom += max(node.height for node in layer) + BETWEEN
    width, height = round(right - left + 2 * MARGIN), round(bottom - BETWEEN + MARGIN)
    title = f"{procedure.title}: states and steps"
    steps = " ".join(f"{state_words(s.source)}: {label(s)}, to {state_words(s.target)}." for s in procedure.transitions)
    rest = ", ".join(state_words(state) for state in procedure.final)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="procedure-drawing" role="img" width="{width}" '
        f'height="{height}" viewBox="0 0 {width} {height}" font-family="Source Sans, sans-serif" font-size="{FONT}" '
        f"aria-labelledby={quoteattr(f'{procedure.key}-title {procedure.key}-desc')}>",
        f"<title id={quoteattr(f'{procedure.key}-title')}>{escape(title)}</title>",
        f"<desc id={quoteattr(f'{procedure.key}-desc')}>"
        f"{escape(f'It begins as {state_words(procedure.initial)}. {steps} At rest: {rest}.')}</desc>",
        *(_arrow(arrow, layers, tops) for arrow in arrows),
        *(part for layer, top in zip(layers, tops, strict=True) for node in layer for part in _drawn(node, layer, top)),
        _beginning(layers, tops, procedure.initial),
        "</svg>",
    ]
    return "".join(parts)


# --- what is drawn where -----------------------------------------------------------------------------


def _laid_out(procedure: Procedure) -> tuple[list[list[_Node]], list[_Arrow]]:
    """The layers of nodes, each with its place from side to side, and the arrows through them."""
    together = _in_any_order(procedure)
    box_of = {
        state: min(together, key=procedure.states.index) if state in together else state for state in procedure.states
    }
    edges: dict[tuple[str, str], list[Transition]] = defaultdict(list)
    for step in procedure.transitions:
        if box_of[step.source] != box_of[step.target]:
            edges[box_of[step.source], box_of[step.target]].append(step)
    backward = _leading_back(box_of[procedure.initial], edges)
    written = backward if len(backward) > MOST_BACKWARD else set()
    depth = _depths(box_of.values(), [edge for edge in edges if edge not in backward])
    boxes = {
        state: _Node(
            layer=2 * depth[state],
            kind="box",
            lines=_box_lines(procedure, state, together, [s for e in written if e[0] == state for s in edges[e]]),
            is_final=state in procedure.final,
            state=state,
        )
        for state in dict.fromkeys(box_of.values())
    }
    layers: list[list[_Node]] = [[] for _ in range(2 * max(depth.values()) + 1)]
    for box in boxes.values():
        layers[box.layer].append(box)
    arrows = []
    for (source, target), steps in edges.items():
        if (source, target) in written:
            continue
        is_back = (source, target) in backward
        upper, lower = (boxes[target], boxes[source]) if is_back else (boxes[source], boxes[target])
        said = dict.fromkeys(tuple(_label_lines(step, together)) for step in steps)
        lines = tuple(line for label_lines in said for line in label_lines)
        arrows.append(_Arrow(_chain(upper, lower, lines, layers), is_back))
    _order(layers)
    _place(layers)
    return layers, arrows


def _in_any_order(procedure: Procedure) -> frozenset[str]:
    """The states, three or more, that have the same steps and lead to one another: acts that come in any order."""
    same = defaultdict(list)
    for state in procedure.states:
        steps = frozenset((step.body, step.outcome, step.target) for step in procedure.transitions_from(state))
        same[steps].append(state)
    for steps, states in same.items():
        if len(states) > 2 and {target for _, _, target in steps} & set(states):
            return frozenset(states)
    return frozenset()


def _leading_back(initial: str, edges: dict[tuple[str, str], list[Transition]]) -> set[tuple[str, str]]:
    """The edges that lead back to a box on the way to them."""
    found: set[tuple[str, str]] = set()
    done: set[str] = set()

    def visit(state: str, way: tuple[str, ...]) -> None:
        for source, target in edges:
            if source != state:
                continue
            if target in way:
                found.add((source, target))
            elif target not in done:
                visit(target, (*way, target))
        done.add(state)

    visit(initial, (initial,))
    return found


def _depths(states: Iterable[str], edges: Sequence[tuple[str, str]]) -> dict[str, int]:
    """How many boxes come before each, by the longest way."""
    depth = dict.fromkeys(states, 0)
    for _ in depth:
        for source, target in edges:
            depth[target] = max(depth[target], depth[source] + 1)
    return depth


def _box_lines(
    procedure: Procedure, state: str, together: frozenset[str], written: Sequence[Transition]
) -> tuple[str, ...]:
    lines = [state_words(state)]
    if state in together:
        lines = [", ".join(state_words(each) for each in procedure.states if each in together)]
        lines.append("in any order:")
        inner = {step.outcome: step for each in together for step in procedure.transitions_from(each)}
        lines += [f"{label(step)} → {state_words(step.target)}" for step in inner.values() if step.target in together]
    else:
        lines += [f"{label(step)}, stays so" for step in procedure.transitions_from(state) if step.target == state]
    return (*lines, *(f"{label(step)} ↑ {state_words(step.target)}" for step in written))


def _label_lines(step: Transition, together: frozenset[str]) -> Iterator[str]:
    where = f" → {state_words(step.target)}" if step.target in together else ""
    yield from textwrap.wrap(label(step) + where, WRAP, break_long_words=False)


def _chain(upper: _Node, lower: _Node, lines: tuple[str, ...], layers: list[list[_Node]]) -> tuple[_Node, ...]:
    """The nodes that an arrow goes through: its label right beneath the upper box, then places to pass."""
    between = [
        _Node(
            layer=layer,
            kind="label" if layer == upper.layer + 1 else "pass",
            lines=lines if layer == upper.layer + 1 else (),
        )
        for layer in range(upper.layer + 1, lower.layer)
    ]
    chain = (upper, *between, lower)
    for node in between:
        layers[node.layer].append(node)
    for above, below in pairwise(chain):
        above.down.append(below)
        below.up.append(above)
    return chain


def _order(layers: list[list[_Node]]) -> None:
    """Sort each layer by where its neighbours stand, down and up again, so that few arrows cross."""
    for sweep in range(SWEEPS):
        downward = sweep % 2 == 0
        for layer in layers if downward else reversed(layers):
            position = {id(node): index for each in layers for index, node in enumerate(each)}
            layer.sort(
                key=lambda node: _mean(
                    [position[id(n)] for n in (node.up if downward else node.down)], position[id(node)]
                )
            )


def _place(layers: list[list[_Node]]) -> None:
    """Give every node its place from side to side: near its neighbours, apart from the next in its layer."""
    for layer in layers:
        _spread(layer, [0.0] * len(layer))
    for sweep in range(2 * SWEEPS):
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            _spread(layer, [_mean([n.x for n in (*node.up, *node.down)], node.x) for node in layer])


def _spread(layer: list[_Node], wanted: Sequence[float]) -> None:
    """Put nodes as near to where they are wanted as their order and widths allow (pooled neighbours)."""
    offsets = [0.0]
    for before, after in pairwise(layer):
        offsets.append(offsets[-1] + (before.width + after.width) / 2 + APART)
    pools: list[list[float]] = []
    for target, offset in zip(wanted, offsets, strict=True):
        pools.append([target - offset])
        while len(pools) > 1 and _mean(pools[-2], 0) > _mean(pools[-1], 0):
            last = pools.pop()
            pools[-1].extend(last)
    bases = [_mean(pool, 0) for pool in pools for _ in pool]
    for node, base, offset in zip(layer, bases, offsets, strict=True):
        node.x = base + offset


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _length(line: str) -> float:
    """About how wide a line is, rather too wide than too narrow: a viewer's own face may be wider than ours."""
    return sum(9.0 if c.isupper() else 4.4 if c in " .,()" else 7.7 for c in line)


# --- what it looks like ------------------------------------------------------------------------------


def _drawn(node: _Node, layer: Sequence[_Node], top: float) -> Iterator[str]:
    y = top + (max(each.height for each in layer) - node.height) / 2
    if node.kind == "box":
        yield _rect(node, y, fill=REST if node.is_final else BOX, style="rest" if node.is_final else "state")
        if node.is_final:
            yield (
                f'<rect x="{_n(node.x - node.width / 2 + 3)}" y="{_n(y + 3)}" width="{_n(node.width - 6)}" '
                f'height="{_n(node.height - 6)}" rx="2" fill="none" stroke="{LINE}" class="edge"/>'
            )
    elif node.kind == "label":
        yield (
            f'<rect x="{_n(node.x - node.width / 2)}" y="{_n(y)}" width="{_n(node.width)}" height="{_n(node.height)}" '
            f'fill="{GROUND}" class="ground"/>'
        )
    start = y + (PAD / 2 if node.kind == "box" else 1)
    colour = f'fill="{INK}" class="ink"' if node.kind == "box" else f'fill="{MUTED}" class="muted"'
    for number, line in enumerate(node.lines):
        weight = ' font-weight="600"' if node.kind == "box" and number == 0 else ""
        yield (
            f'<text x="{_n(node.x)}" y="{_n(start + LEADING * number + FONT)}" text-anchor="middle" {colour}{weight}>'
            f"{escape(line)}</text>"
        )


def _rect(node: _Node, y: float, *, fill: str, style: str) -> str:
    return (
        f'<rect x="{_n(node.x - node.width / 2)}" y="{_n(y)}" width="{_n(node.width)}" height="{_n(node.height)}" '
        f'rx="3" fill="{fill}" stroke="{LINE}" class="{style}"/>'
    )


def _arrow(arrow: _Arrow, layers: Sequence[Sequence[_Node]], tops: Sequence[float]) -> str:
    """The line through an arrow's nodes, with its head at the box it leads to."""
    upper, lower = arrow.nodes[0], arrow.nodes[-1]
    begin = _port(upper, upper.down, arrow.nodes[1]), _edge_of(upper, layers, tops, below=True)
    end = _port(lower, lower.up, arrow.nodes[-2]), _edge_of(lower, layers, tops, below=False)
    line = [f"M{_n(begin[0])} {_n(begin[1])}"]
    x, y = begin
    for node in arrow.nodes[1:-1]:
        top = tops[node.layer]
        line.append(_curve((x, y), (node.x, top)))
        x, y = node.x, top + max(each.height for each in layers[node.layer])
        line.append(f"V{_n(y)}")
    line.append(_curve((x, y), end))
    (hx, hy), turn = (begin, 1) if arrow.backward else (end, -1)
    return (
        f'<path d="{"".join(line)}" fill="none" stroke="{LINE}" class="line"/>'
        f'<path d="M{_n(hx)} {_n(hy)}l-4 {7 * turn}h8z" fill="{LINE}" class="head"/>'
    )


def _port(box: _Node, neighbours: Sequence[_Node], towards: _Node) -> float:
    """Where an arrow touches a box: its arrows stand side by side in the order of where they go."""
    ordered = sorted(neighbours, key=lambda node: node.x)
    return box.x - box.width / 2 + box.width * (ordered.index(towards) + 1) / (len(ordered) + 1)


def _edge_of(box: _Node, layers: Sequence[Sequence[_Node]], tops: Sequence[float], *, below: bool) -> float:
    y = tops[box.layer] + (max(node.height for node in layers[box.layer]) - box.height) / 2
    return y + box.height if below else y


def _curve(start: tuple[float, float], end: tuple[float, float]) -> str:
    middle = _n((start[1] + end[1]) / 2)
    return f"C{_n(start[0])} {middle} {_n(end[0])} {middle} {_n(end[0])} {_n(end[1])}"


def _beginning(layers: Sequence[Sequence[_Node]], tops: Sequence[float], initial: str) -> str:
    """A dot above the box in which a matter begins."""
    box = next(node for node in layers[0] if node.kind == "box" and (node.state == initial or len(layers[0]) == 1))
    y = _edge_of(box, layers, tops, below=False)
    x = _n(box.x)
    return (
        f'<circle cx="{x}" cy="{_n(y - 12)}" r="4" fill="{LINE}" class="head"/>'
        f'<path d="M{x} {_n(y - 8)}V{_n(y)}" stroke="{LINE}" class="line"/>'
    )


def _n(value: float) -> str:
    """A number as SVG writes it, to a tenth."""
    return f"{value:.1f}".removesuffix(".0")
