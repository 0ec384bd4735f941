"""What the engine is measured against: VTracer's paths as layers, and the engine with a part of it taken out."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch
from xml.etree import ElementTree

import numpy as np
import vtracer

from peeler.flat import drawing
from peeler.flat.completion import quadrilateral
from peeler.flat.cues import WEIGHTS
from peeler.flat.drawing import Drawing, read_drawing
from peeler.flat.learned_order import order_net, verdicts
from peeler.flat.survey import Survey, survey
from peeler.geometry import RGB, RGBA, Box, Mask, Pixels
from peeler.scenes.render import rendered
from peeler.stack import Layer, LayerStack, Role, opaque_layer

SVG = "http://www.w3.org/2000/svg"
Completion = Callable[[Pixels, Pixels], Pixels]
"""From what shows of a shape and what covers it (both height × width) to the whole shape."""


def trace(path: Path, hierarchical: str = "stacked") -> str:
    return str(vtracer.convert_raw_image_to_svg(path.read_bytes(), img_format="png", hierarchical=hierarchical))


def traced_stack(svg: str, size: tuple[int, int]) -> LayerStack:
    """Every path of a tracing alone; the first one is the background when it fills the canvas."""
    head = f'<svg xmlns="{SVG}" width="{size[0]}" height="{size[1]}">'
    layers = []
    for place, path in enumerate(ElementTree.fromstring(svg).iter(f"{{{SVG}}}path")):
        pixels = rendered(head + ElementTree.tostring(path, encoding="unicode") + "</svg>")
        whole = place == 0 and bool((pixels[..., 3] > 127).mean() > 0.99)
        layers.append(_traced_layer(place, pixels, whole))
    return LayerStack(size, tuple(layers))


def _traced_layer(place: int, pixels: RGBA, background: bool) -> Layer:
    box = Box.around(pixels[..., 3] > 0)
    role: Role = "background" if background else "element"
    return Layer(str(place), f"path {place}", box, pixels[box.slices], role=role)


def variants(picture: RGB) -> Iterator[tuple[str, LayerStack]]:
    """The shapes of ``picture`` by the engine, by other completions, by the rules without what was learned,
    and by each order cue alone; no soft edges."""
    seen = survey(picture, order_net())
    whole = _read(picture, seen)
    yield "shapes", stack_of(whole)
    yield "visible", stack_of(_completed(whole, lambda visible, cover: visible))
    yield "hull", stack_of(_completed(whole, _hull))
    yield "rules", stack_of(_read(picture, replace(seen, evidence=verdicts(seen.pairs, seen.regions.inks, None))))
    for cue in (None, *range(len(WEIGHTS))):
        name = "no cue" if cue is None else list(WEIGHTS)[cue]
        yield name, stack_of(_read(picture, _by_cue(seen, cue)))


def _read(picture: RGB, seen: Survey) -> Drawing:
    with patch.object(drawing, "survey", lambda picture, net: seen):
        return read_drawing(picture)


def _by_cue(seen: Survey, cue: int | None) -> Survey:
    """The survey with one cue alone; pairs about which it says nothing are as if they had not been measured."""
    if cue is None:
        return replace(seen, pairs=(), evidence=())
    kept = np.arange(len(WEIGHTS)) == cue
    pairs = tuple(replace(pair, cues=pair.cues * kept) for pair in seen.pairs if pair.cues[cue])
    return replace(seen, pairs=pairs, evidence=verdicts(pairs, seen.regions.inks, None))


def _completed(read: Drawing, complete: Completion) -> Drawing:
    cover = np.zeros(read.size[::-1], np.bool_)
    shapes = []
    for shape in reversed(read.shapes):
        visible = shape.visible.on(read.size)
        shapes.append(replace(shape, whole=Mask.of(complete(visible, cover))))
        cover = cover | visible
    return replace(read, shapes=tuple(reversed(shapes)))


def _hull(visible: Pixels, cover: Pixels) -> Pixels:
    return visible | (quadrilateral(np.argwhere(visible)[:, ::-1], visible.shape) & cover)


def stack_of(read: Drawing) -> LayerStack:
    """Each shape as a layer of its ink with hard edges."""
    layers = [_layer(place, shape.whole, shape.ink) for place, shape in enumerate(read.shapes)]
    paper = np.full((*read.size[::-1], 3), read.background)
    return LayerStack(read.size, (opaque_layer("background", "background", paper, "background"), *layers))


def _layer(place: int, whole: Mask, ink: Sequence[int] | RGB) -> Layer:
    pixels = np.zeros((*whole.pixels.shape, 4), np.uint8)
    pixels[whole.pixels] = (*ink, 255)
    return Layer(str(place), f"shape {place}", whole.box, pixels)
