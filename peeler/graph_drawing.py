"""A layer graph as a picture: what lies on top is on top."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil, isqrt
from xml.sax.saxutils import escape

import numpy as np

from peeler.geometry import Box, Mask
from peeler.graph import Edge, Element, LayerGraph
from peeler.text import label, lines

CARD = (224, 76)
THUMB = 56
GAP = (24, 54)
PAD = 10
GUTTER = 74
HEAD = 52
NAME_LINE = 20
"""Characters of a name on one of its two lines."""
GRID = 48
"""Rows and columns to which a mask is reduced for its thumb."""
INK, FAINT, RULE, TOP, DASH = "#1f2937", "#6b7280", "#d5dae1", "#2563eb", "#c2410c"
FONT = "Inter, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"


def draw_graph(graph: LayerGraph, size: tuple[int, int]) -> str:
    """An SVG of ``graph``, seen on a canvas of ``size`` (width, height).

    Each element is a card with its shape, name and id. Rows are peel depths: what is in the first can be taken away
    now, what is in the next once that is gone. Arrows say *occludes*; those that follow from others are left out and
    counted.
    """
    plan = _Plan(graph)
    direct, implied = _direct(plan)
    body = [
        *_bands(plan),
        *(_arrow(edge, plan) for edge in direct),
        *(_dashes(edge, plan) for edge in graph.edges if edge.kind == "interrupted_shape"),
        *(_card(element, plan, size) for element in graph.elements),
        *_legend(plan, graph, implied),
    ]
    return "\n".join([_head(plan), *body, "</svg>", ""])


@dataclass(frozen=True)
class _Plan:
    """Where everything stands, in pixels of the drawing."""

    graph: LayerGraph

    @cached_property
    def acyclic(self) -> tuple[LayerGraph, tuple[Edge, ...]]:
        return self.graph.acyclic()

    @cached_property
    def bottom_to_top(self) -> tuple[str, ...]:
        return tuple(element.id for element in self.acyclic[0].bottom_to_top())

    @cached_property
    def below(self) -> dict[str, list[str]]:
        """Per element, what it occludes; cut edges left out."""
        return _grouped((edge.source, edge.target) for edge in self.acyclic[0].occlusions)

    @cached_property
    def depths(self) -> dict[str, int]:
        """Per element, how many layers of others have to go first at least."""
        depths = dict.fromkeys((element.id for element in self.graph.elements), 0)
        for name in reversed(self.bottom_to_top):
            for target in self.below.get(name, ()):
                depths[target] = max(depths[target], depths[name] + 1)
        return depths

    @cached_property
    def columns(self) -> int:
        return max(4, min(8, isqrt(len(self.depths) - 1) + 1)) if self.depths else 1

    @cached_property
    def rows(self) -> list[list[str]]:
        """Ids per depth, each row sorted by where the occluders stand so that few arrows cross."""
        rows: list[list[str]] = [[] for _ in range(max(self.depths.values(), default=-1) + 1)]
        for name, depth in self.depths.items():
            rows[depth].append(name)
        above = _grouped((edge.target, edge.source) for edge in self.graph.occlusions)
        place: dict[str, float] = {}
        for row in rows:
            middle = {name: _mean([place[up] for up in above.get(name, ()) if up in place]) for name in row}
            row.sort(key=middle.__getitem__)
            place |= {name: (index + 0.5) / len(row) for index, name in enumerate(row)}
        return rows

    @cached_property
    def bands(self) -> list[tuple[int, int]]:
        """Top and bottom of each row of cards; a row of many cards is folded into several lines."""
        bands, top = [], HEAD
        for row in self.rows:
            folds = ceil(len(row) / self.columns)
            bottom = top + folds * CARD[1] + (folds - 1) * GAP[0] // 2
            bands.append((top, bottom))
            top = bottom + GAP[1]
        return bands

    @cached_property
    def corners(self) -> dict[str, tuple[int, int]]:
        """The upper left corner of each card."""
        corners = {}
        for row, (top, _) in zip(self.rows, self.bands, strict=True):
            for index, name in enumerate(row):
                line, column = divmod(index, self.columns)
                on_line = min(self.columns, len(row) - line * self.columns)
                left = GUTTER + (self.columns - on_line) * (CARD[0] + GAP[0]) // 2 if len(self.rows) > 1 else GUTTER
                corners[name] = left + column * (CARD[0] + GAP[0]), top + line * (CARD[1] + GAP[0] // 2)
        return corners

    @cached_property
    def width(self) -> int:
        widest = min(self.columns, max((len(row) for row in self.rows), default=0))
        return max(760, GUTTER + (self.columns if len(self.rows) > 1 else widest) * (CARD[0] + GAP[0]))

    @property
    def height(self) -> int:
        return (self.bands[-1][1] if self.bands else HEAD) + 24

    def port(self, name: str, share: float, bottom: bool) -> tuple[float, float]:
        """A point on the upper or lower edge of a card, ``share`` (0–1) of the way along it."""
        x, y = self.corners[name]
        return x + CARD[0] * (0.15 + 0.7 * share), y + (CARD[1] if bottom else 0)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.5


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return groups


def _direct(plan: _Plan) -> tuple[list[Edge], int]:
    """The ``occludes`` edges that follow from no chain of others, and how many do (Aho, Garey and Ullman 1972)."""
    acyclic, cut = plan.acyclic
    below = plan.below
    under: dict[str, set[str]] = {}
    for name in plan.bottom_to_top:
        under[name] = set().union(*(under[low] | {low} for low in below.get(name, ())))
    direct = [
        edge
        for edge in acyclic.occlusions
        if not any(edge.target in under[name] for name in below[edge.source] if name != edge.target)
    ]
    return direct + list(cut), len(acyclic.occlusions) - len(direct)


def _head(plan: _Plan) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{plan.width}" height="{plan.height}" '
        f'viewBox="0 0 {plan.width} {plan.height}" font-family="{FONT}" font-size="12">\n'
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        f'<path d="M0 .5 8 4 0 7.5 2 4z" fill="{FAINT}"/></marker></defs>\n'
        f'<rect width="{plan.width}" height="{plan.height}" rx="10" fill="#f8fafc"/>'
    )


def _bands(plan: _Plan) -> Iterator[str]:
    for depth, (top, bottom) in enumerate(plan.bands):
        width, height, middle = plan.width - 16, bottom - top + 24, (top + bottom) / 2 + 4
        yield f'<rect x="8" y="{top - 12}" width="{width}" height="{height}" rx="8" fill="#eef2f6"/>'
        told = f"depth {depth}" if depth else "on top"
        yield f'<text x="22" y="{middle:g}" font-size="11" fill="{FAINT}">{told}</text>'


def _arrow(edge: Edge, plan: _Plan) -> str:
    line = f'<path d="{_route(edge, plan)}" fill="none" stroke="{FAINT}" stroke-width="1.3" marker-end="url(#tip)">'
    return f"{line}{_told(edge, plan)}</path>"


def _dashes(edge: Edge, plan: _Plan) -> str:
    (x0, y0), (x1, y1) = plan.corners[edge.source], plan.corners[edge.target]
    if y0 == y1 and abs(x0 - x1) == CARD[0] + GAP[0]:
        y = y0 + CARD[1] / 2
        shape = f"M{min(x0, x1) + CARD[0]} {y:g}H{max(x0, x1)}"
    elif y0 == y1:
        (a, y), (b, _) = plan.port(edge.source, 0.5, False), plan.port(edge.target, 0.5, False)
        shape = f"M{a:g} {y:g}C{a:g} {y - 30:g} {b:g} {y - 30:g} {b:g} {y:g}"
    else:
        shape = _route(edge, plan, aside=0.12)
    line = f'<path d="{shape}" fill="none" stroke="{DASH}" stroke-width="1.6" stroke-dasharray="5 4">'
    return f"{line}{_told(edge, plan)}</path>"


def _route(edge: Edge, plan: _Plan, aside: float = 0.0) -> str:
    """A line from the card of the source to that of the target; each end leans towards the other.

    In a folded row it first goes down beside the cards that stand in its way.
    """
    (x0, y0), (x1, y1) = plan.corners[edge.source], plan.corners[edge.target]
    lean = 0.5 + 0.4 * max(-1.0, min(1.0, (x1 - x0) / max(1, plan.width / 2)))
    bottom = plan.bands[plan.depths[edge.source]][1]
    down = y1 >= y0
    end = plan.port(edge.target, 1 - lean - aside, not down)
    if not down or y0 + CARD[1] == bottom or y1 < bottom:
        return _sweep(plan.port(edge.source, lean + aside, down), end)
    right = x0 + CARD[0]
    lane = right + GAP[0] * (0.5 + aside)
    rest = _sweep((lane, bottom), end).partition("C")[2]
    return f"M{right} {y0 + CARD[1] / 2:g}Q{lane:g} {y0 + CARD[1] / 2:g} {lane:g} {y0 + CARD[1]}V{bottom}C{rest}"


def _sweep(start: tuple[float, float], end: tuple[float, float]) -> str:
    (x0, y0), (x1, y1) = start, end
    bend = max(24.0, abs(y1 - y0) * 0.4) * (1 if y1 >= y0 else -1)
    return f"M{x0:.5g} {y0:.5g}C{x0:.5g} {y0 + bend:.5g} {x1:.5g} {y1 - bend:.5g} {x1:.5g} {y1:.5g}"


def _told(edge: Edge, plan: _Plan) -> str:
    verb = "occludes" if edge.kind == "occludes" else "is one interrupted shape with"
    names = [label(plan.graph[end].name, 60) or end for end in (edge.source, edge.target)]
    reason = f": {edge.reason}" if edge.reason else ""
    return f"<title>{escape(label(f'{names[0]} {verb} {names[1]} ({edge.weight:.2g}){reason}'))}</title>"


def _card(element: Element, plan: _Plan, size: tuple[int, int]) -> str:
    x, y = plan.corners[element.id]
    edge = f'stroke="{TOP}" stroke-width="1.6"' if not plan.depths[element.id] else f'stroke="{RULE}"'
    rows = lines(label(element.name) or "(no name)", NAME_LINE, 2)
    baseline = y + 27 if len(rows) == 2 else y + 34
    left = x + THUMB + 2 * PAD
    text = "".join(
        f'<text x="{left}" y="{baseline + 15 * row}" fill="{INK}">{escape(part)}</text>'
        for row, part in enumerate(rows)
    )
    small = label(element.id, 18) + (f" · part of {label(element.part_of, 9)}" if element.part_of else "")
    below = baseline + 15 * len(rows) + 2
    return (
        f"<g><title>{escape(label(element.name))} {element.colour}</title>"
        f'<rect x="{x}" y="{y}" width="{CARD[0]}" height="{CARD[1]}" rx="8" fill="#fff" {edge}/>'
        f"{_thumb(element, (x + PAD, y + PAD))}{text}"
        f'<text x="{left}" y="{below}" font-size="10" fill="{FAINT}">{escape(small)}</text>'
        f"{_place(element.box, size, (x + CARD[0] - 30, y + CARD[1] - 30))}</g>"
    )


def _thumb(element: Element, corner: tuple[int, int]) -> str:
    """The element alone, as large as fits: what is seen in full colour, what is believed to be hidden pale."""
    ground = "#4b5563" if _is_light(element.colour) else "#e8ecf1"
    box = f'<rect x="{corner[0]}" y="{corner[1]}" width="{THUMB}" height="{THUMB}" rx="5" fill="{ground}"/>'
    whole = element.shape or element.mask
    frame = whole.box if whole else element.box
    shapes = [(element.shape, 0.4), (element.mask, 1.0)] if element.shape != element.mask else [(element.mask, 1.0)]
    scale = (THUMB - 8) / max(1, frame.width, frame.height)
    x = corner[0] + (THUMB - frame.width * scale) / 2
    y = corner[1] + (THUMB - frame.height * scale) / 2
    drawn = [_silhouette(mask, frame, element.colour, opacity) for mask, opacity in shapes if mask and mask.area]
    if not drawn:
        drawn = [f'<rect width="{frame.width}" height="{frame.height}" fill="{element.colour}"/>']
    return f'{box}<g transform="translate({x:.5g} {y:.5g}) scale({scale:.4g})">{"".join(drawn)}</g>'


def _silhouette(mask: Mask, frame: Box, colour: str, opacity: float) -> str:
    """The mask as a few polygons, in pixels from the corner of ``frame``."""
    import cv2  # here, since looking at a stored run must not load it

    pixels = mask.pixels.view(np.uint8)
    step = max(1.0, max(pixels.shape) / GRID)
    if step > 1:
        small = max(1, round(pixels.shape[1] / step)), max(1, round(pixels.shape[0] / step))
        # Thin lines would vanish at one half.
        pixels = (cv2.resize(pixels * 255, small, interpolation=cv2.INTER_AREA) > 70).astype(np.uint8)
    contours, _ = cv2.findContours(np.ascontiguousarray(pixels), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    data = []
    for contour in contours:
        points = cv2.approxPolyDP(contour, 0.5, True).reshape(-1, 2).tolist()
        data.append("M" + " ".join(f"{x} {y}" for x, y in points) + "z")
    x, y = mask.box.x0 - frame.x0 + step / 2, mask.box.y0 - frame.y0 + step / 2
    faded = f' opacity="{opacity}"' if opacity < 1 else ""
    return (
        f'<path transform="translate({x:.5g} {y:.5g}) scale({step:.5g})" d="{"".join(data)}" fill="{colour}" '
        f'fill-rule="evenodd" stroke="{colour}" stroke-linejoin="round"{faded}/>'
    )


def _place(box: Box, size: tuple[int, int], corner: tuple[int, int]) -> str:
    """A tiny map of the canvas with the element's box on it."""
    scale = 22 / max(1, *size)
    width, height = size[0] * scale, size[1] * scale
    x, y = corner[0] + (22 - width) / 2, corner[1] + (22 - height) / 2
    return (
        f'<rect x="{x:.5g}" y="{y:.5g}" width="{width:.4g}" height="{height:.4g}" fill="none" stroke="{RULE}"/>'
        f'<rect x="{x + box.x0 * scale:.5g}" y="{y + box.y0 * scale:.5g}" width="{max(2.5, box.width * scale):.3g}" '
        f'height="{max(2.5, box.height * scale):.3g}" fill="#94a3b8"/>'
    )


