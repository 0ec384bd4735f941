"""Pictures that were saved with loss: the score of the shapes that the embedded engine reads, by format and quality.

    python benchmarks/lossy.py FOLDER [--every 6] [--first 2]

FOLDER holds ``png/NAME.png`` and ``svg/NAME.svg``, as ``data/testset`` does. The colours of a JPEG have half its
resolution (4:2:0).
"""

import argparse
import io
import json
import time
from pathlib import Path

import numpy as np
from engine_peers import stack_of
from PIL import Image

from peeler.evaluate.score import score_stack, summarise
from peeler.evaluate.truth import read_truth, truth_names
from peeler.flat.drawing import read_drawing
from peeler.geometry import RGB

WAYS = [("PNG", 100), ("JPEG", 90), ("JPEG", 75), ("JPEG", 60), ("WEBP", 80)]
FIGURES = ("amodal_miou", "occluded_miou", "order", "element_ratio")


def saved(picture: RGB, form: str, quality: int) -> RGB:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, form, quality=quality)
    with Image.open(file) as image:
        return np.asarray(image.convert("RGB"))


def row(folder: Path, names: list[str], form: str, quality: int) -> dict[str, float]:
    rows, seconds = [], []
    for name in names:
        truth = read_truth(folder, name)
        picture = saved(truth.picture, form, quality)
        start = time.process_time()
        drawing = read_drawing(picture)
        seconds.append(time.process_time() - start)
        rows.append(score_stack(stack_of(drawing), truth))
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
    for form, quality in WAYS:
        name = form if form == "PNG" else f"{form} {quality}"
        table[name] = row(chosen.folder, names, form, quality)
        print(f"{name:8s}", table[name], flush=True)
    print(json.dumps({"pictures": len(names), **table}))


if __name__ == "__main__":
    main()
