"""House styles: each turns the shapes of any motif into a finished picture."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from types import MappingProxyType

import numpy as np

from peeler.scenes import colours as ink
from peeler.scenes import planar
from peeler.scenes.drawing import Shape
from peeler.scenes.fitting import smooth
from peeler.scenes.forms import around, circle, clipped, ellipse, polygon, rect, ring, star
from peeler.scenes.paths import Path

Shapes = tuple[Shape, ...]
Step = Callable[[Shapes, Random], Shapes]
_SIZE = 512


@dataclass(frozen=True)
class Style:
    """Steps that are done one after another on shapes fitted to the middle of the canvas.

    ``room`` pixels stay free on every side.
    """

    room: float
    steps: tuple[Step, ...]
    fit: Callable[[Shapes, float], Shapes] | None = None

    def apply(self, shapes: Shapes, rng: Random) -> Shapes:
        shapes = (self.fit or fitted)(shapes, self.room)
        for step in self.steps:
            shapes = step(shapes, rng)
        return shapes


def bounds(shapes: Sequence[Shape]) -> tuple[float, float, float, float]:
    """(x0, y0, x1, y1) around the drawn curves."""
    corners = np.concatenate([polygon for shape in shapes for polygon in planar.flatten(shape.path)])
    (x0, y0), (x1, y1) = corners.min(axis=0).tolist(), corners.max(axis=0).tolist()
    return x0, y0, x1, y1


def fitted(shapes: Shapes, room: float) -> Shapes:
    """Scaled and moved so that the drawing fills the canvas up to ``room`` pixels, centred."""
    x0, y0, x1, y1 = bounds(shapes)
    scale = (_SIZE - 2 * room) / max(x1 - x0, y1 - y0)
    dx, dy = _SIZE / 2 - scale * (x0 + x1) / 2, _SIZE / 2 - scale * (y0 + y1) / 2
    return tuple(shape.mapped((scale, 0, 0, scale, dx, dy)) for shape in shapes)


def fitted_in_disc(shapes: Shapes, room: float) -> Shapes:
    """Scaled and moved so that the drawing fills a disc that leaves ``room`` pixels on every side."""
    x0, y0, x1, y1 = bounds(shapes)
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    corners = np.concatenate([polygon for shape in shapes for polygon in planar.flatten(shape.path)])
    scale = (_SIZE / 2 - room) / float(np.hypot(corners[:, 0] - x, corners[:, 1] - y).max())
    return tuple(shape.mapped((scale, 0, 0, scale, _SIZE / 2 - scale * x, _SIZE / 2 - scale * y)) for shape in shapes)


def size_of(path: Path) -> float:
    """Area in square pixels."""
    return abs(sum(planar.area(polygon) for polygon in planar.oriented(planar.flatten(path))))


def _belongs(shape: Shape, whole: str, parents: Mapping[str, str | None]) -> bool:
    above = shape.part_of
    while above is not None:
        if above == whole:
            return True
        above = parents.get(above)
    return False


# outlines


def outlined(shapes: Shapes, rng: Random) -> Shapes:
    """A dark line of constant width over the edge of every main shape, above what is drawn on it."""
    line = _contrasting(shapes, rng, (ink.NIGHT, ink.NAVY, ink.COCOA, "#3a2352", "#1b2530"), 26)
    width = rng.choice((8.0, 10.0, 12.0))
    parents = {shape.id: shape.part_of for shape in shapes}
    result: list[Shape] = []
    open_rings: list[tuple[str, Shape]] = []
    for shape in shapes:
        while open_rings and not _belongs(shape, open_rings[-1][0], parents):
            result.append(open_rings.pop()[1])
        result.append(shape)
        edge = None if shape.plain else _edge(shape, width, line)
        if edge:
            open_rings.append((shape.id, edge))
    return (*result, *(edge for _, edge in reversed(open_rings)))


def _edge(shape: Shape, width: float, line: str) -> Shape | None:
    base = planar.oriented(planar.flatten(shape.path))
    inner = planar.offset(base, -width / 2)
    if sum(map(planar.area, inner)) < 0.15 * sum(map(planar.area, base)):
        return None
    path = smooth([*planar.offset(base, width / 2), *inner])
    return Shape(path, line, f"outline-of-{shape.id}", f"outline of {shape.title}", shape.id, plain=True)


def bleached(shapes: Shapes, rng: Random) -> Shapes:
    """Fills turned white but for one accent, ready for line work."""
    accent = rng.choice((ink.AMBER, ink.CORAL, ink.SKY, ink.MINT, ink.PINK, ink.LEMON, ink.LAVENDER))
    main = [shape for shape in shapes if not shape.plain]
    areas: dict[str, float] = {}
    for shape in main:
        areas[shape.fill] = areas.get(shape.fill, 0) + size_of(shape.path)
    ranked = sorted(areas, key=lambda fill: (-areas[fill], fill))
    chosen = ranked[min(1, len(ranked) - 1)] if ranked else ""
    dark = rng.choice((ink.NIGHT, ink.NAVY))

    def fill_of(shape: Shape) -> str:
        if not shape.plain:
            return accent if shape.fill == chosen else ink.WHITE
        light = ink.lightness(shape.fill)
        if light < 0.5 and size_of(shape.path) < 4000:
            return dark
        return ink.WHITE if light > 0.85 and shape.part_of else ink.lighter(accent, 0.35)

    return tuple(replace(shape, fill=fill_of(shape)) for shape in shapes)


# shading


def shaded(shapes: Shapes, rng: Random) -> Shapes:
    """A darker crescent on the lower right of every large shape and a light one on the upper left of the largest."""
    sizes = {shape.id: size_of(shape.path) for shape in shapes if not shape.plain}
    bright = sorted(sizes, key=lambda name: -sizes[name])[:3]
    amount = rng.uniform(0.13, 0.2)
    result: list[Shape] = []
    for shape in shapes:
        result.append(shape)
        area = sizes.get(shape.id, 0)
        if area < 2200:
            continue
        result += _crescent(shape, area, amount)
        if shape.id in bright:
            result += _gleam(shape, area)
    return tuple(result)


def _crescent(shape: Shape, area: float, amount: float) -> list[Shape]:
    shift = min(24.0, max(7.0, 0.085 * math.sqrt(area)))
    flat = planar.flatten(shape.path)
    dark = planar.difference(flat, planar.flatten(shape.path.moved(-shift, -shift * 0.75)))
    return _tone(shape, dark, area, ink.darker(shape.fill, amount), "shade")


def _gleam(shape: Shape, area: float) -> list[Shape]:
    depth = min(16.0, max(6.0, 0.05 * math.sqrt(area)))
    inset = planar.offset(planar.oriented(planar.flatten(shape.path)), -depth)
    if not inset:
        return []
    away = smooth(inset).moved(depth * 0.8, depth * 0.8)
    x0, y0, x1, y1 = shape.path.box
    reach = 0.62 * min(x1 - x0, y1 - y0)
    light = planar.difference(inset, planar.flatten(away))
    light = planar.intersection(light, planar.flatten(circle(x0 + 0.12 * (x1 - x0), y0 + 0.12 * (y1 - y0), reach)))
    rounded = planar.offset(planar.offset(light, -1.8), 1.8)
    largest = sorted(rounded, key=lambda loop: -planar.area(loop))[:1]
    return _tone(shape, largest, area, ink.lighter(shape.fill, 0.5), "highlight")


def _tone(shape: Shape, polygons: list[planar.Polygon], area: float, fill: str, name: str) -> list[Shape]:
    kept = [loop for loop in polygons if abs(planar.area(loop)) > max(60, 0.004 * area)]
    if not kept or fill == shape.fill:
        return []
    return [Shape(smooth(kept), fill, f"{name}-of-{shape.id}", f"{name} of {shape.title}", shape.id, plain=True)]


def halved(shapes: Shapes, rng: Random) -> Shapes:
    """The right half of every large shape in a darker tone."""
    x0, _, x1, _ = bounds(shapes)
    side = rect((x0 + x1) / 2, -50, _SIZE, _SIZE + 100)
    amount = rng.uniform(0.1, 0.16)
    result: list[Shape] = []
    for shape in shapes:
        result.append(shape)
        area = 0 if shape.plain else size_of(shape.path)
        if area < 1500:
            continue
        half = planar.intersection(planar.flatten(shape.path), planar.flatten(side))
        if abs(sum(map(planar.area, half))) < 0.93 * area:
            result += _tone(shape, half, area, ink.darker(shape.fill, amount), "shade")
    return tuple(result)


def toned(shapes: Shapes, rng: Random) -> Shapes:
    """All inks replaced by tones of one hue, in the same order of lightness."""
    ramp = rng.choice(
        (
            ("#15305c", "#2c6bc9", "#7db5f2", "#e3f0fd"),
            ("#4a1942", "#c2397b", "#f58db2", "#ffe6ee"),
            ("#123f3a", "#1b8a78", "#74cfb6", "#e2f7ef"),
            ("#5a2a0c", "#e07a1f", "#ffc169", "#fff1d9"),
            ("#2e1f5e", "#7456c8", "#b8a3ee", "#efeafc"),
            ("#26323b", "#667a8a", "#b4c3ce", "#eef3f6"),
        )
    )
    inks = sorted({shape.fill for shape in shapes}, key=lambda fill: (ink.lightness(fill), fill))
    tone = {fill: _on_ramp(ramp, index / max(1, len(inks) - 1)) for index, fill in enumerate(inks)}
    return tuple(replace(shape, fill=tone[shape.fill]) for shape in shapes)


def _on_ramp(ramp: Sequence[str], share: float) -> str:
    place = share * (len(ramp) - 1)
    index = min(int(place), len(ramp) - 2)
    return ink.mix(ramp[index], ramp[index + 1], place - index)


# grounds


def badge(shapes: Shapes, rng: Random) -> Shapes:
    """A disc, seal or rounded tile below, in a colour that nothing large on it has."""
    ground = _contrasting(shapes, rng, (*ink.PASTEL, *ink.BRIGHT, *ink.DEEP))
    kind = rng.choice(("disc", "disc", "rimmed disc", "two-tone disc", "tile", "seal", "hexagon"))
    disc = circle(256, 256, 214)
    below = [Shape(disc, ground, "badge", "badge", plain=True)]
    if kind == "rimmed disc":
        below.append(
            Shape(
                ring(256, 256, 196, 187), ink.lighter(ground, 0.55), "badge-line", "line of badge", "badge", plain=True
            )
        )
    elif kind == "two-tone disc":
        low = clipped(disc, rect(0, rng.uniform(300, 350), 512, 300))
        below.append(Shape(low, ink.darker(ground, 0.13), "badge-ground", "lower part of badge", "badge", plain=True))
    elif kind == "tile":
        below = [Shape(rect(50, 50, 412, 412, 92), ground, "badge", "badge", plain=True)]
    elif kind == "seal":
        below = [
            Shape(star(256, 256, 222, 18, 0.9, 14), ink.darker(ground, 0.12), "badge-seal", "seal of badge", plain=True)
        ]
        below.append(Shape(circle(256, 256, 184), ground, "badge", "badge", "badge-seal", plain=True))
    elif kind == "hexagon":
        corners = [around(256, 256, 226, 60 * index - 90) for index in range(6)]
        below = [Shape(polygon(corners, 44), ground, "badge", "badge", plain=True)]
    return (*below, *shapes)


def _contrasting(shapes: Shapes, rng: Random, choices: Sequence[str], apart: int = 70) -> str:
    """One of the ``choices`` that differs from the main inks by more than ``apart`` levels, or the one that differs
    most.
    """
    inks = {shape.fill for shape in shapes if not shape.plain} or {shape.fill for shape in shapes}
    mixed = rng.sample(choices, len(choices))
    far = [choice for choice in mixed if min(ink.difference(choice, other) for other in inks) > apart]
    return far[0] if far else max(mixed, key=lambda choice: min(ink.difference(choice, other) for other in inks))


def spotlight(shapes: Shapes, rng: Random) -> Shapes:
    """A pale disc behind, smaller than the drawing, with a few sparks around."""
    ground = _contrasting(shapes, rng, (*ink.PASTEL, ink.PEARL))
    aside = rng.choice((-1, 1))
    below = [
        Shape(
            circle(256 + aside * rng.uniform(10, 34), 250 + rng.uniform(-20, 24), 186),
            ground,
            "backdrop",
            "backdrop",
            plain=True,
        )
    ]
    accents = rng.sample((ink.CORAL, ink.AMBER, ink.SKY, ink.MINT, ink.VIOLET, ink.PINK), 2)
    for index, angle in enumerate(rng.sample((-150, -125, -55, -30, 25, 155), 3)):
        x, y = around(256, 256, 222, angle)
        form = (circle(x, y, 9), ring(x, y, 13, 6.5), star(x, y, 18, 4, 0.36, 2))[(index + rng.randrange(3)) % 3]
        below.append(Shape(form, accents[index % 2], f"spark-{index + 1}", "spark", plain=True))
    return (*below, *shapes)


def grounded(shapes: Shapes, rng: Random) -> Shapes:
    """A soft ellipse of shadow on the floor."""
    x0, _, x1, y1 = bounds(shapes)
    across = (x1 - x0) * rng.uniform(0.42, 0.5)
    shadow = Shape(
        ellipse((x0 + x1) / 2, y1 - 2, across, 17),
        rng.choice((ink.PEARL, "#dfe6ec", "#e6e0f0")),
        "floor-shadow",
        "floor shadow",
        plain=True,
    )
    return (shadow, *shapes)


# stickers


def sticker(shapes: Shapes, rng: Random) -> Shapes:
    """A rim around the whole drawing: white with a grey edge, or coloured."""
    whole = planar.union([planar.flatten(shape.path) for shape in shapes if shape.part_of is None])
    solid = [loop for loop in whole if planar.area(loop) > 0]
    rim = planar.offset(planar.offset(solid, 30), -13)
    rim = [loop for loop in rim if planar.area(loop) > 0]
    kind = rng.choice(("white", "white", "dark", "colour"))
    if kind == "white":
        edge = Shape(
            smooth(planar.offset(rim, 4)),
            rng.choice((ink.SILVER, "#b9c7d6", "#d5cbe0", ink.STEEL)),
            "sticker-edge",
            "edge of sticker",
            plain=True,
        )
        return (
            edge,
            Shape(smooth(rim), ink.WHITE, "sticker-rim", "rim of sticker", "sticker-edge", plain=True),
            *shapes,
        )
    dark, bright = (ink.NAVY, ink.NIGHT, ink.PURPLE, ink.PINE, ink.PLUM), (*ink.PASTEL, ink.AMBER, ink.SKY, ink.PINK)
    fill = _contrasting(shapes, rng, dark if kind == "dark" else bright)
    return (Shape(smooth(planar.offset(rim, 4)), fill, "sticker-rim", "rim of sticker", plain=True), *shapes)


STYLES: Mapping[str, Style] = MappingProxyType(
    {
        "flat": Style(46, ()),
        "grounded": Style(52, (grounded,)),
        "outlined": Style(52, (outlined,)),
        "linework": Style(54, (bleached, outlined)),
        "shaded": Style(46, (shaded,)),
        "halved": Style(46, (halved,)),
        "duotone": Style(46, (toned,)),
        "badge": Style(80, (badge,), fitted_in_disc),
        "badge-outlined": Style(82, (outlined, badge), fitted_in_disc),
        "spotlight": Style(66, (spotlight,)),
        "spotlight-outlined": Style(70, (outlined, spotlight)),
        "sticker": Style(64, (sticker,)),
        "sticker-shaded": Style(64, (shaded, sticker)),
    }
)
"""Name → style."""
