"""Layers from the frames of a peeling: how many shapes are lost, by ours and by the published rule.

    python benchmarks/frames.py [FOLDER] [--limit N]

FOLDER holds drawings of one path for each shape, ``*.svg``; without it that of the committed test set is taken. Each
drawing is peeled truly, one shape after the other from the top, and only the rendered frames are looked at. A shape is
lost when more than half of the pixels that it changes, by one grey level or more in any channel, are in no layer.
"""

import argparse
import json
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
from numpy.typing import NDArray

from peeler.geometry import RGB
from peeler.judge import change
from peeler.scenes.render import picture
from peeler.sequences import stack_of_frames
from peeler.stack import LayerStack

HERE = Path(__file__).parents[1]
SQUARE = np.ones((3, 3), dtype=np.uint8)
CALM = NDArray[np.bool_]


def true_frames(file: Path) -> list[RGB]:
    """The drawing, and what is left of it each time that its topmost path is taken away."""
    root = ElementTree.parse(file).getroot()
    ElementTree.register_namespace("", "http://www.w3.org/2000/svg")
    found = []
    while True:
        found.append(picture(ElementTree.tostring(root, encoding="unicode")))
        shapes = [(parent, child) for parent in root.iter() for child in parent if child.tag.endswith("}path")]
        if not shapes:
            return found
        parent, top = shapes[-1]
        parent.remove(top)


def by_rule(grey: Callable[[RGB], NDArray[np.uint8]], threshold: int) -> Callable[[RGB, RGB], CALM]:
    """The published recipe: a threshold on the grey of the difference, closed, then opened."""

    def kept(before: RGB, after: RGB) -> CALM:
        mask = (grey(cv2.absdiff(before, after)) > threshold).astype(np.uint8)
        closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, SQUARE)
        return cv2.morphologyEx(closed, cv2.MORPH_OPEN, SQUARE) > 0

    return kept


def luma(difference: RGB) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(difference, cv2.COLOR_RGB2GRAY), dtype=np.uint8)


def largest(difference: RGB) -> NDArray[np.uint8]:
    return np.asarray(difference.max(axis=2), dtype=np.uint8)


RULES = {
    "luma > 20, as published": by_rule(luma, 20),
    "any channel > 20": by_rule(largest, 20),
    "any channel > 8": by_rule(largest, 8),
}


def covered(stack: LayerStack, step: int) -> CALM:
    """Where the layers of one removal lie."""
    mask = np.zeros((stack.size[1], stack.size[0]), dtype=np.bool_)
    for layer in stack.layers:
        if layer.id.startswith(f"s{step:02d}-"):
            mask[layer.box.slices] |= layer.pixels[..., 3] > 0
    return mask


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", nargs="?", type=Path, default=HERE / "data" / "testset" / "svg")
    options.add_argument("--limit", type=int)
    given = options.parse_args()
    lost: Counter[str] = Counter()
    touched: Counter[str] = Counter()
    shapes = invisible = worst = residuals = 0
    times = []
    files = sorted(given.folder.glob("*.svg"))[: given.limit]
    for file in files:
        frames = true_frames(file)
        begun = time.perf_counter()
        stack, _ = stack_of_frames(frames)
        times.append((time.perf_counter() - begun) / max(1, len(frames) - 1))
        worst = max(worst, int(stack.difference(frames[0]).max()))
        residuals += any(layer.role == "residual" for layer in stack.layers)
        here: Counter[str] = Counter()
        for step, (before, after) in enumerate(zip(frames, frames[1:], strict=False)):
            changed = change(before, after) > 0
            shapes += 1
            invisible += not changed.any()
            if not changed.any():
                continue
            kept = {name: rule(before, after) for name, rule in RULES.items()} | {"Peeler": covered(stack, step)}
            here.update(name for name, mask in kept.items() if (changed & mask).sum() < 0.5 * changed.sum())
        lost += here
        touched.update(here.keys())
    print(f"{len(files)} drawings, {shapes} shapes, {invisible} of them change no pixel")
    print("| rule | shapes lost | drawings with a loss |\n|---|---|---|")
    for name in (*RULES, "Peeler"):
        print(f"| {name} | {lost[name]} | {touched[name]} |")
    told = {
        "largest_difference": worst,
        "with_residual": residuals,
        "seconds_a_removal": round(float(np.median(times)), 3),
    }
    print(json.dumps({"drawings": len(files), "shapes": shapes, "invisible": invisible, "lost": dict(lost), **told}))


if __name__ == "__main__":
    main()
