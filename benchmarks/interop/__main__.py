#!/usr/bin/env python3
"""Files that were exported, opened by programs that had no part in writing them.

    python benchmarks/interop RUNS [--limit N] [--only FORMATS] [--keep FOLDER]

RUNS is a batch. Every other stack is changed first, so that there are groups, faded and hidden layers, names in several
scripts and a transparent ground. Each program that is installed opens each format that it reads and makes a picture of
it, which is compared with the composite; where it can, it also writes the layers again, and their names and order are
compared with those of the stack. Prints a table, and as the last line the same as one JSON document. The exit code is 1
when a file did not open or a picture is too far off.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import NamedTuple
from zipfile import ZipFile

import numpy as np
from PIL import Image

from peeler import editing, registry
from peeler.errors import PeelerError
from peeler.opening import places_in, read
from peeler.particulars import shown_name
from peeler.stack import LayerStack, largest_difference

FORMATS = ("psd", "ora", "svg", "pptx")
LEAST = {"psd": 40.0, "ora": 40.0, "svg": 30.0, "pptx": 30.0}
"""Decibels that a picture of each must reach: pixels are kept, paths are drawn anew by each program."""
NAMES = ("猫の帽子", 'the "hat" & <more>', "Ünïcödé 🎩")
PATIENCE = 180
"""Seconds for one call of a program."""
EXACT = 99.0
"""Decibels that stand for no difference at all."""
GIMP = """(let* ((image (car (gimp-file-load RUN-NONINTERACTIVE "{file}" "a"))))
(file-psd-save RUN-NONINTERACTIVE image (car (gimp-image-get-active-drawable image)) "{again}" "a" 0 0)
(let ((whole (car (gimp-image-merge-visible-layers image CLIP-TO-IMAGE))))
(gimp-layer-resize-to-image-size whole)
(file-png-save-defaults RUN-NONINTERACTIVE image whole "{picture}" "a")))"""


class Case(NamedTuple):
    """A stack, and the folder where its files lie by their formats."""

    name: str
    stack: LayerStack
    folder: Path


@dataclass
class Row:
    """What one program made of one format."""

    format: str
    program: str
    decibels: list[float] = field(default_factory=list)
    levels: list[int] = field(default_factory=list)
    layers: list[bool] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def told(self) -> dict[str, object]:
        pictures = len(self.decibels)
        return {
            "format": self.format,
            "program": self.program,
            "pictures": pictures,
            "failed": self.failed,
            "psnr_least": round(min(self.decibels, default=0), 1),
            "psnr_mean": round(float(np.mean(self.decibels)) if pictures else 0, 1),
            "levels_most": max(self.levels, default=0),
            "layers_kept": f"{sum(self.layers)} of {len(self.layers)}" if self.layers else "",
        }


Opened = tuple[Path, list[str] | None]
"""The picture that a program made, and the names of the layers that it saw, bottom first (None if it does not say)."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path)
    parser.add_argument("--limit", type=int, default=50)
    parser.add_argument("--only", default=",".join(FORMATS), help="formats with commas between")
    parser.add_argument("--keep", type=Path, help="keep all files in this folder")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        formats = options.only.split(",")
        cases = exported(options.runs, options.limit, options.keep or Path(scratch), formats)
        rows = [measured(*way, cases) for way in WAYS if way[0] in formats and is_installed(*way[1:3])]
    told = [row.told() for row in rows]
    print("| format | opened by | pictures | PSNR least, mean (dB) | most levels off | layers kept |")
    print("|---|---|---|---|---|---|")
    for row in told:
        figures = f"{row['psnr_least']}, {row['psnr_mean']} | {row['levels_most']} | {row['layers_kept']}"
        print(f"| {row['format']} | {row['program']} | {row['pictures']} | {figures} |")
    print(json.dumps(told))
    return 1 if any(row["failed"] or row["psnr_least"] < LEAST[row["format"]] for row in told) else 0


