"""Stacks that are hard to write: tiny, empty, many, oddly named, faded, hidden, nested."""

from dataclasses import replace

import numpy as np

from peeler.geometry import RGBA, Box
from peeler.stack import Layer, LayerStack

NAMES = [
    "plain",
    "quotes \" ' & <b> ]]>",
    "emoji 🎩👩‍👩‍👧",
    "猫の帽子",
    "line\nbreak\ttab",
    "x" * 250,
    "long " * 2000,
    "zero\0one",
    "Ünï cödé",
    "",
    "   ",
    "‮right to left",
    "../../etc/passwd",
]


def flat(box: Box, ink: str) -> RGBA:
    pixels = np.zeros((box.height, box.width, 4), dtype=np.uint8)
    pixels[..., :3] = np.frombuffer(bytes.fromhex(ink[1:]), dtype=np.uint8)
    pixels[..., 3] = 255
    return pixels


def noise(box: Box, seed: int = 0) -> RGBA:
    return np.random.default_rng(seed).integers(0, 256, (box.height, box.width, 4), dtype=np.uint8)


def background(size: tuple[int, int], ink: str = "#f0e6c8") -> Layer:
    box = Box.whole(size)
    return Layer("background", "background", box, flat(box, ink), role="background", ink=ink)


def element(number: int, box: Box, **more: object) -> Layer:
    ink = f"#{(number * 2654435761) % 0xFFFFFF:06x}"
    return Layer(f"e{number:02d}", f"layer {number}", box, flat(box, ink), ink=ink, **more)  # type: ignore[arg-type]


def stacks() -> dict[str, LayerStack]:
    size = (40, 30)
    ground, box = background(size), Box(5, 4, 20, 25)
    clear = np.zeros((9, 7, 4), dtype=np.uint8)
    parts = [
        element(1, box),
        element(2, Box(8, 8, 12, 12), part_of="e01"),
        element(3, Box(9, 9, 30, 30), part_of="e02"),
    ]
    apart = [element(4, Box(0, 0, 9, 9)), element(5, Box(1, 1, 4, 4), part_of="e01")]
    textured = Layer("t", "textured", box, noise(box))
    residual = Layer("residual", "rest", Box(3, 3, 9, 9), noise(Box(3, 3, 9, 9)), role="residual", origin="loop")
    return {
        "one layer": LayerStack(size, (ground,)),
        "nothing": LayerStack(size, ()),
        "one clear layer": LayerStack(size, (Layer("a", "clear", Box(2, 3, 9, 12), clear),)),
        "a layer without pixels": LayerStack(size, (ground, Layer("a", "none", Box(3, 3, 3, 3), clear[:0, :0]))),
        "one pixel": LayerStack((1, 1), (element(1, Box(0, 0, 1, 1)),)),
        "single pixels": LayerStack(size, (ground, *(element(i, Box(i, i, i + 1, i + 1)) for i in range(8)))),
        "forty": LayerStack(
            (67, 53), (background((67, 53)), *(element(i, Box(i, i, i + 9, i + 7)) for i in range(40)))
        ),
        "names": LayerStack(size, (ground, *(replace(element(i, box), name=name) for i, name in enumerate(NAMES)))),
        "same names": LayerStack(size, (ground, *(replace(element(i, box), name="twin") for i in range(4)))),
        "faded": LayerStack(size, (ground, *(element(i, box, opacity=i / 7) for i in range(8)))),
        "hidden": LayerStack(size, (ground, element(1, box, visible=False), element(2, Box(9, 9, 30, 30)))),
        "parts": LayerStack(size, (ground, *parts, *apart, replace(parts[0], id="e06", part_of="nobody"))),
        "textured": LayerStack(size, (replace(ground, pixels=noise(Box.whole(size)), ink=None), textured, residual)),
        "transparent": LayerStack(size, (element(1, box, opacity=0.4), textured)),
    }


STACKS = stacks()
