"""A stack on disk: what ``stack.json`` says, and how it is read back."""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError
from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, ValidationError, model_serializer

from peeler.errors import StoreError
from peeler.geometry import Box
from peeler.inputs import MAX_PIXELS, MAX_SIDE
from peeler.stack import Layer, LayerStack, Role

STACK_FILE = "stack.json"


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
    visible: bool = True

    @model_serializer(mode="wrap")
    def _without_the_usual(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A visible layer is told as it was before layers could be hidden, so that older versions read it, too."""
        row: dict[str, Any] = write(self)
        if self.visible:
            row.pop("visible", None)
        return row


class StoredStack(BaseModel):
    """``stack.json``: the canvas as (width, height) and the layers bottom first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: tuple[int, int]
    layers: tuple[StoredLayer, ...]


def read_stack(folder: Path) -> LayerStack:
    """The stack that ``PngExporter`` wrote into ``folder``, equal to the last bit. Raises StoreError."""
    try:
        stored = StoredStack.model_validate_json((folder / STACK_FILE).read_bytes())
        _check_size(stored)
        return LayerStack(stored.size, tuple(_layer(folder, row) for row in stored.layers))
    except OSError as problem:
        raise StoreError(f"cannot read the stack in {folder}: {problem.strerror or problem}") from problem
    except ValidationError as problem:
        first = problem.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise StoreError(f"{folder / STACK_FILE} is no stack: {where}: {first['msg']}") from problem
    except ValueError as problem:
        raise StoreError(f"the stack in {folder} is broken: {problem}") from problem


def _check_size(stored: StoredStack) -> None:
    """Raises ValueError before anything is decoded that would be larger than any picture."""
    width, height = stored.size
    if min(stored.size) < 1 or max(stored.size) > MAX_SIDE or width * height > MAX_PIXELS:
        raise ValueError(f"{width} × {height} is no size of a picture")
    for row in stored.layers:
        if row.box.intersect(Box.whole(stored.size)) != row.box:
            raise ValueError(f"layer {row.id!r} lies outside the canvas: {tuple(row.box)} on {stored.size}")


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
    return Layer(row.id, row.name, box, pixels, row.role, row.opacity, row.part_of, row.ink, row.origin, row.visible)