def is_installed(program: str, command: str) -> bool:
    """Other programs have a ``convert``, too, as Windows does: ImageMagick's says whose it is."""
    if shutil.which(command) is None:
        return False
    if command != "convert":
        return True
    told = subprocess.run([command, "-version"], capture_output=True, text=True, check=False)
    return told.returncode == 0 and program in told.stdout


def exported(runs: Path, limit: int, folder: Path, formats: Sequence[str]) -> list[Case]:
    """The stacks of a batch, every other one changed, in some formats."""
    cases = []
    for number, place in enumerate(places_in(runs)[:limit]):
        stack = read(place.path).stack
        stack = varied(stack, number) if number % 2 else stack
        case = Case(place.name, stack, folder / place.name)
        case.folder.mkdir(parents=True, exist_ok=True)
        for name in formats:
            registry.exporter(name).export(stack, case.folder / f"file.{name}")
        cases.append(case)
    return cases


def varied(stack: LayerStack, number: int) -> LayerStack:
    """The stack with a group, other names, a faded and a hidden layer, and every fourth without a ground."""
    ids = [layer.id for layer in stack.elements]
    for name, id in zip(NAMES, ids, strict=False):
        stack = editing.rename(stack, id, name)
    for id in ids[-1:]:
        stack = editing.fade(stack, id, 0.4)
    for id in ids[-2:-1]:
        stack = editing.hide(stack, id)
    whole = {id: "a group" for id in ids[1:3]}
    layers = tuple(replace(layer, part_of=whole.get(layer.id, layer.part_of)) for layer in stack.layers)
    return LayerStack(stack.size, layers[number % 4 == 3 :])


def measured(format: str, program: str, command: str, way: Callable[[Case], Opened], cases: Sequence[Case]) -> Row:
    """Open every case's file of one format by one program."""
    row, began = Row(format, program), time.monotonic()
    for case in cases:
        try:
            picture, names = way(case)
            with Image.open(picture) as image:
                seen = np.asarray(image.convert("RGBA"))
            off = largest_difference(*alike(case.stack, seen, format))
        except (OSError, ValueError, PeelerError, subprocess.SubprocessError) as problem:
            row.failed.append(f"{case.name}: {problem}"[:200])
            continue
        row.levels.append(int(off.max()))
        row.decibels.append(decibels(*alike(case.stack, seen, format)))
        if names is not None:
            row.layers.append(plain(names) == plain(expected(case.stack, format)))
    told = f"{row.program}: {len(row.decibels)} of {len(cases)}, {time.monotonic() - began:.0f} s"
    print(told, *row.failed, sep="\n  ", file=sys.stderr)
    return row


def alike(stack: LayerStack, seen: np.ndarray, format: str) -> tuple[np.ndarray, np.ndarray]:
    """The composite and the picture of a program, both on white for a slide. Raises ValueError."""
    wanted = stack.composite()
    if format == "pptx":
        wanted, seen = (on_white(pixels) for pixels in (wanted, seen[: wanted.shape[0], : wanted.shape[1]]))
    if wanted.shape != seen.shape:
        raise ValueError(f"a picture of {seen.shape}, not {wanted.shape}")
    return wanted, seen


def decibels(one: np.ndarray, other: np.ndarray) -> float:
    """PSNR of premultiplied channels."""

    def weighed(pixels: np.ndarray) -> np.ndarray:
        cover = pixels[..., 3:] / 255.0
        return np.dstack([pixels[..., :3] * cover, pixels[..., 3:]])

    error = float(np.square(weighed(one) - weighed(other)).mean())
    return min(EXACT, 10 * np.log10(255**2 / error)) if error else EXACT


def on_white(pixels: np.ndarray) -> np.ndarray:
    cover = pixels[..., 3:] / 255.0
    colours = np.rint(pixels[..., :3] * cover + 255 * (1 - cover)).astype(np.uint8)
    return np.dstack([colours, np.full(colours.shape[:2], 255, dtype=np.uint8)])


