"""Pictures with gradients: how many elements the embedded engine finds for each one that is drawn.

    python benchmarks/gradients.py FOLDER [--sample 200] [--seed 1]

FOLDER holds SVG files. A drawn shape counts if the picture of 512 × 512 on white changes without it.
"""

import argparse
import io
import json
import random
import time
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
import resvg_py
from PIL import Image

from peeler.flat.drawing import read_drawing
from peeler.geometry import RGB

SIZE = 512
SHAPES = {"path", "circle", "ellipse", "rect", "polygon", "polyline", "line"}
ASIDE = {"defs", "clipPath", "mask", "symbol", "pattern"}
SHOWS = 16
"""Pixels that must change, by more than ``CHANGED`` grey levels, without a shape."""
CHANGED = 4


def rendered(root: ElementTree.Element) -> RGB:
    text = ElementTree.tostring(root, encoding="unicode")
    png = resvg_py.svg_to_bytes(svg_string=text, width=SIZE, height=SIZE, background="#ffffff", skip_system_fonts=True)
    with Image.open(io.BytesIO(png)) as image:
        return np.asarray(image.convert("RGB"))


def drawn(parent: ElementTree.Element) -> list[tuple[ElementTree.Element, ElementTree.Element]]:
    """Each shape with what it lies in."""
    found = []
    for child in parent:
        name = child.tag.rpartition("}")[2]
        if name in SHAPES:
            found.append((parent, child))
        elif name not in ASIDE:
            found += drawn(child)
    return found


def shown(root: ElementTree.Element, picture: RGB) -> int:
    """How many shapes show."""
    count = 0
    for parent, shape in drawn(root):
        place = list(parent).index(shape)
        parent.remove(shape)
        count += bool(np.count_nonzero(cv2.absdiff(rendered(root), picture).max(axis=2) > CHANGED) >= SHOWS)
        parent.insert(place, shape)
    return count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sample", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    files = sorted(chosen.folder.glob("*.svg"))
    random.Random(chosen.seed).shuffle(files)
    ratios, seconds = [], []
    for file in files[: chosen.sample]:
        root = ElementTree.fromstring(file.read_text(encoding="utf-8"))
        picture = rendered(root)
        true = shown(root, picture)
        start = time.process_time()
        found = len(read_drawing(picture).shapes)
        seconds.append(time.process_time() - start)
        ratios.append(found / max(1, true))
    row = {
        "pictures": len(ratios),
        "found by true, median": round(float(np.median(ratios)), 3),
        "found by true, 90 of 100": round(float(np.percentile(ratios, 90)), 3),
        "at most twice as many": round(float(np.mean(np.array(ratios) <= 2)), 3),
        "seconds of the processor, median": round(float(np.median(seconds)), 3),
    }
    for name, value in row.items():
        print(f"{name:34s} {value}")
    print(json.dumps(row))


if __name__ == "__main__":
    main()
