#!/usr/bin/env python3
"""How fast and how large the peeling of a folder of pictures is, with VTracer measured in the same run.

    python benchmarks/engine.py [FOLDER] [--limit N] [--truth FOLDER [--variants] [--atlas FILE]] [--preset NAME]
    python benchmarks/engine.py --scale

Measures, each in fresh processes: seconds per picture from the file to stack, SVG and report, and how many of them each
stage takes; the peak memory of the process; the whole folder by one and by two processes. With --truth the stacks are
scored, and so are VTracer's paths, stacked and cut out, each rendered alone as a layer. With --variants the shapes that
the engine reads are scored as well, and what they would be without a part of it: without completion, with hulls, by
each order cue alone. --atlas shows the worst pictures. --scale measures how the time grows with size and regions.
Prints tables, and as the last line the same as one JSON document.
"""

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from engine_atlas import entry, worst, write_atlas
from engine_peers import trace, traced_stack, variants
from engine_scale import print_scaling, scaling
from engine_stages import stages

from peeler.batch import peel_file, peel_folder
from peeler.evaluate.grouping import Links, count_links, grouping
from peeler.evaluate.score import PictureScore, score_stack, summarise
from peeler.evaluate.truth import read_truth
from peeler.exporters.png import read_stack
from peeler.presets import load_preset
from peeler.stack import LayerStack

TESTSET = Path(__file__).parents[1] / "data" / "testset" / "png"
VTRACER = {"vtracer": "stacked", "vtracer cutout": "cutout"}
"""What its modes are called in the table."""
SHAPES = "amodal_miou", "occluded_miou", "hidden_iou", "order", "element_ratio"
"""The figures of shapes with hard edges."""


class Times(NamedTuple):
    """Seconds per picture, by the clock and of the processor, the latter also by stage in all, and the largest memory
    of the process, in MB.
    """

    seconds: list[float]
    cpu: list[float]
    stages: dict[str, float]
    peak: float

    def figures(self) -> dict[str, float]:
        return {
            "median_s": round(float(np.median(self.seconds)), 3),
            "p95_s": round(float(np.percentile(self.seconds, 95)), 3),
            "max_s": round(max(self.seconds), 3),
            "median_cpu_s": round(float(np.median(self.cpu)), 3),
            "peak_mb": round(self.peak),
        }


class Scored(NamedTuple):
    """The scores of one picture by what they are of, and the links from parts to wholes."""

    scores: dict[str, PictureScore]
    links: Links


def main() -> None:
    arguments = parse()
    with tempfile.TemporaryDirectory() as scratch:
        results = scaled(Path(scratch), arguments.preset) if arguments.scale else measured(arguments, Path(scratch))
    print(json.dumps(results))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=TESTSET, help="PNG pictures (default: the test set)")
    parser.add_argument("--limit", type=int, help="only the first N pictures")
    parser.add_argument("--truth", type=Path, help="score against this folder (png/ and layers/ or svg/)")
    parser.add_argument("--variants", action="store_true", help="score the engine without a part of it, too")
    parser.add_argument("--atlas", type=Path, metavar="FILE", help="show the worst pictures, as .html or .png")
    parser.add_argument("--scale", action="store_true", help="only how the time grows with size and regions")
    parser.add_argument("--preset", default="plain")
    arguments = parser.parse_args()
    if (arguments.variants or arguments.atlas) and not arguments.truth:
        parser.error("--variants and --atlas need --truth")
    return arguments


def scaled(scratch: Path, preset: str) -> dict[str, Any]:
    rows = list(scaling(scratch, load_preset(preset)))
    print_scaling(rows)
    return {"scale": rows}


def measured(arguments: argparse.Namespace, scratch: Path) -> dict[str, Any]:
    pictures = sorted(path for path in arguments.folder.iterdir() if path.suffix.lower() == ".png")[: arguments.limit]
    if not pictures:
        sys.exit(f"no PNG pictures in {arguments.folder}")
    results = time_all(pictures, scratch, arguments.preset)
    if arguments.truth:
        rows = score_all(pictures, scratch / "runs", arguments.truth, arguments.variants)
        results = with_scores(results, rows)
        if arguments.atlas:
            shown = atlas_entries([row.scores["peeler"] for row in rows], scratch / "runs", arguments.truth)
            write_atlas(shown, arguments.atlas)
    print_tables(results)
    return results


def time_all(pictures: Sequence[Path], scratch: Path, preset: str) -> dict[str, Any]:
    linked = scratch / "pictures"
    linked.mkdir()
    for path in pictures:
        (linked / path.name).symlink_to(path.resolve())
    peeled = apart(peel_each, pictures, scratch / "runs", preset)
    traced = {name: apart(trace_each, pictures, mode).figures() for name, mode in VTRACER.items()}
    one, two = (batch_seconds(linked, scratch / f"by-{workers}", preset, workers) for workers in (1, 2))
    by_stage = sorted(peeled.stages.items(), key=lambda item: -item[1])
    return {
        "pictures": len(pictures),
        "peeler": peeled.figures(),
        **traced,
        "stages": {stage: round(seconds / len(pictures), 4) for stage, seconds in by_stage},
        "batch": {"one_process_s": round(one, 2), "two_processes_s": round(two, 2), "scaling": round(one / two, 2)},
    }


