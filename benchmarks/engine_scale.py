"""How the engine's time grows with the size of a picture and with its regions."""

import time
from collections.abc import Callable, Iterator
from math import ceil, sqrt
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from peeler.batch import peel_file
from peeler.files import png_bytes
from peeler.flat.drawing import read_drawing
from peeler.geometry import RGB
from peeler.presets import Preset
from peeler.scenes.scene import scene

SIZES = 256, 512, 1024, 2048
REGIONS = 5, 20, 100, 500, 2000
CANVAS = 1024
"""Side of the pictures that differ in their regions."""
INKS = np.array([(214, 46, 59), (255, 176, 46), (38, 57, 107), (98, 191, 242), (66, 142, 74), (142, 103, 214)])


def scaling(scratch: Path, preset: Preset) -> Iterator[dict[str, Any]]:
    """A row for each picture: seconds of the processor to read its shapes, and from the file to all outputs."""
    read_drawing(scene("owl", "flat", 0, SIZES[0]).picture)
    for size in SIZES:
        yield _row(f"{size}²", scene("owl", "flat", 0, size).picture, scratch, preset)
    for count in REGIONS:
        yield _row(f"{count} regions", tiles(count), scratch, preset)


def _row(name: str, picture: RGB, scratch: Path, preset: Preset) -> dict[str, Any]:
    file = scratch / f"{name}.png"
    file.write_bytes(png_bytes(picture))
    shapes = len(read_drawing(picture).shapes)
    read_s = _cpu(lambda: read_drawing(picture))
    file_s = _cpu(lambda: peel_file(file, scratch / name, preset))
    return {"picture": name, "shapes": shapes, "read_s": round(read_s, 3), "file_s": round(file_s, 3)}


def _cpu(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def tiles(count: int) -> RGB:
    """About ``count`` regions: squares in rows that touch no other, each with a disc on it that stands out at a side.

    The inks take turns.
    """
    rows = ceil(sqrt(count / 2))
    pitch = CANVAS / rows
    canvas = np.full((CANVAS, CANVAS, 3), 255, np.uint8)
    for place in range(ceil(count / 2)):
        x, y = (pitch * (at + 0.5) for at in (place % rows, place // rows))
        half, ink = 0.3 * pitch, [tuple(map(int, INKS[(place + turn) % len(INKS)])) for turn in (0, 1)]
        low, high = ((round(x + sign * half), round(y + sign * half)) for sign in (-1, 1))
        cv2.rectangle(canvas, low, high, ink[0], cv2.FILLED)
        cv2.circle(canvas, (round(x + half), round(y)), round(0.14 * pitch), ink[1], cv2.FILLED, cv2.LINE_AA)
    return canvas


def print_scaling(rows: list[dict[str, Any]]) -> None:
    print(f"{'':<16}{'shapes':>8}{'read, s':>10}{'file, s':>10}")
    for row in rows:
        print(f"{row['picture']:<16}{row['shapes']:>8}{row['read_s']:>10}{row['file_s']:>10}")
    print()
