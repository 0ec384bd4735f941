"""Pictures that something happened to: the score of the shapes that the embedded engine reads when they were saved with
loss or with few colours, enlarged or reduced.

    python benchmarks/lossy.py FOLDER [--every 6] [--first 2]

FOLDER holds ``png/NAME.png`` and ``svg/NAME.svg``, as ``data/testset`` does, or ``layers/NAME/NN.png``. The colours of
a JPEG have half its resolution (4:2:0). What was read in a larger or smaller picture is scored at the truth's size.
"""

import argparse
import io
import json
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from engine_peers import stack_of
from PIL import Image
from PIL.Image import Resampling

from peeler.evaluate.score import score_stack, summarise
from peeler.evaluate.truth import read_truth, truth_names
from peeler.flat.drawing import Drawing, read_drawing
from peeler.geometry import RGB, Mask

FIGURES = ("amodal_miou", "occluded_miou", "order", "element_ratio")


def saved(picture: RGB, form: str, quality: int) -> RGB:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, form, quality=quality)
    with Image.open(file) as image:
        return np.asarray(image.convert("RGB"))


def of_few_colours(picture: RGB, colours: int) -> RGB:
    return np.asarray(Image.fromarray(picture).quantize(colours).convert("RGB"))


def resized(picture: RGB, times: float, how: Resampling) -> RGB:
    height, width = picture.shape[:2]
    return np.asarray(Image.fromarray(picture).resize((round(width * times), round(height * times)), how))


WAYS: dict[str, Callable[[RGB], RGB]] = {
    "PNG": lambda picture: picture,
    "JPEG 90": partial(saved, form="JPEG", quality=90),
    "JPEG 75": partial(saved, form="JPEG", quality=75),
    "JPEG 60": partial(saved, form="JPEG", quality=60),
    "WEBP 80": partial(saved, form="WEBP", quality=80),
    "256 colours": partial(of_few_colours, colours=256),
    "64 colours": partial(of_few_colours, colours=64),
    "0.75 × Lanczos": partial(resized, times=0.75, how=Resampling.LANCZOS),
    "1.5 × bicubic": partial(resized, times=1.5, how=Resampling.BICUBIC),
    "2 × nearest": partial(resized, times=2, how=Resampling.NEAREST),
    "2 × bilinear": partial(resized, times=2, how=Resampling.BILINEAR),
    "3 × bicubic": partial(resized, times=3, how=Resampling.BICUBIC),
    "4 × bicubic": partial(resized, times=4, how=Resampling.BICUBIC),
}


def at_size(drawing: Drawing, size: tuple[int, int]) -> Drawing:
    """What was read in a picture of another size, on a canvas of ``size`` (width, height)."""
    if drawing.size == size:
        return drawing
    way = cv2.INTER_AREA if drawing.size > size else cv2.INTER_LINEAR

    def scaled(mask: Mask) -> Mask:
        share = cv2.resize(mask.on(drawing.size).astype(np.float32), size, interpolation=way)
        return Mask.of(np.asarray(share >= 0.5, np.bool_))

    shapes = (replace(shape, visible=scaled(shape.visible), whole=scaled(shape.whole)) for shape in drawing.shapes)
    return replace(drawing, shapes=tuple(shape for shape in shapes if shape.whole.area), size=size)


def row(folder: Path, names: list[str], way: Callable[[RGB], RGB]) -> dict[str, float]:
    rows, seconds = [], []
    for name in names:
        truth = read_truth(folder, name)
        picture = way(truth.picture)
        start = time.process_time()
        drawing = read_drawing(picture)
        seconds.append(time.process_time() - start)
        rows.append(score_stack(stack_of(at_size(drawing, truth.size)), truth))
    total = summarise(rows)
    figures = {figure: round(getattr(total, figure), 4) for figure in FIGURES}
    return {**figures, "seconds": round(float(np.median(seconds)), 2)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--every", type=int, default=6)
    parser.add_argument("--first", type=int, default=2)
    chosen = parser.parse_args()
    names = truth_names(chosen.folder)[chosen.first :: chosen.every]
    table = {}
    for name, way in WAYS.items():
        table[name] = row(chosen.folder, names, way)
        print(f"{name:15s}", table[name], flush=True)
    print(json.dumps({"pictures": len(names), **table}))


if __name__ == "__main__":
    main()
