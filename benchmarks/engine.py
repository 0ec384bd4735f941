#!/usr/bin/env python3
"""How fast and how large the peeling of a folder of pictures is, with VTracer measured in the same run.

    python benchmarks/engine.py [FOLDER] [--limit N] [--truth FOLDER] [--preset NAME]

Measures, each in fresh processes: seconds per picture from the file to stack, SVG and report; the peak memory of the
process; the whole folder by one and by two processes. With --truth the stacks are scored, and so are VTracer's stacked
paths, each rendered alone as a layer. Prints a table, and as the last line the same as one JSON document.
"""

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import numpy as np
import vtracer

from peeler.batch import peel_file, peel_folder
from peeler.evaluate.score import PictureScore, score_stack, summarise
from peeler.evaluate.truth import read_truth
from peeler.exporters.png import read_stack
from peeler.geometry import RGBA, Box
from peeler.presets import load_preset
from peeler.scenes.render import rendered
from peeler.stack import Layer, LayerStack, Role

TESTSET = Path(__file__).parents[1] / "data" / "testset" / "png"
SVG = "http://www.w3.org/2000/svg"


class Times(NamedTuple):
    """Seconds per picture, by the clock and of the processor, and the largest memory of the process, in MB."""

    seconds: list[float]
    cpu: list[float]
    peak: float

    def figures(self) -> dict[str, float]:
        return {
            "median_s": round(float(np.median(self.seconds)), 3),
            "p95_s": round(float(np.percentile(self.seconds, 95)), 3),
            "max_s": round(max(self.seconds), 3),
            "median_cpu_s": round(float(np.median(self.cpu)), 3),
            "peak_mb": round(self.peak),
        }


def main() -> None:
    arguments = parse()
    pictures = sorted(path for path in arguments.folder.iterdir() if path.suffix.lower() == ".png")[: arguments.limit]
    if not pictures:
        sys.exit(f"no PNG pictures in {arguments.folder}")
    with tempfile.TemporaryDirectory() as scratch:
        results = measure(pictures, Path(scratch), arguments.preset, arguments.truth)
    print_table(results)
    print(json.dumps(results))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=TESTSET, help="PNG pictures (default: the test set)")
    parser.add_argument("--limit", type=int, help="only the first N pictures")
    parser.add_argument("--truth", type=Path, help="score against this folder (png/ and layers/ or svg/)")
    parser.add_argument("--preset", default="plain")
    return parser.parse_args()


def measure(pictures: Sequence[Path], scratch: Path, preset: str, truth: Path | None) -> dict[str, Any]:
    linked = scratch / "pictures"
    linked.mkdir()
    for path in pictures:
        (linked / path.name).symlink_to(path.resolve())
    peeled = apart(peel_each, pictures, scratch / "runs", preset)
    traced = apart(trace_each, pictures)
    one, two = (batch_seconds(linked, scratch / f"by-{workers}", preset, workers) for workers in (1, 2))
    results: dict[str, Any] = {
        "pictures": len(pictures),
        "peeler": peeled.figures(),
        "vtracer": traced.figures(),
        "batch": {"one_process_s": round(one, 2), "two_processes_s": round(two, 2), "scaling": round(one / two, 2)},
    }
    if truth:
        results["peeler"] |= scores(score_peeled(path, scratch / "runs", truth) for path in pictures)
        results["vtracer"] |= scores(score_traced(path, truth) for path in pictures)
    return results


def apart(work: Callable[..., Times], *arguments: Any) -> Times:
    """Call ``work`` in a process of its own, so that its memory is its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def peel_each(pictures: Sequence[Path], out: Path, preset_name: str) -> Times:
    preset = load_preset(preset_name)
    return timed(pictures, lambda path: peel_file(path, out / path.stem, preset))


def trace_each(pictures: Sequence[Path]) -> Times:
    return timed(pictures, trace)


def timed(pictures: Sequence[Path], work: Callable[[Path], object]) -> Times:
    """The time of the first picture includes what is loaded on first use."""
    seconds, cpu = [], []
    for path in pictures:
        start = time.perf_counter(), time.process_time()
        work(path)
        seconds.append(time.perf_counter() - start[0])
        cpu.append(time.process_time() - start[1])
    return Times(seconds, cpu, peak_memory())


def peak_memory() -> float:
    scale = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale


def trace(path: Path) -> str:
    return str(vtracer.convert_raw_image_to_svg(path.read_bytes(), img_format="png", hierarchical="stacked"))


def batch_seconds(folder: Path, out: Path, preset_name: str, workers: int) -> float:
    start = time.perf_counter()
    peel_folder(folder, out, load_preset(preset_name), workers=workers)
    return time.perf_counter() - start


def scores(rows: Iterator[PictureScore]) -> dict[str, float]:
    total = summarise(rows)
    return {name: round(value, 4) for name, value in total.model_dump(exclude={"images", "missing"}).items()}


def score_peeled(path: Path, runs: Path, truth: Path) -> PictureScore:
    return score_stack(read_stack(runs / path.stem / "stack"), read_truth(truth, path.stem))


def score_traced(path: Path, truth: Path) -> PictureScore:
    true = read_truth(truth, path.stem)
    return score_stack(traced_stack(trace(path), true.size), true)


def traced_stack(svg: str, size: tuple[int, int]) -> LayerStack:
    """Every path of a tracing alone; the first one is the background when it fills the canvas."""
    head = f'<svg xmlns="{SVG}" width="{size[0]}" height="{size[1]}">'
    layers = []
    for place, path in enumerate(ElementTree.fromstring(svg).iter(f"{{{SVG}}}path")):
        pixels = rendered(head + ElementTree.tostring(path, encoding="unicode") + "</svg>")
        whole = place == 0 and bool((pixels[..., 3] > 127).mean() > 0.99)
        layers.append(traced_layer(place, pixels, whole))
    return LayerStack(size, tuple(layers))


def traced_layer(place: int, pixels: RGBA, background: bool) -> Layer:
    box = Box.around(pixels[..., 3] > 0)
    role: Role = "background" if background else "element"
    return Layer(str(place), f"path {place}", box, pixels[box.slices], role=role)


def print_table(results: dict[str, Any]) -> None:
    columns = "peeler", "vtracer"
    print(f"{results['pictures']} pictures\n\n{'':<16}{columns[0]:>12}{columns[1]:>12}")
    for name in results["peeler"]:
        print(f"{name:<16}" + "".join(f"{results[column][name]:>12}" for column in columns))
    batch = results["batch"]
    print(
        f"\nwhole folder: {batch['one_process_s']} s by one process, {batch['two_processes_s']} s by two "
        f"({batch['scaling']} times as fast)\n"
    )


if __name__ == "__main__":
    main()