def apart(work: Callable[..., Times], *arguments: Any) -> Times:
    """Call ``work`` in a process of its own, so that its memory is its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def peel_each(pictures: Sequence[Path], out: Path, preset_name: str) -> Times:
    preset = load_preset(preset_name)
    return timed(pictures, lambda path: peel_file(path, out / path.stem, preset))


def trace_each(pictures: Sequence[Path], mode: str) -> Times:
    return timed(pictures, lambda path: trace(path, mode))


def timed(pictures: Sequence[Path], work: Callable[[Path], object]) -> Times:
    """The time of the first picture includes what is loaded on first use."""
    seconds, cpu = [], []
    with stages() as by_stage:
        for path in pictures:
            start = time.perf_counter(), time.process_time()
            work(path)
            seconds.append(time.perf_counter() - start[0])
            cpu.append(time.process_time() - start[1])
    return Times(seconds, cpu, dict(by_stage), peak_memory())


def peak_memory() -> float:
    scale = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale


def batch_seconds(folder: Path, out: Path, preset_name: str, workers: int) -> float:
    start = time.perf_counter()
    peel_folder(folder, out, load_preset(preset_name), workers=workers)
    return time.perf_counter() - start


def score_all(pictures: Sequence[Path], runs: Path, truth: Path, with_variants: bool) -> list[Scored]:
    score = partial(score_picture, runs=runs, truth=truth, with_variants=with_variants)
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        return list(pool.map(score, pictures))


def score_picture(path: Path, runs: Path, truth: Path, with_variants: bool) -> Scored:
    true = read_truth(truth, path.stem)
    peeled = read_stack(runs / path.stem / "stack")
    stacks: dict[str, LayerStack] = {"peeler": peeled}
    stacks |= {name: traced_stack(trace(path, mode), true.size) for name, mode in VTRACER.items()}
    if with_variants:
        stacks |= variants(true.picture)
    return Scored({name: score_stack(stack, true) for name, stack in stacks.items()}, count_links(peeled, true))


def with_scores(results: dict[str, Any], rows: Sequence[Scored]) -> dict[str, Any]:
    scored = {name: figures([row.scores[name] for row in rows]) for name in rows[0].scores}
    whole = ("peeler", *VTRACER)
    found = results | {name: results[name] | scored[name] for name in whole}
    if groups := grouping(row.links for row in rows):
        found["groups"] = {name: round(value, 4) for name, value in groups._asdict().items()}
    if others := {name: {key: row[key] for key in SHAPES} for name, row in scored.items() if name not in whole}:
        found["variants"] = others
    return found


def figures(rows: Sequence[PictureScore]) -> dict[str, float]:
    total = summarise(rows).model_dump(exclude={"images", "missing"})
    return {name: round(value, 4) for name, value in total.items()}


def atlas_entries(scores: Sequence[PictureScore], runs: Path, truth: Path) -> list[Any]:
    by_name = {score.name: score for score in scores}
    return [entry(by_name[name], read_stack(runs / name / "stack"), read_truth(truth, name)) for name in worst(scores)]


def print_tables(results: dict[str, Any]) -> None:
    print(f"{results['pictures']} pictures\n")
    print_rows({name: results[name] for name in ("peeler", *VTRACER)})
    if groups := results.get("groups"):
        print(f"parts of wholes: {', '.join(f'{name} {value}' for name, value in groups.items())}\n")
    if others := results.get("variants"):
        width = max(map(len, others))
        print(f"{'':<{width}}" + "".join(f"{name:>15}" for name in SHAPES))
        for name, row in others.items():
            print(f"{name:<{width}}" + "".join(f"{row[key]:>15}" for key in SHAPES))
        print()
    print("seconds of the processor per picture, by stage")
    for stage, seconds in results["stages"].items():
        print(f"{stage:<20}{seconds:>10.4f}")
    batch = results["batch"]
    print(
        f"\nwhole folder: {batch['one_process_s']} s by one process, {batch['two_processes_s']} s by two "
        f"({batch['scaling']} times as fast)\n"
    )


def print_rows(columns: dict[str, dict[str, float]]) -> None:
    print(f"{'':<16}" + "".join(f"{name:>16}" for name in columns))
    for figure in next(iter(columns.values())):
        print(f"{figure:<16}" + "".join(f"{column[figure]:>16}" for column in columns.values()))
    print()


if __name__ == "__main__":
    main()