def expected(stack: LayerStack, format: str) -> list[str]:
    """The names of layers in a file, bottom first; a slide has none for what is clear."""
    return [shown_name(layer) for layer in stack.layers if format != "pptx" or layer.pixels[..., 3].any()]


def plain(names: list[str]) -> list[str]:
    """Names without the numbers by which GIMP tells twins apart, and each once where several follow one another."""
    bare = [re.sub(r" #\d+$", "", name) for name in names]
    return [name for name, _ in groupby(bare)]


def call(*command: str | Path) -> str:
    """What a program prints. Raises SubprocessError when it fails or hangs."""
    environment = {**os.environ, "QT_LOGGING_RULES": "*=false", "NO_AT_BRIDGE": "1"}
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, timeout=PATIENCE, env=environment, check=True
    )
    return done.stdout


def names_in(file: Path) -> list[str]:
    return [layer.name for layer in read(file).stack.layers]


def magick(case: Case) -> Opened:
    call("convert", f"{case.folder / 'file.psd'}[0]", case.folder / "magick.png")
    return case.folder / "magick.png", None


def gimp(case: Case) -> Opened:
    picture, again = case.folder / "gimp.png", case.folder / "gimp.psd"
    script = GIMP.format(file=case.folder / "file.psd", again=again, picture=picture)
    call("gimp", "-i", "-d", "-f", "-b", script.replace("\n", " "), "-b", "(gimp-quit 0)")
    return picture, names_in(again)


def krita(case: Case, format: str) -> Opened:
    picture, again = case.folder / f"krita-{format}.png", case.folder / f"krita-{format}.ora"
    for target in (picture, again):
        file = case.folder / f"file.{format}"
        call("xvfb-run", "-a", "krita", file, "--export", "--export-filename", target)
    return picture, names_in(again)


def resvg(case: Case) -> Opened:
    """What our own importer makes of it, layer by layer."""
    stack = read(case.folder / "file.svg").stack
    Image.fromarray(stack.composite()).save(case.folder / "resvg.png")
    return case.folder / "resvg.png", [layer.name for layer in stack.layers]


def inkscape(case: Case) -> Opened:
    picture, again = case.folder / "inkscape.png", case.folder / "inkscape.svg"
    file = case.folder / "file.svg"
    call("inkscape", file, "--export-type=png", f"--export-filename={picture}")
    call("inkscape", file, "--export-type=svg", f"--export-filename={again}")
    return picture, names_in(again)


def office(case: Case) -> Opened:
    width, height = case.stack.size
    call("soffice", "--headless", "--convert-to", "pdf", "--outdir", case.folder, case.folder / "file.pptx")
    size = ("-scale-to-x", str(width), "-scale-to-y", str(height))
    call("pdftoppm", "-png", "-singlefile", *size, case.folder / "file.pdf", case.folder / "office")
    call("soffice", "--headless", "--convert-to", "odp", "--outdir", case.folder, case.folder / "file.pptx")
    return case.folder / "office.png", slide_names(case.folder / "file.odp")


def slide_names(file: Path) -> list[str]:
    """The names of what lies on the slide, bottom first, groups of layers opened."""
    from xml.etree import ElementTree

    with ZipFile(file) as archive:
        root = ElementTree.fromstring(archive.read("content.xml"))
    draw = "{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}"
    shapes = [element for element in root.iter() if element.tag in {f"{draw}custom-shape", f"{draw}frame"}]
    return [name for element in shapes if (name := element.get(f"{draw}name"))]


WAYS: list[tuple[str, str, str, Callable[[Case], Opened]]] = [
    ("psd", "ImageMagick", "convert", magick),
    ("psd", "GIMP", "gimp", gimp),
    ("psd", "Krita", "krita", lambda case: krita(case, "psd")),
    ("ora", "Krita", "krita", lambda case: krita(case, "ora")),
    ("svg", "resvg", "python3", resvg),
    ("svg", "Inkscape", "inkscape", inkscape),
    ("pptx", "LibreOffice", "soffice", office),
]


if __name__ == "__main__":
    sys.exit(main())
