"""The files of a step: how its record, layers and account are written and read back."""

from pathlib import Path

import numpy as np
from pydantic import ValidationError

from peeler.files import as_json, digest, png_bytes, read_png, sha256
from peeler.geometry import RGB
from peeler.protocols import Analysis
from peeler.records import LayerRecord, StepRecord, Timings
from peeler.stack import Layer
from peeler.text import slug


def intact_step(folder: Path, index: int) -> StepRecord | None:
    """The record of a step all of whose files are as they were written, or None."""
    try:
        record = StepRecord.model_validate_json((folder / "step.json").read_bytes())
        whole = all(sha256((folder / name).read_bytes()) == known for name, known in record.files.items())
    except (OSError, ValidationError):
        return None
    return record if whole and record.index == index else None


def read_canvas(path: Path, wanted: str) -> RGB | None:
    """The canvas in a file, if it is the one with this digest."""
    try:
        canvas = read_png(path)
    except (OSError, SyntaxError, ValueError):
        return None
    return canvas if digest(canvas) == wanted else None


def read_layer(folder: Path, record: LayerRecord) -> Layer:
    """The layer of a step whose files are intact."""
    known = record.model_dump(exclude={"file", "sha256", "box"})
    shape = (record.box.height, record.box.width, 4)
    pixels = read_png(folder / record.file) if record.box.area else np.zeros(shape, dtype=np.uint8)
    return Layer(**known, box=record.box, pixels=pixels)


def read_timings(folder: Path) -> Timings | None:
    """The times of a run, if they can be read."""
    try:
        return Timings.model_validate_json((folder / "timings.json").read_bytes())
    except (OSError, ValidationError):
        return None


def layer_file(index: int, layer: Layer) -> tuple[LayerRecord, bytes]:
    """The record of a step's layer and its PNG file."""
    data = png_bytes(layer.pixels)
    record = LayerRecord(
        id=layer.id,
        name=layer.name,
        file=f"layers/{index:02d}-{slug(layer.name)}.png",
        sha256=sha256(data),
        box=layer.box,
        role=layer.role,
        opacity=layer.opacity,
        part_of=layer.part_of,
        ink=layer.ink,
        origin=layer.origin,
    )
    return record, data


def analysis_files(analysis: Analysis) -> dict[str, bytes]:
    """What was believed and why, and what was said to a model and what it answered."""
    files = {"analysis.json": dict(analysis.account), "vlm/exchanges.json": list(analysis.exchanges)}
    return {name: as_json(value) for name, value in files.items() if value}