def _is_light(colour: str) -> bool:
    red, green, blue = bytes.fromhex(colour[1:])
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 205


def _legend(plan: _Plan, graph: LayerGraph, implied: int) -> Iterator[str]:
    count = f"{len(graph.elements)} element{'s' * (len(graph.elements) != 1)}"
    yield f'<text x="16" y="27" font-size="13" font-weight="600" fill="{INK}">{count}</text>'
    hidden = f" ({implied} that follow are not drawn)" if implied else ""
    x = 130
    yield f'<rect x="{x}" y="16" width="18" height="13" rx="3" fill="#fff" stroke="{TOP}" stroke-width="1.6"/>'
    yield f'<text x="{x + 25}" y="27" font-size="11" fill="{FAINT}">can be peeled</text>'
    yield f'<path d="M{x + 118} 23h24" stroke="{FAINT}" stroke-width="1.3" marker-end="url(#tip)"/>'
    yield f'<text x="{x + 150}" y="27" font-size="11" fill="{FAINT}">occludes{hidden}</text>'
    x += 215 + 6 * len(hidden)
    yield f'<path d="M{x} 23h24" stroke="{DASH}" stroke-width="1.6" stroke-dasharray="5 4"/>'
    yield f'<text x="{x + 32}" y="27" font-size="11" fill="{FAINT}">one shape, interrupted</text>'
