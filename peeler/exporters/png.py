"""A stack as a folder: ``stack.json`` and one cropped RGBA PNG per layer, and back."""

import re
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from peeler.errors import StoreError
from peeler.files import png_bytes, storing
from peeler.geometry import Box
from peeler.stack import Layer, LayerStack, Role
from peeler.text import slug

STACK_FILE = "stack.json"
_LAYER_FILE = re.compile(r"\d{2,}-[a-z0-9-]+\.png")


class StoredLayer(BaseModel):
    """One row of ``stack.json``; ``file`` is a plain name next to it, RGBA, cropped to ``box``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(min_length=1)
    name: str
    file: str = Field(pattern=r"^\d{2,}-[a-z0-9-]+\.png$")
    box: Box
    opacity: float = Field(default=1.0, ge=0, le=1)
    role: Role = "element"
    part_of: str | None = None
    ink: str | None = None
    origin: str = ""


class StoredStack(BaseModel):
    """``stack.json``: the canvas as (width, height) and the layers bottom first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: tuple[int, int]
    layers: tuple[StoredLayer, ...]


class PngExporter:
    """Writes a stack as PNG files; the same stack always gives the same bytes."""

    def export(self, stack: LayerStack, path: Path) -> None:
        """Write ``stack`` into the folder ``path`` and drop the layer files of an earlier one. Raises StoreError."""
        digits = max(2, len(str(len(stack.layers) - 1)))
        rows = (_row(f"{index:0{digits}d}", layer) for index, layer in enumerate(stack.layers))
        stored = StoredStack(size=stack.size, layers=tuple(rows))
        with storing(path):
            path.mkdir(parents=True, exist_ok=True)
            for row, layer in zip(stored.layers, stack.layers, strict=True):
                (path / row.file).write_bytes(png_bytes(layer.pixels))
            _drop_stale(path, {row.file for row in stored.layers})
            (path / STACK_FILE).write_text(stored.model_dump_json(indent=1) + "\n", encoding="utf-8")


def read_stack(folder: Path) -> LayerStack:
    """The stack that ``PngExporter`` wrote into ``folder``, equal to the last bit. Raises StoreError."""
    try:
        stored = StoredStack.model_validate_json((folder / STACK_FILE).read_bytes())
        return LayerStack(stored.size, tuple(_layer(folder, row) for row in stored.layers))
    except OSError as problem:
        raise StoreError(f"cannot read the stack in {folder}: {problem.strerror or problem}") from problem
    except ValidationError as problem:
        first = problem.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise StoreError(f"{folder / STACK_FILE} is no stack: {where}: {first['msg']}") from problem
    except ValueError as problem:
        raise StoreError(f"the stack in {folder} is broken: {problem}") from problem


def _row(number: str, layer: Layer) -> StoredLayer:
    label = layer.role if layer.role != "element" else slug(layer.name)
    return StoredLayer(
        id=_storable(layer.id),
        name=_storable(layer.name),
        file=f"{number}-{label}.png",
        box=layer.box,
        opacity=layer.opacity,
        role=layer.role,
        part_of=None if layer.part_of is None else _storable(layer.part_of),
        ink=layer.ink,
        origin=_storable(layer.origin),
    )


def _storable(text: str) -> str:
    """Lone surrogates, which no UTF-8 file can hold, become question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _drop_stale(folder: Path, current: set[str]) -> None:
    for file in folder.iterdir():
        if _LAYER_FILE.fullmatch(file.name) and file.name not in current:
            file.unlink()


def _layer(folder: Path, row: StoredLayer) -> Layer:
    box = row.box
    try:
        with Image.open(folder / row.file, formats=["PNG"]) as image:
            expected = (box.width, box.height) if box.area else (1, 1)
            if (image.mode, image.size) != ("RGBA", expected):
                raise ValueError(f"{row.file} is {image.mode} {image.size}, its box asks for RGBA {expected}")
            pixels = np.asarray(image)
    except (UnidentifiedImageError, SyntaxError) as problem:
        raise ValueError(f"{row.file} is not a PNG") from problem
    if not box.area:
        pixels = np.zeros((box.height, box.width, 4), dtype=np.uint8)
    return Layer(row.id, row.name, box, pixels, row.role, row.opacity, row.part_of, row.ink, row.origin)
