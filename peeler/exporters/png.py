"""A stack as a folder: ``stack.json`` and one cropped RGBA PNG per layer."""

import re
from pathlib import Path

from peeler.files import png_bytes, storing
from peeler.stack import Layer, LayerStack
from peeler.stack_files import STACK_FILE, StoredLayer, StoredStack, read_stack
from peeler.text import slug, storable

__all__ = ["STACK_FILE", "PngExporter", "read_stack"]

_LAYER_FILE = re.compile(r"\d{2,}-[a-z0-9-]+\.png")


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


def _row(number: str, layer: Layer) -> StoredLayer:
    label = layer.role if layer.role != "element" else slug(layer.name)
    return StoredLayer(
        id=storable(layer.id),
        name=storable(layer.name),
        file=f"{number}-{label}.png",
        box=layer.box,
        opacity=layer.opacity,
        role=layer.role,
        part_of=None if layer.part_of is None else storable(layer.part_of),
        ink=layer.ink,
        origin=storable(layer.origin),
        visible=layer.visible,
    )


def _drop_stale(folder: Path, current: set[str]) -> None:
    for file in folder.iterdir():
        if _LAYER_FILE.fullmatch(file.name) and file.name not in current:
            file.unlink()
