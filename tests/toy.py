"""A toy picture with soft edges whose layers are known, and the engine that was told how to peel it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from peeler.analysts.scripted import ScriptedAnalyst
from peeler.geometry import RGB, Mask, Pixels
from peeler.graph import Edge, Element, LayerGraph
from peeler.peel import Engine
from peeler.removers.scripted import ScriptedRemover

FINE = 4
"""Samples along each side of a pixel."""
SKY = (235, 240, 250)


Shape = tuple[tuple[int, int, int], Pixels]
"""Colour, and where it is at ``FINE`` times the resolution."""


@dataclass(frozen=True)
class Toy:
    """``canvases`` are the picture before each step and what is left at the end; ``graph`` is of the first."""

    canvases: tuple[RGB, ...]
    graph: LayerGraph

    @property
    def picture(self) -> RGB:
        return self.canvases[0]

    @property
    def analyst(self) -> ScriptedAnalyst:
        return ScriptedAnalyst([self.graph])

    @property
    def remover(self) -> ScriptedRemover:
        return ScriptedRemover(self.canvases[1:])

    @property
    def engine(self) -> Engine:
        return Engine(self.analyst, self.remover)

    def save(self, path: Path) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(self.picture).save(path)
        return path


def draw_toy(size: int = 64) -> Toy:
    """A red disc with two dark eyes under a green hat: three steps (hat and eyes, disc, nothing)."""
    y, x = np.mgrid[0 : size * FINE, 0 : size * FINE] / (size * FINE)
    shapes: dict[str, Shape] = {
        "disc": ((200, 60, 40), (x - 0.5) ** 2 + (y - 0.55) ** 2 < 0.13),
        "left eye": ((30, 30, 60), (x - 0.38) ** 2 + (y - 0.5) ** 2 < 0.006),
        "right eye": ((30, 30, 60), (x - 0.62) ** 2 + (y - 0.5) ** 2 < 0.006),
        "hat": ((20, 140, 90), (abs(x - 0.5) < 0.3) & (abs(y - 0.2) < 0.08)),
    }
    steps = (shapes, {"disc": shapes["disc"]}, dict[str, Shape]())
    elements = tuple(_element(name, colour, _coarse(fine) >= 0.5) for name, (colour, fine) in shapes.items())
    edges = tuple(Edge(kind="occludes", source=above.id, target="disc", reason="lies inside") for above in elements[1:])
    return Toy(tuple(_paint(step, size) for step in steps), LayerGraph(elements=elements, edges=edges))


def _element(name: str, colour: tuple[int, int, int], pixels: Pixels) -> Element:
    mask = Mask.of(pixels)
    return Element(
        id=name.replace(" ", "-"), name=f"the {name}", colour="#" + bytes(colour).hex(), box=mask.box, mask=mask
    )


def _paint(shapes: dict[str, Shape], size: int) -> RGB:
    canvas = np.full((size * FINE, size * FINE, 3), SKY, dtype=np.float64)
    for colour, pixels in shapes.values():
        canvas[pixels] = colour
    picture: RGB = np.rint(_coarse(canvas)).astype(np.uint8)
    return picture


def _coarse(fine: NDArray[Any]) -> NDArray[np.float64]:
    size = len(fine) // FINE
    means: NDArray[np.float64] = fine.reshape(size, FINE, size, FINE, -1).mean(axis=(1, 3)).squeeze()
    return means
